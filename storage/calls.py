"""Calls to action, their counts, and which form each host was first sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Call:
    post_id: int
    community_id: int
    kind: str
    variant: str
    state: str
    starts_at: datetime | None
    ends_at: datetime | None
    closes_at: datetime | None
    timezone: str
    place_name: str
    place_address: str
    latitude: float | None
    longitude: float | None
    capacity: int | None
    goal: int | None
    goal_metric: str
    urgent: bool
    join_mode: str
    external_url: str | None
    card_uri: str | None
    confirmed: int
    expressed: int
    waiting: int
    tally_sent_at: datetime | None
    revision: int
    outcome: str
    outcome_at: datetime | None
    receipts: bool
    parent_id: int | None
    choice: int | None
    may_be_started: bool
    guests_max: int
    taken: int
    secret_until_closed: bool

    @property
    def hides_counts(self) -> bool:
        """Whether nobody may see yet how many gave which answer: one that is called off keeps it."""
        return self.secret_until_closed and self.state != "closed"

    @property
    def counted(self) -> int:
        """Who takes part: all whose answer counts and who have their place."""
        return self.confirmed + self.expressed

    @property
    def over_at(self) -> datetime | None:
        """When it takes no answers any more; None: as long as it is open."""
        return self.closes_at or self.ends_at or self.starts_at

    @property
    def full(self) -> bool:
        return self.capacity is not None and self.taken >= self.capacity


@dataclass(frozen=True, slots=True)
class Details:
    """What an organiser says of a call; an edit replaces all of it. ``closes_at``: until when answers
    count, where that is not the end of what people come to; ``guests_max``: whom each may bring."""

    starts_at: datetime | None
    ends_at: datetime | None
    timezone: str
    place_name: str = ""
    place_address: str = ""
    latitude: float | None = None
    longitude: float | None = None
    capacity: int | None = None
    join_mode: str = "free"
    external_url: str | None = None
    closes_at: datetime | None = None
    goal: int | None = None
    goal_metric: str = "people"
    urgent: bool = False
    guests_max: int = 0


INSERT = Query(
    """
    insert into calls (post_id, community_id, kind, variant, card_uri, state, starts_at, ends_at,
        timezone, place_name, place_address, latitude, longitude, capacity, join_mode, external_url,
        closes_at, goal, goal_metric, urgent, guests_max, parent_id, choice, may_be_started,
        secret_until_closed)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
        $21, $22, $23, $24, $25)
    returning *
    """,
    Call,
)
BY_ID = Query("select * from calls where post_id = $1", Call)
BY_IDS = Query("select * from calls where post_id = any($1::bigint[])", Call)
EVERY_SHIFT = Query(
    "select * from calls where parent_id = any($1::bigint[]) order by post_id", Call
)
SHIFTS = Query(
    "select c.* from calls c join posts p on p.id = c.post_id where c.parent_id = any($1::bigint[])"
    " and p.removed is distinct from 'deleted' order by c.post_id",
    Call,
)
LOCK = Query("select * from calls where post_id = $1 for update", Call)
RUNNING_OF = Query(
    """
    select count(*) from calls c join posts p on p.id = c.post_id
    where c.community_id = $1 and p.account_id = $2 and c.parent_id is null
        and c.state in ('open', 'postponed')
        and coalesce(c.closes_at, c.ends_at, c.starts_at, 'infinity') > $3
    """,
    int,
)
LOCK_RUNNING = Query(
    "select post_id from calls where community_id = $1 and state in ('open', 'postponed')"
    " order by coalesce(parent_id, post_id), post_id for update",
    int,
)
BY_CARD = Query("select * from calls where card_uri = $1", Call)
SET_DETAILS = Query(
    """
    update calls set starts_at = $2, ends_at = $3, timezone = $4, place_name = $5,
        place_address = $6, latitude = $7, longitude = $8, capacity = $9, join_mode = $10,
        external_url = $11, closes_at = $12, goal = $13, goal_metric = $14, urgent = $15,
        guests_max = $16,
        revision = revision + case when (starts_at, ends_at, timezone, place_name, place_address)
            is distinct from ($2, $3, $4, $5, $6) then 1 else 0 end
    where post_id = $1 returning *
    """,
    Call,
)
SPAN = Command(
    """
    update calls c set starts_at = s.first, ends_at = s.last, revision = revision + 1
    from (select min(starts_at) as first, max(coalesce(ends_at, starts_at)) as last from calls
        where parent_id = $1 and state <> 'cancelled') s
    where c.post_id = $1 and s.first is not null and (c.starts_at, c.ends_at) is distinct from (s.first, s.last)
    """
)
PLACE_SHIFTS = Query(
    """
    update calls s set timezone = c.timezone, place_name = c.place_name, place_address = c.place_address,
        latitude = c.latitude, longitude = c.longitude, revision = s.revision + 1
    from calls c where c.post_id = $1 and s.parent_id = $1
        and (s.timezone, s.place_name, s.place_address, s.latitude, s.longitude) is distinct from
            (c.timezone, c.place_name, c.place_address, c.latitude, c.longitude)
    returning s.post_id
    """,
    int,
)
SET_GUESTS_OF_SHIFTS = Command(
    "update calls set guests_max = $2 where parent_id = $1 and guests_max <> $2"
)
SET_URGENT_OF_SHIFTS = Command("update calls set urgent = $2 where parent_id = $1 and urgent <> $2")
SET_STATE = Command(
    "update calls set state = $2, revision = revision + 1 where post_id = $1 and state <> $2"
)
SET_OUTCOME = Command(
    "update calls set outcome = $2, outcome_at = coalesce(outcome_at, $3) where post_id = $1"
)
STRIP_URGENT = Command("update calls set urgent = false where post_id = $1 and urgent")
MARK_URGENT = Command(
    "insert into urgent_calls (post_id, community_id, marked_at) values ($1, $2, $3)"
    " on conflict (post_id) do update set marked_at = excluded.marked_at"
)
OTHERS_URGENT = Query(
    "select count(*) from urgent_calls where community_id = $1 and post_id <> $2 and marked_at > $3",
    int,
)
OF_COMMUNITY = Query(
    "select c.* from calls c join posts p on p.id = c.post_id"
    " where c.community_id = $1 and coalesce(c.ends_at, c.starts_at, c.closes_at, 'infinity') >= $2"
    " and (c.parent_id is null or $4)"
    " order by coalesce(c.starts_at, c.closes_at), c.post_id limit $3",
    Call,
)
UPCOMING = Query(
    "select c.* from calls c join posts p on p.id = c.post_id"
    " where p.visibility = 'public' and c.state = 'open' and c.parent_id is null"
    " and coalesce(c.ends_at, c.starts_at, c.closes_at, 'infinity') >= $1"
    " and ($2 = '' or c.kind = $2)"
    " order by coalesce(c.starts_at, c.closes_at), c.post_id limit $3 offset $4",
    Call,
)
OWN_UPCOMING = Query(
    "select c.* from calls c join posts p on p.id = c.post_id"
    " where p.local and p.visibility = 'public' and c.state in ('open', 'postponed')"
    " and ($1::bigint is null or $1 in (c.community_id, p.account_id))"
    " and coalesce(c.ends_at, c.starts_at, c.closes_at, 'infinity') >= $2"
    " order by coalesce(c.starts_at, c.closes_at), c.post_id limit $3",
    Call,
)
LAST_TIMEZONE = Query(
    "select timezone from calls where community_id = $1 and starts_at is not null"
    " order by post_id desc limit 1",
    str,
)
SET_TALLY = Command(
    "update calls set confirmed = $2, expressed = $3, waiting = $4, taken = $5 where post_id = $1"
)
SET_SECRET = Command(
    "update calls set secret_until_closed = $2 where post_id = $1 and kind = 'decision'"
)
SET_MAY_BE_STARTED = Command("update calls set may_be_started = $2 where post_id = $1")
SET_RECEIPTS = Command("update calls set receipts = $2 where post_id = $1")
TALLY_SENT = Command("update calls set tally_sent_at = $2 where post_id = $1")
FORM = Query("select form from call_forms where post_id = $1 and host = $2", str)
PUT_FORM = Command(
    "insert into call_forms (post_id, host, form, by_instance) values ($1, $2, $3, $4)"
    " on conflict do nothing"
)


@dataclass(frozen=True, slots=True)
class HostForm:
    """``by_instance``: it was told in the name of the instance, which it follows, not of the community."""

    host: str
    form: str
    by_instance: bool = False


FORMS = Query("select host, form, by_instance from call_forms where post_id = $1", HostForm)


@dataclass(frozen=True, slots=True)
class HostInbox:
    host: str
    inbox: str


INBOXES = Query(
    """
    select sent.host, found.inbox
    from call_forms sent cross join lateral (
        select shared_inbox as inbox from accounts
        where host = sent.host and host <> '' and shared_inbox is not null and suspended_at is null
        limit 1
    ) found
    where sent.post_id = $1
    """,
    HostInbox,
)


@dataclass(frozen=True, slots=True)
class NewCall:
    """``card_uri``: of its answer card. ``state``: as its host says. ``parent_id``: of a shift, with its place on
    that call's card as ``choice``."""

    post_id: int
    community_id: int
    kind: str
    variant: str
    details: Details
    card_uri: str | None
    state: str = "open"
    parent_id: int | None = None
    choice: int | None = None
    may_be_started: bool = True
    secret_until_closed: bool = False


