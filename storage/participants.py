"""Those who take part in a call and its shifts, as its organisers read them: a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.db import Connection, Query
from storage.participations import Participation


@dataclass(frozen=True, slots=True)
class Sought:
    """``state``: granted or waiting; ``answer`` and ``role``: of that one alone, "" for any."""

    state: str = "granted"
    answer: str = ""
    role: str = ""


# $6: an answer by which somebody is shown where others are not; "" where everybody is.
PAGE = Query(
    """
    select * from participations
    where post_id = any($1::bigint[]) and counts and state = $2 and turn > $3
        and ($4 = '' or answer = $4) and ($5 = '' or role = $5)
        and ($6 = '' or answer = $6 or contact_id is not null)
    order by turn limit $7
    """,
    Participation,
)
ALL = Query(
    "select * from participations where post_id = any($1::bigint[]) and counts"
    " and state in ('granted', 'waiting') order by post_id, state, turn",
    Participation,
)
MANY = Query(
    "select count(distinct coalesce(account_id, -id)) from participations where counts and state = 'granted'"
    " and account_id is distinct from $2 and (post_id = $1 or post_id in ("
    "select post_id from calls where parent_id = $1 and state <> 'cancelled'))",
    int,
)


async def page(
    conn: Connection, ids: Sequence[int], sought: Sought, shown_by: str, after: int, limit: int
) -> list[Participation]:
    """In order of receipt, those behind the turn ``after``. ``shown_by``: the one answer that names who gave it, or ""
    where all do."""
    return await PAGE.all(
        conn, ids, sought.state, after, sought.answer, sought.role, shown_by, limit
    )


async def all_of(conn: Connection, ids: Sequence[int]) -> list[Participation]:
    """Of these calls, who has a place before who waits."""
    return await ALL.all(conn, ids)


async def many(conn: Connection, post_id: int, without: int) -> int:
    """How many people have a place in a call or in a shift of it that takes place. ``without``: not this account."""
    return await MANY.one(conn, post_id, without)
