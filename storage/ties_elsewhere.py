"""Communities of ours and groups of other servers that show each other, or were asked to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Tie:
    """``state``: ``asked`` by ours, ``wanted`` by the other, or ``agreed``. ``uri``: of the Offer; ``ours``: whose
    that is."""

    community_id: int
    other_id: int
    state: str
    uri: str
    ours: bool
    by_id: int | None
    changed_at: datetime


INSERT = Command(
    "insert into ties_elsewhere (community_id, other_id, state, uri, ours, by_id, changed_at)"
    " select $1, $2, $3, $4, $5, $6, $7 where (select count(*) from ties_elsewhere"
    " where community_id = $1 and (state = 'wanted') = ($3 = 'wanted')) < $8"
    " on conflict do nothing"
)
LOCK = Query(
    "select * from ties_elsewhere where community_id = $1 and other_id = $2 for update", Tie
)
BY_URI = Query("select * from ties_elsewhere where uri = $1", Tie)
AGREE = Command(
    "update ties_elsewhere set state = 'agreed', changed_at = $3"
    " where community_id = $1 and other_id = $2"
)
RENEW = Command(
    "update ties_elsewhere set uri = $3, ours = false where community_id = $1 and other_id = $2"
    " and not exists (select from ties_elsewhere where uri = $3)"
)
DELETE = Command("delete from ties_elsewhere where community_id = $1 and other_id = $2")
OF = Query(
    "select * from ties_elsewhere where community_id = $1 order by changed_at, other_id", Tie
)


async def insert(conn: Connection, tie: Tie, most: int) -> bool:
    """False for a repeat, and where there are ``most`` already that were asked by the same side."""
    return (
        await INSERT.run(
            conn,
            tie.community_id,
            tie.other_id,
            tie.state,
            tie.uri,
            tie.ours,
            tie.by_id,
            tie.changed_at,
            most,
        )
        == 1
    )


async def lock(conn: Connection, community_id: int, other_id: int) -> Tie | None:
    return await LOCK.first(conn, community_id, other_id)


async def by_uri(conn: Connection, uri: str) -> Tie | None:
    """By the id of the Offer."""
    return await BY_URI.first(conn, uri)


async def agree(conn: Connection, tie: Tie, now: datetime) -> None:
    await AGREE.run(conn, tie.community_id, tie.other_id, now)


async def renew(conn: Connection, tie: Tie, uri: str) -> None:
    """The other side asked anew."""
    await RENEW.run(conn, tie.community_id, tie.other_id, uri)


async def delete(conn: Connection, tie: Tie) -> None:
    await DELETE.run(conn, tie.community_id, tie.other_id)


async def of(conn: Connection, community_id: int) -> list[Tie]:
    """All that it asked for, was asked for, and agreed to."""
    return await OF.all(conn, community_id)
