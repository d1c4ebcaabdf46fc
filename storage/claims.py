"""What organisers say was counted outside: on paper, in the street. Shown apart, and added to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Claim:
    """``evidence``: the address of what shows it. ``account_id``: who says so, by name."""

    id: int
    post_id: int
    account_id: int
    people: int
    what: str
    evidence: str
    created_at: datetime


INSERT = Query(
    "insert into call_claims (post_id, account_id, people, what, evidence, created_at)"
    " values ($1, $2, $3, $4, $5, $6) returning *",
    Claim,
)
OF_CALLS = Query(
    "select * from call_claims where post_id = any($1::bigint[]) order by post_id, id", Claim
)
REMOVE = Command("delete from call_claims where post_id = $1 and id = $2")


async def insert(
    conn: Connection,
    post_id: int,
    account_id: int,
    people: int,
    what: str,
    evidence: str,
    now: datetime,
) -> Claim:
    return await INSERT.one(conn, post_id, account_id, people, what, evidence, now)


async def of_call(conn: Connection, post_id: int) -> list[Claim]:
    return await OF_CALLS.all(conn, [post_id])


async def of_calls(conn: Connection, ids: Sequence[int]) -> list[Claim]:
    return await OF_CALLS.all(conn, ids)


async def remove(conn: Connection, post_id: int, claim_id: int) -> bool:
    return await REMOVE.run(conn, post_id, claim_id) == 1
