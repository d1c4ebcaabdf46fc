"""What those who run an instance look at: what waits for them, and what the files come to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.db import Connection, Query

IDLE = timedelta(days=1)
"""As in server/domain/posting/media.py: so long a file may wait for its post."""


@dataclass(frozen=True, slots=True)
class Waits:
    """``sign_ups``: those whose address is confirmed; ``hosts``: with deliveries that failed; ``jobs``: tried in vain."""

    reports: int
    sign_ups: int
    hosts: int
    jobs: int
    refused: int


@dataclass(frozen=True, slots=True)
class Files:
    """``own``: uploaded here; ``idle``: of those, shown by nothing; ``cached``: of other servers; ``expired``: of those,
    kept for their time."""

    own: int
    idle: int
    cached: int
    expired: int
    database_bytes: int


WAITS = Query(
    """
    select (select count(*) from reports where resolved_at is null) as reports,
        (select count(*) from users where confirmed_at is not null and approved_at is null)
            as sign_ups,
        (select count(*) from hosts h where failing_since is not null
            and exists (select from deliveries d where d.host = h.host)) as hosts,
        (select count(*) from jobs where attempts > 0) as jobs,
        (select count(*) from inbox where state = 'refused' and done_at > $1) as refused
    """,
    Waits,
)
FILES = Query(
    """
    select (select count(*) from media where state = 'ready') as own,
        (select count(*) from media where post_id is null and scheduled_id is null
            and (account_id is null or (use = 'post' and touched_at < $2))) as idle,
        (select count(*) from remote_media where key is not null) as cached,
        (select count(*) from remote_media where expires_at < $1) as expired,
        pg_database_size(current_database()) as database_bytes
    """,
    Files,
)
SIGN_UPS = Query(
    """
    select a.id from users u join accounts a on a.user_id = u.id and a.kind = 'person'
    where u.approved_at is null and u.confirmed_at is not null and a.id < $1
    order by a.id desc limit $2
    """,
    int,
)


async def waits(conn: Connection, since: datetime) -> Waits:
    """``since``: from when on arrivals that were refused are counted."""
    return await WAITS.one(conn, since)


async def files(conn: Connection, now: datetime) -> Files:
    return await FILES.one(conn, now, now - IDLE)


async def sign_ups(conn: Connection, before: int, limit: int) -> list[int]:
    """Accounts that wait to be let in, newest first."""
    return await SIGN_UPS.all(conn, before, limit)
