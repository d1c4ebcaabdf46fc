"""Addresses that organisers had and that are to be invited once: sealed until then, a fingerprint afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Invitation:
    id: int
    sealed: bytes = field(repr=False)


ADD = Query(
    "insert into mail_invitations (community_id, fingerprint, sealed, created_at)"
    " values ($1, $2, $3, $4) on conflict do nothing returning 1",
    int,
)
# Who unsubscribed is remembered for as long as who was asked, counted from now; their address is in no line.
REFUSE = Command(
    """
    insert into mail_invitations (community_id, fingerprint, refused, created_at) values ($1, $2, true, $3)
    on conflict (community_id, fingerprint) do update
        set sealed = null, refused = true, created_at = excluded.created_at
    """
)
COUNT = Query("select count(*) from mail_invitations where community_id = $1 and not refused", int)
WAITING = Query(
    "select count(*) from mail_invitations where community_id = $1 and sealed is not null", int
)
NEXT = Query(
    "select id, sealed from mail_invitations where community_id = $1 and sealed is not null"
    " order by id limit $2",
    Invitation,
)
BLANK = Command("update mail_invitations set sealed = null where id = $1")
DROP_WAITING = Command(
    "delete from mail_invitations where community_id = $1 and sealed is not null"
)
DROP_ALL = Command("delete from mail_invitations")
FORGET = Command(
    "delete from mail_invitations where id in (select id from mail_invitations"
    " where created_at < $1 order by created_at limit $2)"
)


async def add(
    conn: Connection, community_id: int, fingerprint: bytes, sealed: bytes, now: datetime
) -> bool:
    """False where this address was on a list before."""
    return await ADD.first(conn, community_id, fingerprint, sealed, now) is not None


async def refuse(conn: Connection, community_id: int, fingerprint: bytes, now: datetime) -> None:
    """They want nothing more: no list has them asked again."""
    await REFUSE.run(conn, community_id, fingerprint, now)


async def count(conn: Connection, community_id: int) -> int:
    """Of this year, written to or not."""
    return await COUNT.one(conn, community_id)


async def waiting(conn: Connection, community_id: int) -> int:
    return await WAITING.one(conn, community_id)


async def upcoming(conn: Connection, community_id: int, limit: int) -> list[Invitation]:
    return await NEXT.all(conn, community_id, limit)


async def blank(conn: Connection, invitation_id: int) -> None:
    """It is done: the address goes, and the fingerprint stays."""
    await BLANK.run(conn, invitation_id)


async def drop_waiting(conn: Connection, community_id: int) -> None:
    await DROP_WAITING.run(conn, community_id)


async def drop_all(conn: Connection) -> None:
    """Where nobody can open what is sealed any more."""
    await DROP_ALL.run(conn)


async def forget(conn: Connection, before: datetime, limit: int) -> int:
    return await FORGET.run(conn, before, limit)
