"""What those who steer a community say beside a post."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Note:
    """``role``: of who wrote it."""

    post_id: int
    words: str
    role: str
    by_id: int | None
    created_at: datetime


PUT = Command(
    "insert into post_notes (post_id, words, role, by_id, created_at) values ($1, $2, $3, $4, $5)"
    " on conflict (post_id) do update set words = excluded.words, role = excluded.role,"
    " by_id = excluded.by_id, created_at = excluded.created_at"
)
DROP = Command("delete from post_notes where post_id = $1")
OF_POST = Query("select * from post_notes where post_id = $1", Note)


async def put(
    conn: Connection, post_id: int, words: str, role: str, by_id: int, now: datetime
) -> None:
    """In place of one that stands."""
    await PUT.run(conn, post_id, words, role, by_id, now)


async def drop(conn: Connection, post_id: int) -> bool:
    """False where there was none."""
    return await DROP.run(conn, post_id) == 1


async def of_post(conn: Connection, post_id: int) -> Note | None:
    return await OF_POST.first(conn, post_id)
