"""Lists of a member's own: who is in them, and what those post.

A list's timeline is put together when it is read: the newest posts of each member by one index, and of these
the newest. So a post costs nothing per list when it is written, and who joins a list brings their past along.
At most 20,000 posts are looked at for a page, an equal part of each member: a list of 500, which is the most,
takes 30 to 100 ms, one of 20 takes 2 ms. Only who wrote a very long row of replies, which the list does not
show, could have older posts passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query, next_id
from storage.follows import Listed
from storage.timelines import Page

POLICIES = ("followed", "list", "none")


@dataclass(frozen=True, slots=True)
class List:
    """``replies_policy``: which replies stand in it: to whom the owner follows, to its members, or none.

    Replies to oneself and to the owner always do, as in Mastodon.

    ``exclusive``: what its members post stays out of the owner's home.
    """

    id: int
    account_id: int
    title: str
    replies_policy: str
    exclusive: bool
    created_at: datetime


OF = Query("select * from lists where account_id = $1 order by id", List)
BY_ID = Query("select * from lists where id = $1 and account_id = $2", List)
HOLDING = Query(
    "select l.* from lists l join list_accounts m on m.list_id = l.id"
    " where l.account_id = $1 and m.account_id = $2 order by l.id",
    List,
)
COUNT = Query("select count(*) from lists where account_id = $1", int)
INSERT = Query(
    "insert into lists (id, account_id, title, replies_policy, exclusive, created_at)"
    " values ($1, $2, $3, $4, $5, $6) returning *",
    List,
)
UPDATE = Query(
    "update lists set title = $2, replies_policy = $3, exclusive = $4 where id = $1 returning *",
    List,
)
DELETE = Command("delete from lists where id = $1")
MEMBERS = Query(
    "select id as row_id, account_id from list_accounts"
    " where list_id = $1 and id < $2 and id > $3 order by id desc limit $4",
    Listed,
)
COUNT_MEMBERS = Query("select count(*) from list_accounts where list_id = $1", int)
# Whom the owner follows or asked to follow, and the owner.
ADDABLE = Query(
    "select a.id from accounts a where a.id = any($2::bigint[]) and (a.id = $1 or exists ("
    "select from follows f where f.follower_id = $1 and f.target_id = a.id))",
    int,
)
ADD = Command(
    """
    insert into list_accounts (list_id, account_id, follow_id)
    select $1, a.id, f.id from accounts a
    left join follows f on f.follower_id = $2 and f.target_id = a.id
    where a.id = any($3::bigint[]) and (a.id = $2 or f.id is not null)
    on conflict do nothing
    """
)
REMOVE = Command("delete from list_accounts where list_id = $1 and account_id = any($2::bigint[])")
CARRY = Command(
    """
    insert into list_accounts (list_id, account_id, follow_id)
    select m.list_id, f.target_id, f.id from list_accounts m
    join lists l on l.id = m.list_id and l.account_id = $1
    join follows f on f.follower_id = $1 and f.target_id = $3
    where m.account_id = $2
    on conflict do nothing
    """
)
LEAVE_HOME = Command(
    """
    delete from home_entries h using lists l, list_accounts m, posts p
    where l.id = $1 and l.exclusive and m.list_id = l.id and m.account_id <> l.account_id
      and p.account_id = m.account_id and h.account_id = l.account_id and h.post_id = p.id
    """
)
# A boost stands once, as in home: not where a member posted the same, or another boosted it before.
TIMELINE = Query(
    """
    select p.id from lists l
    join list_accounts m on m.list_id = l.id
    left join follows f on f.id = m.follow_id
    cross join lateral (
        select p.id from (
            select id, account_id, visibility, in_reply_to_account_id, reblog_of_id from posts
            where account_id = m.account_id and id < $2 and id > $3 order by id desc limit greatest(
                2 * $4, 20000 / (select count(*) from list_accounts where list_id = $1))) p
        where (p.visibility in ('public', 'unlisted') or (p.visibility = 'private'
               and (m.follow_id is null or f.accepted_at is not null)))
          and (p.in_reply_to_account_id is null
               or p.in_reply_to_account_id in (p.account_id, l.account_id)
               or l.replies_policy = 'followed' and exists (
                    select from follows g where g.follower_id = l.account_id
                    and g.target_id = p.in_reply_to_account_id and g.accepted_at is not null)
               or l.replies_policy = 'list' and exists (
                    select from list_accounts g where g.list_id = l.id
                    and g.account_id = p.in_reply_to_account_id))
          and (p.reblog_of_id is null or f.reblogs is not false and not exists (
                    select from posts o join list_accounts g
                        on g.list_id = l.id and g.account_id = o.account_id
                    where o.id = p.reblog_of_id and o.in_reply_to_id is null)
                and not exists (
                    select from posts o join list_accounts g
                        on g.list_id = l.id and g.account_id = o.account_id
                    where o.reblog_of_id = p.reblog_of_id and o.id < p.id))
        order by p.id desc limit $4
    ) p
    where l.id = $1 order by p.id desc limit $4
    """,
    int,
)
TIMELINE_UP = Query(
    """
    select id from (select p.id from lists l
    join list_accounts m on m.list_id = l.id
    left join follows f on f.id = m.follow_id
    cross join lateral (
        select p.id from (
            select id, account_id, visibility, in_reply_to_account_id, reblog_of_id from posts
            where account_id = m.account_id and id < $2 and id > $3 order by id limit greatest(
                2 * $4, 20000 / (select count(*) from list_accounts where list_id = $1))) p
        where (p.visibility in ('public', 'unlisted') or (p.visibility = 'private'
               and (m.follow_id is null or f.accepted_at is not null)))
          and (p.in_reply_to_account_id is null
               or p.in_reply_to_account_id in (p.account_id, l.account_id)
               or l.replies_policy = 'followed' and exists (
                    select from follows g where g.follower_id = l.account_id
                    and g.target_id = p.in_reply_to_account_id and g.accepted_at is not null)
               or l.replies_policy = 'list' and exists (
                    select from list_accounts g where g.list_id = l.id
                    and g.account_id = p.in_reply_to_account_id))
          and (p.reblog_of_id is null or f.reblogs is not false and not exists (
                    select from posts o join list_accounts g
                        on g.list_id = l.id and g.account_id = o.account_id
                    where o.id = p.reblog_of_id and o.in_reply_to_id is null)
                and not exists (
                    select from posts o join list_accounts g
                        on g.list_id = l.id and g.account_id = o.account_id
                    where o.reblog_of_id = p.reblog_of_id and o.id < p.id))
        order by p.id limit $4
    ) p
    where l.id = $1 order by p.id limit $4) q order by id desc
    """,
    int,
)


async def of(conn: Connection, account_id: int) -> list[List]:
    return await OF.all(conn, account_id)


async def by_id(conn: Connection, list_id: int, account_id: int) -> List | None:
    """None also for somebody else's."""
    return await BY_ID.first(conn, list_id, account_id)


