"""Polls, their options, and who voted. A poll has the id of its post."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Poll:
    post_id: int
    multiple: bool
    ends_at: datetime | None
    closed_at: datetime | None
    voters_count: int | None

    def expired(self, now: datetime) -> bool:
        return self.closed_at is not None or (self.ends_at is not None and self.ends_at <= now)


@dataclass(frozen=True, slots=True)
class Option:
    post_id: int
    position: int
    title: str
    votes_count: int


@dataclass(frozen=True, slots=True)
class Choice:
    post_id: int
    position: int


INSERT = Command(
    "insert into polls (post_id, multiple, ends_at, closed_at, voters_count)"
    " values ($1, $2, $3, $4, $5)"
)
INSERT_OPTION = Command(
    "insert into poll_options (post_id, position, title, votes_count) values ($1, $2, $3, $4)"
)
BY_IDS = Query("select * from polls where post_id = any($1::bigint[])", Poll)
LOCK = Query("select * from polls where post_id = $1 for update", Poll)
OPTIONS = Query(
    "select * from poll_options where post_id = any($1::bigint[]) order by post_id, position",
    Option,
)
SET_COUNT = Command("update poll_options set votes_count = $3 where post_id = $1 and position = $2")
SET_VOTERS = Command("update polls set voters_count = $2 where post_id = $1")
SET_CLOSED = Command("update polls set closed_at = $2 where post_id = $1 and closed_at is null")
SET_END = Command("update polls set ends_at = $2, closed_at = $3 where post_id = $1")
VOTE = Query(
    "insert into poll_votes (uri, post_id, position, account_id, created_at)"
    " select v.uri, $1, v.position, $2, $3"
    " from unnest($4::text[], $5::int[]) as v (uri, position)"
    " on conflict do nothing returning position",
    int,
)
COUNT = Command(
    "update poll_options set votes_count = votes_count + 1"
    " where post_id = $1 and position = any($2::int[])"
)
COUNT_VOTER = Command("update polls set voters_count = voters_count + 1 where post_id = $1")
HAS_VOTED = Query(
    "select exists (select from poll_votes where post_id = $1 and account_id = $2)", bool
)
CHOICES = Query(
    "select post_id, position from poll_votes where account_id = $1"
    " and post_id = any($2::bigint[]) order by post_id, position",
    Choice,
)
VOTERS = Query("select distinct account_id from poll_votes where post_id = $1", int)


async def insert(conn: Connection, poll: Poll, options: Sequence[tuple[str, int]]) -> None:
    """``options``: titles with the votes they have so far."""
    await INSERT.run(
        conn, poll.post_id, poll.multiple, poll.ends_at, poll.closed_at, poll.voters_count
    )
    await INSERT_OPTION.many(
        conn, [(poll.post_id, at, title, n) for at, (title, n) in enumerate(options)]
    )


async def by_ids(conn: Connection, ids: Sequence[int]) -> dict[int, Poll]:
    return {row.post_id: row for row in await BY_IDS.all(conn, ids)}


async def by_id(conn: Connection, post_id: int) -> Poll | None:
    return (await by_ids(conn, [post_id])).get(post_id)


async def lock(conn: Connection, post_id: int) -> Poll | None:
    """The poll, held against other voters until the transaction ends."""
    return await LOCK.first(conn, post_id)


async def options(conn: Connection, ids: Sequence[int]) -> list[Option]:
    return await OPTIONS.all(conn, ids)


async def set_counts(
    conn: Connection, post_id: int, counts: Sequence[int], voters: int | None
) -> None:
    """What the origin reports (or what the call's participations add up to)."""
    await SET_COUNT.many(conn, [(post_id, at, n) for at, n in enumerate(counts)])
    await SET_VOTERS.run(conn, post_id, voters)


async def close(conn: Connection, post_id: int, now: datetime) -> bool:
    return await SET_CLOSED.run(conn, post_id, now) == 1


async def set_end(
    conn: Connection, post_id: int, ends_at: datetime | None, closed_at: datetime | None
) -> None:
    await SET_END.run(conn, post_id, ends_at, closed_at)


async def vote(
    conn: Connection,
    post_id: int,
    account_id: int,
    votes: Sequence[tuple[int, str | None]],
    now: datetime,
) -> None:
    """``votes``: positions, each with the id of its activity. The caller holds the lock.

    What was written before, or has the id of another vote, is not counted.
    """
    first = not await HAS_VOTED.one(conn, post_id, account_id)
    uris, positions = [uri for _, uri in votes], [at for at, _ in votes]
    counted = await VOTE.all(conn, post_id, account_id, now, uris, positions)
    await COUNT.run(conn, post_id, counted)
    if first and counted:
        await COUNT_VOTER.run(conn, post_id)


async def choices(conn: Connection, account_id: int, ids: Sequence[int]) -> list[Choice]:
    return await CHOICES.all(conn, account_id, ids)


async def voters(conn: Connection, post_id: int) -> list[int]:
    return await VOTERS.all(conn, post_id)
