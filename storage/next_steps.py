"""What whoever has answered a call may do next: another call, or a page elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Next:
    """Either ``call_id``, or ``url`` of a page; neither: there is no next step."""

    call_id: int | None
    url: str | None


@dataclass(frozen=True, slots=True)
class _Row:
    post_id: int
    call_id: int | None
    url: str | None


OF_CALLS = Query(
    "select post_id, next_id as call_id, url from call_next where post_id = any($1::bigint[])", _Row
)
DROP = Command("delete from call_next where post_id = $1")
ADD = Command("insert into call_next (post_id, next_id, url) values ($1, $2, $3)")


async def of_calls(conn: Connection, ids: Sequence[int]) -> Mapping[int, Next]:
    """By call; one that has none is not in it."""
    return {row.post_id: Next(row.call_id, row.url) for row in await OF_CALLS.all(conn, ids)}


async def put(conn: Connection, post_id: int, step: Next) -> None:
    """Instead of the one that it had."""
    await DROP.run(conn, post_id)
    if step.call_id is not None or step.url:
        await ADD.run(conn, post_id, step.call_id, step.url)
