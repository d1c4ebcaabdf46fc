"""Links to join, each a member's own. How many came by one is counted, and never who."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Link:
    """``admits``: whoever has it is let in, as an invitation lets in."""

    id: int
    community_id: int
    account_id: int
    digest: bytes
    admits: bool
    uses: int
    max_uses: int
    expires_at: datetime
    created_at: datetime


INSERT = Query(
    "insert into community_links (community_id, account_id, digest, admits, max_uses, expires_at,"
    " created_at) values ($1, $2, $3, $4, $5, $6, $7) returning *",
    Link,
)
GOOD = Query(
    "select * from community_links where digest = $1 and uses < max_uses and expires_at > $2", Link
)
USE = Command("update community_links set uses = uses + 1 where id = $1 and uses < max_uses")
OF = Query("select * from community_links where account_id = $1 order by id desc limit 100", Link)
COUNT = Query("select count(*) from community_links where account_id = $1 and expires_at > $2", int)
DELETE = Command("delete from community_links where id = $1 and account_id = $2")
END = Command("delete from community_links where account_id = $1 and community_id = $2")
FORGET = Command("delete from community_links where expires_at <= $1")


async def insert(
    conn: Connection,
    community_id: int,
    account_id: int,
    digest: bytes,
    max_uses: int,
    expires_at: datetime,
    now: datetime,
    *,
    admits: bool,
) -> Link:
    return await INSERT.one(
        conn, community_id, account_id, digest, admits, max_uses, expires_at, now
    )


async def good(conn: Connection, digest: bytes, now: datetime) -> Link | None:
    """None for one that is over, used up, taken back, or never was."""
    return await GOOD.first(conn, digest, now)


async def use(conn: Connection, id_: int) -> bool:
    """Count one more. False where it is used up or gone."""
    return await USE.run(conn, id_) == 1


async def of(conn: Connection, account_id: int) -> list[Link]:
    """A member's own, the latest first."""
    return await OF.all(conn, account_id)


async def count(conn: Connection, account_id: int, now: datetime) -> int:
    """How many of a member are good still, in all communities."""
    return await COUNT.one(conn, account_id, now)


async def delete(conn: Connection, id_: int, account_id: int) -> bool:
    """False where it is gone, or somebody else's."""
    return await DELETE.run(conn, id_, account_id) == 1


async def end(conn: Connection, account_id: int, community_id: int) -> None:
    """Who left invites nobody."""
    await END.run(conn, account_id, community_id)


async def forget(conn: Connection, now: datetime) -> None:
    await FORGET.run(conn, now)
