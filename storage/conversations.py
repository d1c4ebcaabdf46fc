"""Direct posts as each reader here has them: one conversation per thread and set of others.

The newest post of a conversation is found by its index and never stored, so no delete, however it came,
can leave a conversation that points at nothing. One without posts is not shown, and swept up daily.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.db import Command, Connection, Query
from storage.timelines import Page


@dataclass(frozen=True, slots=True)
class Conversation:
    id: int
    account_id: int
    thread_id: int
    participants: list[int]
    unread: bool
    last_post_id: int


@dataclass(frozen=True, slots=True)
class Entered:
    """A conversation that a post went into, and whose it is."""

    id: int
    account_id: int


ENTER = Query(
    """
    with mine as (
        insert into conversations (account_id, thread_id, participants, unread)
        select r.id, $2::bigint,
            array(select p.id from unnest($5::bigint[]) as p (id) where p.id <> r.id order by p.id),
            r.id <> $3::bigint and $6
        from unnest($4::bigint[]) as r (id) order by r.id
        on conflict (account_id, thread_id, participants) do update set unread =
            case when $6 then excluded.unread else conversations.unread end
        returning id, account_id),
    put as (
        insert into conversation_posts (conversation_id, post_id)
        select id, $1::bigint from mine on conflict do nothing)
    select id, account_id from mine
    """,
    Entered,
)
PAGE = Query(
    """
    select c.*, l.id as last_post_id
    from conversations c cross join lateral (
        select max(post_id) as id from conversation_posts where conversation_id = c.id) l
    where c.account_id = $1 and l.id < $2 and l.id > $3 order by l.id desc limit $4
    """,
    Conversation,
)
PAGE_UP = Query(
    """
    select * from (select c.*, l.id as last_post_id
    from conversations c cross join lateral (
        select max(post_id) as id from conversation_posts where conversation_id = c.id) l
    where c.account_id = $1 and l.id < $2 and l.id > $3 order by l.id limit $4) p
    order by last_post_id desc
    """,
    Conversation,
)
BY_ID = Query(
    """
    select c.*, l.id as last_post_id
    from conversations c cross join lateral (
        select max(post_id) as id from conversation_posts where conversation_id = c.id) l
    where c.id = $1 and c.account_id = $2 and l.id is not null
    """,
    Conversation,
)
SET_UNREAD = Command("update conversations set unread = $3 where id = $1 and account_id = $2")
DELETE = Command("delete from conversations where id = $1 and account_id = $2")
# Who adds to one at this moment holds it, and it is left alone.
SWEEP = Command(
    "delete from conversations where id in (select c.id from conversations c where not exists ("
    "select from conversation_posts p where p.conversation_id = c.id) for update skip locked)"
)
DIRECT = Query(
    """
    select id from (
        select p.id from posts p where p.account_id = $1 and p.visibility = 'direct'
        union
        select p.id from post_mentions m join posts p on p.id = m.post_id
        where m.account_id = $1 and p.visibility = 'direct') d
    where id < $2 and id > $3 order by id desc limit $4
    """,
    int,
)
DIRECT_UP = Query(
    """
    select id from (select id from (
        select p.id from posts p where p.account_id = $1 and p.visibility = 'direct'
        union
        select p.id from post_mentions m join posts p on p.id = m.post_id
        where m.account_id = $1 and p.visibility = 'direct') d
    where id < $2 and id > $3 order by id limit $4) u order by id desc
    """,
    int,
)


async def enter(
    conn: Connection,
    post_id: int,
    thread_id: int,
    author_id: int,
    readers: Sequence[int],
    everybody: Sequence[int],
    *,
    news: bool,
) -> list[Entered]:
    """Put a post where each of the ``readers`` (of ours) finds it.

    ``everybody``: the author and all who are named. ``news``: it is unread for all but its author, who
    has then read the conversation; what is old changes nothing that was read.
    """
    return await ENTER.all(conn, post_id, thread_id, author_id, readers, everybody, news)


async def page(conn: Connection, account_id: int, page: Page) -> list[Conversation]:
    """By their newest posts, whose ids page."""
    query = PAGE_UP if page.upward else PAGE
    return await query.all(conn, account_id, *page.bounds, page.limit)


async def by_id(conn: Connection, conversation_id: int, account_id: int) -> Conversation | None:
    return await BY_ID.first(conn, conversation_id, account_id)


async def set_unread(
    conn: Connection, conversation_id: int, account_id: int, *, unread: bool
) -> bool:
    """False where this member has no such conversation."""
    return await SET_UNREAD.run(conn, conversation_id, account_id, unread) == 1


async def delete(conn: Connection, conversation_id: int, account_id: int) -> bool:
    """The posts stay; a new one begins it again. False where this member has no such conversation."""
    return await DELETE.run(conn, conversation_id, account_id) == 1


async def sweep(conn: Connection) -> None:
    """Remove those whose posts are all gone."""
    await SWEEP.run(conn)


async def direct(conn: Connection, account_id: int, page: Page) -> list[int]:
    """The direct posts by a member or to them."""
    query = DIRECT_UP if page.upward else DIRECT
    return await query.all(conn, account_id, *page.bounds, page.limit)
