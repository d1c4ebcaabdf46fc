"""Who of one host follows an account, as both servers compare it (FEP-8fcf); and what is to be compared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from asyncpg import BitString

from storage.db import Command, Connection, Query
from storage.follows import Follow


@dataclass(frozen=True, slots=True)
class Counted:
    followers: int
    digest: BitString | None


@dataclass(frozen=True, slots=True)
class Check:
    """What another server says of the followers that an account of its own has here."""

    account_id: int
    url: str
    digest: str
    heard_at: datetime
    checked_at: datetime | None


DIGEST = Query(
    """
    select count(*) as followers,
        bit_xor(('x' || encode(sha256(convert_to(a.uri, 'UTF8')), 'hex'))::bit(256)) as digest
    from follows f join accounts a on a.id = f.follower_id
    where f.target_id = $1 and f.accepted_at is not null and a.host = $2
    """,
    Counted,
)
URIS = Query(
    """
    select a.uri from follows f join accounts a on a.id = f.follower_id
    where f.target_id = $1 and f.accepted_at is not null and a.host = $2 order by f.id limit $3
    """,
    str,
)
HEAR = Query(
    """
    insert into follower_checks (account_id, url, digest, heard_at) values ($1, $2, $3, $4)
    on conflict (account_id) do update set
        url = excluded.url, digest = excluded.digest, heard_at = excluded.heard_at
    returning *
    """,
    Check,
)
BY_ID = Query("select * from follower_checks where account_id = $1", Check)
CHECKED = Command("update follower_checks set checked_at = $2 where account_id = $1")
UNLISTED = Query(
    """
    select f.* from follows f join accounts a on a.id = f.follower_id
    where f.target_id = $1 and a.local and f.accepted_at < $3 and not a.uri = any($2::text[])
    order by f.id limit $4
    """,
    Follow,
)
UNKNOWN = Query(
    """
    select a.id from accounts a left join follows f on f.follower_id = a.id and f.target_id = $1
    where a.local and a.uri = any($2::text[]) and f.accepted_at is null order by a.id limit $3
    """,
    int,
)


async def counted(conn: Connection, account_id: int, host: str) -> tuple[int, str]:
    """How many accounts of a host ('' for ours) follow, and the digest of their ids in hexadecimal."""
    row = await DIGEST.one(conn, account_id, host)
    return row.followers, row.digest.bytes.hex() if row.digest else "0" * 64


async def uris(conn: Connection, account_id: int, host: str, limit: int) -> list[str]:
    return await URIS.all(conn, account_id, host, limit)


async def hear(conn: Connection, account_id: int, url: str, digest: str, now: datetime) -> Check:
    """Remember what is to be compared; what was said before is forgotten."""
    return await HEAR.one(conn, account_id, url, digest, now)


async def check(conn: Connection, account_id: int) -> Check | None:
    return await BY_ID.first(conn, account_id)


async def checked(conn: Connection, account_id: int, now: datetime) -> None:
    await CHECKED.run(conn, account_id, now)


async def unlisted(
    conn: Connection, account_id: int, listed: list[str], before: datetime, limit: int
) -> list[Follow]:
    """Follows by ours, accepted ``before``, of whom the list knows nothing."""
    return await UNLISTED.all(conn, account_id, listed, before, limit)


async def unknown(conn: Connection, account_id: int, listed: list[str], limit: int) -> list[int]:
    """Accounts of ours that are listed and do not follow, as far as we know."""
    return await UNKNOWN.all(conn, account_id, listed, limit)
