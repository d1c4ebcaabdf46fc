"""How far a person has read: one place for all their clients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Connection, Query

TIMELINES = ("home", "notifications")


@dataclass(frozen=True, slots=True)
class Marker:
    account_id: int
    timeline: str
    last_read_id: int
    version: int
    updated_at: datetime


OF = Query("select * from markers where account_id = $1 and timeline = any($2::text[])", Marker)
PUT = Query(
    """
    insert into markers (account_id, timeline, last_read_id, version, updated_at)
    values ($1, $2, $3, 1, $4)
    on conflict (account_id, timeline) do update set last_read_id = excluded.last_read_id,
        version = markers.version + 1, updated_at = excluded.updated_at
        where $5::integer is null or markers.version = $5
    returning *
    """,
    Marker,
)


async def of(conn: Connection, account_id: int, timelines: Sequence[str]) -> list[Marker]:
    return await OF.all(conn, account_id, timelines)


async def put(
    conn: Connection,
    account_id: int,
    timeline: str,
    last_read_id: int,
    now: datetime,
    version: int | None,
) -> Marker | None:
    """None where ``version`` is given and another one stands."""
    return await PUT.first(conn, account_id, timeline, last_read_id, now, version)
