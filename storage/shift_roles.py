"""Who is wanted in a shift, so many of each; and what only those are told who take part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Role:
    """``skill``: what one needs to be able to do; empty: nothing."""

    post_id: int
    name: str
    position: int
    places: int
    skill: str


@dataclass(frozen=True, slots=True)
class Note:
    post_id: int
    note: str


OF_SHIFTS = Query(
    "select * from shift_roles where post_id = any($1::bigint[]) order by post_id, position, name",
    Role,
)
PUT = Command(
    "insert into shift_roles (post_id, name, position, places, skill) values ($1, $2, $3, $4, $5)"
    " on conflict (post_id, name) do update set position = excluded.position,"
    " places = excluded.places, skill = excluded.skill"
)
DROP_OTHERS = Command(
    "delete from shift_roles r where post_id = $1 and name <> all($2::text[]) and not exists ("
    "select from participations p where p.post_id = r.post_id and p.role = r.name)"
)
NOTES = Query("select post_id, note from call_private where post_id = any($1::bigint[])", Note)
SET_NOTE = Command(
    "insert into call_private (post_id, note) values ($1, $2)"
    " on conflict (post_id) do update set note = excluded.note"
)
DROP_NOTE = Command("delete from call_private where post_id = $1")


async def of_shifts(conn: Connection, ids: Sequence[int]) -> list[Role]:
    """In the order in which they were given, of each shift."""
    return await OF_SHIFTS.all(conn, ids)


async def put(conn: Connection, post_id: int, roles: Sequence[Role]) -> None:
    """Instead of those that it had, but for those that somebody has."""
    await DROP_OTHERS.run(conn, post_id, [role.name for role in roles])
    rows = [(post_id, r.name, r.position, r.places, r.skill) for r in roles]
    await PUT.many(conn, rows)


async def notes(conn: Connection, ids: Sequence[int]) -> dict[int, str]:
    """What those are told who take part in each of these calls, where that is something."""
    return {row.post_id: row.note for row in await NOTES.all(conn, ids)}


async def set_note(conn: Connection, post_id: int, text: str) -> None:
    if text:
        await SET_NOTE.run(conn, post_id, text)
    else:
        await DROP_NOTE.run(conn, post_id)
