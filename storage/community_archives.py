"""The last archive of each community, until it is asked for anew or its time is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class State:
    """``size``: in bytes; ``made_at``: None while it is being made."""

    community_id: int
    asked_by: int
    asked_at: datetime
    made_at: datetime | None
    size: int | None


ASK = Command(
    """
    insert into community_archives (community_id, asked_by, asked_at) values ($1, $2, $3)
    on conflict (community_id) do update
        set asked_by = $2, asked_at = $3, made_at = null, body = null
    """
)
STATE = Query(
    "select community_id, asked_by, asked_at, made_at, octet_length(body) as size"
    " from community_archives where community_id = $1",
    State,
)
BODY = Query(
    "select body from community_archives where community_id = $1 and body is not null", bytes
)
KEEP = Command("update community_archives set body = $2, made_at = $3 where community_id = $1")
FORGET = Command("delete from community_archives where asked_at < $1")
# One that is being made may have read what is gone now: it is not kept, and asked for anew.
DROP = Command("delete from community_archives where community_id = $1")
DROP_OF = Command(
    "delete from community_archives where community_id in"
    " (select community_id from posts where account_id = $1)"
)
POSTS = Query(
    "select id from posts where community_id = $1 and visibility <> 'direct' and reblog_of_id is null"
    " order by id desc limit $2",
    int,
)


async def ask(conn: Connection, community_id: int, asked_by: int, now: datetime) -> None:
    await ASK.run(conn, community_id, asked_by, now)


async def state(conn: Connection, community_id: int) -> State | None:
    return await STATE.first(conn, community_id)


async def body(conn: Connection, community_id: int) -> bytes | None:
    """None before it is made."""
    return await BODY.first(conn, community_id)


async def keep(conn: Connection, community_id: int, body: bytes, now: datetime) -> None:
    await KEEP.run(conn, community_id, body, now)


async def forget(conn: Connection, before: datetime) -> None:
    await FORGET.run(conn, before)


async def drop(conn: Connection, community_id: int) -> None:
    """What it holds may not be kept any more."""
    await DROP.run(conn, community_id)


async def drop_of(conn: Connection, account_id: int) -> None:
    """As ``drop``, of every community to which somebody posted."""
    await DROP_OF.run(conn, account_id)


async def posts(conn: Connection, community_id: int, limit: int) -> list[int]:
    """What was said in it, the newest first."""
    return await POSTS.all(conn, community_id, limit)