async def insert(conn: Connection, new: NewCall) -> Call:
    named = (new.post_id, new.community_id, new.kind, new.variant, new.card_uri, new.state)
    within = (new.parent_id, new.choice, new.may_be_started, new.secret_until_closed)
    return await INSERT.one(conn, *named, *_columns(new.details), *within)


def _columns(d: Details) -> tuple[object, ...]:
    return (
        d.starts_at, d.ends_at, d.timezone, d.place_name, d.place_address, d.latitude, d.longitude,
        d.capacity, d.join_mode, d.external_url, d.closes_at, d.goal, d.goal_metric, d.urgent,
        d.guests_max,
    )  # fmt: skip


async def by_id(conn: Connection, post_id: int) -> Call | None:
    return await BY_ID.first(conn, post_id)


async def by_ids(conn: Connection, ids: Sequence[int]) -> dict[int, Call]:
    return {row.post_id: row for row in await BY_IDS.all(conn, ids)}


async def shifts(conn: Connection, ids: Sequence[int]) -> list[Call]:
    """Of these volunteer calls, in the order in which they were made; without those that were deleted."""
    return await SHIFTS.all(conn, ids)


async def every_shift(conn: Connection, ids: Sequence[int]) -> list[Call]:
    """As ``shifts``, with those whose people still have to hear that they were deleted."""
    return await EVERY_SHIFT.all(conn, ids)


