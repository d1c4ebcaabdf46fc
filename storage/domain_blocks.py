"""Hosts that one member wants nothing from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Blocked:
    row_id: int
    host: str


@dataclass(frozen=True, slots=True)
class Ties:
    """Accepted follows between a member and the accounts of a host."""

    following: int
    followers: int


INSERT = Command(
    "insert into account_domain_blocks (account_id, host, created_at) values ($1, $2, $3)"
    " on conflict do nothing"
)
DELETE = Command("delete from account_domain_blocks where account_id = $1 and host = $2")
OF = Query(
    "select id as row_id, host from account_domain_blocks"
    " where account_id = $1 and id < $2 and id > $3 order by id desc limit $4",
    Blocked,
)
TIES = Query(
    """
    select
        (select count(*) from follows f join accounts a on a.id = f.target_id
         where f.follower_id = $1 and a.host = $2 and f.accepted_at is not null) as following,
        (select count(*) from follows f join accounts a on a.id = f.follower_id
         where f.target_id = $1 and a.host = $2 and f.accepted_at is not null) as followers
    """,
    Ties,
)


async def insert(conn: Connection, account_id: int, host: str, now: datetime) -> bool:
    """False where it is blocked already."""
    return await INSERT.run(conn, account_id, host, now) == 1


async def delete(conn: Connection, account_id: int, host: str) -> None:
    await DELETE.run(conn, account_id, host)


async def of(
    conn: Connection, account_id: int, before: int, after: int, limit: int
) -> list[Blocked]:
    """Newest first; ``before`` and ``after`` are row ids, both excluded."""
    return await OF.all(conn, account_id, before, after, limit)


async def ties(conn: Connection, account_id: int, host: str) -> Ties:
    return await TIES.one(conn, account_id, host)
