"""Which call was made of what somebody said."""

from __future__ import annotations

from storage.db import Command, Connection, Query

PUT = Command("insert into call_origins (post_id, from_post_id) values ($1, $2)")
ORIGIN = Query("select from_post_id from call_origins where post_id = $1", int)
MADE = Query(
    "select post_id from call_origins where from_post_id = $1 order by post_id desc limit $2", int
)


async def put(conn: Connection, call_id: int, from_post_id: int) -> None:
    await PUT.run(conn, call_id, from_post_id)


async def origin(conn: Connection, call_id: int) -> int | None:
    return await ORIGIN.first(conn, call_id)


async def made_of(conn: Connection, post_id: int, limit: int) -> list[int]:
    """The newest first."""
    return await MADE.all(conn, post_id, limit)
