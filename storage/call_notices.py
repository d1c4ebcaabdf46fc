"""What those who take part in a call are told, and who wants no reminders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query
from storage.participations import Participation


@dataclass(frozen=True, slots=True)
class Notice:
    """``text``: of a message, as its writer typed it."""

    id: int
    post_id: int
    what: str
    by_account_id: int | None
    text: str
    created_at: datetime


INSERT = Query(
    "insert into call_notices (post_id, what, by_account_id, text, created_at)"
    " values ($1, $2, $3, $4, $5) returning *",
    Notice,
)
BY_ID = Query("select * from call_notices where id = $1", Notice)
SINCE = Query(
    "select count(*) from call_notices where post_id = $1 and what = $2 and created_at > $3", int
)
TAKING_PART = Query(
    "select * from participations where post_id = $1 and counts and id > $2"
    " and (state = 'granted' or ($3 and state = 'waiting')) order by id limit $4",
    Participation,
)
IS_OFF = Query("select exists (select from reminders_off where account_id = $1)", bool)
TURN_OFF = Command("insert into reminders_off (account_id) values ($1) on conflict do nothing")
TURN_ON = Command("delete from reminders_off where account_id = $1")


async def insert(
    conn: Connection, post_id: int, what: str, by_id: int | None, text: str, now: datetime
) -> Notice:
    return await INSERT.one(conn, post_id, what, by_id, text, now)


async def by_id(conn: Connection, notice_id: int) -> Notice | None:
    return await BY_ID.first(conn, notice_id)


async def count_since(conn: Connection, post_id: int, what: str, since: datetime) -> int:
    return await SINCE.one(conn, post_id, what, since)


async def taking_part(
    conn: Connection, post_id: int, after: int, limit: int, *, waiting: bool
) -> list[Participation]:
    """Who has a place, and who waits for one if asked, in order of receipt."""
    return await TAKING_PART.all(conn, post_id, after, waiting, limit)


async def reminders_off(conn: Connection, account_id: int) -> bool:
    return await IS_OFF.one(conn, account_id)


async def turn_reminders(conn: Connection, account_id: int, *, on: bool) -> None:
    await (TURN_ON if on else TURN_OFF).run(conn, account_id)
