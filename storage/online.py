"""Where one takes part in a call from afar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Online:
    """``for_participants``: only who has a place is told."""

    url: str
    for_participants: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    post_id: int
    url: str
    for_participants: bool


OF_CALLS = Query(
    "select post_id, url, for_participants from call_online where post_id = any($1::bigint[])", _Row
)
SET = Command(
    "insert into call_online (post_id, url, for_participants) values ($1, $2, $3)"
    " on conflict (post_id) do update set url = excluded.url, for_participants = excluded.for_participants"
)
DROP = Command("delete from call_online where post_id = $1")


async def of_calls(conn: Connection, ids: Sequence[int]) -> Mapping[int, Online]:
    """By call; one that has none is not in it."""
    found = await OF_CALLS.all(conn, ids)
    return {row.post_id: Online(row.url, row.for_participants) for row in found}


async def put(conn: Connection, post_id: int, online: Online | None) -> None:
    if online:
        await SET.run(conn, post_id, online.url, online.for_participants)
    else:
        await DROP.run(conn, post_id)
