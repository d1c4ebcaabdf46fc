"""Communities of ours that show each other: a tie is shown where both have it."""

from __future__ import annotations

from datetime import datetime

from storage.accounts import Account
from storage.db import Command, Connection, Query

INSERT = Command(
    "insert into community_ties (community_id, other_id, by_id, created_at)"
    " select $1, $2, $3, $4 where (select count(*) from community_ties where community_id = $1) < $5"
    " on conflict do nothing"
)
DELETE = Command(
    "delete from community_ties where (community_id, other_id) in (($1, $2), ($2, $1))"
)
HAS = Query(
    "select exists (select from community_ties where community_id = $1 and other_id = $2)", bool
)
LINKED = Query(
    """
    select a.* from community_ties t join accounts a on a.id = t.other_id
    where t.community_id = $1 and a.suspended_at is null
        and exists (select from community_ties b
            where b.community_id = t.other_id and b.other_id = $1)
    order by t.created_at, a.id
    """,
    Account,
)
ASKED = Query(
    """
    select a.* from community_ties t join accounts a on a.id = t.community_id
    where t.other_id = $1 and a.suspended_at is null
        and not exists (select from community_ties b
            where b.community_id = $1 and b.other_id = t.community_id)
    order by t.created_at, a.id limit 100
    """,
    Account,
)


async def insert(
    conn: Connection, community_id: int, other_id: int, by: int, now: datetime, most: int
) -> bool:
    """False for a repeat, and where there are ``most`` already."""
    return await INSERT.run(conn, community_id, other_id, by, now, most) == 1


async def delete(conn: Connection, community_id: int, other_id: int) -> bool:
    """On both sides. False where there was none."""
    return await DELETE.run(conn, community_id, other_id) > 0


async def has(conn: Connection, community_id: int, other_id: int) -> bool:
    return await HAS.one(conn, community_id, other_id)


async def linked(conn: Connection, community_id: int) -> list[Account]:
    """To which both sides agreed."""
    return await LINKED.all(conn, community_id)


async def asked(conn: Connection, community_id: int) -> list[Account]:
    """Communities of ours that would like to be shown, and wait for an answer."""
    return await ASKED.all(conn, community_id)
