"""Activities that leave: stored once, with one delivery row per inbox, in a lane per host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage import lanes
from storage.db import Command, Connection, Query

LONG_GONE = timedelta(days=30)
"""A domain that was not paid for is free for others after about that time."""


@dataclass(frozen=True, slots=True)
class Delivery:
    id: int
    outbox_id: int
    host: str
    inbox: str
    subject: str
    attempts: int
    ready_at: datetime
    account_id: int
    body: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Host:
    host: str
    software: str | None = None
    version: str | None = None
    active_users: int | None = None
    checked_at: datetime | None = None
    scheme: str = "cavage"
    failures: int = 0
    failing_since: datetime | None = None
    last_success_at: datetime | None = None
    given_up_at: datetime | None = None
    tried_at: datetime | None = None
    met_at: datetime | None = None
    returned_at: datetime | None = None

    def was_gone(self, seen_at: datetime | None, now: datetime) -> bool:
        """Whether it took nothing for a month, since somebody there was last looked at."""
        if self.failing_since and self.failing_since < now - LONG_GONE:
            return True
        return self.returned_at is not None and (seen_at is None or seen_at < self.returned_at)


@dataclass(frozen=True, slots=True)
class Left:
    host: str
    ready_at: datetime


@dataclass(frozen=True, slots=True)
class Lane:
    """A line of ``beckon status``."""

    host: str
    waiting: int
    oldest: datetime
    ready_at: datetime
    failures: int
    failing_since: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class Failure:
    delivery_id: int
    error: str
    ready_at: datetime


INSERT = Query(
    "insert into outbox (uri, account_id, subject, body, created_at, kind, about)"
    " values ($1, $2, $3, $4, $5, $6, $7) returning id",
    int,
)
INSERT_DELIVERIES = Command(
    """
    insert into deliveries (outbox_id, host, inbox, subject, ready_at)
    select $1, d.host, d.inbox, $4, $5 from unnest($2::text[], $3::text[]) as d (host, inbox)
    on conflict do nothing
    """
)
ABOUT = Query(
    "select body from outbox where account_id = $1 and subject = $2 order by id limit $3", bytes
)
BY_URI = Query("select body from outbox where uri = $1", bytes)
READY = Query(
    """
    select d.id, d.outbox_id, d.host, d.inbox, d.subject, d.attempts, d.ready_at, o.account_id,
        o.body, o.created_at
    from unnest($1::text[]) as h (host)
    cross join lateral (
        select * from deliveries where host = h.host and ready_at <= $2 order by id limit $3) d
    join outbox o on o.id = d.outbox_id
    order by d.id
    """,
    Delivery,
)
DELIVERED = Command("delete from deliveries where id = any($1::bigint[])")
FAILED = Command(
    "update deliveries set attempts = attempts + 1, last_error = $2, ready_at = $3 where id = $1"
)
LEFT = Query(
    "select host, min(ready_at) as ready_at from deliveries"
    " where host = any($1::text[]) group by host",
    Left,
)
DROP_OF_HOST = Command("delete from deliveries where host = $1")
RETRY = Command("update deliveries set ready_at = least(ready_at, $2) where host = $1")
RETRY_LANE = Command(
    "update lanes set ready_at = least(ready_at, $2)"
    " where queue = 'delivery' and key = $1 and locked_until is null"
)
# A leased one ends with its lease, as nothing is left in it.
DROP_LANE = Command(
    "delete from lanes where queue = 'delivery' and key = $1 and locked_until is null"
)
FORGET = Command(
    "delete from outbox o where created_at < $1"
    " and not exists (select from deliveries d where d.outbox_id = o.id)"
)
REDIRECT = Command(
    "update deliveries d set inbox = $2, host = $3, ready_at = $4, attempts = 0 where inbox = $1"
    " and not exists (select from deliveries o where o.outbox_id = d.outbox_id and o.inbox = $2)"
)
# Hosts that were away and were not tried just now.
AWAKE = Query(
    """
    update lanes l set ready_at = $2 from hosts h
    where l.queue = 'delivery' and l.key = any($1::text[]) and h.host = l.key
        and h.failing_since is not null and h.tried_at < $3 and l.ready_at > $2
        and l.locked_until is null
    returning l.key
    """,
    str,
)
FORGET_HOSTS = Command(
    """
    delete from hosts h where h.met_at < $1
        and coalesce(greatest(h.checked_at, h.last_success_at, h.tried_at), h.met_at) < $1
        and not exists (select from accounts a where a.host = h.host and a.host <> '')
        and not exists (select from deliveries d where d.host = h.host)
    """
)
# See server/domain/relevance.py, whose marks these are. Which of two came later, their ids say.
CLEAR = Command(
    """
    with waiting as (
        select d.id, d.inbox, d.attempts, o.account_id, o.about,
            regexp_replace(o.kind, '^Announce (?=[A-Z])', '') as does,
            o.kind like 'Announce %' as passed_on
        from deliveries d join outbox o on o.id = d.outbox_id
        where d.host = $1 and o.about <> '')
    delete from deliveries d using waiting w
    where d.id = w.id and exists (
        select from waiting v
        where v.inbox = w.inbox and v.account_id = w.account_id and v.about = w.about
            and v.passed_on = w.passed_on and case
                when v.id > w.id then
                    (w.does = 'Update' and v.does in ('Update', 'Delete'))
                    or (w.does = 'Create' and v.does = 'Delete')
                    or (w.does in ('Add', 'Remove') and v.does in ('Add', 'Remove'))
                    or (v.does = 'Undo' and w.does <> 'Undo')
                else w.does = 'Undo' and v.does <> 'Undo' and v.attempts = 0 and v.id < w.id
            end)
    """
)
HOST = Query("select * from hosts where host = $1", Host)
HOSTS = Query("select * from hosts where host = any($1::text[])", Host)
MEET = Command("insert into hosts (host) select unnest($1::text[]) on conflict do nothing")
SUCCEEDED = Command(
    "insert into hosts (host, last_success_at) values ($1, $2) on conflict (host) do update set"
    " failures = 0, failing_since = null, given_up_at = null, last_success_at = $2, returned_at ="
    " case when hosts.failing_since < $3 then $2 else hosts.returned_at end"
)
FAILING = Command(
    "insert into hosts (host, failures, failing_since, tried_at) values ($1, 1, $2, $2)"
    " on conflict (host) do update set failures = hosts.failures + 1,"
    " failing_since = coalesce(hosts.failing_since, $2), tried_at = $2"
)
GIVE_UP = Command("update hosts set given_up_at = $2 where host = $1")
SET_SCHEME = Command(
    "insert into hosts (host, scheme) values ($1, $2)"
    " on conflict (host) do update set scheme = excluded.scheme"
)
SUGGEST_SCHEME = Command(
    "insert into hosts (host, scheme) values ($1, $2) on conflict (host) do update"
    " set scheme = excluded.scheme"
    " where hosts.last_success_at is null and hosts.scheme <> excluded.scheme"
)
DESCRIBE = Command(
    """
    insert into hosts (host, software, version, active_users, checked_at)
    values ($1, $2, $3, $4, $5)
    on conflict (host) do update set software = excluded.software, version = excluded.version,
        active_users = excluded.active_users, checked_at = excluded.checked_at
    """
)
STATUS = Query(
    """
    select d.host, count(*) as waiting, min(o.created_at) as oldest,
        coalesce(min(l.ready_at), min(d.ready_at)) as ready_at,
        coalesce(max(h.failures), 0) as failures, min(h.failing_since) as failing_since,
        max(d.last_error) as last_error
    from deliveries d join outbox o on o.id = d.outbox_id
    left join lanes l on l.queue = 'delivery' and l.key = d.host
    left join hosts h on h.host = d.host
    group by d.host order by waiting desc
    """,
    Lane,
)


async def send(
    conn: Connection,
    uri: str,
    account_id: int,
    subject: str,
    body: bytes,
    inboxes: Mapping[str, str],
    now: datetime,
    kind: str = "",
    about: str = "",
) -> None:
    """Store an activity and its deliveries. ``inboxes``: inbox URL to host; ``kind`` and ``about``: what later
    ones supersede it.

    The caller touches the lanes of these hosts.
    """
    outbox_id = await INSERT.one(conn, uri, account_id, subject, body, now, kind, about)
    urls = sorted(inboxes)
    await INSERT_DELIVERIES.run(conn, outbox_id, [inboxes[url] for url in urls], urls, subject, now)


async def body_of(conn: Connection, uri: str) -> bytes | None:
    """An activity that we sent, as it was sent."""
    return await BY_URI.first(conn, uri)


async def ready(conn: Connection, hosts: Sequence[str], now: datetime, each: int) -> list[Delivery]:
    """What waits for these hosts and may go now, oldest first."""
    return await READY.all(conn, hosts, now, each)


async def record(conn: Connection, finished: Sequence[int], failures: Sequence[Failure]) -> None:
    """Write the outcomes: ``finished`` were delivered or refused for good."""
    await DELIVERED.run(conn, finished)
    await FAILED.many(conn, [(f.delivery_id, f.error, f.ready_at) for f in failures])


async def settle(
    conn: Connection, hosts: Sequence[str], later: Mapping[str, datetime], now: datetime
) -> None:
    """Finish lanes: empty ones go; others are ready when their first delivery is, or at ``later``."""
    await lanes.lock(conn, lanes.DELIVERY, hosts)
    left = {row.host: row.ready_at for row in await LEFT.all(conn, hosts)}
    await lanes.remove(conn, lanes.DELIVERY, [h for h in hosts if h not in left])
    for host in sorted(left):
        await lanes.release(conn, lanes.DELIVERY, host, max(now, left[host], later.get(host, now)))


async def retry(conn: Connection, host: str, now: datetime) -> int:
    """What waits for a host may go now; how much."""
    found = await RETRY.run(conn, host, now)
    await RETRY_LANE.run(conn, host, now)
    await lanes.ring(conn, lanes.DELIVERY)
    return found


async def drop(conn: Connection, host: str) -> int:
    """What waits for a host is not sent; how much."""
    await DROP_LANE.run(conn, host)
    return await DROP_OF_HOST.run(conn, host)


async def forget(conn: Connection, before: datetime) -> int:
    return await FORGET.run(conn, before)


async def clear(conn: Connection, name: str) -> int:
    """Drop what waits for a host and was superseded; how many."""
    return await CLEAR.run(conn, name)


async def redirect(conn: Connection, inbox: str, now_at: str, host: str, now: datetime) -> None:
    """What waits for an inbox goes to another. The caller wakes the lane of its host."""
    await REDIRECT.run(conn, inbox, now_at, host, now)


async def awake(conn: Connection, names: Sequence[str], now: datetime, before: datetime) -> int:
    """These hosts speak: those that took nothing when last tried, before ``before``, are tried now."""
    found = await AWAKE.all(conn, sorted(set(names)), now, before)
    if found:
        await lanes.ring(conn, lanes.DELIVERY)
    return len(found)


async def forget_hosts(conn: Connection, before: datetime) -> int:
    """Drop hosts of which nobody is known here and nothing was heard since then."""
    return await FORGET_HOSTS.run(conn, before)


async def host(conn: Connection, name: str) -> Host | None:
    return await HOST.first(conn, name)


async def hosts(conn: Connection, names: Sequence[str]) -> dict[str, Host]:
    return {row.host: row for row in await HOSTS.all(conn, names)}


async def meet(conn: Connection, names: Sequence[str]) -> None:
    """Remember that these hosts exist."""
    if names:
        await MEET.run(conn, sorted(set(names)))


async def host_accepted(conn: Connection, name: str, now: datetime) -> None:
    await SUCCEEDED.run(conn, name, now, now - LONG_GONE)


async def host_failed(conn: Connection, name: str, now: datetime) -> None:
    await FAILING.run(conn, name, now)


async def give_up(conn: Connection, name: str, now: datetime) -> None:
    """Its queue is dropped; its followers are kept."""
    await GIVE_UP.run(conn, name, now)
    await DROP_OF_HOST.run(conn, name)


async def set_scheme(conn: Connection, name: str, scheme: str) -> None:
    await SET_SCHEME.run(conn, name, scheme)


async def suggest_scheme(conn: Connection, name: str, scheme: str) -> None:
    """What a host says that it takes; what it took already counts for more."""
    await SUGGEST_SCHEME.run(conn, name, scheme)


async def describe(
    conn: Connection,
    name: str,
    software: str | None,
    version: str | None,
    active_users: int | None,
    now: datetime,
) -> None:
    """What its NodeInfo says; None where it has none that can be read."""
    await DESCRIBE.run(conn, name, software, version, active_users, now)


async def status(conn: Connection) -> list[Lane]:
    return await STATUS.all(conn)


async def about(conn: Connection, account_id: int, subject: str, limit: int) -> list[bytes]:
    """The first that an account sent about a subject, as far as it is kept."""
    return await ABOUT.all(conn, account_id, subject, limit)
