"""Who takes part in which call, and what they said: one row per person and call.

Who takes an answer back leaves a row without their name, so that it is still known how many did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Participation:
    id: int
    turn: int  # order of receipt
    uri: str | None
    post_id: int
    account_id: int | None
    contact_id: int | None
    answer: str
    choice: int
    counts: bool
    state: str
    tier: str
    door: str
    created_at: datetime
    answered_at: datetime
    role: str | None
    guests: int
    ballot: list[int] | None

    @property
    def places(self) -> int:
        """How many it takes: who answered, and whom they bring."""
        return 1 + self.guests


@dataclass(frozen=True, slots=True)
class Tally:
    """Recounted from the participations of one call; of one with shifts each person once. ``taken``: places, with
    those of guests."""

    confirmed: int
    expressed: int
    waiting: int
    people: int
    taken: int


@dataclass(frozen=True, slots=True)
class Given:
    """How many gave an answer, by its place on the card, and have what they asked for."""

    choice: int
    people: int


@dataclass(frozen=True, slots=True)
class InRole:
    """How many places in a role of a shift are taken, guests among them."""

    post_id: int
    role: str
    places: int


@dataclass(frozen=True, slots=True)
class Line:
    """The place in a waiting line of somebody's answer to a call; 1 for the first."""

    post_id: int
    place: int


@dataclass(frozen=True, slots=True)
class ByHost:
    post_id: int
    host: str
    people: int


