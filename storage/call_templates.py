"""Templates of calls that communities keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Row:
    """``body``: as docs/templates.md says. ``origin``: where it was fetched from, if it was."""

    id: int
    community_id: int
    body: dict[str, object]
    origin: str | None
    shared: bool
    revision: int
    created_at: datetime
    changed_at: datetime


BY_ID = Query("select * from call_templates where id = $1", Row)
OF_COMMUNITY = Query("select * from call_templates where community_id = $1 order by id", Row)
COUNT = Query("select count(*) from call_templates where community_id = $1", int)
INSERT = Query(
    "insert into call_templates (community_id, body, origin, shared, created_at, changed_at)"
    " values ($1, $2, $3, $4, $5, $5) returning *",
    Row,
)
BY_ORIGIN = Query(
    "select * from call_templates where community_id = $1 and origin = $2 for update", Row
)
CHANGE = Query(
    """
    update call_templates set body = $2, shared = $3,
        revision = revision + case when body = $2 then 0 else 1 end,
        changed_at = case when body = $2 then changed_at else $4 end
    where id = $1 returning *
    """,
    Row,
)
DELETE = Command("delete from call_templates where id = $1")


async def by_id(conn: Connection, template_id: int) -> Row | None:
    return await BY_ID.first(conn, template_id)


async def of_community(conn: Connection, community_id: int) -> list[Row]:
    """The oldest first."""
    return await OF_COMMUNITY.all(conn, community_id)


async def count(conn: Connection, community_id: int) -> int:
    return await COUNT.one(conn, community_id)


async def by_origin(conn: Connection, community_id: int, origin: str) -> Row | None:
    """Held until the transaction ends."""
    return await BY_ORIGIN.first(conn, community_id, origin)


async def insert(
    conn: Connection,
    community_id: int,
    body: Mapping[str, object],
    origin: str | None,
    shared: bool,
    now: datetime,
) -> Row:
    return await INSERT.one(conn, community_id, body, origin, shared, now)


async def change(
    conn: Connection, template_id: int, body: Mapping[str, object], shared: bool, now: datetime
) -> Row:
    """A revision more, where it says something else now."""
    return await CHANGE.one(conn, template_id, body, shared, now)


async def delete(conn: Connection, template_id: int) -> None:
    await DELETE.run(conn, template_id)
