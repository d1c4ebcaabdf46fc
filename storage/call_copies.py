"""Calls that were started from another one, by the id of the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Standing:
    """``origin_id``: the call from which one was started, where that is known here; ``places``: its public copies."""

    post_id: int
    origin_id: int | None
    places: int


PUT = Command(
    "insert into call_copies (post_id, origin_uri) values ($1, $2) on conflict do nothing"
)
LEAD_ON = Command("update call_copies set origin_uri = $2 where origin_uri = $1")
ORIGIN = Query("select origin_uri from call_copies where post_id = $1", str)
COPY_TARGETS = Command(
    """
    insert into call_targets (post_id, name, role, address, area, language, changed_at)
    select $2, name, role, address, area, language, now() from call_targets
    where post_id = $1 and address <> '' order by id
    """
)
# Of the same kind as the first, as kinds are never mixed; of hosts and accounts that are let in here.
OF = Query(
    """
    select c.post_id
    from call_copies c join calls k on k.post_id = c.post_id join posts p on p.id = c.post_id
        join accounts a on a.id = p.account_id join accounts g on g.id = k.community_id
        join posts o on o.uri = c.origin_uri join calls f on f.post_id = o.id
    where o.id = $1 and not c.taken_off and p.visibility in ('public', 'members')
        and p.removed is null
        and f.kind = k.kind and a.suspended_at is null and g.suspended_at is null
    order by c.post_id limit $2
    """,
    int,
)
STANDING = Query(
    """
    select o.id as post_id, f.id as origin_id, (
        select count(*) from call_copies c join calls k on k.post_id = c.post_id
            join posts p on p.id = c.post_id join accounts a on a.id = p.account_id
            join accounts g on g.id = k.community_id
        where c.origin_uri = o.uri and not c.taken_off and p.visibility = 'public'
            and p.removed is null and k.kind = w.kind
            and a.suspended_at is null and g.suspended_at is null
    ) as places
    from posts o join calls w on w.post_id = o.id left join call_copies b on b.post_id = o.id
        left join posts f on f.uri = b.origin_uri
    where o.id = any($1::bigint[])
    """,
    Standing,
)
TAKE_OFF = Command(
    "update call_copies set taken_off = true where post_id = $1 and origin_uri = $2 and not taken_off"
)


async def put(conn: Connection, post_id: int, origin_uri: str) -> None:
    """``origin_uri``: the id of the first call."""
    await PUT.run(conn, post_id, origin_uri)


async def lead_on(conn: Connection, uri: str, origin_uri: str) -> None:
    """What was started from the first belongs to the second, from which the first was started itself."""
    await LEAD_ON.run(conn, uri, origin_uri)


async def origin(conn: Connection, post_id: int) -> str | None:
    """The id of the call from which this one was started."""
    return await ORIGIN.first(conn, post_id)


async def copy_targets(conn: Connection, post_id: int, to: int) -> None:
    """To whom one writes, as they were written down; where each stands is each call's own."""
    await COPY_TARGETS.run(conn, post_id, to)


async def of(conn: Connection, post_id: int, limit: int) -> list[int]:
    """The copies of a call that its list may show, the first first: to each reader those that they may see."""
    return await OF.all(conn, post_id, limit)


async def standing(conn: Connection, ids: Sequence[int]) -> dict[int, Standing]:
    """Of each of these calls from which it was started, and in how many places it was."""
    return {row.post_id: row for row in await STANDING.all(conn, ids)}


async def take_off(conn: Connection, post_id: int, origin_uri: str) -> bool:
    return await TAKE_OFF.run(conn, post_id, origin_uri) == 1