async def lock(conn: Connection, post_id: int) -> Call | None:
    """The call, held until the transaction ends: places are granted one at a time."""
    return await LOCK.first(conn, post_id)


async def running_of(conn: Connection, community_id: int, account_id: int, now: datetime) -> int:
    """How many calls of somebody in a community take answers, without their shifts."""
    return await RUNNING_OF.one(conn, community_id, account_id, now)


async def lock_running(conn: Connection, community_id: int) -> None:
    """Those of a community that may still be answered, in the order in which all lock them."""
    await LOCK_RUNNING.all(conn, community_id)


async def by_card(conn: Connection, card_uri: str) -> Call | None:
    return await BY_CARD.first(conn, card_uri)


async def set_details(conn: Connection, post_id: int, details: Details) -> Call:
    return await SET_DETAILS.one(conn, post_id, *_columns(details))


async def span(conn: Connection, post_id: int) -> bool:
    """Write down that a call lasts from its first shift to its last that take place. Whether that is new."""
    return await SPAN.run(conn, post_id) == 1


async def place_shifts(conn: Connection, post_id: int) -> list[int]:
    """Put the shifts of a call where it is. The posts of those that were elsewhere."""
    return await PLACE_SHIFTS.all(conn, post_id)


async def set_guests_of_shifts(conn: Connection, post_id: int, guests_max: int) -> None:
    """As many as their call lets each bring."""
    await SET_GUESTS_OF_SHIFTS.run(conn, post_id, guests_max)


