"""Communities of ours, and the roles in them. Members are the accepted followers (follows.py)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.accounts import Account
from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Community:
    account_id: int
    policy: str
    rules: list[str]
    cards: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    account_id: int
    role: str


INSERT = Query(
    "insert into communities (account_id, policy, rules, created_at)"
    " values ($1, $2, $3, $4) returning *",
    Community,
)
BY_ID = Query("select * from communities where account_id = $1", Community)
GRANT = Command(
    "insert into community_roles (community_id, account_id, role, granted_at)"
    " values ($1, $2, $3, $4) on conflict (community_id, account_id)"
    " do update set role = excluded.role"
)
HOLD = Query("select account_id from communities where account_id = $1 for no key update", int)
REVOKE = Command("delete from community_roles where community_id = $1 and account_id = $2")
ROLE = Query("select role from community_roles where community_id = $1 and account_id = $2", str)
ROLES = Query("select account_id, role from community_roles where community_id = $1", Held)
STEWARDS = Query(
    "select a.* from community_roles r join accounts a on a.id = r.account_id"
    " where r.community_id = $1 order by r.role desc, r.granted_at",
    Account,
)
RUN_BY = Query(
    "select a.* from community_roles r join accounts a on a.id = r.community_id"
    " where r.account_id = $1 order by a.id",
    Account,
)


async def insert(
    conn: Connection, account_id: int, policy: str, rules: list[str], now: datetime
) -> Community:
    return await INSERT.one(conn, account_id, policy, rules, now)


async def by_id(conn: Connection, account_id: int) -> Community | None:
    """None for a remote group, and for anything that is no group."""
    return await BY_ID.first(conn, account_id)


async def grant(
    conn: Connection, community_id: int, account_id: int, role: str, now: datetime
) -> None:
    await GRANT.run(conn, community_id, account_id, role, now)


async def hold(conn: Connection, community_id: int) -> None:
    """Until the transaction ends nobody else changes who has which role."""
    await HOLD.first(conn, community_id)


async def revoke(conn: Connection, community_id: int, account_id: int) -> bool:
    """False where there was no role."""
    return await REVOKE.run(conn, community_id, account_id) == 1


async def role(conn: Connection, community_id: int, account_id: int) -> str | None:
    """``organiser``, ``moderator`` or None."""
    return await ROLE.first(conn, community_id, account_id)


async def roles(conn: Connection, community_id: int) -> dict[int, str]:
    """Who has a role, by account id."""
    return {row.account_id: row.role for row in await ROLES.all(conn, community_id)}


async def stewards(conn: Connection, community_id: int) -> list[Account]:
    """Organisers first, then moderators."""
    return await STEWARDS.all(conn, community_id)


async def run_by(conn: Connection, account_id: int) -> list[Account]:
    return await RUN_BY.all(conn, account_id)
