"""Whom somebody may want to follow, and who wants to be found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.accounts import Account
from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Suggested:
    """``common``: how many of those whom the viewer follows do so; 0 where that is not the reason."""

    account_id: int
    common: int


# At most 100 of whom one follows, and at most 300 of each of theirs: a page of this stays cheap.
SUGGESTED = Query(
    """
    with friends as materialized (
        select target_id as id from follows where follower_id = $1 and accepted_at is not null
        order by follows.id desc limit 100
    ), known as materialized (
        select t.target_id as account_id, count(*)::integer as common from friends f
        cross join lateral (
            select target_id from follows g where g.follower_id = f.id and g.accepted_at is not null
            limit 300) t
        group by t.target_id
    ), popular as materialized (
        select id as account_id, 0 as common from accounts
        where user_id is not null and followers_count > 0
        order by followers_count desc limit 400
    )
    select s.account_id, max(s.common) as common
    from (select * from known union all select * from popular) s
    join accounts a on a.id = s.account_id
    where a.id <> $1 and a.discoverable and a.suspended_at is null
      and a.silenced_at is null and a.kind <> 'application'
      and not exists (select from follows f where f.follower_id = $1 and f.target_id = a.id)
      and not exists (select from dismissals d where d.account_id = $1 and d.target_id = a.id)
      and not exists (select from blocks b where b.account_id = $1 and b.target_id = a.id)
      and not exists (select from blocks b where b.account_id = a.id and b.target_id = $1)
    group by s.account_id, a.followers_count
    order by max(s.common) desc, a.followers_count desc, s.account_id limit $2
    """,
    Suggested,
)
DISMISS = Command(
    "insert into dismissals (account_id, target_id, created_at) values ($1, $2, $3)"
    " on conflict do nothing"
)
ACTIVE = Query(
    "select * from accounts where discoverable and suspended_at is null and silenced_at is null"
    " and kind <> 'application' and not handle_lost and last_post_at is not null and (not $1 or local)"
    " order by last_post_at desc, id desc offset $2 limit $3",
    Account,
)
NEW = Query(
    "select * from accounts where discoverable and suspended_at is null and silenced_at is null"
    " and kind <> 'application' and not handle_lost and (not $1 or local) order by id desc offset $2 limit $3",
    Account,
)


async def suggested(conn: Connection, viewer_id: int, limit: int) -> list[Suggested]:
    """Whom those follow whom the viewer follows, then who is followed most here.

    Only who wants to be found, and nobody whom the viewer follows, asked to follow, blocked or dismissed.
    """
    return await SUGGESTED.all(conn, viewer_id, limit)


async def dismiss(conn: Connection, viewer_id: int, target_id: int, now: datetime) -> None:
    await DISMISS.run(conn, viewer_id, target_id, now)


async def active(conn: Connection, offset: int, limit: int, *, local: bool) -> list[Account]:
    """Who wants to be found and wrote last."""
    return await ACTIVE.all(conn, local, offset, limit)


async def newest(conn: Connection, offset: int, limit: int, *, local: bool) -> list[Account]:
    """Who wants to be found and came last."""
    return await NEW.all(conn, local, offset, limit)
