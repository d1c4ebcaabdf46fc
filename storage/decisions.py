"""By what rule a decision comes out, why people answered so, and how objections were met."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class RulesRow:
    quorum: int | None
    threshold: int | None
    open_votes: bool


@dataclass(frozen=True, slots=True)
class Reason:
    """With the answer for which it was given. ``id``: by chance, so that it says nothing of whose it is."""

    id: int
    account_id: int | None
    answer: str
    reason: str
    resolution: str
    resolved_at: datetime | None
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class Votes:
    """How many people answered the same: the ``choice`` of one option, or with it a whole ballot."""

    choice: int
    ballot: list[int] | None
    people: int


RULES = Query(
    "select quorum, threshold, open_votes from decision_rules where post_id = $1", RulesRow
)
PUT_RULES = Command(
    """
    insert into decision_rules (post_id, quorum, threshold, open_votes) values ($1, $2, $3, $4)
    on conflict (post_id) do update set quorum = excluded.quorum, threshold = excluded.threshold,
        open_votes = excluded.open_votes
    """
)
VOTES = Query(
    """
    select choice, ballot, count(*) as people from participations
    where post_id = $1 and state = 'granted' group by choice, ballot order by choice, ballot
    """,
    Votes,
)
PUT_REASON = Command(
    """
    insert into reasons (participation_id, reason) values ($1, $2)
    on conflict (participation_id) do update set reason = excluded.reason, resolution = '',
        resolved_at = null
    """
)
REASONS = Query(
    """
    select r.id, p.account_id, p.answer, r.reason, r.resolution, r.resolved_at, p.answered_at
    from reasons r join participations p on p.id = r.participation_id
    where p.post_id = $1 and p.state = 'granted' and r.id < $2 and r.id > $3
    order by r.id desc limit $4
    """,
    Reason,
)
OBJECTIONS = Query(
    """
    select count(*) from participations p left join reasons r on r.participation_id = p.id
    where p.post_id = $1 and p.answer = 'object' and p.state = 'granted' and r.resolved_at is null
    """,
    int,
)
SILENT = Command(
    "insert into reasons (participation_id, reason) values ($1, 'No reason was given.')"
    " on conflict (participation_id) do nothing"
)
RESOLVE = Command(
    """
    update reasons r set resolution = $3, resolved_at = $4 from participations p
    where r.id = $2 and p.id = r.participation_id and p.post_id = $1
        and p.answer = 'object' and p.state = 'granted'
    """
)


async def rules(conn: Connection, post_id: int) -> RulesRow | None:
    return await RULES.first(conn, post_id)


async def put_rules(
    conn: Connection, post_id: int, quorum: int | None, threshold: int | None, open_votes: bool
) -> None:
    await PUT_RULES.run(conn, post_id, quorum, threshold, open_votes)


async def votes(conn: Connection, post_id: int) -> list[Votes]:
    return await VOTES.all(conn, post_id)


async def put_reason(conn: Connection, participation_id: int, reason: str) -> None:
    """A new one is not met yet."""
    await PUT_REASON.run(conn, participation_id, reason)


async def reasons(
    conn: Connection, post_id: int, before: int, after: int, limit: int
) -> list[Reason]:
    """Of those whose answer stands, in no order that says anything; paged by their ids."""
    return await REASONS.all(conn, post_id, before, after, limit)


async def objections(conn: Connection, post_id: int) -> int:
    """How many are neither taken back nor met."""
    return await OBJECTIONS.one(conn, post_id)


async def object_silently(conn: Connection, participation_id: int) -> None:
    """An objection can be met although no reason came with it."""
    await SILENT.run(conn, participation_id)


async def resolve(
    conn: Connection, post_id: int, reason_id: int, resolution: str, now: datetime
) -> bool:
    """False where there is no such objection."""
    return await RESOLVE.run(conn, post_id, reason_id, resolution, now) == 1
