"""Reading the past of groups of other servers: when it began, how far it came, what it found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class History:
    account_id: int
    started_at: datetime
    finished_at: datetime | None
    pages: int
    found: int
    next: str | None


OF = Query("select * from group_histories where account_id = $1", History)
BEGIN = Query(
    """
    insert into group_histories (account_id, started_at) values ($1, $2)
    on conflict (account_id) do update set started_at = excluded.started_at, finished_at = null,
        pages = 0, found = 0, next = null
    where group_histories.started_at <= $3
    returning *
    """,
    History,
)
COUNT = Command("update group_histories set found = found + 1 where account_id = $1")
TURN = Command(
    "update group_histories set pages = pages + 1, next = $2, finished_at = $3 where account_id = $1"
)


async def of(conn: Connection, account_id: int) -> History | None:
    return await OF.first(conn, account_id)


async def begin(
    conn: Connection, account_id: int, now: datetime, since: datetime
) -> History | None:
    """A new one; None where the last began after ``since``."""
    return await BEGIN.first(conn, account_id, now, since)


async def count(conn: Connection, account_id: int) -> None:
    """One more post was found."""
    await COUNT.run(conn, account_id)


async def turn(
    conn: Connection, account_id: int, next_page: str | None, finished_at: datetime | None
) -> None:
    """One more page was read; ``finished_at``: it was the last one."""
    await TURN.run(conn, account_id, next_page, finished_at)
