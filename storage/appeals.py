"""What those whom a decision met have to say to it, once, and what was answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query
from storage.group_moderation import Entry


@dataclass(frozen=True, slots=True)
class Appeal:
    """``entry_id``: of the moderation log. ``state``: pending, approved or rejected."""

    id: int
    entry_id: int
    community_id: int
    account_id: int
    words: str
    state: str
    answer: str
    answered_by_id: int | None
    answered_at: datetime | None
    created_at: datetime


ENTRY = Query("select * from moderation_log where id = $1", Entry)
ENTRIES = Query("select * from moderation_log where id = any($1::bigint[])", Entry)
DECISIONS = Query(
    "select * from moderation_log where account_id = $1 and action in ('remove', 'refuse', 'ban')"
    " and id < $2 and id > $3 order by id desc limit $4",
    Entry,
)
INSERT = Query(
    "insert into appeals (entry_id, community_id, account_id, words, created_at)"
    " values ($1, $2, $3, $4, $5) on conflict do nothing returning *",
    Appeal,
)
OF_ENTRIES = Query("select * from appeals where entry_id = any($1::bigint[])", Appeal)
HOLD = Query("select * from appeals where id = $1 and community_id = $2 for update", Appeal)
OF_COMMUNITY = Query(
    "select * from appeals where community_id = $1 and id < $2 and id > $3"
    " order by id desc limit $4",
    Appeal,
)
ANSWER = Command(
    "update appeals set state = $2, answer = $3, answered_by_id = $4, answered_at = $5"
    " where id = $1"
)


async def entry(conn: Connection, entry_id: int) -> Entry | None:
    """A line of the log."""
    return await ENTRY.first(conn, entry_id)


async def entries(conn: Connection, ids: Sequence[int]) -> dict[int, Entry]:
    return {row.id: row for row in await ENTRIES.all(conn, ids)}


async def decisions(
    conn: Connection, account_id: int, before: int, after: int, limit: int
) -> list[Entry]:
    """What met an account and may be appealed against, the latest first."""
    return await DECISIONS.all(conn, account_id, before, after, limit)


async def insert(
    conn: Connection,
    entry_id: int,
    community_id: int,
    account_id: int,
    words: str,
    now: datetime,
) -> Appeal | None:
    """None where there is one already."""
    return await INSERT.first(conn, entry_id, community_id, account_id, words, now)


async def of_entries(conn: Connection, ids: Sequence[int]) -> dict[int, Appeal]:
    """By the ids of their entries."""
    return {row.entry_id: row for row in await OF_ENTRIES.all(conn, ids)}


async def hold(conn: Connection, appeal_id: int, community_id: int) -> Appeal | None:
    """Held until the transaction ends; None where there is none in this community."""
    return await HOLD.first(conn, appeal_id, community_id)


async def of_community(
    conn: Connection, community_id: int, before: int, after: int, limit: int
) -> list[Appeal]:
    """The latest first."""
    return await OF_COMMUNITY.all(conn, community_id, before, after, limit)


async def answer(
    conn: Connection, appeal_id: int, state: str, words: str, by_id: int, now: datetime
) -> None:
    await ANSWER.run(conn, appeal_id, state, words, by_id, now)
