"""Calls that were started from another one, by the id of the first."""

from __future__ import annotations

from storage.db import Command, Connection, Query

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
    where o.id = $1 and not c.taken_off and p.visibility = 'public' and p.removed is null
        and f.kind = k.kind and a.suspended_at is null and g.suspended_at is null
    order by c.post_id limit $2
    """,
    int,
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
    """The public copies of a call that its list shows, the first first."""
    return await OF.all(conn, post_id, limit)


async def take_off(conn: Connection, post_id: int, origin_uri: str) -> bool:
    return await TAKE_OFF.run(conn, post_id, origin_uri) == 1
