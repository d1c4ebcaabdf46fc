"""What the hosts of one domain, or one account, have used up of something within a window of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Used:
    rule: str
    key: str
    since: datetime
    used: int


# Only what fits is counted: so a row says that a budget is used up, and never by how much more was asked.
TAKE = Query(
    """
    insert into budgets (rule, key, since, used) select $1, $2, $3, $4::integer where $4 <= $5::integer
    on conflict (rule, key, since) do update set used = budgets.used + $4
        where budgets.used + $4 <= $5
    returning used
    """,
    int,
)
SINCE = Query("select * from budgets where since >= $1 order by since, rule, key limit 10000", Used)
FORGET = Command("delete from budgets where since < $1")


async def take(
    conn: Connection, rule: str, key: str, since: datetime, count: int, limit: int
) -> bool:
    """Count ``count`` more in the window that began at ``since``; False, and nothing, beyond ``limit``."""
    return await TAKE.first(conn, rule, key, since, count, limit) is not None


async def since(conn: Connection, at: datetime) -> list[Used]:
    """What was used in the windows that began then or later."""
    return await SINCE.all(conn, at)


async def forget(conn: Connection, before: datetime) -> int:
    """Drop windows that began before."""
    return await FORGET.run(conn, before)
