"""What private groups of other servers said of who reads them; good for a few minutes."""

from __future__ import annotations

from datetime import datetime

from storage.db import Command, Connection, Query

REMEMBER = Command(
    "insert into group_readers (group_id, account_id, reads, asked_at) values ($1, $2, $3, $4)"
    " on conflict (group_id, account_id) do update"
    " set reads = excluded.reads, asked_at = excluded.asked_at"
)
READS = Query(
    "select reads from group_readers where group_id = $1 and account_id = $2 and asked_at > $3",
    bool,
)
FORGET = Command("delete from group_readers where asked_at < $1")


async def remember(
    conn: Connection, group_id: int, account_id: int, now: datetime, *, reads: bool
) -> None:
    await REMEMBER.run(conn, group_id, account_id, reads, now)


async def reads(conn: Connection, group_id: int, account_id: int, since: datetime) -> bool | None:
    """None where the group was not asked since then."""
    return await READS.first(conn, group_id, account_id, since)


async def forget(conn: Connection, before: datetime) -> None:
    await FORGET.run(conn, before)
