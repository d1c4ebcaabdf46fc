"""Which parts of its goal a call has reached, and whether that was announced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Milestone:
    """``percent`` of the goal. ``announced_at``: None while that waits."""

    post_id: int
    percent: int
    reached_at: datetime
    announced_at: datetime | None


REACH = Command(
    "insert into call_milestones (post_id, percent, reached_at)"
    " select $1, unnest($2::smallint[]), $3 on conflict do nothing"
)
OF_CALLS = Query(
    "select * from call_milestones where post_id = any($1::bigint[]) order by post_id, percent",
    Milestone,
)
ANNOUNCED = Command(
    "update call_milestones set announced_at = $2 where post_id = $1 and announced_at is null"
)
LAST = Query(
    "select max(m.announced_at) from call_milestones m join calls c on c.post_id = m.post_id"
    " where c.community_id = $1",
    datetime,
)


async def reach(conn: Connection, post_id: int, percents: Sequence[int], now: datetime) -> None:
    """What was reached before stays so, whoever takes an answer back."""
    await REACH.run(conn, post_id, percents, now)


async def of_call(conn: Connection, post_id: int) -> list[Milestone]:
    return await OF_CALLS.all(conn, [post_id])


async def of_calls(conn: Connection, ids: Sequence[int]) -> list[Milestone]:
    return await OF_CALLS.all(conn, ids)


async def announced(conn: Connection, post_id: int, now: datetime) -> None:
    """All that were reached so far: the highest speaks for those below."""
    await ANNOUNCED.run(conn, post_id, now)


async def last_announced(conn: Connection, community_id: int) -> datetime | None:
    """Of any call of a community."""
    return await LAST.first(conn, community_id)
