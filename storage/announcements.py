"""What those who run the instance tell all its members, and how these react."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Announcement:
    id: int
    source: str
    content: str
    starts_at: datetime | None
    ends_at: datetime | None
    published_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Reaction:
    announcement_id: int
    name: str
    count: int
    me: bool


INSERT = Query(
    """
    insert into announcements (source, content, starts_at, ends_at, published_at, updated_at)
    values ($1, $2, $3, $4, $5, $5) returning *
    """,
    Announcement,
)
CURRENT = Query(
    "select * from announcements where ends_at is null or ends_at > $1 order by id desc",
    Announcement,
)
BY_ID = Query(
    "select * from announcements where id = $1 and (ends_at is null or ends_at > $2)", Announcement
)
DELETE = Command("delete from announcements where id = $1")
READ = Query(
    "select announcement_id from announcement_reads"
    " where account_id = $1 and announcement_id = any($2::bigint[])",
    int,
)
DISMISS = Command(
    "insert into announcement_reads (announcement_id, account_id) values ($1, $2)"
    " on conflict do nothing"
)
REACTIONS = Query(
    """
    select announcement_id, name, count(*) as count, bool_or(account_id = $1) as me
    from announcement_reactions where announcement_id = any($2::bigint[])
    group by announcement_id, name order by min(id)
    """,
    Reaction,
)
HOLD = Query("select id from announcements where id = $1 for update", int)
NAMES = Query("select distinct name from announcement_reactions where announcement_id = $1", str)
REACT = Command(
    "insert into announcement_reactions (announcement_id, account_id, name) values ($1, $2, $3)"
    " on conflict do nothing"
)
UNREACT = Command(
    "delete from announcement_reactions"
    " where announcement_id = $1 and account_id = $2 and name = $3"
)


async def insert(
    conn: Connection,
    source: str,
    content: str,
    starts_at: datetime | None,
    ends_at: datetime | None,
    now: datetime,
) -> Announcement:
    """``content``: HTML that was cleaned already."""
    return await INSERT.one(conn, source, content, starts_at, ends_at, now)


async def current(conn: Connection, now: datetime) -> list[Announcement]:
    """Those that have not ended, newest first."""
    return await CURRENT.all(conn, now)


async def by_id(conn: Connection, announcement_id: int, now: datetime) -> Announcement | None:
    """None where it ended too."""
    return await BY_ID.first(conn, announcement_id, now)


async def delete(conn: Connection, announcement_id: int) -> bool:
    return await DELETE.run(conn, announcement_id) == 1


async def read_by(conn: Connection, account_id: int, ids: Sequence[int]) -> set[int]:
    """Which of these a member has dismissed."""
    return set(await READ.all(conn, account_id, ids))


async def dismiss(conn: Connection, announcement_id: int, account_id: int) -> None:
    await DISMISS.run(conn, announcement_id, account_id)


async def reactions(conn: Connection, account_id: int, ids: Sequence[int]) -> list[Reaction]:
    """To these, with whether a member is among those who gave them, in order of the first."""
    return await REACTIONS.all(conn, account_id, ids)


async def hold_names(conn: Connection, announcement_id: int) -> list[str]:
    """The reactions that stand, held against others who would add one."""
    await HOLD.all(conn, announcement_id)
    return await NAMES.all(conn, announcement_id)


async def react(conn: Connection, announcement_id: int, account_id: int, name: str) -> None:
    await REACT.run(conn, announcement_id, account_id, name)


async def unreact(conn: Connection, announcement_id: int, account_id: int, name: str) -> None:
    await UNREACT.run(conn, announcement_id, account_id, name)
