"""Calls to action, who takes part, and which form each host was first sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query

ANSWERS = ("going", "maybe", "declined")
"""In the order of the card's options, and of the options of the poll."""


@dataclass(frozen=True, slots=True)
class Call:
    post_id: int
    community_id: int
    kind: str
    state: str
    starts_at: datetime
    ends_at: datetime | None
    timezone: str
    place_name: str
    place_address: str
    latitude: float | None
    longitude: float | None
    capacity: int | None
    join_mode: str
    external_url: str | None
    card_uri: str | None
    confirmed: int
    expressed: int
    waiting: int
    tally_sent_at: datetime | None
    revision: int

    @property
    def going(self) -> int:
        return self.confirmed + self.expressed

    @property
    def over_at(self) -> datetime:
        return self.ends_at or self.starts_at

    @property
    def full(self) -> bool:
        return self.capacity is not None and self.going >= self.capacity


@dataclass(frozen=True, slots=True)
class Details:
    """What an organiser says of an event; an edit replaces all of it."""

    starts_at: datetime
    ends_at: datetime | None
    timezone: str
    place_name: str = ""
    place_address: str = ""
    latitude: float | None = None
    longitude: float | None = None
    capacity: int | None = None
    join_mode: str = "free"
    external_url: str | None = None


@dataclass(frozen=True, slots=True)
class Participation:
    id: int
    uri: str | None
    post_id: int
    account_id: int
    answer: str
    state: str
    tier: str
    door: str
    created_at: datetime
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """Recounted from the participations of one call."""

    confirmed: int
    expressed: int
    waiting: int
    maybe: int
    declined: int
    people: int


@dataclass(frozen=True, slots=True)
class ByHost:
    host: str
    people: int


