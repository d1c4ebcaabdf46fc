"""Activities as they arrived: a durable row each, unique by origin and id, before anybody says 202.

What may be done, undone and done again under one id is unique by its signed request as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage import lanes
from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the door proved: who signed, and the bytes; and the request, where the id alone names too many."""

    origin: str
    activity_id: str
    signer: str
    subject: str
    body: bytes
    domain: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What of one domain is to be applied: how much, how many bytes, since when, and why not yet."""

    domain: str
    waiting: int
    size: int
    oldest: datetime
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class Item:
    id: int
    origin: str
    activity_id: str
    request: str
    signer: str
    subject: str
    domain: str
    body: bytes
    state: str
    reason: str | None
    attempts: int
    received_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Next:
    subject: str
    waiting: int


INSERT = Query(
    """
    insert into inbox (origin, activity_id, signer, subject, body, received_at, domain, request)
    select a.origin, a.activity_id, a.signer, a.subject, a.body, $6, a.domain, a.request
    from unnest(
        $1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $7::text[], $8::text[]
    ) as a (origin, activity_id, signer, subject, body, domain, request)
    on conflict (origin, activity_id, request) do nothing returning subject
    """,
    str,
)
BY_DOMAIN = Query(
    """
    select domain, count(*) as waiting, sum(octet_length(body))::bigint as size,
        min(received_at) as oldest,
        coalesce(array_agg(distinct reason) filter (where reason is not null), '{}') as reasons
    from inbox where state = 'waiting' group by domain order by waiting desc, domain
    """,
    Waiting,
)
WAITING = Query(
    """
    select i.* from unnest($1::text[]) as s (subject)
    cross join lateral (
        select id, sum(octet_length(body)) over (order by id) - octet_length(body) as before
        from (select id, body from inbox
              where subject = s.subject and state = 'waiting' order by id limit $2) oldest) o
    join inbox i on i.id = o.id
    where o.before < $3
    order by i.id
    """,
    Item,
)
FINISH = Command(
    "update inbox set state = $2, reason = $3, done_at = $4, attempts = attempts + 1 where id = $1"
)
POSTPONE = Command("update inbox set attempts = attempts + 1, reason = $2 where id = $1")
LEFT = Query(
    "select subject, count(*) as waiting from inbox"
    " where subject = any($1::text[]) and state = 'waiting' group by subject",
    Next,
)
FORGET = Command("delete from inbox where state <> 'waiting' and done_at < $1")


async def receive(conn: Connection, arrivals: Sequence[Arrival], now: datetime) -> None:
    """Write down what arrived; a repeat is left out. One statement for any number."""
    fresh = await INSERT.all(
        conn,
        [a.origin for a in arrivals],
        [a.activity_id for a in arrivals],
        [a.signer for a in arrivals],
        [a.subject for a in arrivals],
        [a.body for a in arrivals],
        now,
        [a.domain for a in arrivals],
        [a.request for a in arrivals],
    )
    shares = {a.subject: a.domain for a in arrivals}
    await lanes.touch(conn, lanes.INBOX, dict.fromkeys(fresh, now), shares)


async def by_domain(conn: Connection) -> list[Waiting]:
    """What waits, the domain with most first."""
    return await BY_DOMAIN.all(conn)


async def waiting(conn: Connection, subjects: Sequence[str], each: int, size: int) -> list[Item]:
    """The oldest waiting items of some lanes, in the order of their arrival: of each lane so many, and none
    beyond the one that reaches ``size`` bytes."""
    return await WAITING.all(conn, subjects, each, size)


async def finish(
    conn: Connection, item_id: int, state: str, reason: str | None, now: datetime
) -> None:
    """``state``: done or refused."""
    await FINISH.run(conn, item_id, state, reason, now)


async def postpone(conn: Connection, item_id: int, reason: str) -> None:
    await POSTPONE.run(conn, item_id, reason)


async def settle(
    conn: Connection, subjects: Sequence[str], later: dict[str, datetime], now: datetime
) -> None:
    """Finish lanes: remove the empty ones; the others are ready now, or at their time in ``later``."""
    await lanes.lock(conn, lanes.INBOX, subjects)
    left = {row.subject for row in await LEFT.all(conn, subjects)}
    await lanes.remove(conn, lanes.INBOX, [s for s in subjects if s not in left])
    for subject in sorted(left):
        await lanes.release(conn, lanes.INBOX, subject, later.get(subject, now))


async def forget(conn: Connection, before: datetime) -> int:
    """Drop outcomes that are older than any signature that could be replayed."""
    return await FORGET.run(conn, before)
