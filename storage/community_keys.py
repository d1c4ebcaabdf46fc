"""The key pair of each community, for what people write about themselves (server/sealing.py)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from storage.db import Command, Connection, Query

TABLE = "community_keys"


@dataclass(frozen=True, slots=True)
class CommunityKey:
    community_id: int
    public: bytes
    wrapped: bytes = field(repr=False)
    created_at: datetime


OF_COMMUNITY = Query("select * from community_keys where community_id = $1", CommunityKey)
INSERT = Command(
    "insert into community_keys (community_id, public, wrapped, created_at) values ($1, $2, $3, $4)"
    " on conflict do nothing"
)
ANY = Query("select exists (select from community_keys)", bool)


async def of_community(conn: Connection, community_id: int) -> CommunityKey | None:
    return await OF_COMMUNITY.first(conn, community_id)


async def insert(
    conn: Connection, community_id: int, public: bytes, wrapped: bytes, now: datetime
) -> None:
    """The first that is kept stays."""
    await INSERT.run(conn, community_id, public, wrapped, now)


async def any_key(conn: Connection) -> bool:
    return await ANY.one(conn)