INSERT = Query(
    """
    insert into calls (post_id, community_id, kind, starts_at, ends_at, timezone, place_name,
        place_address, latitude, longitude, capacity, card_uri, state, join_mode, external_url)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) returning *
    """,
    Call,
)
BY_ID = Query("select * from calls where post_id = $1", Call)
BY_IDS = Query("select * from calls where post_id = any($1::bigint[])", Call)
LOCK = Query("select * from calls where post_id = $1 for update", Call)
BY_CARD = Query("select * from calls where card_uri = $1", Call)
SET_DETAILS = Query(
    """
    update calls set starts_at = $2, ends_at = $3, timezone = $4, place_name = $5,
        place_address = $6, latitude = $7, longitude = $8, capacity = $9, join_mode = $10,
        external_url = $11,
        revision = revision + case when (starts_at, ends_at, timezone, place_name, place_address)
            is distinct from ($2, $3, $4, $5, $6) then 1 else 0 end
    where post_id = $1 returning *
    """,
    Call,
)
SET_STATE = Command(
    "update calls set state = $2, revision = revision + 1 where post_id = $1 and state <> $2"
)
OF_COMMUNITY = Query(
    "select c.* from calls c join posts p on p.id = c.post_id"
    " where c.community_id = $1 and coalesce(c.ends_at, c.starts_at) >= $2"
    " order by c.starts_at limit $3",
    Call,
)
UPCOMING = Query(
    "select c.* from calls c join posts p on p.id = c.post_id"
    " where p.visibility = 'public' and c.state = 'open'"
    " and coalesce(c.ends_at, c.starts_at) >= $1 order by c.starts_at limit $2",
    Call,
)
OWN_UPCOMING = Query(
    "select c.* from calls c join posts p on p.id = c.post_id"
    " where p.local and p.visibility = 'public' and c.state in ('open', 'postponed')"
    " and ($1::bigint is null or $1 in (c.community_id, p.account_id))"
    " and coalesce(c.ends_at, c.starts_at) >= $2 order by c.starts_at, c.post_id limit $3",
    Call,
)
PUT = Query(
    """
    insert into participations
        (uri, post_id, account_id, answer, state, tier, door, created_at, answered_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
    on conflict (post_id, account_id) do update set uri = excluded.uri, answer = excluded.answer,
        state = excluded.state, tier = excluded.tier, door = excluded.door,
        answered_at = excluded.answered_at
    returning *
    """,
    Participation,
)
OF_ACCOUNT = Query(
    "select * from participations where post_id = $1 and account_id = $2", Participation
)
OF_ACCOUNT_MANY = Query(
    "select * from participations where account_id = $1 and post_id = any($2::bigint[])",
    Participation,
)
ALL_OF_ACCOUNT = Query(
    "select * from participations where account_id = $1 order by id", Participation
)
BY_URI = Query("select * from participations where uri = $1", Participation)
SET_PARTICIPATION_STATE = Command("update participations set state = $2 where id = $1")
CONFIRM = Command("update participations set tier = 'confirmed', uri = $2, door = $3 where id = $1")
DROP = Command("delete from participations where id = $1")
NEXT_WAITING = Query(
    "select * from participations where post_id = $1 and state = 'waiting'"
    " order by answered_at, id limit $2",
    Participation,
)
PLACE_IN_LINE = Query(
    "select count(*) from participations where post_id = $1 and state = 'waiting'"
    " and (answered_at, id) <= ($2, $3)",
    int,
)
RECOUNT = Query(
    """
    select
        count(*) filter (where answer = 'going' and state = 'granted' and tier = 'confirmed')
            as confirmed,
        count(*) filter (where answer = 'going' and state = 'granted' and tier = 'expressed')
            as expressed,
        count(*) filter (where answer = 'going' and state = 'waiting') as waiting,
        count(*) filter (where answer = 'maybe') as maybe,
        count(*) filter (where answer = 'declined') as declined,
        count(*) filter (where state in ('granted', 'waiting')) as people
    from participations where post_id = $1
    """,
    Tally,
)
SET_TALLY = Command(
    "update calls set confirmed = $2, expressed = $3, waiting = $4 where post_id = $1"
)
TALLY_SENT = Command("update calls set tally_sent_at = $2 where post_id = $1")
PARTICIPANTS = Query(
    "select * from participations where post_id = $1 and answer = 'going'"
    " and state in ('granted', 'waiting') order by state, answered_at, id",
    Participation,
)
GOING_BY_HOST = Query(
    "select a.host, count(*) as people from participations p join accounts a on a.id = p.account_id"
    " where p.post_id = $1 and p.answer = 'going' and p.state = 'granted'"
    " group by a.host order by people desc",
    ByHost,
)
FORM = Query("select form from call_forms where post_id = $1 and host = $2", str)
ANSWERED_FROM_ELSEWHERE = Query(
    "select a.id from participations p join accounts a on a.id = p.account_id"
    " where p.post_id = $1 and a.host <> '' and a.suspended_at is null",
    int,
)
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


async def insert(
    conn: Connection,
    post_id: int,
    community_id: int,
    kind: str,
    details: Details,
    card_uri: str | None,
    state: str = "open",
) -> Call:
    d = details
    return await INSERT.one(
        conn, post_id, community_id, kind, d.starts_at, d.ends_at, d.timezone, d.place_name,
        d.place_address, d.latitude, d.longitude, d.capacity, card_uri, state, d.join_mode,
        d.external_url,
    )  # fmt: skip


async def by_id(conn: Connection, post_id: int) -> Call | None:
    return await BY_ID.first(conn, post_id)


async def by_ids(conn: Connection, ids: Sequence[int]) -> dict[int, Call]:
    return {row.post_id: row for row in await BY_IDS.all(conn, ids)}


async def lock(conn: Connection, post_id: int) -> Call | None:
    """The call, held until the transaction ends: places are granted one at a time."""
    return await LOCK.first(conn, post_id)


async def by_card(conn: Connection, card_uri: str) -> Call | None:
    return await BY_CARD.first(conn, card_uri)


async def set_details(conn: Connection, post_id: int, details: Details) -> Call:
    d = details
    return await SET_DETAILS.one(
        conn, post_id, d.starts_at, d.ends_at, d.timezone, d.place_name, d.place_address,
        d.latitude, d.longitude, d.capacity, d.join_mode, d.external_url,
    )  # fmt: skip


async def set_state(conn: Connection, post_id: int, state: str) -> bool:
    return await SET_STATE.run(conn, post_id, state) == 1


