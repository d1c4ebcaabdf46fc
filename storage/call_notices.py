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
MESSAGES = Query(
    "select * from call_notices where post_id = $1 and what = 'message' order by id desc limit $2",
    Notice,
)
# Who is in several shifts of one call is one person, who stands where they answered first.
TAKING_PART = Query(
    """
    with places as (
        select p.* from participations p
        where p.counts and (p.state = 'granted' or ($3 and p.state = 'waiting'))
            and (p.post_id = $1 or ($5 and p.post_id in (
                select post_id from calls where parent_id = $1 and ($6 or state <> 'cancelled')))))
    select * from places p where id > $2
        and not exists (select from places o where o.account_id = p.account_id and o.id < p.id)
    order by id limit $4
    """,
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


async def messages(conn: Connection, post_id: int, limit: int) -> list[Notice]:
    """What those who take part were written, the newest first."""
    return await MESSAGES.all(conn, post_id, limit)


async def taking_part(
    conn: Connection, post_id: int, after: int, limit: int, *, waiting: bool, below: bool, off: bool
) -> list[Participation]:
    """Who has a place, and who waits for one if asked, in order of receipt; each person once.

    ``below``: in its shifts as well; ``off``: even in those that are called off.
    """
    return await TAKING_PART.all(conn, post_id, after, waiting, limit, below, off)


async def reminders_off(conn: Connection, account_id: int) -> bool:
    return await IS_OFF.one(conn, account_id)


async def turn_reminders(conn: Connection, account_id: int, *, on: bool) -> None:
    await (TURN_ON if on else TURN_OFF).run(conn, account_id)
