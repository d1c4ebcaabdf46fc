"""Figures for whoever runs an instance: what it is, what it holds, and what waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Connection, Query


@dataclass(frozen=True, slots=True)
class Figures:
    postgresql: str  # version
    schema: int  # the database's version: its highest migration
    database_bytes: int
    users: int
    communities: int
    posts: int  # ours, boosts left out
    hosts: int  # other servers that we know
    inbox_waiting: int  # arrivals to apply
    inbox_oldest: datetime | None
    inbox_refused: int  # kept for a month
    jobs_waiting: int
    jobs_late: int  # whose time has come
    jobs_failing: int  # tried before, and to be tried again
    delivery_waiting: int


FIGURES = Query(
    """
    select current_setting('server_version') as postgresql,
        (select max(version) from schema_migrations) as schema,
        pg_database_size(current_database()) as database_bytes,
        (select count(*) from users) as users,
        (select count(*) from communities c join accounts a on a.id = c.account_id and a.local)
            as communities,
        (select count(*) from posts where local and kind <> 'boost'
            and removed is distinct from 'held') as posts,
        (select count(*) from hosts) as hosts,
        (select count(*) from inbox where state = 'waiting') as inbox_waiting,
        (select min(received_at) from inbox where state = 'waiting') as inbox_oldest,
        (select count(*) from inbox where state = 'refused') as inbox_refused,
        (select count(*) from jobs) as jobs_waiting,
        (select count(*) from jobs where run_at <= $1) as jobs_late,
        (select count(*) from jobs where attempts > 0) as jobs_failing,
        (select count(*) from deliveries) as delivery_waiting
    """,
    Figures,
)


async def figures(conn: Connection, now: datetime) -> Figures:
    return await FIGURES.one(conn, now)


@dataclass(frozen=True, slots=True)
class Jobs:
    """A kind of work for later. ``late``: whose time has come."""

    kind: str
    waiting: int
    late: int
    next_at: datetime
    failing: int
    last_error: str | None


@dataclass(frozen=True, slots=True)
class Pushes:
    """What waits to ring somewhere. ``subscriptions``: how many it waits for."""

    waiting: int
    subscriptions: int
    oldest: datetime | None
    failing: int
    last_error: str | None


@dataclass(frozen=True, slots=True)
class RefusedFor:
    """Arrivals that came to nothing, and by what name."""

    reason: str
    count: int


JOBS = Query(
    """
    select kind, count(*) as waiting, count(*) filter (where run_at <= $1) as late,
        min(run_at) as next_at, count(*) filter (where attempts > 0) as failing,
        max(last_error) as last_error
    from jobs group by kind order by kind
    """,
    Jobs,
)
PUSHES = Query(
    """
    select count(*) as waiting, count(distinct subscription_id) as subscriptions,
        min(created_at) as oldest, count(*) filter (where attempts > 0) as failing,
        max(last_error) as last_error
    from pushes
    """,
    Pushes,
)
REFUSED = Query(
    "select coalesce(reason, '') as reason, count(*) as count from inbox"
    " where state = 'refused' and done_at > $1 group by 1 order by 2 desc, 1",
    RefusedFor,
)


async def jobs(conn: Connection, now: datetime) -> list[Jobs]:
    """Work for later, by its kind."""
    return await JOBS.all(conn, now)


async def pushes(conn: Connection) -> Pushes:
    return await PUSHES.one(conn)


async def refused(conn: Connection, since: datetime) -> list[RefusedFor]:
    """Why arrivals were refused since then, the most frequent reason first."""
    return await REFUSED.all(conn, since)
