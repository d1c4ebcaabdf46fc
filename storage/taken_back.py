"""Answers that were taken back, so that one that comes late does not count: digests, and no names."""

from __future__ import annotations

from datetime import datetime

from storage.db import Command, Connection, Query

REMEMBER = Command(
    "insert into taken_back (post_id, digest, expires_at) values ($1, $2, $3)"
    " on conflict (post_id, digest) do update set expires_at = excluded.expires_at"
)
KNOWN = Query(
    "select exists (select from taken_back where post_id = $1 and digest = $2"
    " and expires_at is null)",
    bool,
)
USE = Command("delete from taken_back where post_id = $1 and digest = $2 and expires_at > $3")
FORGET = Command("delete from taken_back where expires_at < $1")
REMEMBER_EARLY = Command(
    "insert into undone_early (digest, expires_at) values ($1, $2)"
    " on conflict (digest) do update set expires_at = excluded.expires_at"
)
KNOWN_EARLY = Query(
    "select exists (select from undone_early where digest = $1 and expires_at > $2)", bool
)
FORGET_EARLY = Command("delete from undone_early where expires_at < $1")


async def remember(
    conn: Connection, post_id: int, digest: bytes, expires_at: datetime | None = None
) -> None:
    """``expires_at``: None for as long as the call is there."""
    await REMEMBER.run(conn, post_id, digest, expires_at)


async def known(conn: Connection, post_id: int, digest: bytes) -> bool:
    """Whether it was taken back for good."""
    return await KNOWN.one(conn, post_id, digest)


async def use(conn: Connection, post_id: int, digest: bytes, now: datetime) -> bool:
    """Whether it was expected for a while; it is no more."""
    return await USE.run(conn, post_id, digest, now) == 1


async def forget(conn: Connection, now: datetime) -> None:
    await FORGET.run(conn, now)
    await FORGET_EARLY.run(conn, now)


async def remember_early(conn: Connection, digest: bytes, expires_at: datetime) -> None:
    """Of what nobody knows what it is about."""
    await REMEMBER_EARLY.run(conn, digest, expires_at)


async def known_early(conn: Connection, digest: bytes, now: datetime) -> bool:
    return await KNOWN_EARLY.one(conn, digest, now)
