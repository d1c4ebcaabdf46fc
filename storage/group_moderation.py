"""What moderators of a group did: locked and removed posts, bans, and the log of it all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query
from storage.posts import Post


@dataclass(frozen=True, slots=True)
class Ban:
    id: int
    community_id: int
    account_id: int
    until: datetime | None
    reason: str
    by_id: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Moderators:
    """Of a group of another server: the ids of actors."""

    group_id: int
    uris: list[str]
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """``role``: of who did it. ``account_id``: whom it met."""

    id: int
    community_id: int
    action: str
    role: str
    by_id: int | None
    post_id: int | None
    account_id: int | None
    reason: str
    created_at: datetime


SET_LOCKED = Command("update posts set locked_at = $2 where id = $1")
# From the post upwards; what heads the thread counts even where a post between is not known.
LOCKED_ABOVE = Query(
    """
    with recursive above as (
        select id, thread_id, in_reply_to_id, locked_at, 1 as depth from posts where id = $1
        union all
        select p.id, p.thread_id, p.in_reply_to_id, p.locked_at, a.depth + 1
        from above a join posts p on p.id = a.in_reply_to_id where a.depth < 100)
    select exists (select from above where locked_at is not null) or exists (
        select from posts h join above a on a.thread_id = h.id where h.locked_at is not null)
    """,
    bool,
)
SET_REMOVED = Command("update posts set removed = $2 where id = $1")
REMOVE_ALL = Query(
    "update posts set removed = $3 where community_id = $1 and account_id = $2 and removed is null"
    " and kind not in ('event', 'call') returning *",
    Post,
)
RESTORE_ALL = Query(
    "update posts set removed = null where community_id = $1 and account_id = $2"
    " and removed in ('here', 'elsewhere') returning *",
    Post,
)
BAN = Command(
    "insert into community_bans (community_id, account_id, until, reason, by_id, created_at)"
    " values ($1, $2, $3, $4, $5, $6) on conflict (community_id, account_id) do update"
    " set until = excluded.until, reason = excluded.reason, by_id = excluded.by_id,"
    " created_at = excluded.created_at"
)
UNBAN = Command("delete from community_bans where community_id = $1 and account_id = $2")
BANNED = Query(
    "select exists (select from community_bans where community_id = $1 and account_id = $2"
    " and (until is null or until > $3))",
    bool,
)
BANNED_FROM = Query(
    "select community_id from community_bans where account_id = $1"
    " and community_id = any($2::bigint[]) and (until is null or until > $3)",
    int,
)
BANS = Query(
    "select * from community_bans where community_id = $1 and (until is null or until > $2)"
    " and id < $3 and id > $4 order by id desc limit $5",
    Ban,
)
REMEMBER = Command(
    "insert into group_moderators (group_id, uris, fetched_at) values ($1, $2, $3)"
    " on conflict (group_id) do update set uris = excluded.uris, fetched_at = excluded.fetched_at"
)
FORGET = Command("delete from group_moderators where group_id = $1")
MODERATORS = Query("select * from group_moderators where group_id = $1", Moderators)
WRITE = Command(
    "insert into moderation_log (community_id, action, role, by_id, post_id, account_id, reason,"
    " created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)"
)
LOG = Query(
    "select * from moderation_log where community_id = $1 and id < $2 and id > $3"
    " order by id desc limit $4",
    Entry,
)


async def set_locked(conn: Connection, post_id: int, at: datetime | None) -> None:
    await SET_LOCKED.run(conn, post_id, at)


async def locked_above(conn: Connection, post_id: int) -> bool:
    """Whether the post, one that it answers (up to 100 above it), or the head of its thread is locked."""
    return await LOCKED_ABOVE.one(conn, post_id)


async def set_removed(conn: Connection, post_id: int, removed: str | None) -> None:
    """``removed``: ``here``, ``elsewhere``, or None where it is back."""
    await SET_REMOVED.run(conn, post_id, removed)


async def remove_all(
    conn: Connection, community_id: int, account_id: int, removed: str
) -> list[Post]:
    """All that an account posted to a community, calls left out. Gives those that were shown."""
    return await REMOVE_ALL.all(conn, community_id, account_id, removed)


async def restore_all(conn: Connection, community_id: int, account_id: int) -> list[Post]:
    """Gives those that were not shown."""
    return await RESTORE_ALL.all(conn, community_id, account_id)


async def ban(
    conn: Connection,
    community_id: int,
    account_id: int,
    until: datetime | None,
    reason: str,
    by_id: int,
    now: datetime,
) -> None:
    """In place of one that stands."""
    await BAN.run(conn, community_id, account_id, until, reason, by_id, now)


async def unban(conn: Connection, community_id: int, account_id: int) -> bool:
    """False where there was none."""
    return await UNBAN.run(conn, community_id, account_id) == 1


async def banned(conn: Connection, community_id: int, account_id: int, now: datetime) -> bool:
    return await BANNED.one(conn, community_id, account_id, now)


async def banned_from(
    conn: Connection, account_id: int, communities: Sequence[int], now: datetime
) -> set[int]:
    """Those of these communities."""
    return set(await BANNED_FROM.all(conn, account_id, communities, now))


async def bans(
    conn: Connection, community_id: int, now: datetime, before: int, after: int, limit: int
) -> list[Ban]:
    """Those that stand, the latest first; paged by their ids."""
    return await BANS.all(conn, community_id, now, before, after, limit)


async def remember(conn: Connection, group_id: int, uris: Sequence[str], now: datetime) -> None:
    await REMEMBER.run(conn, group_id, list(uris), now)


async def forget(conn: Connection, group_id: int) -> None:
    """They changed: ask anew."""
    await FORGET.run(conn, group_id)


async def moderators(conn: Connection, group_id: int) -> Moderators | None:
    """None where they were never asked for."""
    return await MODERATORS.first(conn, group_id)


async def write(
    conn: Connection,
    community_id: int,
    action: str,
    role: str,
    by_id: int,
    now: datetime,
    *,
    post_id: int | None = None,
    account_id: int | None = None,
    reason: str = "",
) -> None:
    await WRITE.run(conn, community_id, action, role, by_id, post_id, account_id, reason, now)


async def log(
    conn: Connection, community_id: int, before: int, after: int, limit: int
) -> list[Entry]:
    """The latest first."""
    return await LOG.all(conn, community_id, before, after, limit)
