"""Offers of the role of organiser, until they are answered: one at a time for each community."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Handover:
    community_id: int
    from_id: int
    to_id: int
    created_at: datetime


OFFER = Command(
    "insert into community_handovers (community_id, from_id, to_id, created_at)"
    " values ($1, $2, $3, $4) on conflict (community_id) do update"
    " set from_id = excluded.from_id, to_id = excluded.to_id, created_at = excluded.created_at"
)
TAKE = Query("delete from community_handovers where community_id = $1 returning *", Handover)
OF = Query("select * from community_handovers where community_id = $1", Handover)
END = Command("delete from community_handovers where community_id = $1 and $2 in (from_id, to_id)")


async def offer(
    conn: Connection, community_id: int, from_id: int, to_id: int, now: datetime
) -> None:
    """It takes the place of an older one."""
    await OFFER.run(conn, community_id, from_id, to_id, now)


async def take(conn: Connection, community_id: int) -> Handover | None:
    """It is gone then."""
    return await TAKE.first(conn, community_id)


async def of(conn: Connection, community_id: int) -> Handover | None:
    return await OF.first(conn, community_id)


async def end(conn: Connection, community_id: int, account_id: int) -> None:
    """Whoever left neither offers nor accepts."""
    await END.run(conn, community_id, account_id)
