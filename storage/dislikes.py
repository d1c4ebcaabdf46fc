"""Votes against a post: one per account, and never beside a favourite."""

from __future__ import annotations

from datetime import datetime

from storage.db import Command, Connection, Query
from storage.posts import Mention

INSERT = Command(
    "insert into dislikes (uri, account_id, post_id, created_at) values ($1, $2, $3, $4)"
    " on conflict do nothing"
)
DELETE = Command("delete from dislikes where account_id = $1 and post_id = $2")
COUNT = Command("update posts set dislikes_count = greatest(dislikes_count + $2, 0) where id = $1")
URI = Query("select uri from dislikes where account_id = $1 and post_id = $2", str)
BY_URI = Query("select post_id, account_id from dislikes where uri = $1", Mention)


async def insert(
    conn: Connection, uri: str | None, account_id: int, post_id: int, now: datetime
) -> bool:
    """False for a repeat."""
    made = await INSERT.run(conn, uri, account_id, post_id, now) == 1
    if made:
        await COUNT.run(conn, post_id, 1)
    return made


async def delete(conn: Connection, account_id: int, post_id: int) -> bool:
    """False where there was none."""
    gone = await DELETE.run(conn, account_id, post_id) == 1
    if gone:
        await COUNT.run(conn, post_id, -1)
    return gone


async def uri(conn: Connection, account_id: int, post_id: int) -> str | None:
    """The id of the activity by which it was said."""
    return await URI.first(conn, account_id, post_id)


async def by_uri(conn: Connection, uri: str) -> Mention | None:
    """Which post, by whom."""
    return await BY_URI.first(conn, uri)
