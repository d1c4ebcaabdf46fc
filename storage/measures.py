"""How much happened here, day by day (UTC), for those who run the instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storage.db import Connection, Query


@dataclass(frozen=True, slots=True)
class Count:
    day: datetime
    count: int


# $1 the first day, $2 the end of the last.
NEW_USERS = Query(
    "select date_trunc('day', created_at, 'UTC') as day, count(*) as count from users"
    " where created_at >= $1 and created_at < $2 group by 1",
    Count,
)
ACTIVE_USERS = Query(
    "select date_trunc('day', created_at, 'UTC') as day, count(distinct account_id) as count"
    " from posts where local and created_at >= $1 and created_at < $2 group by 1",
    Count,
)
INTERACTIONS = Query(
    """
    select date_trunc('day', at, 'UTC') as day, count(*) as count from (
        select f.created_at as at, f.post_id from favourites f
        where f.created_at >= $1 and f.created_at < $2
        union all
        select r.created_at, coalesce(r.reblog_of_id, r.in_reply_to_id) from posts r
        where r.created_at >= $1 and r.created_at < $2) i
    join posts p on p.id = i.post_id and p.local group by 1
    """,
    Count,
)
OPENED_REPORTS = Query(
    "select date_trunc('day', created_at, 'UTC') as day, count(*) as count from reports"
    " where created_at >= $1 and created_at < $2 group by 1",
    Count,
)
RESOLVED_REPORTS = Query(
    "select date_trunc('day', resolved_at, 'UTC') as day, count(*) as count from reports"
    " where resolved_at >= $1 and resolved_at < $2 group by 1",
    Count,
)
MEASURES: Mapping[str, Query[Count]] = {
    "active_users": ACTIVE_USERS,
    "new_users": NEW_USERS,
    "interactions": INTERACTIONS,
    "opened_reports": OPENED_REPORTS,
    "resolved_reports": RESOLVED_REPORTS,
}
"""Active is who posted; an interaction is a like, boost or answer of a post of ours."""


async def counts(
    conn: Connection, key: str, since: datetime, until: datetime
) -> dict[datetime, int]:
    """By the beginning of the day; ``key`` is one of ``MEASURES``. A day without any is left out."""
    return {row.day: row.count for row in await MEASURES[key].all(conn, since, until)}
