"""Communities that show each other: a tie between two of ours is shown where both have it, and one with a group of
another server (``ties_elsewhere``) where it is agreed on."""

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
    select a.* from accounts a join (
        select t.other_id, t.created_at from community_ties t
        where t.community_id = $1 and exists (select from community_ties b
            where b.community_id = t.other_id and b.other_id = $1)
        union all
        select e.other_id, e.changed_at from ties_elsewhere e
        where e.community_id = $1 and e.state = 'agreed'
    ) t on t.other_id = a.id
    where a.suspended_at is null
    order by t.created_at, a.id
    """,
    Account,
)
ASKED = Query(
    """
    select a.* from accounts a join (
        select t.community_id as id, t.created_at from community_ties t
        where t.other_id = $1 and not exists (select from community_ties b
            where b.community_id = $1 and b.other_id = t.community_id)
        union all
        select e.other_id, e.changed_at from ties_elsewhere e
        where e.community_id = $1 and e.state = 'wanted'
    ) t on t.id = a.id
    where a.suspended_at is null
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
    """Communities that would like to be shown, and wait for an answer."""
    return await ASKED.all(conn, community_id)
