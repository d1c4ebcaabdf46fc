"""Lanes: one row per key of work that must happen in order (a host, an object, a kind of job).

The work itself stands in a table of its own (inbox, deliveries, jobs). Whoever adds work touches its
lane last, keys sorted, in the same transaction. A worker claims ready lanes (a lease; SKIP LOCKED), does
what waits there, and finishes: it locks the lane in a statement of its own, looks for what still waits
in the next one, and then sets the next time or removes the lane. In one statement a wake-up would be
lost. A dead host is one lane with a late time.

Lanes of a queue may take turns: each has a share (the domain it comes from), and ``claim_in_turns`` gives as
much to every share that has something ready, so that a domain with thousands of lanes holds up nobody.

A worker enlists: its connection holds an advisory lock under its number for as long as it lives. What the
dead have leased is reclaimed at once by whoever starts, and every half minute; a lease that runs out is for
workers that live and hang.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query

INBOX = "inbox"
DELIVERY = "delivery"
JOBS = "jobs"
PUSH = "push"
CHANNEL = "beckon_work"
NO_LIMIT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Turn:
    key: str
    share: str


# The update locks the lane even where it changes nothing: see above.
TOUCH = Command(
    "insert into lanes (queue, key, ready_at, share) select $1, l.key, l.at, l.share"
    " from unnest($2::text[], $3::timestamptz[], $5::text[]) as l (key, at, share)"
    " on conflict (queue, key) do update set ready_at = case"
    " when $4 then least(lanes.ready_at, excluded.ready_at) else lanes.ready_at end"
)
NOTIFY = Command("select pg_notify('beckon_work', $1)")
CLAIM = Query(
    """
    update lanes set locked_until = $3, worker = $5
    where (queue, key) in (
        select queue, key from lanes
        where queue = $1 and ready_at <= $2 and (locked_until is null or locked_until <= $2)
        order by ready_at limit $4 for update skip locked)
    returning key
    """,
    str,
)
# From one share to the next by the index, so that it costs as much as there are shares to serve, however many
# lanes one of them has.
CLAIM_IN_TURNS = Query(
    """
    with recursive turns as (
        (select share, 1 as number from lanes
         where queue = $1 and share > $6 and ready_at <= $2
            and (locked_until is null or locked_until <= $2) and share <> all($7::text[])
         order by share limit 1)
        union all
        select following.share, t.number + 1 from turns t cross join lateral (
            select share from lanes
            where queue = $1 and share > t.share and ready_at <= $2
                and (locked_until is null or locked_until <= $2) and share <> all($7::text[])
            order by share limit 1) following
        where t.number < $4)
    update lanes set locked_until = $3, worker = $5
    from (
        select mine.key from turns t cross join lateral (
            select key from lanes
            where queue = $1 and share = t.share and ready_at <= $2
                and (locked_until is null or locked_until <= $2)
            order by ready_at limit (select least($8::integer, greatest(1, $4 / count(*))) from turns)
            for update skip locked) mine) picked
    where lanes.queue = $1 and lanes.key = picked.key
    returning lanes.key, lanes.share
    """,
    Turn,
)
# 1650816875 is "beck" in ASCII: the space of our workers among a database's advisory locks.
ENLIST = Command("select pg_advisory_lock(1650816875, $1)")
RECLAIM = Command(
    """
    update lanes set locked_until = null, worker = null
    where worker is not null and not exists (
        select from pg_locks l
        where l.locktype = 'advisory' and l.granted and l.classid = 1650816875
          and l.objid = lanes.worker::oid
          and l.database = (select oid from pg_database where datname = current_database()))
    """
)
LOCK = Query(
    "select key from lanes where queue = $1 and key = any($2::text[]) order by key for update",
    str,
)
RELEASE = Command(
    "update lanes set ready_at = $3, locked_until = null, worker = null where queue = $1 and key = $2"
)
REMOVE = Command("delete from lanes where queue = $1 and key = any($2::text[])")
# By the index: what is leased was ready, so that nothing is looked at that waits for a later time but the first.
NEXT_READY = Query(
    """
    select least(
        (select ready_at from lanes where queue = $1 and locked_until is null
         order by ready_at limit 1),
        (select min(locked_until) from lanes
         where queue = $1 and ready_at <= $2 and locked_until is not null))
    """,
    datetime,
)


async def touch(
    conn: Connection,
    queue: str,
    times: Mapping[str, datetime],
    shares: Mapping[str, str] | None = None,
) -> None:
    """Make sure that these lanes exist, ready at their times, and wake the workers.

    Once per transaction and queue, as its last statement: in one common order, or two transactions
    would wait for each other. A lane that waits for a later time keeps waiting; but for jobs, whose
    times are their own. ``shares``: with whom each takes turns.
    """
    if times:
        keys = sorted(times)
        whose = [(shares or {}).get(key, "") for key in keys]
        await TOUCH.run(conn, queue, keys, [times[key] for key in keys], queue == JOBS, whose)
        await NOTIFY.run(conn, queue)


async def ring(conn: Connection, queue: str) -> None:
    """Wake the workers of a queue."""
    await NOTIFY.run(conn, queue)


async def claim(
    conn: Connection,
    queue: str,
    now: datetime,
    until: datetime,
    limit: int,
    worker: int | None,
) -> list[str]:
    """Lanes that are ready, leased to the worker until ``until``. None: a caller who never enlisted."""
    return await CLAIM.all(conn, queue, now, until, limit, worker)


async def claim_in_turns(
    conn: Connection,
    queue: str,
    now: datetime,
    until: datetime,
    limit: int,
    worker: int | None,
    after: str,
    full: Sequence[str] = (),
    each: int = NO_LIMIT,
) -> list[Turn]:
    """As ``claim``, as many of each share, in the order of their names, of the shares after ``after``.

    ``full``: shares that get nothing now; ``each``: at most so many of one share.
    """
    return await CLAIM_IN_TURNS.all(conn, queue, now, until, limit, worker, after, list(full), each)


async def enlist(conn: Connection, worker: int) -> None:
    """This connection stands for the worker (a number below 2^31) until it is closed."""
    await ENLIST.run(conn, worker)


async def reclaim(conn: Connection) -> int:
    """Take back what workers have leased that are no more."""
    return await RECLAIM.run(conn)


async def lock(conn: Connection, queue: str, keys: Sequence[str]) -> None:
    """The first step of finishing: nobody adds work to these lanes until the transaction ends."""
    await LOCK.all(conn, queue, keys)


async def release(conn: Connection, queue: str, key: str, ready_at: datetime) -> None:
    await RELEASE.run(conn, queue, key, ready_at)


async def remove(conn: Connection, queue: str, keys: Sequence[str]) -> None:
    await REMOVE.run(conn, queue, keys)


async def next_ready(conn: Connection, queue: str, now: datetime) -> datetime | None:
    """When the next lane of a queue can be claimed."""
    return await NEXT_READY.first(conn, queue, now)
