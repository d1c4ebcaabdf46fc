"""What a call rests on: addresses of pages, each with a title, in the order in which they were given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Source:
    url: str
    title: str


@dataclass(frozen=True, slots=True)
class _Row:
    post_id: int
    url: str
    title: str


OF_CALLS = Query(
    "select post_id, url, title from call_sources where post_id = any($1::bigint[])"
    " order by post_id, position",
    _Row,
)
DROP = Command("delete from call_sources where post_id = $1")
ADD = Command("insert into call_sources (post_id, position, url, title) values ($1, $2, $3, $4)")


async def of_calls(conn: Connection, ids: Sequence[int]) -> Mapping[int, Sequence[Source]]:
    """By call; one that has none is not in it."""
    found: dict[int, list[Source]] = defaultdict(list)
    for row in await OF_CALLS.all(conn, ids):
        found[row.post_id].append(Source(row.url, row.title))
    return dict(found)


async def of_call(conn: Connection, post_id: int) -> Sequence[Source]:
    return (await of_calls(conn, [post_id])).get(post_id, ())


async def put(conn: Connection, post_id: int, sources: Sequence[Source]) -> None:
    """Instead of those that it had."""
    await DROP.run(conn, post_id)
    await ADD.many(conn, [(post_id, at, s.url, s.title) for at, s in enumerate(sources)])
