"""What goes with a follow of a community of ours: answers, the line for a place, the norms, the link.

A row is made when there is something to keep. It is gone with its follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Join:
    """``line``: None for who does not wait for a place; the lowest of a community is next."""

    follow_id: int
    community_id: int
    answers: list[str]
    link_id: int | None
    norms_at: datetime | None
    line: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    account_id: int
    answers: list[str]


KEEP = Command(
    """
    insert into community_joins (follow_id, community_id, answers, link_id, norms_at, created_at)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (follow_id) do update set
        answers = case when excluded.answers = '{}' then community_joins.answers
            else excluded.answers end,
        link_id = coalesce(excluded.link_id, community_joins.link_id),
        norms_at = coalesce(excluded.norms_at, community_joins.norms_at)
    """
)
BY_FOLLOW = Query("select * from community_joins where follow_id = $1", Join)
QUEUE = Command(
    """
    insert into community_joins (follow_id, community_id, line, created_at)
    values ($1, $2, nextval('community_line'), $3)
    on conflict (follow_id) do update set line = excluded.line where community_joins.line is null
    """
)
NEXT = Query(
    "select follow_id from community_joins where community_id = $1 and line is not null"
    " order by line limit 1",
    int,
)
PLACE = Query(
    "select count(*) from community_joins j join community_joins o"
    " on o.community_id = j.community_id and o.line <= j.line where j.follow_id = $1",
    int,
)
LINES_OF = Query(
    """
    select f.target_id from follows f
    where f.follower_id = $1 and f.accepted_at is not null and exists (
        select from community_joins j where j.community_id = f.target_id and j.line is not null)
    """,
    int,
)
IN_LINE = Query(
    "select f.follower_id from community_joins j join follows f on f.id = j.follow_id"
    " where j.community_id = $1 and j.line is not null",
    int,
)
LENGTH = Query(
    "select count(*) from community_joins where community_id = $1 and line is not null", int
)
# What was asked is decided: only the word on the norms stays.
DECIDED = Query(
    """
    with old as (select follow_id, link_id from community_joins where follow_id = $1 for update)
    update community_joins j set answers = '{}', link_id = null, line = null
    from old where j.follow_id = old.follow_id returning old.link_id
    """,
    int,
)
ANSWERS = Query(
    "select f.follower_id as account_id, j.answers from community_joins j"
    " join follows f on f.id = j.follow_id and f.accepted_at is null"
    " where j.community_id = $1 and f.follower_id = any($2::bigint[])",
    Answered,
)
FORGET = Command(
    "update community_joins set answers = '{}' where created_at < $1 and answers <> '{}'"
)


async def keep(
    conn: Connection,
    follow_id: int,
    community_id: int,
    answers: Sequence[str],
    link_id: int | None,
    norms_at: datetime | None,
    now: datetime,
) -> None:
    """What is not given now stays as it was."""
    await KEEP.run(conn, follow_id, community_id, list(answers), link_id, norms_at, now)


async def by_follow(conn: Connection, follow_id: int) -> Join | None:
    return await BY_FOLLOW.first(conn, follow_id)


async def queue(conn: Connection, follow_id: int, community_id: int, now: datetime) -> bool:
    """Put at the end of the line. False where it stands there already."""
    return await QUEUE.run(conn, follow_id, community_id, now) == 1


async def next_in_line(conn: Connection, community_id: int) -> int | None:
    """The follow that gets the next free place."""
    return await NEXT.first(conn, community_id)


async def place(conn: Connection, follow_id: int) -> int | None:
    """1 for who is next; None for who does not stand in line."""
    return await PLACE.one(conn, follow_id) or None


async def length(conn: Connection, community_id: int) -> int:
    return await LENGTH.one(conn, community_id)


async def lines_of(conn: Connection, account_id: int) -> list[int]:
    """Communities in which somebody has a place for which others wait."""
    return await LINES_OF.all(conn, account_id)


async def in_line(conn: Connection, community_id: int) -> set[int]:
    """Who waits for a place."""
    return set(await IN_LINE.all(conn, community_id))


async def decided(conn: Connection, follow_id: int) -> int | None:
    """Forget what was asked and answered. Gives the link by which they came."""
    return await DECIDED.first(conn, follow_id)


async def answers(
    conn: Connection, community_id: int, account_ids: Sequence[int]
) -> dict[int, list[str]]:
    """Of those who wait for a decision."""
    rows = await ANSWERS.all(conn, community_id, account_ids)
    return {row.account_id: row.answers for row in rows}


async def forget(conn: Connection, before: datetime) -> None:
    """Answers of whom nobody decided about."""
    await FORGET.run(conn, before)
