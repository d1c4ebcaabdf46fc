"""What the organisers of a call ask who takes part, and what each of these answered (sealed)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Question:
    """``position``: from 0, in the order in which they are asked."""

    post_id: int
    position: int
    text: str
    required: bool


@dataclass(frozen=True, slots=True)
class Fields:
    """What was answered: by the question, for the community's key."""

    participation_id: int
    sealed: bytes = field(repr=False)


OF_CALLS = Query(
    "select * from call_questions where post_id = any($1::bigint[]) order by post_id, position",
    Question,
)
DROP = Command("delete from call_questions where post_id = $1")
PUT = Command(
    "insert into call_questions (post_id, position, text, required) values ($1, $2, $3, $4)"
)
FIELDS = Query(
    "select participation_id, sealed from participation_fields where participation_id = any($1::bigint[])",
    Fields,
)
PUT_FIELDS = Command(
    "insert into participation_fields (participation_id, sealed) values ($1, $2)"
    " on conflict (participation_id) do update set sealed = excluded.sealed"
)

# What is kept for a time; each removes no more than asked, and tells how many.
NOTICE_OVER = Command(
    """
    with over as (
        select f.participation_id, least(coalesce(c.closes_at, c.ends_at, c.starts_at, $1), $1) as at
        from participation_fields f join participations p on p.id = f.participation_id
        join calls c on c.post_id = p.post_id
        where f.over_at is null
            and (c.state in ('closed', 'cancelled') or coalesce(c.closes_at, c.ends_at, c.starts_at) < $1)
        limit $2)
    update participation_fields f set over_at = over.at from over
    where f.participation_id = over.participation_id
    """
)
NOTICE_OPEN = Command(
    """
    update participation_fields f set over_at = null from participations p, calls c
    where p.id = f.participation_id and c.post_id = p.post_id and f.over_at is not null
        and c.state in ('open', 'postponed')
        and coalesce(c.closes_at, c.ends_at, c.starts_at, 'infinity') >= $1
    """
)
FORGET = Command(
    "delete from participation_fields where participation_id in ("
    "select participation_id from participation_fields where over_at < $1 order by over_at limit $2)"
)
DROP_ALL = Command("delete from participation_fields")


async def of_calls(conn: Connection, ids: Sequence[int]) -> list[Question]:
    """In the order in which each call asks them."""
    return await OF_CALLS.all(conn, ids)


async def put(conn: Connection, post_id: int, asked: Sequence[tuple[str, bool]]) -> None:
    """Instead of those that it had: each with whether it has to be answered."""
    await DROP.run(conn, post_id)
    rows = [(post_id, at, text, required) for at, (text, required) in enumerate(asked)]
    await PUT.many(conn, rows)


async def fields(conn: Connection, ids: Sequence[int]) -> dict[int, bytes]:
    """By participation, of those who were asked and said something, or nothing."""
    return {row.participation_id: row.sealed for row in await FIELDS.all(conn, ids)}


async def put_fields(conn: Connection, participation_id: int, sealed: bytes) -> None:
    """Instead of what they said before."""
    await PUT_FIELDS.run(conn, participation_id, sealed)


async def notice_over(conn: Connection, now: datetime, limit: int) -> int:
    """Write down since when their calls take no answers; one that was opened again counts anew."""
    await NOTICE_OPEN.run(conn, now)
    return await NOTICE_OVER.run(conn, now, limit)


async def forget(conn: Connection, before: datetime, limit: int) -> int:
    """What was answered in calls that were over before."""
    return await FORGET.run(conn, before, limit)


async def give_up(conn: Connection) -> None:
    """What nobody can open any more."""
    await DROP_ALL.run(conn)
