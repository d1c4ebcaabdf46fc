"""One-time links in mails: the proof of an address, or the way to a new password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Link:
    digest: bytes
    user_id: int
    purpose: str
    email: str
    expires_at: datetime


INSERT = Command(
    "insert into links (digest, user_id, purpose, email, expires_at) values ($1, $2, $3, $4, $5)"
)
GET = Query("select * from links where digest = $1 and purpose = $2 and expires_at > $3", Link)
TAKE = Query(
    "delete from links where digest = $1 and purpose = $2 and expires_at > $3 returning *", Link
)
DROP_OF_USER = Command("delete from links where user_id = $1 and purpose = $2")
DROP_OLD = Command("delete from links where expires_at <= $1")


async def insert(conn: Connection, link: Link) -> None:
    await INSERT.run(conn, link.digest, link.user_id, link.purpose, link.email, link.expires_at)


async def get(conn: Connection, digest: bytes, purpose: str, now: datetime) -> Link | None:
    return await GET.first(conn, digest, purpose, now)


async def take(conn: Connection, digest: bytes, purpose: str, now: datetime) -> Link | None:
    """Use it up. None where it was used before, is too old, or never was."""
    return await TAKE.first(conn, digest, purpose, now)


async def drop_of_user(conn: Connection, user_id: int, purpose: str) -> None:
    await DROP_OF_USER.run(conn, user_id, purpose)


async def drop_expired(conn: Connection, now: datetime) -> None:
    await DROP_OLD.run(conn, now)
