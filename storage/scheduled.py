"""Posts to be: kept as plain values until their time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.db import Command, Connection, Query
from storage.timelines import Page


@dataclass(frozen=True, slots=True)
class Scheduled:
    """``failure``: the sentence with which it was refused at its time; None while it waits."""

    id: int
    account_id: int
    wanted: dict[str, Any]
    scheduled_at: datetime
    idempotency_key: str | None
    failure: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """How many a member has, and how many of them on one day (UTC)."""

    every: int
    on_day: int


INSERT = Query(
    """
    insert into scheduled_posts (account_id, wanted, scheduled_at, idempotency_key, created_at)
    values ($1, $2, $3, $4, $5) returning *
    """,
    Scheduled,
)
HOLD_OWNER = Query("select id from accounts where id = $1 for no key update", int)
COUNTS = Query(
    """
    select count(*) as every, count(*) filter (where id is distinct from $3
        and (scheduled_at at time zone 'UTC')::date = ($2::timestamptz at time zone 'UTC')::date)
        as on_day
    from scheduled_posts where account_id = $1
    """,
    Counts,
)
OF_ACCOUNT = Query(
    "select * from scheduled_posts where account_id = $1 and id < $2 and id > $3"
    " order by id desc limit $4",
    Scheduled,
)
OF_ACCOUNT_UP = Query(
    "select * from (select * from scheduled_posts where account_id = $1 and id < $2 and id > $3"
    " order by id limit $4) s order by id desc",
    Scheduled,
)
BY_KEY = Query(
    "select * from scheduled_posts where account_id = $1 and idempotency_key = $2"
    " and created_at > $3 order by id limit 1",
    Scheduled,
)
HOLD = Query("select * from scheduled_posts where id = $1 for update", Scheduled)
BY_ID = Query("select * from scheduled_posts where id = $1 and account_id = $2", Scheduled)
MOVE = Query(
    "update scheduled_posts set scheduled_at = $2, failure = null where id = $1 returning *",
    Scheduled,
)
FAIL = Command("update scheduled_posts set failure = $2 where id = $1")
DELETE = Command("delete from scheduled_posts where id = $1")


async def insert(
    conn: Connection,
    account_id: int,
    wanted: Mapping[str, Any],
    scheduled_at: datetime,
    key: str | None,
    now: datetime,
) -> Scheduled:
    return await INSERT.one(conn, account_id, dict(wanted), scheduled_at, key, now)


async def counts(
    conn: Connection, account_id: int, day: datetime, but: int | None = None
) -> Counts:
    """Held until the transaction ends, so that two requests never count past each other.

    ``but``: one that moves within the day counts there once.
    """
    await HOLD_OWNER.one(conn, account_id)
    return await COUNTS.one(conn, account_id, day, but)


async def of_account(conn: Connection, account_id: int, page: Page) -> list[Scheduled]:
    query = OF_ACCOUNT_UP if page.upward else OF_ACCOUNT
    return await query.all(conn, account_id, *page.bounds, page.limit)


async def by_key(conn: Connection, account_id: int, key: str, since: datetime) -> Scheduled | None:
    return await BY_KEY.first(conn, account_id, key, since)


async def by_id(conn: Connection, scheduled_id: int, account_id: int) -> Scheduled | None:
    """One of this member's; those of others are not there."""
    return await BY_ID.first(conn, scheduled_id, account_id)


async def hold(conn: Connection, scheduled_id: int) -> Scheduled | None:
    """Held against who would publish, move or delete it, until the transaction ends."""
    return await HOLD.first(conn, scheduled_id)


async def move(conn: Connection, scheduled_id: int, at: datetime) -> Scheduled:
    """To another time; a former failure is forgotten."""
    return await MOVE.one(conn, scheduled_id, at)


async def fail(conn: Connection, scheduled_id: int, reason: str) -> None:
    await FAIL.run(conn, scheduled_id, reason)


async def delete(conn: Connection, scheduled_id: int) -> None:
    await DELETE.run(conn, scheduled_id)
