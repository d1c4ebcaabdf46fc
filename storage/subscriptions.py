"""What calendars and feeds that people subscribe to hold, and the secret addresses of members."""

from __future__ import annotations

from datetime import datetime

from storage.accounts import Account
from storage.calls import Call
from storage.db import Command, Connection, Query

PUT = Command(
    """
    insert into subscriptions (account_id, digest, created_at) values ($1, $2, $3)
    on conflict (account_id) do update set digest = excluded.digest, created_at = excluded.created_at
    """
)
MADE_AT = Query("select created_at from subscriptions where account_id = $1", datetime)
DROP = Command("delete from subscriptions where account_id = $1")
HOLDER = Query(
    "select a.* from subscriptions s join accounts a on a.id = s.account_id where s.digest = $1",
    Account,
)
OF_INSTANCE = Query(
    "select c.* from calls c join posts p on p.id = c.post_id"
    " where p.local and p.visibility = 'public' and coalesce(c.ends_at, c.starts_at) >= $1"
    " and not exists (select from communities m"
    " where m.account_id = c.community_id and m.visibility <> 'public')"
    " order by c.starts_at, c.post_id limit $2",
    Call,
)
OF_COMMUNITY = Query(
    "select * from calls where community_id = $1 and coalesce(ends_at, starts_at) >= $2"
    " order by starts_at, post_id limit $3",
    Call,
)
BEGINNING = Query(
    "select * from calls where community_id = $1 and starts_at >= $2 and starts_at < $3"
    " and parent_id is null order by starts_at, post_id limit $4",
    Call,
)
OF_AUTHOR = Query(
    "select c.* from calls c join posts p on p.id = c.post_id"
    " where p.account_id = $1 and p.visibility in ('public', 'unlisted')"
    " and coalesce(c.ends_at, c.starts_at) >= $2 order by c.starts_at, c.post_id limit $3",
    Call,
)
TAKEN_PART = Query(
    "select c.* from participations n join calls c on c.post_id = n.post_id"
    " where n.account_id = $1 and n.answer <> 'declined' and n.state <> 'refused'"
    " and coalesce(c.ends_at, c.starts_at) >= $2 order by c.starts_at, c.post_id limit $3",
    Call,
)


async def put(conn: Connection, account_id: int, digest: bytes, now: datetime) -> None:
    """The one before is good no more."""
    await PUT.run(conn, account_id, digest, now)


async def made_at(conn: Connection, account_id: int) -> datetime | None:
    return await MADE_AT.first(conn, account_id)


async def drop(conn: Connection, account_id: int) -> None:
    await DROP.run(conn, account_id)


async def holder(conn: Connection, digest: bytes) -> Account | None:
    return await HOLDER.first(conn, digest)


async def of_instance(conn: Connection, since: datetime, limit: int) -> list[Call]:
    """Public events of this server that end after ``since``, by their start; so do the others below."""
    return await OF_INSTANCE.all(conn, since, limit)


async def of_community(
    conn: Connection, community_id: int, since: datetime, limit: int
) -> list[Call]:
    return await OF_COMMUNITY.all(conn, community_id, since, limit)


async def beginning(
    conn: Connection, community_id: int, since: datetime, until: datetime, limit: int
) -> list[Call]:
    """Those of a community that begin in this time, without shifts."""
    return await BEGINNING.all(conn, community_id, since, until, limit)


async def of_author(conn: Connection, account_id: int, since: datetime, limit: int) -> list[Call]:
    """Those that somebody calls to, for everybody."""
    return await OF_AUTHOR.all(conn, account_id, since, limit)


async def taken_part(conn: Connection, account_id: int, since: datetime, limit: int) -> list[Call]:
    """Those that somebody goes to, or may go to, or waits for."""
    return await TAKEN_PART.all(conn, account_id, since, limit)
