"""Who came to a call, as somebody wrote it down; and how many, when that is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Attendance:
    participation_id: int
    attended: bool
    recorded_by: int | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    attended: int
    absent: int


@dataclass(frozen=True, slots=True)
class Came:
    post_id: int
    attended: int


PUT = Command(
    """
    insert into attendances (participation_id, attended, recorded_by, recorded_at)
    select id, $3, $4, $5 from participations
    where id = $1 and post_id = $2 and counts and state in ('granted', 'waiting')
    on conflict (participation_id) do update set attended = excluded.attended,
        recorded_by = excluded.recorded_by, recorded_at = excluded.recorded_at
    """
)
COUNT = Command(
    """
    insert into call_attendance (post_id, attended, absent)
    select $1, count(*) filter (where a.attended), count(*) filter (where not a.attended)
    from attendances a join participations p on p.id = a.participation_id where p.post_id = $1
    on conflict (post_id) do update set attended = excluded.attended, absent = excluded.absent
    """
)
COUNTS = Query("select attended, absent from call_attendance where post_id = $1", Counts)
ATTENDED = Query(
    "select post_id, attended from call_attendance where post_id = any($1::bigint[])", Came
)
OF_CALL = Query(
    "select a.* from attendances a join participations p on p.id = a.participation_id"
    " where p.post_id = $1",
    Attendance,
)
OF_MANY = Query("select * from attendances where participation_id = any($1::bigint[])", Attendance)
RECORDERS = Query(
    "select account_id from call_recorders where post_id = $1 order by account_id", int
)
APPOINT = Command(
    "insert into call_recorders (post_id, account_id) values ($1, $2) on conflict do nothing"
)
DISMISS = Command("delete from call_recorders where post_id = $1 and account_id = $2")
RECORDS = Query(
    "select exists (select from call_recorders where post_id = $1 and account_id = $2)", bool
)
FORGET = Command(
    """
    delete from attendances where participation_id in (
        select a.participation_id from attendances a
        join participations p on p.id = a.participation_id join calls c on c.post_id = p.post_id
        where coalesce(c.ends_at, c.starts_at) < $1 limit $2)
    """
)


async def put(
    conn: Connection,
    post_id: int,
    participation_id: int,
    by_id: int,
    now: datetime,
    *,
    attended: bool,
) -> bool:
    """Write down whether somebody came. False where they take no part in this call."""
    if not await PUT.run(conn, participation_id, post_id, attended, by_id, now):
        return False
    await COUNT.run(conn, post_id)
    return True


async def counts(conn: Connection, post_id: int) -> Counts | None:
    """None where nobody wrote it down."""
    return await COUNTS.first(conn, post_id)


async def attended(conn: Connection, ids: Sequence[int]) -> dict[int, int]:
    """How many came, by call, where somebody wrote it down."""
    return {row.post_id: row.attended for row in await ATTENDED.all(conn, ids)}


async def of_call(conn: Connection, post_id: int) -> dict[int, Attendance]:
    """By participation, until it is forgotten."""
    return {row.participation_id: row for row in await OF_CALL.all(conn, post_id)}


async def of_many(conn: Connection, ids: Sequence[int]) -> dict[int, bool]:
    """Whether somebody came, by participation, where it is written down."""
    return {row.participation_id: row.attended for row in await OF_MANY.all(conn, ids)}


async def recorders(conn: Connection, post_id: int) -> list[int]:
    """Who was asked to write down who came."""
    return await RECORDERS.all(conn, post_id)


async def appoint(conn: Connection, post_id: int, account_id: int) -> None:
    await APPOINT.run(conn, post_id, account_id)


async def dismiss(conn: Connection, post_id: int, account_id: int) -> None:
    await DISMISS.run(conn, post_id, account_id)


async def records(conn: Connection, post_id: int, account_id: int) -> bool:
    return await RECORDS.one(conn, post_id, account_id)


async def forget(conn: Connection, before: datetime, limit: int) -> int:
    """Who came to what ended before; the counts stay."""
    return await FORGET.run(conn, before, limit)
