"""What members want to try in their community, and who seconds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Proposal:
    """``wanted``: the call, as plain JSON. ``note``: of who last changed the state."""

    id: int
    community_id: int
    account_id: int
    kind: str
    title: str
    wanted: dict[str, Any]
    state: str
    note: str
    post_id: int | None
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Second:
    proposal_id: int
    account_id: int


INSERT = Query(
    "insert into proposals (community_id, account_id, kind, title, wanted, created_at, changed_at)"
    " values ($1, $2, $3, $4, $5, $6, $6) returning *",
    Proposal,
)
BY_ID = Query("select * from proposals where id = $1", Proposal)
HOLD = Query("select * from proposals where id = $1 for update", Proposal)
SET_STATE = Query(
    "update proposals set state = $2, note = $3, changed_at = $4, post_id = coalesce($5, post_id)"
    " where id = $1 returning *",
    Proposal,
)
PAGE = Query(
    "select * from proposals where community_id = $1 and id < $2 and id > $3"
    " and ($5 = '' or state = $5) order by id desc limit $4",
    Proposal,
)
OPEN = Query("select count(*) from proposals where account_id = $1 and state = 'idea'", int)
TAKE_TURNS = Command("select pg_advisory_xact_lock(hashtextextended('ideas of', $1))")
SECOND = Command(
    "insert into proposal_seconds (proposal_id, account_id, created_at) values ($1, $2, $3)"
    " on conflict do nothing"
)
UNSECOND = Command("delete from proposal_seconds where proposal_id = $1 and account_id = $2")
# Who left, or was sent away, carries nothing any more.
SECONDS = Query(
    """
    select s.proposal_id, s.account_id from proposal_seconds s
    join proposals p on p.id = s.proposal_id
    join follows f on f.follower_id = s.account_id and f.target_id = p.community_id
        and f.accepted_at is not null
    where s.proposal_id = any($1::bigint[]) and s.account_id <> p.account_id
    """,
    Second,
)


async def insert(
    conn: Connection,
    community_id: int,
    account_id: int,
    kind: str,
    title: str,
    wanted: Mapping[str, Any],
    now: datetime,
) -> Proposal:
    return await INSERT.one(conn, community_id, account_id, kind, title, dict(wanted), now)


async def by_id(conn: Connection, id_: int) -> Proposal | None:
    return await BY_ID.first(conn, id_)


async def hold(conn: Connection, id_: int) -> Proposal | None:
    """Nobody else changes it until the transaction ends."""
    return await HOLD.first(conn, id_)


async def set_state(
    conn: Connection, id_: int, state: str, note: str, now: datetime, post_id: int | None = None
) -> Proposal:
    return await SET_STATE.one(conn, id_, state, note, now, post_id)


async def page(
    conn: Connection, community_id: int, before: int, after: int, limit: int, state: str
) -> list[Proposal]:
    """The latest first, paged by their ids; ``state``: "" for any."""
    return await PAGE.all(conn, community_id, before, after, limit, state)


async def open_of(conn: Connection, account_id: int) -> int:
    """How many of a member are ideas still."""
    return await OPEN.one(conn, account_id)


async def take_turns(conn: Connection, account_id: int) -> None:
    """Two ideas of one member are written one after the other."""
    await TAKE_TURNS.run(conn, account_id)


async def second(conn: Connection, id_: int, account_id: int, now: datetime) -> bool:
    return await SECOND.run(conn, id_, account_id, now) == 1


async def unsecond(conn: Connection, id_: int, account_id: int) -> None:
    await UNSECOND.run(conn, id_, account_id)


async def seconds(conn: Connection, id_: int) -> set[int]:
    """Members who carry it, its own author left out."""
    return {row.account_id for row in await SECONDS.all(conn, [id_])}


async def seconds_of(conn: Connection, ids: Sequence[int]) -> dict[int, set[int]]:
    """The same of many proposals."""
    found: dict[int, set[int]] = {id_: set() for id_ in ids}
    for row in await SECONDS.all(conn, ids):
        found[row.proposal_id].add(row.account_id)
    return found
