"""Posts to a community of ours that wait to be let through, and those that were refused a while ago."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Held:
    """``reason``: the kind of rule, or ``slow_mode``. ``document``: what brought it, to be passed on as it
    came; empty where nothing did. ``refused_at``: None while it waits."""

    post_id: int
    community_id: int
    account_id: int
    reason: str
    rule_id: int | None
    matched: str
    document: dict[str, Any]
    changed: dict[str, Any] | None
    held_at: datetime
    refused_at: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait: in a community, and of one author in it."""

    every: int
    of_author: int


INSERT = Command(
    "insert into held_posts (post_id, community_id, account_id, reason, rule_id, matched, document,"
    " held_at) values ($1, $2, $3, $4, $5, $6, $7, $8)"
)
BY_POST = Query("select * from held_posts where post_id = $1", Held)
WAITING = Query(
    "select count(*) as every, count(*) filter (where account_id = $2) as of_author"
    " from held_posts where community_id = $1 and refused_at is null",
    Waiting,
)
COUNT = Query("select count(*) from held_posts where community_id = $1 and refused_at is null", int)
OF_COMMUNITY = Query(
    "select * from held_posts where community_id = $1 and refused_at is null"
    " and post_id < $2 and post_id > $3 order by post_id desc limit $4",
    Held,
)
OF_ACCOUNT = Query(
    "select * from held_posts where account_id = $1 and post_id < $2 and post_id > $3"
    " order by post_id desc limit $4",
    Held,
)
CHANGED = Command("update held_posts set changed = $2 where post_id = $1")
REFUSED = Command("update held_posts set refused_at = $2 where post_id = $1")
DROP = Command("delete from held_posts where post_id = $1")


async def insert(
    conn: Connection,
    post_id: int,
    community_id: int,
    account_id: int,
    reason: str,
    rule_id: int | None,
    matched: str,
    document: Mapping[str, object],
    now: datetime,
) -> None:
    said = dict(document)
    await INSERT.run(conn, post_id, community_id, account_id, reason, rule_id, matched, said, now)


async def by_post(conn: Connection, post_id: int) -> Held | None:
    return await BY_POST.first(conn, post_id)


async def waiting(conn: Connection, community_id: int, account_id: int) -> Waiting:
    return await WAITING.one(conn, community_id, account_id)


async def count(conn: Connection, community_id: int) -> int:
    """How many wait in a community."""
    return await COUNT.one(conn, community_id)


async def of_community(
    conn: Connection, community_id: int, before: int, after: int, limit: int
) -> list[Held]:
    """Those that wait, the latest first; paged by their posts' ids."""
    return await OF_COMMUNITY.all(conn, community_id, before, after, limit)


async def of_account(
    conn: Connection, account_id: int, before: int, after: int, limit: int
) -> list[Held]:
    """What of one author waits, or was refused, the latest first."""
    return await OF_ACCOUNT.all(conn, account_id, before, after, limit)


async def changed(conn: Connection, post_id: int, document: Mapping[str, object]) -> None:
    """Its author changed it elsewhere."""
    await CHANGED.run(conn, post_id, dict(document))


async def refused(conn: Connection, post_id: int, now: datetime) -> None:
    await REFUSED.run(conn, post_id, now)


async def drop(conn: Connection, post_id: int) -> None:
    """It was let through."""
    await DROP.run(conn, post_id)
