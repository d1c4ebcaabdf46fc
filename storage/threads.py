"""Looking for the rest of a thread at its origin: when it began, what it found, whether it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Refresh:
    thread_id: int
    started_at: datetime
    finished_at: datetime | None
    found: int


OF = Query("select * from thread_refreshes where thread_id = $1", Refresh)
BEGIN = Query(
    """
    insert into thread_refreshes (thread_id, started_at) values ($1, $2)
    on conflict (thread_id) do update set started_at = excluded.started_at, finished_at = null,
        found = 0
    where thread_refreshes.started_at <= $3
    returning *
    """,
    Refresh,
)
COUNT = Command("update thread_refreshes set found = found + 1 where thread_id = $1")
FINISH = Command("update thread_refreshes set finished_at = $2 where thread_id = $1")
FORGET = Command("delete from thread_refreshes where started_at < $1")


async def of(conn: Connection, thread_id: int) -> Refresh | None:
    """The last one."""
    return await OF.first(conn, thread_id)


async def begin(conn: Connection, thread_id: int, now: datetime, since: datetime) -> Refresh | None:
    """A new one; None where the last began after ``since``, also where two begin at once."""
    return await BEGIN.first(conn, thread_id, now, since)


async def count(conn: Connection, thread_id: int) -> None:
    """One more post was found."""
    await COUNT.run(conn, thread_id)


async def finish(conn: Connection, thread_id: int, now: datetime) -> None:
    await FINISH.run(conn, thread_id, now)


async def forget(conn: Connection, before: datetime) -> None:
    await FORGET.run(conn, before)
