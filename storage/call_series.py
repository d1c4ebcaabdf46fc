"""Calls that repeat: their rule and template, and which calls were made of them. Local times have no zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Series:
    """``made_until``: the last time by the rule that was looked at: what was deleted is not made again."""

    id: int
    community_id: int
    author_id: int
    rule: str
    first_at: datetime
    lasts: timedelta | None
    timezone: str
    template: dict[str, Any]
    state: str
    made_until: datetime
    confirmed_at: datetime
    asked_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewSeries:
    community_id: int
    author_id: int
    rule: str
    first_at: datetime
    lasts: timedelta | None
    timezone: str
    template: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Occurrence:
    post_id: int
    series_id: int
    local_at: datetime
    starts_at: datetime


INSERT = Query(
    """
    insert into call_series (community_id, author_id, rule, first_at, lasts, timezone, template,
        made_until, confirmed_at, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $4::timestamp - interval '1 second', $8, $8) returning *
    """,
    Series,
)
BY_ID = Query("select * from call_series where id = $1", Series)
LOCK = Query("select * from call_series where id = $1 for update", Series)
OF_POST = Query(
    "select s.* from call_series s join call_occurrences o on o.series_id = s.id where o.post_id = $1",
    Series,
)
OF_COMMUNITY = Query(
    "select * from call_series where community_id = $1 and state <> 'ended' and id < $2 and id > $3"
    " order by id desc limit $4",
    Series,
)
ALIVE = Query("select count(*) from call_series where community_id = $1 and state <> 'ended'", int)
TAKE_TURNS = Command("select pg_advisory_xact_lock(hashtextextended('series of', $1))")
MADE = Command("insert into call_occurrences (post_id, series_id, local_at) values ($1, $2, $3)")
MADE_UNTIL = Command("update call_series set made_until = $2 where id = $1")
SET_STATE = Command("update call_series set state = $2 where id = $1")
ASKED = Command("update call_series set asked_at = $2 where id = $1")
CONFIRMED = Command(
    "update call_series set confirmed_at = $2, asked_at = null, state = 'running' where id = $1"
)
HAND_OVER = Command("update call_series set author_id = $2 where id = $1")
AHEAD = Query(
    """
    select o.*, c.starts_at from call_occurrences o join calls c using (post_id)
    where o.series_id = any($1::bigint[]) and c.starts_at > $2 and c.state in ('open', 'postponed')
    order by c.starts_at, o.post_id
    """,
    Occurrence,
)
CHANGE = Command(
    """
    update call_series set template = $2, lasts = $3, timezone = $4, first_at = first_at + $5::interval,
        made_until = made_until + $5::interval
    where id = $1
    """
)
SHIFT = Command(
    "update call_occurrences set local_at = local_at + $2::interval where series_id = $1"
)


async def insert(conn: Connection, new: NewSeries, now: datetime) -> Series:
    return await INSERT.one(
        conn, new.community_id, new.author_id, new.rule, new.first_at, new.lasts, new.timezone,
        new.template, now,
    )  # fmt: skip


async def by_id(conn: Connection, series_id: int) -> Series | None:
    return await BY_ID.first(conn, series_id)


async def lock(conn: Connection, series_id: int) -> Series | None:
    """Held until the transaction ends."""
    return await LOCK.first(conn, series_id)


async def of_post(conn: Connection, post_id: int) -> Series | None:
    """Of which a call is one."""
    return await OF_POST.first(conn, post_id)


async def of_community(
    conn: Connection, community_id: int, before: int, after: int, limit: int
) -> list[Series]:
    """Without those that have ended, the newest first; paged by their ids."""
    return await OF_COMMUNITY.all(conn, community_id, before, after, limit)


async def alive(conn: Connection, community_id: int) -> int:
    return await ALIVE.one(conn, community_id)


async def take_turns(conn: Connection, community_id: int) -> None:
    """Two series of one community are begun one after the other."""
    await TAKE_TURNS.run(conn, community_id)


async def made(conn: Connection, post_id: int, series_id: int, local_at: datetime) -> None:
    await MADE.run(conn, post_id, series_id, local_at)


async def made_until(conn: Connection, series_id: int, local_at: datetime) -> None:
    await MADE_UNTIL.run(conn, series_id, local_at)


async def set_state(conn: Connection, series_id: int, state: str) -> None:
    await SET_STATE.run(conn, series_id, state)


async def asked(conn: Connection, series_id: int, now: datetime) -> None:
    await ASKED.run(conn, series_id, now)


async def confirmed(conn: Connection, series_id: int, now: datetime) -> None:
    await CONFIRMED.run(conn, series_id, now)


async def hand_over(conn: Connection, series_id: int, author_id: int) -> None:
    await HAND_OVER.run(conn, series_id, author_id)


async def ahead(conn: Connection, series_id: int, now: datetime) -> list[Occurrence]:
    """Those to come that are not called off, the next first."""
    return await AHEAD.all(conn, [series_id], now)


async def ahead_of(conn: Connection, ids: Sequence[int], now: datetime) -> list[Occurrence]:
    """The same of many series."""
    return await AHEAD.all(conn, ids, now)


async def change(
    conn: Connection,
    series_id: int,
    template: dict[str, Any],
    lasts: timedelta | None,
    timezone: str,
    by: timedelta,
) -> None:
    """``by``: how much later in the day they begin."""
    await CHANGE.run(conn, series_id, template, lasts, timezone, by)
    await SHIFT.run(conn, series_id, by)
