"""Whom a member shows on their profile, among those whom they follow."""

from __future__ import annotations

from datetime import datetime

from storage.db import Command, Connection, Query
from storage.follows import Listed

ADD = Command(
    "insert into endorsements (account_id, target_id, created_at) values ($1, $2, $3)"
    " on conflict do nothing"
)
DROP = Command("delete from endorsements where account_id = $1 and target_id = $2")
OF_ACCOUNT = Query(
    "select id as row_id, target_id as account_id from endorsements"
    " where account_id = $1 and id < $2 and id > $3 order by id desc limit $4",
    Listed,
)


async def add(conn: Connection, account_id: int, target_id: int, now: datetime) -> None:
    """A repeat changes nothing. Raises ``ForeignKeyViolation`` where there is no follow."""
    await ADD.run(conn, account_id, target_id, now)


async def drop(conn: Connection, account_id: int, target_id: int) -> None:
    await DROP.run(conn, account_id, target_id)


async def of_account(
    conn: Connection, account_id: int, before: int, after: int, limit: int
) -> list[Listed]:
    """Newest first; ``before`` and ``after`` are row ids, both excluded."""
    return await OF_ACCOUNT.all(conn, account_id, before, after, limit)