PUT = Query(
    """
    insert into participations
        (uri, post_id, account_id, answer, choice, counts, state, tier, door, created_at, answered_at, role,
        guests, ballot)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $13::smallint[])
    on conflict (post_id, account_id) do update set uri = excluded.uri, answer = excluded.answer,
        choice = excluded.choice, counts = excluded.counts, state = excluded.state, tier = excluded.tier, door = excluded.door,
        answered_at = excluded.answered_at, role = excluded.role, turn = excluded.turn,
        guests = excluded.guests, ballot = excluded.ballot
    returning *
    """,
    Participation,
)
PUT_CONTACT = Query(
    """
    insert into participations
        (post_id, contact_id, answer, choice, counts, state, tier, door, created_at, answered_at, role,
        guests, ballot)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11, $12::smallint[])
    returning *
    """,
    Participation,
)
OF_CONTACT = Query("select * from participations where contact_id = $1", Participation)
OF_ACCOUNT = Query(
    "select * from participations where post_id = $1 and account_id = $2", Participation
)
OF_ACCOUNT_MANY = Query(
    "select * from participations where account_id = $1 and post_id = any($2::bigint[])",
    Participation,
)
ALL_OF_ACCOUNT = Query(
    "select p.* from participations p join calls c using (post_id) where account_id = $1"
    " order by coalesce(c.parent_id, c.post_id), c.post_id",
    Participation,
)
BY_ID = Query("select * from participations where id = $1", Participation)
BY_URI = Query("select * from participations where uri = $1", Participation)
SET_PARTICIPATION_STATE = Command("update participations set state = $2 where id = $1")
CONFIRM = Command("update participations set tier = 'confirmed', uri = $2, door = $3 where id = $1")
WITHDRAW = Command(
    "with links as (delete from participation_tokens where participation_id = $1)"
    " update participations set state = 'withdrawn', account_id = null, contact_id = null,"
    " uri = null, role = null, guests = 0, ballot = null, answered_at = $2"
    " where id = $1 and state <> 'withdrawn'"
)
# What was said with an answer goes with it; that something was promised stays, to be counted.
DROP_REASON = Command("delete from reasons where participation_id = $1")
DROP_FIELDS = Command("delete from participation_fields where participation_id = $1")
DROP_LETTERS = Command("delete from call_letters where participation_id = $1")
CANCEL_COMMITMENT = Command(
    "update commitments set state = 'cancelled', said = '', uri = null, agreement = null, changed_at = $2"
    " where participation_id = $1"
)
END_COMMITMENT = Command(
    "update commitments set state = 'cancelled', said = '', uri = null, agreement = null, changed_at = $2"
    " where participation_id = $1 and state <> 'fulfilled'"
)
NEXT_WAITING = Query(
    "select * from participations where post_id = $1 and state = 'waiting'"
    " and ($3::text is null or role = $3) and ($4::bigint is null or guests < $4) order by turn limit $2",
    Participation,
)
LINES = Query(
    "select m.post_id, count(*) as place from participations m"
    " join participations p on p.post_id = m.post_id and p.state = 'waiting' and p.turn <= m.turn"
    " and p.role is not distinct from m.role"
    " where m.id = any($1::bigint[]) group by m.id",
    Line,
)
PLACE_IN_LINE = Query(
    "select count(*) from participations where post_id = $1 and state = 'waiting' and turn <= $2"
    " and role is not distinct from $3",
    int,
)
RECOUNT = Query(
    """
    with people as (
        select
            bool_or(counts and state = 'granted') as granted,
            bool_or(counts and state = 'granted' and tier = 'confirmed') as confirmed,
            bool_or(state = 'waiting') as waiting,
            bool_or(state in ('granted', 'waiting')) as present,
            sum(1 + guests) filter (where counts and state = 'granted') as places
        from participations
        where post_id = $1 or post_id in (select post_id from calls where parent_id = $1)
        group by account_id, coalesce(-account_id, id))
    select
        count(*) filter (where confirmed) as confirmed,
        count(*) filter (where granted and not confirmed) as expressed,
        count(*) filter (where waiting and not granted) as waiting,
        count(*) filter (where present) as people,
        coalesce(sum(places), 0)::bigint as taken
    from people
    """,
    Tally,
)
GIVEN = Query(
    """
    select choice, count(*) as people from participations
    where post_id = $1 and state = 'granted' group by choice
    union all
    select c.choice, count(*) as people from calls c join participations p using (post_id)
    where c.parent_id = $1 and c.choice is not null and p.counts and p.state = 'granted'
    group by c.choice
    """,
    Given,
)
IN_ROLES = Query(
    "select post_id, role, sum(1 + guests) as places from participations"
    " where post_id = any($1::bigint[]) and role is not null and state = 'granted'"
    " group by post_id, role",
    InRole,
)
WAITED_FOR = Query(
    "select distinct p.role from participations p join shift_roles r on r.post_id = p.post_id and r.name = p.role"
    " where p.post_id = $1 and p.state = 'waiting' and p.guests < r.places",
    str,
)
WITHOUT_ROLE = Query(
    "select * from participations where post_id = $1 and role is null and counts"
    " and state in ('granted', 'waiting') order by state, turn",
    Participation,
)
SET_GUESTS = Query(
    "update participations set guests = $2, uri = coalesce($3, uri) where id = $1 returning *",
    Participation,
)
SET_ROLE = Command("update participations set role = $2 where id = $1")
IN_COMMUNITY = Query(
    "select p.post_id from participations p join calls c using (post_id)"
    " where p.account_id = $2 and c.community_id = $1 and c.state in ('open', 'postponed')"
    " order by coalesce(c.parent_id, c.post_id), c.post_id",
    int,
)
OF_OURS = Query(
    "select p.account_id from participations p join accounts a on a.id = p.account_id"
    " where p.post_id = $1 and p.counts and a.host = ''"
    " and p.state in ('granted', 'waiting', 'pending') order by p.turn",
    int,
)
IS_ANSWERED = Query(
    "select exists (select from participations where state not in ('withdrawn', 'refused')"
    " and (post_id = $1 or post_id in (select post_id from calls where parent_id = $1)))",
    bool,
)
IN_SHIFTS = Query(
    "select p.* from participations p join calls c using (post_id)"
    " where c.parent_id = $1 and p.account_id = $2 order by p.post_id",
    Participation,
)
PARTICIPANTS = Query(
    "select * from participations where post_id = $1 and counts"
    " and state in ('granted', 'waiting') order by state, turn",
    Participation,
)
COUNTED_BY_HOST = Query(
    """
    with wanted as (
        select id as call_id, id as post_id from unnest($1::bigint[]) as id
        union all
        select parent_id, post_id from calls where parent_id = any($1::bigint[]))
    select w.call_id as post_id, coalesce(a.host, '') as host,
        count(distinct coalesce(-p.account_id, p.id)) as people
    from wanted w join participations p using (post_id) left join accounts a on a.id = p.account_id
    where p.counts and p.state = 'granted'
    group by w.call_id, coalesce(a.host, '') order by w.call_id, people desc
    """,
    ByHost,
)
ANSWERED_FROM_ELSEWHERE = Query(
    "select distinct a.id from participations p join accounts a on a.id = p.account_id"
    " where (p.post_id = $1 or p.post_id in (select post_id from calls where parent_id = $1))"
    " and a.host <> '' and a.suspended_at is null",
    int,
)
# Their servers tell them themselves (server/domain/calling/call_notices.py).
JOINED_FROM = Query(
    "select distinct a.host from participations p join accounts a on a.id = p.account_id"
    " where (p.post_id = $1 or p.post_id in (select post_id from calls where parent_id = $1))"
    " and p.counts and p.state in ('granted', 'waiting') and p.door = 'join' and a.host <> ''",
    str,
)


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as it is written down. ``choice``: its place on the card; ``counts``: it is taking part."""

    answer: str
    choice: int
    counts: bool
    state: str
    tier: str
    door: str
    uri: str | None = None
    role: str | None = None
    guests: int = 0
    ballot: list[int] | None = None


async def put(
    conn: Connection, post_id: int, account_id: int, said: Said, now: datetime
) -> Participation:
    """One person has one answer to one call: a new one replaces the old, with the reason for it. Who does not
    take part any more keeps no promise."""
    row = await PUT.one(
        conn, said.uri, post_id, account_id, said.answer, said.choice, said.counts, said.state,
        said.tier, said.door, now, said.role, said.guests, said.ballot,
    )  # fmt: skip
    await DROP_REASON.run(conn, row.id)
    if not said.counts:
        await DROP_FIELDS.run(conn, row.id)
        await END_COMMITMENT.run(conn, row.id, now)
    return row


async def put_contact(
    conn: Connection, post_id: int, contact_id: int, said: Said, now: datetime
) -> Participation:
    """The answer of somebody without an account. Raises ``UniqueViolation`` where there is one."""
    return await PUT_CONTACT.one(
        conn, post_id, contact_id, said.answer, said.choice, said.counts, said.state, said.tier,
        said.door, now, said.role, said.guests, said.ballot,
    )  # fmt: skip


async def of_contact(conn: Connection, contact_id: int) -> Participation | None:
    return await OF_CONTACT.first(conn, contact_id)


async def of_account(conn: Connection, post_id: int, account_id: int) -> Participation | None:
    return await OF_ACCOUNT.first(conn, post_id, account_id)


async def of_account_many(
    conn: Connection, account_id: int, ids: Sequence[int]
) -> dict[int, Participation]:
    return {row.post_id: row for row in await OF_ACCOUNT_MANY.all(conn, account_id, ids)}


async def all_of_account(conn: Connection, account_id: int) -> list[Participation]:
    """In the order in which their calls are to be locked."""
    return await ALL_OF_ACCOUNT.all(conn, account_id)


async def by_id(conn: Connection, participation_id: int) -> Participation | None:
    return await BY_ID.first(conn, participation_id)


async def by_uri(conn: Connection, uri: str) -> Participation | None:
    return await BY_URI.first(conn, uri)


async def set_participation_state(conn: Connection, participation_id: int, state: str) -> None:
    await SET_PARTICIPATION_STATE.run(conn, participation_id, state)


async def confirm(conn: Connection, participation_id: int, uri: str | None, door: str) -> None:
    """What was expressed through one door is confirmed through another; it keeps its place in line."""
    await CONFIRM.run(conn, participation_id, uri, door)


async def withdraw(conn: Connection, participation_id: int, now: datetime) -> bool:
    """That there was an answer stays to be counted; whose it was is gone."""
    if not await WITHDRAW.run(conn, participation_id, now):
        return False
    await DROP_REASON.run(conn, participation_id)
    await DROP_FIELDS.run(conn, participation_id)
    await DROP_LETTERS.run(conn, participation_id)
    await CANCEL_COMMITMENT.run(conn, participation_id, now)
    return True


async def next_waiting(
    conn: Connection, post_id: int, limit: int, role: str | None = None, places: int | None = None
) -> list[Participation]:
    """In order of receipt. ``role``: of those who wait for it alone; ``places``: how many there are in all, without
    those who need more than that."""
    return await NEXT_WAITING.all(conn, post_id, limit, role, places)


async def in_roles(conn: Connection, post_id: int) -> dict[str, int]:
    """How many places in each role of a shift are taken."""
    return {row.role: row.places for row in await IN_ROLES.all(conn, [post_id])}


async def in_roles_of(conn: Connection, ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """The same of many shifts, by the shift; those are left out in which nobody has a place in a role."""
    found: dict[int, dict[str, int]] = {}
    for row in await IN_ROLES.all(conn, ids):
        found.setdefault(row.post_id, {})[row.role] = row.places
    return found


async def waited_for(conn: Connection, post_id: int) -> set[str]:
    """The roles of a shift for which somebody waits who fits in at all."""
    return set(await WAITED_FOR.all(conn, post_id))


async def in_community(conn: Connection, community_id: int, account_id: int) -> list[int]:
    """The posts of the calls of a community that are not over and that somebody answered, in one order for all."""
    return await IN_COMMUNITY.all(conn, community_id, account_id)


async def without_role(conn: Connection, post_id: int) -> list[Participation]:
    """Who has a place and no role in it, then who waits for one, in order of receipt."""
    return await WITHOUT_ROLE.all(conn, post_id)


async def set_guests(
    conn: Connection, participation_id: int, guests: int, uri: str | None = None
) -> Participation:
    """It keeps its place in line. ``uri``: of the activity that said so, if any."""
    return await SET_GUESTS.one(conn, participation_id, guests, uri)


async def set_role(conn: Connection, participation_id: int, role: str) -> None:
    await SET_ROLE.run(conn, participation_id, role)


async def of_ours(conn: Connection, post_id: int) -> list[int]:
    """The members of ours who take part, wait, or asked to."""
    return await OF_OURS.all(conn, post_id)


async def is_answered(conn: Connection, post_id: int) -> bool:
    """Whether an answer to a call or to one of its shifts stands."""
    return await IS_ANSWERED.one(conn, post_id)


async def in_shifts(conn: Connection, post_id: int, account_id: int) -> list[Participation]:
    """What somebody said to the shifts of a volunteer call."""
    return await IN_SHIFTS.all(conn, post_id, account_id)


async def place_in_line(conn: Connection, participation: Participation) -> int:
    """1 for the first who waits."""
    return await PLACE_IN_LINE.one(
        conn, participation.post_id, participation.turn, participation.role
    )


async def places_in_line(conn: Connection, ids: Sequence[int]) -> dict[int, int]:
    """Of these answers that wait, no two to the same call: by the call."""
    return {row.post_id: row.place for row in await LINES.all(conn, ids)}


async def recount(conn: Connection, post_id: int) -> Tally:
    return await RECOUNT.one(conn, post_id)


async def given(conn: Connection, post_id: int) -> dict[int, int]:
    """How many gave each answer, by its place on the card, without those who wait."""
    return {row.choice: row.people for row in await GIVEN.all(conn, post_id)}


async def participants(conn: Connection, post_id: int) -> list[Participation]:
    """Who takes part, then who waits, in order of receipt."""
    return await PARTICIPANTS.all(conn, post_id)


async def counted_by_host(conn: Connection, ids: Sequence[int]) -> list[ByHost]:
    """Of each of these calls, the servers of most people first."""
    return await COUNTED_BY_HOST.all(conn, ids)


async def answered_from_elsewhere(conn: Connection, post_id: int) -> list[int]:
    """The remote accounts that said something to a call, whatever it was."""
    return await ANSWERED_FROM_ELSEWHERE.all(conn, post_id)


async def joined_from(conn: Connection, post_id: int) -> list[str]:
    """The hosts whose people take part in a call, or in its shifts, by a Join, and those who wait to."""
    return await JOINED_FROM.all(conn, post_id)
