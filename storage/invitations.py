"""Invitations to a group or an event, to members of ours. One for each, until it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query

MOST = 100
"""That a member may have at once."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """To a group or to an event: the other is None. ``uri``: of the Invite."""

    id: int
    uri: str
    account_id: int
    by_id: int
    group_id: int | None
    post_id: int | None
    created_at: datetime


INSERT = Command(
    "insert into invitations (uri, account_id, by_id, group_id, post_id, created_at)"
    " select $1, $2, $3, $4, $5, $6"
    " where (select count(*) from invitations where account_id = $2) < $7 on conflict do nothing"
)
OF = Query(
    "select * from invitations where account_id = $1 and id < $2 and id > $3"
    " order by id desc limit $4",
    Invitation,
)
TAKE = Query("delete from invitations where id = $1 and account_id = $2 returning *", Invitation)
JOINED = Command("delete from invitations where account_id = $1 and group_id = $2")


async def insert(
    conn: Connection,
    uri: str,
    account_id: int,
    by_id: int,
    group_id: int | None,
    post_id: int | None,
    now: datetime,
) -> bool:
    """False for a repeat, and for one too many: neither is an event."""
    made = await INSERT.run(conn, uri, account_id, by_id, group_id, post_id, now, MOST)
    return made == 1


async def of(
    conn: Connection, account_id: int, before: int, after: int, limit: int
) -> list[Invitation]:
    """The latest first, paged by their ids."""
    return await OF.all(conn, account_id, before, after, limit)


async def take(conn: Connection, id_: int, account_id: int) -> Invitation | None:
    """To be answered: it is gone then. None where it is not there, or somebody else's."""
    return await TAKE.first(conn, id_, account_id)


async def joined(conn: Connection, account_id: int, group_id: int) -> None:
    """Who is in has nothing left to answer."""
    await JOINED.run(conn, account_id, group_id)
