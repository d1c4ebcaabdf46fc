"""Invitations to sign up. Whoever has the code is invited, as often and as long as it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Invite:
    """``max_uses``, ``expires_at``: None where there is no end."""

    digest: bytes
    uses: int
    max_uses: int | None
    expires_at: datetime | None
    created_at: datetime


INSERT = Command(
    "insert into invites (digest, max_uses, expires_at, created_at) values ($1, $2, $3, $4)"
)
GOOD = Query(
    "select exists (select from invites where digest = $1 and (max_uses is null or uses < max_uses)"
    " and (expires_at is null or expires_at > $2))",
    bool,
)
USE = Command(
    "update invites set uses = uses + 1 where digest = $1"
    " and (max_uses is null or uses < max_uses) and (expires_at is null or expires_at > $2)"
)
LISTED = Query(
    "select * from invites where created_at < $1 order by created_at desc limit $2", Invite
)
DROP = Command("delete from invites where digest = $1")
DROP_OLD = Command("delete from invites where expires_at <= $1 or uses >= max_uses")


async def insert(
    conn: Connection,
    digest: bytes,
    max_uses: int | None,
    expires_at: datetime | None,
    now: datetime,
) -> None:
    """``None``: any number of times, for ever."""
    await INSERT.run(conn, digest, max_uses, expires_at, now)


async def good(conn: Connection, digest: bytes, now: datetime) -> bool:
    return await GOOD.one(conn, digest, now)


async def use(conn: Connection, digest: bytes, now: datetime) -> bool:
    """Count one more. False where it is not good (any more)."""
    return await USE.run(conn, digest, now) == 1


async def listed(conn: Connection, before: datetime, limit: int) -> list[Invite]:
    """Newest first."""
    return await LISTED.all(conn, before, limit)


async def drop(conn: Connection, digest: bytes) -> bool:
    """False where it is gone."""
    return await DROP.run(conn, digest) == 1


async def drop_expired(conn: Connection, now: datetime) -> None:
    await DROP_OLD.run(conn, now)
