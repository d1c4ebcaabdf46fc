"""Votes that a group of another server told of, without a proof: one per post and voter."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from storage.db import Command, Connection, Query

MOST = 10_000
"""Voters of one post; who comes later is not counted."""

SET = Command(
    "insert into group_votes (post_id, voter, value, created_at) select $1, $2, $3, $4"
    " where exists (select from group_votes where post_id = $1 and voter = $2)"
    " or (select count(*) from group_votes where post_id = $1) < $5"
    " on conflict (post_id, voter) do update set value = excluded.value"
)
DROP = Command("delete from group_votes where post_id = $1 and voter = $2")
# Who has voted here, or with a proof, is counted there.
SCORE = Query(
    """
    select coalesce(sum(value), 0)::int from group_votes v where v.post_id = $1 and not exists (
        select from (
            select account_id from favourites where post_id = $1
            union all select account_id from dislikes where post_id = $1) proven
        join accounts a on a.id = proven.account_id
        where sha256(convert_to(a.uri, 'UTF8')) = v.voter)
    """,
    int,
)


async def set_vote(
    conn: Connection, post_id: int, voter: str, value: int | None, now: datetime
) -> bool:
    """``voter``: the id of an actor; ``value``: 1, -1, or None to take it back. False for one too many."""
    digest = sha256(voter.encode()).digest()
    if value is None:
        await DROP.run(conn, post_id, digest)
        return True
    return await SET.run(conn, post_id, digest, value, now, MOST) == 1


async def score(conn: Connection, post_id: int) -> int:
    """What they come to, without who is counted by a vote of their own."""
    return await SCORE.one(conn, post_id)
