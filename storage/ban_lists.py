"""The ban lists of other communities that a community of ours follows, and what they propose to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class BanList:
    """``source_id``: the community whose list it is. ``failure``: why it could not be read the last time."""

    id: int
    community_id: int
    source_id: int
    read_at: datetime | None
    failure: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """``uri``: of whom the other community banned."""

    id: int
    list_id: int
    uri: str
    reason: str
    until: datetime | None
    state: str
    created_at: datetime


ADD = Query(
    "insert into ban_lists (community_id, source_id, created_at) values ($1, $2, $3)"
    " on conflict (community_id, source_id) do update set failure = null returning *",
    BanList,
)
DROP = Command("delete from ban_lists where id = $1 and community_id = $2")
OF_COMMUNITY = Query("select * from ban_lists where community_id = $1 order by id", BanList)
BY_ID = Query("select * from ban_lists where id = $1", BanList)
READ = Command("update ban_lists set read_at = $2, failure = $3 where id = $1")
PROPOSE = Command(
    "insert into ban_proposals (list_id, uri, reason, until, created_at)"
    " select $1, n.uri, n.reason, n.until, $5"
    " from unnest($2::text[], $3::text[], $4::timestamptz[]) as n (uri, reason, until)"
    " join ban_lists l on l.id = $1"
    " where not exists (select from community_bans b join accounts a on a.id = b.account_id"
    " where b.community_id = l.community_id and a.uri = n.uri)"
    " on conflict (list_id, uri) do nothing"
)
WITHDRAW = Command(
    "delete from ban_proposals where list_id = $1 and state = 'proposed'"
    " and not uri = any($2::text[])"
)
PROPOSED = Query(
    "select p.* from ban_proposals p join ban_lists l on l.id = p.list_id"
    " where l.community_id = $1 and p.state = 'proposed' and p.id < $2 and p.id > $3"
    " order by p.id desc limit $4",
    Proposal,
)
HOLD = Query(
    "select p.* from ban_proposals p join ban_lists l on l.id = p.list_id"
    " where p.id = $1 and l.community_id = $2 for update of p",
    Proposal,
)
DECIDE = Command("update ban_proposals set state = $2 where id = $1")


async def add(conn: Connection, community_id: int, source_id: int, now: datetime) -> BanList:
    """A repeat gives the one that stands."""
    return await ADD.one(conn, community_id, source_id, now)


async def drop(conn: Connection, list_id: int, community_id: int) -> bool:
    """With what it proposed. False where there was none."""
    return await DROP.run(conn, list_id, community_id) == 1


async def of_community(conn: Connection, community_id: int) -> list[BanList]:
    return await OF_COMMUNITY.all(conn, community_id)


async def by_id(conn: Connection, list_id: int) -> BanList | None:
    return await BY_ID.first(conn, list_id)


async def read(conn: Connection, list_id: int, now: datetime, failure: str | None) -> None:
    await READ.run(conn, list_id, now, failure)


async def propose(
    conn: Connection,
    list_id: int,
    uris: Sequence[str],
    reasons: Sequence[str],
    untils: Sequence[datetime | None],
    now: datetime,
) -> None:
    """What is new on the list, but for who is banned already; what is there no more is withdrawn."""
    await WITHDRAW.run(conn, list_id, list(uris))
    await PROPOSE.run(conn, list_id, list(uris), list(reasons), list(untils), now)


async def proposed(
    conn: Connection, community_id: int, before: int, after: int, limit: int
) -> list[Proposal]:
    """What waits for an answer, the latest first."""
    return await PROPOSED.all(conn, community_id, before, after, limit)


async def hold(conn: Connection, proposal_id: int, community_id: int) -> Proposal | None:
    """Held until the transaction ends; None where there is none in this community."""
    return await HOLD.first(conn, proposal_id, community_id)


async def decide(conn: Connection, proposal_id: int, state: str) -> None:
    await DECIDE.run(conn, proposal_id, state)
