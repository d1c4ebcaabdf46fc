"""Work for later that is neither an arrival nor a delivery: kind, arguments, a lane and a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage import lanes
from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Job:
    id: int
    lane: str
    kind: str
    args: dict[str, Any]
    attempts: int
    last_error: str | None
    run_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Left:
    lane: str
    run_at: datetime


INSERT = Command(
    "insert into jobs (lane, kind, args, run_at, created_at) values ($1, $2, $3, $4, $5)"
    " on conflict (lane, kind, md5(args::text)) do update set run_at = least(jobs.run_at, excluded.run_at)"
)
READY = Query(
    """
    select j.* from unnest($1::text[]) as l (lane)
    cross join lateral (
        select * from jobs where lane = l.lane and run_at <= $2 order by run_at, id limit 1) j
    """,
    Job,
)
DONE = Command("delete from jobs where id = $1")
HASTEN = Query(
    "update jobs set run_at = least(run_at, $2) where id = $1 and attempts > 0 returning *", Job
)
FAILING = Query("select * from jobs where attempts > 0 and id < $1 order by id desc limit $2", Job)
AGAIN = Command("update jobs set run_at = $2, attempts = 0, last_error = null where id = $1")
RETRY = Command(
    "update jobs set attempts = attempts + 1, last_error = $2, run_at = $3 where id = $1"
)
LEFT = Query(
    "select lane, min(run_at) as run_at from jobs where lane = any($1::text[]) group by lane", Left
)


async def add(
    conn: Connection, lane: str, kind: str, args: Mapping[str, Any], run_at: datetime, now: datetime
) -> None:
    """The same work waiting twice is one job, at the earlier time. The caller touches its lane."""
    await INSERT.run(conn, lane, kind, dict(args), run_at, now)


async def ready(conn: Connection, names: Sequence[str], now: datetime) -> list[Job]:
    """The first job of each lane."""
    return await READY.all(conn, names, now)


async def done(conn: Connection, job_id: int) -> None:
    await DONE.run(conn, job_id)


async def again(conn: Connection, job_id: int, run_at: datetime) -> None:
    """It is to be done once more, at this time."""
    await AGAIN.run(conn, job_id, run_at)


async def hasten(conn: Connection, job_id: int, now: datetime) -> Job | None:
    """One that failed before is to be tried now. The caller touches its lane."""
    return await HASTEN.first(conn, job_id, now)


async def failing(conn: Connection, before: int, limit: int) -> list[Job]:
    """Those that failed and are tried again, newest first."""
    return await FAILING.all(conn, before, limit)


async def retry(conn: Connection, job_id: int, error: str, run_at: datetime) -> None:
    await RETRY.run(conn, job_id, error, run_at)


async def settle(conn: Connection, names: Sequence[str], now: datetime) -> None:
    await lanes.lock(conn, lanes.JOBS, names)
    left = {row.lane: row.run_at for row in await LEFT.all(conn, names)}
    await lanes.remove(conn, lanes.JOBS, [n for n in names if n not in left])
    for name in sorted(left):
        await lanes.release(conn, lanes.JOBS, name, max(now, left[name]))