async def holding(conn: Connection, owner_id: int, account_id: int) -> list[List]:
    """The owner's lists that hold an account."""
    return await HOLDING.all(conn, owner_id, account_id)


async def count(conn: Connection, account_id: int) -> int:
    return await COUNT.one(conn, account_id)


async def insert(
    conn: Connection,
    account_id: int,
    title: str,
    replies_policy: str,
    now: datetime,
    *,
    exclusive: bool,
) -> List:
    list_id = await next_id(conn, now)
    return await INSERT.one(conn, list_id, account_id, title, replies_policy, exclusive, now)


async def update(
    conn: Connection, list_id: int, title: str, replies_policy: str, *, exclusive: bool
) -> List:
    return await UPDATE.one(conn, list_id, title, replies_policy, exclusive)


async def delete(conn: Connection, list_id: int) -> None:
    await DELETE.run(conn, list_id)


async def members(
    conn: Connection, list_id: int, before: int, after: int, limit: int
) -> list[Listed]:
    """Newest first; ``before`` and ``after`` are row ids, both excluded."""
    return await MEMBERS.all(conn, list_id, before, after, limit)


async def count_members(conn: Connection, list_id: int) -> int:
    return await COUNT_MEMBERS.one(conn, list_id)


async def addable(conn: Connection, owner_id: int, ids: Sequence[int]) -> set[int]:
    """Who of these may stand in a list of the owner: whom they follow or asked to, and themselves."""
    return set(await ADDABLE.all(conn, owner_id, ids))


async def add(conn: Connection, list_id: int, owner_id: int, ids: Sequence[int]) -> int:
    """How many were not in it before. Who is no longer followed leaves it by themselves."""
    return await ADD.run(conn, list_id, owner_id, ids)


async def remove(conn: Connection, list_id: int, ids: Sequence[int]) -> None:
    await REMOVE.run(conn, list_id, ids)


async def carry(conn: Connection, owner_id: int, old_id: int, new_id: int) -> None:
    """Put whom the owner now follows into their lists that hold the other."""
    await CARRY.run(conn, owner_id, old_id, new_id)


async def leave_home(conn: Connection, list_id: int) -> None:
    """Take what the members of an exclusive list posted out of its owner's home."""
    await LEAVE_HOME.run(conn, list_id)


async def timeline(conn: Connection, list_id: int, page: Page) -> list[int]:
    query = TIMELINE_UP if page.upward else TIMELINE
    return await query.all(conn, list_id, *page.bounds, page.limit)


async def shows(conn: Connection, list_id: int, post_id: int) -> bool:
    """Whether a post stands in the timeline of a list."""
    return await timeline(conn, list_id, Page(1, post_id + 1, post_id - 1)) == [post_id]
