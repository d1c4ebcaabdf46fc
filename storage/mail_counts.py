"""How many mails were caused, and when: what no window of time may hold too many of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Used:
    """``since``: when the oldest of them was counted, None without any."""

    count: int
    since: datetime | None


TAKE_TURNS = Command("select pg_advisory_xact_lock(hashtextextended('mails ' || $1::text, 0))")
USED = Query(
    """
    select coalesce(sum(count), 0)::integer as count, min(at) as since from mail_counts
    where key = any($1::text[]) and at > $2
    """,
    Used,
)
ADD = Command(
    """
    insert into mail_counts (key, at, count) values ($1, $2, $3)
    on conflict (key, at) do update set count = mail_counts.count + excluded.count
    """
)
FORGET = Command("delete from mail_counts where at < $1")


async def take_turns(conn: Connection, what: str) -> None:
    """Whoever else counts the same waits until this transaction is over."""
    await TAKE_TURNS.run(conn, what)


async def used(conn: Connection, keys: Sequence[str], after: datetime) -> Used:
    """What was counted under any of these keys since then."""
    return await USED.one(conn, keys, after)


async def add(conn: Connection, key: str, at: datetime, count: int) -> None:
    await ADD.run(conn, key, at, count)


async def forget(conn: Connection, before: datetime) -> int:
    """Drop what no window reaches back to."""
    return await FORGET.run(conn, before)
