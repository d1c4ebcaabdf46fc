"""What a community of ours looks at before it is shown, and how often its members may post."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class HoldRule:
    """``kind``: word, host, links or newcomer. ``amount``: of links, or of posts that were shown."""

    id: int
    community_id: int
    kind: str
    value: str
    days: int
    amount: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Settings:
    """``slow_seconds``: at least so long between two posts of a member; 0: no matter."""

    community_id: int
    slow_seconds: int = 0
    shares_bans: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Of somebody who posts. ``role``: None for who steers nothing. ``joined_at``: None for who is no
    member."""

    role: str | None
    joined_at: datetime | None


RULES = Query("select * from hold_rules where community_id = $1 order by id", HoldRule)
ADD = Query(
    "insert into hold_rules (community_id, kind, value, days, amount, created_at)"
    " values ($1, $2, $3, $4, $5, $6) on conflict (community_id, kind, value) do update"
    " set days = excluded.days, amount = excluded.amount returning *",
    HoldRule,
)
DROP = Command("delete from hold_rules where community_id = $1 and id = $2")
SETTINGS = Query("select * from community_moderation where community_id = $1", Settings)
SET = Command(
    "insert into community_moderation (community_id, slow_seconds, shares_bans) values ($1, $2, $3)"
    " on conflict (community_id) do update"
    " set slow_seconds = excluded.slow_seconds, shares_bans = excluded.shares_bans"
)
STANDING = Query(
    "select (select role from community_roles where community_id = $1 and account_id = $2) as role,"
    " (select accepted_at from follows where target_id = $1 and follower_id = $2) as joined_at",
    Standing,
)
SHOWN = Query(
    "select count(*) from (select from posts where community_id = $1 and account_id = $2"
    " and removed is null and reblog_of_id is null limit $3) p",
    int,
)
TAKE_TURNS = Command("select pg_advisory_xact_lock(hashtextextended('posts to ' || $1::text, $2))")
LAST = Query(
    "select max(created_at) from posts where account_id = $2 and community_id = $1"
    " and reblog_of_id is null and created_at > $3",
    datetime,
)


async def rules(conn: Connection, community_id: int) -> list[HoldRule]:
    return await RULES.all(conn, community_id)


async def add(
    conn: Connection,
    community_id: int,
    kind: str,
    value: str,
    days: int,
    amount: int,
    now: datetime,
) -> HoldRule:
    """In place of one of the same kind and value."""
    return await ADD.one(conn, community_id, kind, value, days, amount, now)


async def drop(conn: Connection, community_id: int, rule_id: int) -> bool:
    """False where there was none. What it held goes on waiting."""
    return await DROP.run(conn, community_id, rule_id) == 1


async def settings(conn: Connection, community_id: int) -> Settings:
    return await SETTINGS.first(conn, community_id) or Settings(community_id)


async def put_settings(conn: Connection, new: Settings) -> None:
    await SET.run(conn, new.community_id, new.slow_seconds, new.shares_bans)


async def standing(conn: Connection, community_id: int, account_id: int) -> Standing:
    return await STANDING.one(conn, community_id, account_id)


async def shown(conn: Connection, community_id: int, account_id: int, enough: int) -> int:
    """How many posts of somebody the community shows, counted up to ``enough``."""
    return await SHOWN.one(conn, community_id, account_id, enough)


async def take_turns(conn: Connection, community_id: int, account_id: int) -> None:
    """Two posts of one member to one community are written one after the other."""
    await TAKE_TURNS.run(conn, str(community_id), account_id)


async def last(
    conn: Connection, community_id: int, account_id: int, since: datetime
) -> datetime | None:
    """When somebody's last post to a community came here, if that was after ``since``."""
    return await LAST.first(conn, community_id, account_id, since)
