"""Files that members brought along, and their lines. A line is worked off by itself and tells what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Import:
    """``state``: checked (nothing is done yet), running, or over: done, cancelled, stopped (by a fault of ours)."""

    id: int
    account_id: int
    kind: str
    overwrites: bool
    state: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """``number``: in the file; None for what no line has and which goes. ``reason``: a sentence, where it failed."""

    id: int
    import_id: int
    number: int | None
    subject: str
    options: dict[str, Any]
    state: str
    reason: str
    tries: int
    due_at: datetime

    @property
    def removes(self) -> bool:
        return self.number is None


@dataclass(frozen=True, slots=True)
class Counts:
    waiting: int
    done: int
    failed: int
    removing: int

    @property
    def all(self) -> int:
        return self.waiting + self.done + self.failed


INSERT = Query(
    "insert into imports (account_id, kind, overwrites, state, created_at)"
    " values ($1, $2, $3, 'checked', $4) returning *",
    Import,
)
INSERT_LINES = Command(
    """
    insert into import_lines (import_id, number, subject, options, state, reason, due_at)
    select $1, l.number, l.subject, l.options, case l.reason when '' then 'waiting' else 'failed' end, l.reason, $3
    from jsonb_to_recordset($2) as l (number integer, subject text, options jsonb, reason text)
    order by l.number
    """
)
BY_ID = Query("select * from imports where id = $1", Import)
OF = Query("select * from imports where account_id = $1 order by id desc limit $2", Import)
OPEN = Query("select * from imports where account_id = $1 and ended_at is null", Import)
HOLD = Query("select * from imports where id = $1 for update", Import)
SET_STATE = Command(
    "update imports set state = $2, ended_at = $3 where id = $1 and ended_at is null"
)
DELETE = Command("delete from imports where id = $1")
COUNTS = Query(
    """
    select count(*) filter (where state = 'waiting') as waiting, count(*) filter (where state = 'done') as done,
        count(*) filter (where state = 'failed') as failed, count(*) filter (where number is null) as removing
    from import_lines where import_id = $1
    """,
    Counts,
)
NEXT = Query(
    "select * from import_lines where import_id = $1 and state = 'waiting' and due_at <= $2"
    " order by id limit 1",
    Line,
)
NEXT_DUE = Query(
    "select min(due_at) from import_lines where import_id = $1 and state = 'waiting' having count(*) > 0",
    datetime,
)
HOLD_LINE = Query("select * from import_lines where id = $1 and state = 'waiting' for update", Line)
FINISH = Command("update import_lines set state = 'done' where id = $1 and state = 'waiting'")
FAIL = Command(
    "update import_lines set state = 'failed', reason = $2 where id = $1 and state = 'waiting'"
)
FAIL_ALL = Command(
    "update import_lines set state = 'failed', reason = $2 where import_id = $1 and state = 'waiting'"
)
POSTPONE = Command("update import_lines set due_at = $2, tries = tries + $3 where id = $1")
SUBJECTS = Query(
    "select * from import_lines where import_id = $1 and number is not null and state = 'waiting' order by id",
    Line,
)
FAILED = Query(
    "select * from import_lines where import_id = $1 and state = 'failed' order by number nulls last, id limit $2",
    Line,
)
FORGET = Command(
    "delete from imports where id in (select id from imports where created_at < $1 order by created_at limit $2)"
)


async def insert(
    conn: Connection, account_id: int, kind: str, now: datetime, *, overwrites: bool
) -> Import:
    """Raises ``UniqueViolation`` while another of the account is open."""
    return await INSERT.one(conn, account_id, kind, overwrites, now)


async def add_lines(
    conn: Connection, import_id: int, lines: Sequence[dict[str, object]], now: datetime
) -> None:
    """Each with ``number``, ``subject``, ``options`` and ``reason``: one with a reason has failed already."""
    await INSERT_LINES.run(conn, import_id, lines, now)


async def by_id(conn: Connection, import_id: int) -> Import | None:
    return await BY_ID.first(conn, import_id)


async def of(conn: Connection, account_id: int, limit: int) -> list[Import]:
    """The newest first."""
    return await OF.all(conn, account_id, limit)


async def open_of(conn: Connection, account_id: int) -> Import | None:
    """The one that is not over."""
    return await OPEN.first(conn, account_id)


async def hold(conn: Connection, import_id: int) -> Import | None:
    return await HOLD.first(conn, import_id)


async def set_state(conn: Connection, import_id: int, state: str, ended: datetime | None) -> None:
    """Of one that is not over."""
    await SET_STATE.run(conn, import_id, state, ended)


async def delete(conn: Connection, import_id: int) -> None:
    await DELETE.run(conn, import_id)


async def counts(conn: Connection, import_id: int) -> Counts:
    return await COUNTS.one(conn, import_id)


async def next_line(conn: Connection, import_id: int, now: datetime) -> Line | None:
    return await NEXT.first(conn, import_id, now)


async def next_due(conn: Connection, import_id: int) -> datetime | None:
    """When a line is to be tried; None where none waits."""
    return await NEXT_DUE.first(conn, import_id)


async def hold_line(conn: Connection, line_id: int) -> Line | None:
    """None where it does not wait any more."""
    return await HOLD_LINE.first(conn, line_id)


async def finish(conn: Connection, line_id: int) -> None:
    await FINISH.run(conn, line_id)


async def fail(conn: Connection, line_id: int, reason: str) -> None:
    await FAIL.run(conn, line_id, reason)


async def fail_all(conn: Connection, import_id: int, reason: str) -> None:
    """Whatever waits."""
    await FAIL_ALL.run(conn, import_id, reason)


async def postpone(conn: Connection, line_id: int, due_at: datetime, *, counts: bool) -> None:
    await POSTPONE.run(conn, line_id, due_at, int(counts))


async def wanted(conn: Connection, import_id: int) -> list[Line]:
    """The lines of the file that wait."""
    return await SUBJECTS.all(conn, import_id)


async def failed(conn: Connection, import_id: int, limit: int) -> list[Line]:
    return await FAILED.all(conn, import_id, limit)


async def forget(conn: Connection, before: datetime, limit: int) -> int:
    return await FORGET.run(conn, before, limit)
