"""What a person is told. Ids are a plain sequence: clients read them as JSON numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query
from storage.timelines import Page


@dataclass(frozen=True, slots=True)
class Notification:
    id: int
    account_id: int
    type: str
    from_account_id: int
    post_id: int | None
    created_at: datetime


INSERT = Query(
    "insert into notifications (account_id, type, from_account_id, post_id, created_at)"
    " select unnest($1::bigint[]), $2, $3, $4, $5 on conflict do nothing returning *",
    Notification,
)
PAGE = Query(
    """
    select * from notifications
    where account_id = $1 and id < $2 and id > $3 and type = any($5::text[])
      and ($6::bigint is null or from_account_id = $6)
    order by id desc limit $4
    """,
    Notification,
)
PAGE_UP = Query(
    """
    select * from (select * from notifications
    where account_id = $1 and id < $2 and id > $3 and type = any($5::text[])
      and ($6::bigint is null or from_account_id = $6)
    order by id limit $4) n order by id desc
    """,
    Notification,
)
BY_ID = Query("select * from notifications where id = $1 and account_id = $2", Notification)
FIND = Query("select * from notifications where id = $1", Notification)
CLEAR = Command("delete from notifications where account_id = $1")
DISMISS = Command("delete from notifications where id = $1 and account_id = $2")
WITHDRAW = Command(
    "delete from notifications where account_id = $1 and type = $2 and from_account_id = $3"
    " and post_id is not distinct from $4"
)


async def tell(
    conn: Connection,
    account_ids: Sequence[int],
    type_: str,
    from_account_id: int,
    post_id: int | None,
    now: datetime,
) -> list[Notification]:
    """The rows that are new: a repeat tells nothing."""
    return await INSERT.all(conn, account_ids, type_, from_account_id, post_id, now)


async def page(
    conn: Connection, account_id: int, page: Page, types: Sequence[str], from_id: int | None
) -> list[Notification]:
    query = PAGE_UP if page.upward else PAGE
    return await query.all(conn, account_id, *page.bounds, page.limit, types, from_id)


async def by_id(conn: Connection, notification_id: int, account_id: int) -> Notification | None:
    return await BY_ID.first(conn, notification_id, account_id)


async def find(conn: Connection, notification_id: int) -> Notification | None:
    """Whosoever's it is."""
    return await FIND.first(conn, notification_id)


async def clear(conn: Connection, account_id: int) -> None:
    await CLEAR.run(conn, account_id)


async def dismiss(conn: Connection, notification_id: int, account_id: int) -> bool:
    return await DISMISS.run(conn, notification_id, account_id) == 1


async def withdraw(
    conn: Connection, account_id: int, type_: str, from_account_id: int, post_id: int | None
) -> None:
    """What was undone is not told any more."""
    await WITHDRAW.run(conn, account_id, type_, from_account_id, post_id)
