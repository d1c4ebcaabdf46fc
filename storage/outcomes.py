"""Which post by its community tells what came of a call: what it shows is shown with the call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Told:
    """``post_id``: of the reply below the call."""

    call_id: int
    post_id: int


PUT = Command(
    "insert into outcome_posts (call_id, post_id) values ($1, $2)"
    " on conflict (call_id) do update set post_id = excluded.post_id"
)
OF_CALLS = Query("select * from outcome_posts where call_id = any($1::bigint[])", Told)


async def put(conn: Connection, call_id: int, post_id: int) -> None:
    await PUT.run(conn, call_id, post_id)


async def of_calls(conn: Connection, ids: Sequence[int]) -> dict[int, int]:
    """By the call; without those of which nothing was told, or whose post is gone."""
    return {row.call_id: row.post_id for row in await OF_CALLS.all(conn, ids)}
