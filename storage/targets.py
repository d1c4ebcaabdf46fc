"""To whom a contact call writes: what each said, what is written to them, and who wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class NewTarget:
    """``address``: a mailto: or an https: one."""

    name: str
    role: str
    address: str
    area: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Target:
    """``letters``: how many wrote. ``uri``: of another server's, whose ``address`` may be empty."""

    id: int
    post_id: int
    uri: str | None
    name: str
    role: str
    address: str
    area: str
    language: str | None
    status: str
    note: str
    changed_at: datetime
    letters: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What another server says of a target of its own."""

    uri: str
    new: NewTarget
    status: str
    note: str


@dataclass(frozen=True, slots=True)
class Change:
    target_id: int
    status: str
    note: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Script:
    status: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What one person reported of one target."""

    target_id: int
    status: str
    said: str
    written_at: datetime


COUNT = Query("select count(*) from call_targets where post_id = $1", int)
INSERT = Command(
    "insert into call_targets (post_id, name, role, address, area, language, changed_at)"
    " values ($1, $2, $3, $4, $5, $6, $7)"
)
OF_CALL = Query(
    """
    select t.*, (select count(*) from call_letters l where l.target_id = t.id and l.status <> 'unsent') as letters
    from call_targets t where t.post_id = $1 order by t.id
    """,
    Target,
)
BY_ID = Query(
    """
    select t.*, (select count(*) from call_letters l where l.target_id = t.id and l.status <> 'unsent') as letters
    from call_targets t where t.post_id = $1 and t.id = $2
    """,
    Target,
)
ANY_BY_ID = Query(
    """
    select t.*, (select count(*) from call_letters l where l.target_id = t.id and l.status <> 'unsent') as letters
    from call_targets t where t.id = $1
    """,
    Target,
)
DELETE = Command("delete from call_targets where post_id = $1 and id = $2")
DELETE_BUT = Command("delete from call_targets where post_id = $1 and uri <> all($2::text[])")
HEAR = Query(
    """
    insert into call_targets (post_id, uri, name, role, address, area, language, changed_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (post_id, uri) do update set name = excluded.name, role = excluded.role,
        address = excluded.address, area = excluded.area, language = excluded.language
    returning *, 0 as letters
    """,
    Target,
)
SET_STATUS = Command(
    "update call_targets set status = $2, note = $3, changed_at = $4 where id = $1"
)
ADD_CHANGE = Command(
    "insert into call_target_changes (target_id, status, note, changed_at) values ($1, $2, $3, $4)"
)
CHANGES = Query(
    """
    select c.target_id, c.status, c.note, c.changed_at
    from call_target_changes c join call_targets t on t.id = c.target_id
    where t.post_id = $1 order by c.id
    """,
    Change,
)
PUT_SCRIPT = Command(
    """
    insert into call_scripts (post_id, status, subject, body) values ($1, $2, $3, $4)
    on conflict (post_id, status) do update set subject = excluded.subject, body = excluded.body
    """
)
DELETE_SCRIPTS = Command("delete from call_scripts where post_id = $1")
SCRIPTS = Query(
    "select status, subject, body from call_scripts where post_id = $1 order by status", Script
)
SCRIPT = Query(
    "select status, subject, body from call_scripts where post_id = $1 and status = $2", Script
)
# A letter is written once; that there was an answer to it may come later. One that never went may be written again.
PUT_LETTER = Command(
    """
    insert into call_letters (participation_id, target_id, status, said, written_at)
    values ($1, $2, $3, $4, $5)
    on conflict (participation_id, target_id) do update set status = excluded.status, said = excluded.said,
        written_at = case call_letters.status when 'unsent' then excluded.written_at else call_letters.written_at end
    where call_letters.status = 'unsent' or (call_letters.status = 'did' and excluded.status = 'answered')
    """
)
REPORTS = Query(
    """
    select l.target_id, l.status, l.said, l.written_at
    from call_letters l join call_targets t on t.id = l.target_id
    where t.post_id = $1 and l.said <> ''
    order by (l.written_at at time zone 'UTC')::date, md5(l.said) limit $2
    """,
    Letter,
)
WRITTEN = Query(
    """
    select l.target_id from call_letters l join participations p on p.id = l.participation_id
    where p.post_id = $1 and p.account_id = $2 and l.status <> 'unsent'
    """,
    int,
)


async def count(conn: Connection, post_id: int) -> int:
    return await COUNT.one(conn, post_id)


async def insert(conn: Connection, post_id: int, new: NewTarget, now: datetime) -> None:
    await INSERT.run(conn, post_id, new.name, new.role, new.address, new.area, new.language, now)


async def of_call(conn: Connection, post_id: int) -> list[Target]:
    """In the order in which they were written down."""
    return await OF_CALL.all(conn, post_id)


async def by_id(conn: Connection, post_id: int, target_id: int) -> Target | None:
    """None where it is of another call."""
    return await BY_ID.first(conn, post_id, target_id)


async def any_by_id(conn: Connection, target_id: int) -> Target | None:
    """Of whatever call."""
    return await ANY_BY_ID.first(conn, target_id)


async def delete(conn: Connection, post_id: int, target_id: int) -> bool:
    return await DELETE.run(conn, post_id, target_id) == 1


async def set_status(
    conn: Connection, target_id: int, status: str, note: str, now: datetime
) -> None:
    """The new status, and a line in the log."""
    await SET_STATUS.run(conn, target_id, status, note, now)
    await ADD_CHANGE.run(conn, target_id, status, note, now)


async def hear(conn: Connection, post_id: int, heard: Sequence[Heard], now: datetime) -> bool:
    """Those whom another server names now, and no others. Whether one of them stands elsewhere than before."""
    await DELETE_BUT.run(conn, post_id, [each.uri for each in heard])
    moved = False
    for each in heard:
        new = each.new
        row = await HEAR.one(
            conn, post_id, each.uri, new.name, new.role, new.address, new.area, new.language, now
        )
        if (row.status, row.note) != (each.status, each.note):
            await set_status(conn, row.id, each.status, each.note, now)
            moved = True
    return moved


async def put_scripts(conn: Connection, post_id: int, said: Sequence[Script]) -> None:
    """These, and no others."""
    await DELETE_SCRIPTS.run(conn, post_id)
    for each in said:
        await put_script(conn, post_id, each)


async def scripts(conn: Connection, post_id: int) -> list[Script]:
    return await SCRIPTS.all(conn, post_id)


async def changes(conn: Connection, post_id: int) -> list[Change]:
    """Of all targets of a call, oldest first."""
    return await CHANGES.all(conn, post_id)


async def put_script(conn: Connection, post_id: int, script: Script) -> None:
    await PUT_SCRIPT.run(conn, post_id, script.status, script.subject, script.body)


async def script(conn: Connection, post_id: int, status: str) -> Script | None:
    return await SCRIPT.first(conn, post_id, status)


async def put_letter(conn: Connection, participation_id: int, letter: Letter) -> bool:
    """False for one that was reported before."""
    return await PUT_LETTER.run(
        conn, participation_id, letter.target_id, letter.status, letter.said, letter.written_at
    ) == 1  # fmt: skip


async def reports(conn: Connection, post_id: int, limit: int) -> list[Letter]:
    """What targets said, as those report who wrote to them; never who they are."""
    return await REPORTS.all(conn, post_id, limit)


async def written(conn: Connection, post_id: int, account_id: int) -> set[int]:
    """The targets to whom somebody wrote, or has a letter on its way."""
    return set(await WRITTEN.all(conn, post_id, account_id))
