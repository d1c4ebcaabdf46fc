"""Calls of private communities that everybody may answer who has the address of their page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class OpenedCall:
    """``token``: of the page, None once it was taken back; ``hosted_by``: who calls, as strangers are told, or ""."""

    post_id: int
    token: str | None
    hosted_by: str
    opened_at: datetime


BY_ID = Query("select * from call_opened where post_id = $1", OpenedCall)
BY_TOKEN = Query("select * from call_opened where token = $1", OpenedCall)
IS_OPEN = Query(
    "select exists (select from call_opened where post_id = $1 and token is not null)", bool
)
# A page that is open keeps its address; what was taken back gets a new one.
PUT = Query(
    """
    insert into call_opened as o (post_id, token, hosted_by, opened_at) values ($1, $2, $3, $4)
    on conflict (post_id) do update set token = coalesce(o.token, excluded.token), hosted_by = excluded.hosted_by,
        opened_at = case when o.token is null then excluded.opened_at else o.opened_at end
    returning *
    """,
    OpenedCall,
)
REVOKE = Command("update call_opened set token = null where post_id = $1")


async def by_id(conn: Connection, post_id: int) -> OpenedCall | None:
    return await BY_ID.first(conn, post_id)


async def by_token(conn: Connection, token: str) -> OpenedCall | None:
    return await BY_TOKEN.first(conn, token)


async def is_open(conn: Connection, post_id: int) -> bool:
    return await IS_OPEN.one(conn, post_id)


async def put(
    conn: Connection, post_id: int, token: str, hosted_by: str, now: datetime
) -> OpenedCall:
    return await PUT.one(conn, post_id, token, hosted_by, now)


async def revoke(conn: Connection, post_id: int) -> None:
    await REVOKE.run(conn, post_id)
