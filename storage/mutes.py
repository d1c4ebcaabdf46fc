"""Whom a member does not want to read, and which conversations a member is not told of.

A mute that has ended is none from that moment on: every reader compares its end with the time. The row
goes with the daily cleaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Muted:
    """One line of the list of mutes: the row's own id pages."""

    row_id: int
    account_id: int
    expires_at: datetime | None


PUT = Command(
    """
    insert into mutes (account_id, target_id, notifications, expires_at, created_at)
    values ($1, $2, $3, $4, $5)
    on conflict (account_id, target_id) do update set
        notifications = excluded.notifications, expires_at = excluded.expires_at
    """
)
DELETE = Command("delete from mutes where account_id = $1 and target_id = $2")
OF = Query(
    """
    select id as row_id, target_id as account_id, expires_at from mutes
    where account_id = $1 and id < $2 and id > $3 and (expires_at is null or expires_at > $5)
    order by id desc limit $4
    """,
    Muted,
)
DROP_ENDED = Command("delete from mutes where expires_at <= $1")
MUTE_THREAD = Command(
    "insert into thread_mutes (account_id, thread_id, created_at) values ($1, $2, $3)"
    " on conflict do nothing"
)
UNMUTE_THREAD = Command("delete from thread_mutes where account_id = $1 and thread_id = $2")


async def put(
    conn: Connection,
    account_id: int,
    target_id: int,
    now: datetime,
    *,
    notifications: bool,
    expires_at: datetime | None,
) -> None:
    """A second mute replaces what the first one said."""
    await PUT.run(conn, account_id, target_id, notifications, expires_at, now)


async def delete(conn: Connection, account_id: int, target_id: int) -> None:
    await DELETE.run(conn, account_id, target_id)


async def of(
    conn: Connection, account_id: int, before: int, after: int, limit: int, now: datetime
) -> list[Muted]:
    """Newest first; ``before`` and ``after`` are row ids, both excluded."""
    return await OF.all(conn, account_id, before, after, limit, now)


async def drop_ended(conn: Connection, now: datetime) -> None:
    await DROP_ENDED.run(conn, now)


async def mute_thread(conn: Connection, account_id: int, thread_id: int, now: datetime) -> None:
    await MUTE_THREAD.run(conn, account_id, thread_id, now)


async def unmute_thread(conn: Connection, account_id: int, thread_id: int) -> None:
    await UNMUTE_THREAD.run(conn, account_id, thread_id)
