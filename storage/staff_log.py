"""What those who run the instance decided, in the order in which they did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query
from storage.timelines import Page


@dataclass(frozen=True, slots=True)
class Entry:
    """``role``: of who did it, as it was then; ``operator``: by the command line. ``about``: a host, a network, a
    number: what it was done to, where that is no account."""

    id: int
    by_id: int | None
    role: str
    action: str
    account_id: int | None
    about: str
    reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """What is empty or None is not asked for."""

    by_id: int | None = None
    account_id: int | None = None
    role: str = ""


INSERT = Command(
    """
    insert into staff_log (by_id, role, action, account_id, about, reason, created_at)
    select (select id from accounts where user_id = $1 and kind = 'person' order by id limit 1),
        coalesce((select role from users where id = $1), 'operator'), $2, $3, $4, $5, $6
    """
)
FORGET = Command(
    "delete from staff_log where id in (select id from staff_log where created_at < $1 order by created_at limit $2)"
)
LISTED = Query(
    """
    select * from staff_log where id < $1 and id > $2
      and ($4::bigint is null or by_id = $4) and ($5::bigint is null or account_id = $5)
      and ($6 = '' or role = $6)
    order by id desc limit $3
    """,
    Entry,
)


async def insert(
    conn: Connection,
    user_id: int | None,
    action: str,
    account_id: int | None,
    about: str,
    reason: str,
    now: datetime,
) -> None:
    """``user_id``: who did it; None: the command line."""
    await INSERT.run(conn, user_id, action, account_id, about, reason, now)


async def listed(conn: Connection, page: Page, asked: Asked) -> list[Entry]:
    """Newest first."""
    return await LISTED.all(
        conn, *page.bounds, page.limit, asked.by_id, asked.account_id, asked.role
    )


async def forget(conn: Connection, before: datetime, limit: int) -> int:
    """How many, at most ``limit``."""
    return await FORGET.run(conn, before, limit)
