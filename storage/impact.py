"""What became of calls: numbers made of the answers that are here, each time anew.

Nothing is kept beside the answers themselves, so that no figure can disagree with them, and of who looks at a
call nothing is written down at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from storage.db import Connection, Query


@dataclass(frozen=True, slots=True)
class Answers:
    """Of one call. ``answered``: whoever said anything, those who took it back among them. ``confirmed``,
    ``expressed``: who takes part, by tier."""

    post_id: int
    answered: int
    confirmed: int
    expressed: int
    waiting: int
    withdrawn: int


@dataclass(frozen=True, slots=True)
class Day:
    """``answered``: whose first answer came on it; ``withdrawn``: who took an answer back on it."""

    day: date
    answered: int
    withdrawn: int


# Who is in several shifts of a call is one person.
# Confirmed as in COUNTED of storage/tallies.py: a young account of ours whose address nobody confirmed is not.
OF_CALLS = Query(
    """
    with people as (
        select c.post_id, p.account_id, min(p.tier) as tier,
            bool_or(p.counts and p.state = 'granted') as granted,
            bool_or(p.state = 'waiting') as waiting, bool_or(p.state = 'withdrawn') as withdrawn
        from calls c join participations p
            on p.post_id = c.post_id or p.post_id in (select post_id from calls where parent_id = c.post_id)
        where c.post_id = any($1::bigint[])
        group by c.post_id, p.account_id, coalesce(-p.account_id, p.id))
    select c.post_id, count(p.post_id) as answered,
        count(*) filter (where p.granted and k.confirmed) as confirmed,
        count(*) filter (where p.granted and not k.confirmed) as expressed,
        count(*) filter (where p.waiting and not p.granted) as waiting,
        count(*) filter (where p.withdrawn) as withdrawn
    from calls c
    left join people p on p.post_id = c.post_id
    left join accounts a on a.id = p.account_id
    left join users u on $3 and u.id = a.user_id and u.confirmed_at is not null
    cross join lateral (select case when a.id is null then true
        when a.host = '' then a.created_at <= $2 or u.id is not null
        else p.tier = 'confirmed' end as confirmed) k
    where c.post_id = any($1::bigint[])
    group by c.post_id
    """,
    Answers,
)
DAYS = Query(
    """
    select day, sum(answered)::bigint as answered, sum(withdrawn)::bigint as withdrawn from (
        select min((p.created_at at time zone c.timezone)::date) as day, 1 as answered, 0 as withdrawn
        from participations p join calls c using (post_id)
        where c.post_id = any($1::bigint[]) or c.parent_id = any($1::bigint[])
        group by coalesce(c.parent_id, c.post_id), p.account_id, coalesce(-p.account_id, p.id)
        union all
        select (p.answered_at at time zone c.timezone)::date, 0, 1
        from participations p join calls c using (post_id)
        where (c.post_id = any($1::bigint[]) or c.parent_id = any($1::bigint[]))
            and p.state = 'withdrawn'
    ) said group by day order by day
    """,
    Day,
)
# Who takes part now, by the day of their first answer, in whichever shift. As OF_CALLS, one person is one.
GROWN = Query(
    """
    select day, count(*) as answered, 0::bigint as withdrawn from (
        select min((p.created_at at time zone c.timezone)::date) as day
        from participations p join calls c using (post_id)
        where c.post_id = $1 or c.parent_id = $1
        group by p.account_id, coalesce(-p.account_id, p.id)
        having bool_or(p.counts and p.state = 'granted')
    ) person group by day order by day
    """,
    Day,
)
LATEST = Query(
    "select post_id from calls where community_id = $1 and parent_id is null"
    " order by post_id desc limit $2",
    int,
)


async def of_calls(
    conn: Connection, ids: Sequence[int], settled_before: datetime, *, by_mail: bool
) -> dict[int, Answers]:
    """By call; all of them in one statement. ``settled_before``, ``by_mail``: as ``tallies.counted``."""
    rows = await OF_CALLS.all(conn, list(ids), settled_before, by_mail)
    return {row.post_id: row for row in rows}


async def days(conn: Connection, ids: Sequence[int]) -> list[Day]:
    """Days on which somebody answered or took an answer back, each as it is in the call's own time zone."""
    return await DAYS.all(conn, list(ids))


async def grown(conn: Connection, post_id: int) -> list[Day]:
    """Since when those who take part in a call now are with it, by day."""
    return await GROWN.all(conn, post_id)


async def latest(conn: Connection, community_id: int, limit: int) -> list[int]:
    """The newest calls of a community, with no shifts: these are part of theirs."""
    return await LATEST.all(conn, community_id, limit)