async def of_community(
    conn: Connection, community_id: int, since: datetime, limit: int
) -> list[Call]:
    """Not over at ``since``, soonest first."""
    return await OF_COMMUNITY.all(conn, community_id, since, limit)


async def upcoming(conn: Connection, since: datetime, limit: int) -> list[Call]:
    return await UPCOMING.all(conn, since, limit)


async def own_upcoming(
    conn: Connection, owner_id: int | None, since: datetime, limit: int
) -> list[Call]:
    """Public calls of ours that are not over at ``since``, soonest first. ``owner_id``: of that community
    or author alone."""
    return await OWN_UPCOMING.all(conn, owner_id, since, limit)


async def put(
    conn: Connection,
    uri: str | None,
    post_id: int,
    account_id: int,
    answer: str,
    state: str,
    tier: str,
    door: str,
    now: datetime,
) -> Participation:
    """One person has one answer to one call: a new one replaces the old."""
    return await PUT.one(conn, uri, post_id, account_id, answer, state, tier, door, now)


async def of_account(conn: Connection, post_id: int, account_id: int) -> Participation | None:
    return await OF_ACCOUNT.first(conn, post_id, account_id)


async def of_account_many(
    conn: Connection, account_id: int, ids: Sequence[int]
) -> dict[int, Participation]:
    return {row.post_id: row for row in await OF_ACCOUNT_MANY.all(conn, account_id, ids)}


async def all_of_account(conn: Connection, account_id: int) -> list[Participation]:
    return await ALL_OF_ACCOUNT.all(conn, account_id)


async def by_uri(conn: Connection, uri: str) -> Participation | None:
    return await BY_URI.first(conn, uri)


async def set_participation_state(conn: Connection, participation_id: int, state: str) -> None:
    await SET_PARTICIPATION_STATE.run(conn, participation_id, state)


async def confirm(conn: Connection, participation_id: int, uri: str | None, door: str) -> None:
    """What was expressed through one door is confirmed through another; it keeps its place in line."""
    await CONFIRM.run(conn, participation_id, uri, door)


async def withdraw(conn: Connection, participation_id: int) -> bool:
    return await DROP.run(conn, participation_id) == 1


async def next_waiting(conn: Connection, post_id: int, limit: int) -> list[Participation]:
    """In order of receipt."""
    return await NEXT_WAITING.all(conn, post_id, limit)


async def place_in_line(conn: Connection, participation: Participation) -> int:
    """1 for the first who waits."""
    return await PLACE_IN_LINE.one(
        conn, participation.post_id, participation.answered_at, participation.id
    )


async def recount(conn: Connection, post_id: int) -> Tally:
    return await RECOUNT.one(conn, post_id)


async def set_tally(
    conn: Connection, post_id: int, confirmed: int, expressed: int, waiting: int
) -> None:
    """Counted here, or as the host of a remote call says."""
    await SET_TALLY.run(conn, post_id, confirmed, expressed, waiting)


async def tally_sent(conn: Connection, post_id: int, now: datetime) -> None:
    await TALLY_SENT.run(conn, post_id, now)


async def participants(conn: Connection, post_id: int) -> list[Participation]:
    """Who is going, then who waits, in order of receipt."""
    return await PARTICIPANTS.all(conn, post_id)


async def going_by_host(conn: Connection, post_id: int) -> list[ByHost]:
    return await GOING_BY_HOST.all(conn, post_id)


async def form(conn: Connection, post_id: int, host: str) -> str | None:
    return await FORM.first(conn, post_id, host)


async def forms(conn: Connection, post_id: int) -> dict[str, HostForm]:
    """By host, as first sent."""
    return {row.host: row for row in await FORMS.all(conn, post_id)}


async def answered_from_elsewhere(conn: Connection, post_id: int) -> list[int]:
    """The remote accounts that said something to a call, whatever it was."""
    return await ANSWERED_FROM_ELSEWHERE.all(conn, post_id)


async def put_form(
    conn: Connection, post_id: int, host: str, form_name: str, *, by_instance: bool = False
) -> None:
    await PUT_FORM.run(conn, post_id, host, form_name, by_instance)
