"""What those who took part in a call said when it was over, without who said it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Feedback:
    """``again``: whether they would come again: yes, maybe, no, or unsaid."""

    good: str
    better: str
    again: str | None
    said_on: date


REMEMBER = Command(
    "insert into call_feedback_given (post_id, fingerprint, said_on) values ($1, $2, $3) on conflict do nothing"
)
HAS_GIVEN = Query(
    "select exists (select from call_feedback_given where post_id = $1 and fingerprint = $2)", bool
)
INSERT = Command(
    "insert into call_feedback (post_id, good, better, again, said_on) values ($1, $2, $3, $4, $5)"
)
COUNT = Query("select count(*) from call_feedback where post_id = $1 and said_on < $2", int)
OF_CALL = Query(
    "select good, better, again, said_on from call_feedback where post_id = $1 and said_on < $2"
    " order by id limit $3",
    Feedback,
)
FORGET = Command(
    """
    delete from call_feedback where id in
        (select id from call_feedback where said_on < ($1::timestamptz at time zone 'UTC')::date limit $2)
    """
)
FORGET_GIVEN = Command(
    """
    delete from call_feedback_given where (post_id, fingerprint) in
        (select post_id, fingerprint from call_feedback_given
        where said_on < ($1::timestamptz at time zone 'UTC')::date limit $2)
    """
)


async def remember(conn: Connection, post_id: int, fingerprint: bytes, day: date) -> bool:
    """That somebody says something. False where they did so before."""
    return await REMEMBER.run(conn, post_id, fingerprint, day) == 1


async def has_given(conn: Connection, post_id: int, fingerprint: bytes) -> bool:
    return await HAS_GIVEN.one(conn, post_id, fingerprint)


async def insert(conn: Connection, post_id: int, said: Feedback) -> None:
    await INSERT.run(conn, post_id, said.good, said.better, said.again, said.said_on)


async def count(conn: Connection, post_id: int, before: date) -> int:
    """What was said on earlier days."""
    return await COUNT.one(conn, post_id, before)


async def of_call(conn: Connection, post_id: int, before: date, limit: int) -> list[Feedback]:
    """What was said on earlier days, in no order that says anything."""
    return await OF_CALL.all(conn, post_id, before, limit)


async def forget(conn: Connection, before: datetime, limit: int) -> int:
    """What was said before, and that it was."""
    gone = await FORGET.run(conn, before, limit)
    return max(gone, await FORGET_GIVEN.run(conn, before, limit))