async def set_urgent_of_shifts(conn: Connection, post_id: int, *, urgent: bool) -> None:
    await SET_URGENT_OF_SHIFTS.run(conn, post_id, urgent)


async def set_state(conn: Connection, post_id: int, state: str) -> bool:
    return await SET_STATE.run(conn, post_id, state) == 1


async def strip_urgent(conn: Connection, post_id: int) -> bool:
    return await STRIP_URGENT.run(conn, post_id) == 1


async def mark_urgent(conn: Connection, post_id: int, community_id: int, now: datetime) -> None:
    await MARK_URGENT.run(conn, post_id, community_id, now)


async def others_urgent(conn: Connection, community_id: int, post_id: int, since: datetime) -> int:
    """How many other calls of a community were marked as urgent, stripped since or not."""
    return await OTHERS_URGENT.one(conn, community_id, post_id, since)


async def set_outcome(conn: Connection, post_id: int, outcome: str, now: datetime) -> None:
    """As HTML. The time stays that of the first."""
    await SET_OUTCOME.run(conn, post_id, outcome, now)


async def of_community(
    conn: Connection, community_id: int, since: datetime, limit: int, *, shifts: bool = False
) -> list[Call]:
    """Not over at ``since``, soonest first. ``shifts``: with those of calls for volunteers."""
    return await OF_COMMUNITY.all(conn, community_id, since, limit, shifts)


async def upcoming(
    conn: Connection, since: datetime, limit: int, offset: int = 0, kind: str = ""
) -> list[Call]:
    """Public calls that are open and not over at ``since``, soonest first. ``kind``: of that one alone."""
    return await UPCOMING.all(conn, since, kind, limit, offset)


async def own_upcoming(
    conn: Connection, owner_id: int | None, since: datetime, limit: int
) -> list[Call]:
    """Public calls of ours that are not over at ``since``, soonest first. ``owner_id``: of that community
    or author alone."""
    return await OWN_UPCOMING.all(conn, owner_id, since, limit)


async def last_timezone(conn: Connection, community_id: int) -> str | None:
    """Of the latest event of a community."""
    return await LAST_TIMEZONE.first(conn, community_id)


async def set_tally(
    conn: Connection, post_id: int, confirmed: int, expressed: int, waiting: int, taken: int
) -> None:
    """Counted here, or as the host of a remote call says. ``taken``: places, with those of guests."""
    await SET_TALLY.run(conn, post_id, confirmed, expressed, waiting, taken)


async def set_receipts(conn: Connection, post_id: int, *, wanted: bool) -> None:
    await SET_RECEIPTS.run(conn, post_id, wanted)


async def set_may_be_started(conn: Connection, post_id: int, *, may: bool) -> None:
    await SET_MAY_BE_STARTED.run(conn, post_id, may)


async def set_secret(conn: Connection, post_id: int, *, secret: bool) -> None:
    await SET_SECRET.run(conn, post_id, secret)


async def tally_sent(conn: Connection, post_id: int, now: datetime) -> None:
    await TALLY_SENT.run(conn, post_id, now)


async def form(conn: Connection, post_id: int, host: str) -> str | None:
    return await FORM.first(conn, post_id, host)


async def forms(conn: Connection, post_id: int) -> dict[str, HostForm]:
    """By host, as first sent."""
    return {row.host: row for row in await FORMS.all(conn, post_id)}


async def inboxes(conn: Connection, post_id: int) -> dict[str, str]:
    """The shared inbox of each host that was sent a call, with the host, whoever there still follows what."""
    return {row.inbox: row.host for row in await INBOXES.all(conn, post_id)}


async def put_form(
    conn: Connection, post_id: int, host: str, form_name: str, *, by_instance: bool = False
) -> None:
    await PUT_FORM.run(conn, post_id, host, form_name, by_instance)
