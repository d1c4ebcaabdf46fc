"""What a person is told. Ids are a plain sequence: clients read them as JSON numbers.

Rows of one ``group_key`` are shown as one in version 2; the key is decided when the row is written: that
of the youngest open group of its kind, else a new one, else ``ungrouped-`` and its own id. A filtered row
waits with the request of its sender (``notification_requests.py``) and belongs to no group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.db import Command, Connection, Query
from storage.timelines import Page

TYPES = (
    "mention",
    "status",
    "reblog",
    "follow",
    "follow_request",
    "favourite",
    "poll",
    "update",
    "quote",
    "quoted_update",
    "admin.sign_up",
    "admin.report",
    "moderation_warning",
    "severed_relationships",
)
"""As the database's own check has them."""


@dataclass(frozen=True, slots=True)
class Notification:
    id: int
    account_id: int
    type: str
    from_account_id: int
    post_id: int | None
    about: dict[str, Any] | None
    group_key: str
    filtered: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands between one recipient and the sender of a notification, and about its post."""

    account_id: int
    following: bool
    followed_since: datetime | None
    blocking: bool
    muting: bool  # notifications too
    domain_blocking: bool
    thread_muted: bool
    permitted: bool
    from_staff: bool
    sender_since: datetime
    sender_is_bot: bool
    sender_limited: bool
    private: bool
    answers_recipient: bool
    for_not_following: str | None  # None: no policy was ever chosen
    for_not_followers: str | None
    for_new_accounts: str | None
    for_private_mentions: str | None
    for_limited_accounts: str | None
    for_bots: str | None
    level: str | None = None  # of the post's community, where one was chosen


@dataclass(frozen=True, slots=True)
class Asked:
    """Which notifications a client asks for. ``grouped``: the types that it wants as groups."""

    types: Sequence[str]
    from_id: int | None = None
    filtered: bool = False
    grouped: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """What is shown as one. The bounds are those of its part on the page."""

    key: str
    count: int
    page_min_id: int
    page_max_id: int
    latest_at: datetime
    senders: list[int]  # the latest
    type: str
    post_id: int | None
    about: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the senders of a group: the notification's id pages, the account is shown."""

    row_id: int
    account_id: int


# An answer: whoever wrote privately to the sender in this thread has opened it to them.
FACTS = Query(
    """
    select r.id as account_id,
        coalesce(mine.accepted_at is not null, false) as following,
        theirs.accepted_at as followed_since,
        exists (select from blocks b where b.account_id = r.id and b.target_id = s.id) as blocking,
        exists (select from mutes m where m.account_id = r.id and m.target_id = s.id
            and m.notifications and (m.expires_at is null or m.expires_at > $4)) as muting,
        exists (select from account_domain_blocks d where d.account_id = r.id and d.host = s.host)
            as domain_blocking,
        exists (select from thread_mutes t where t.account_id = r.id
            and t.thread_id = p.thread_id) as thread_muted,
        exists (select from notification_permissions n where n.account_id = r.id
            and n.from_account_id = s.id) or (s.local and s.kind = 'group') as permitted,
        exists (select from users u where u.id = s.user_id and u.role in ('moderator', 'admin')
            and s.local) or (s.local and s.kind = 'application') as from_staff,
        s.created_at as sender_since,
        s.bot or s.kind in ('application', 'service') as sender_is_bot,
        s.silenced_at is not null as sender_limited,
        coalesce(p.visibility = 'direct', false) as private,
        coalesce(p.visibility = 'direct' and exists (
            select from posts q join post_mentions m on m.post_id = q.id and m.account_id = s.id
            where q.thread_id = p.thread_id and q.account_id = r.id and q.visibility = 'direct'
                and q.id <> p.id), false)
            -- A community may write to who takes part in a call of its.
            or exists (select from participations n join calls k on k.post_id = n.post_id
                where n.account_id = r.id and k.community_id = s.id) as answers_recipient,
        c.for_not_following, c.for_not_followers, c.for_new_accounts, c.for_private_mentions,
        c.for_limited_accounts, c.for_bots, l.level
    from unnest($1::bigint[]) as r (id)
    join accounts s on s.id = $2
    left join posts p on p.id = $3
    left join follows mine on mine.follower_id = r.id and mine.target_id = s.id
    left join follows theirs on theirs.follower_id = s.id and theirs.target_id = r.id
    left join notification_policies c on c.account_id = r.id
    left join attention_levels l on l.account_id = r.id and l.community_id = p.community_id
    """,
    Facts,
)
# $8: the keys that this could join, the youngest first, $9: the one it would begin; both empty for what
# stands alone. One look for each key: in one look for all, PostgreSQL would read back through every row.
INSERT = Query(
    """
    insert into notifications
        (id, account_id, type, from_account_id, post_id, about, group_key, filtered, created_at)
    select n.id, r.id, $3, $4, $5, $6,
        case when $9 = '' or r.filtered then 'ungrouped-' || n.id else coalesce((
            select k.key from unnest($8::text[]) with ordinality as k (key, place)
            cross join lateral (select from notifications o
                where o.account_id = r.id and o.group_key = k.key limit 1) o
            order by k.place limit 1), $9) end,
        r.filtered, $7
    from unnest($1::bigint[], $2::boolean[]) as r (id, filtered)
    cross join lateral (
        select nextval('notifications_id_seq') as id where r.id is not null) n
    on conflict do nothing returning *
    """,
    Notification,
)
DROP = Command(
    "delete from notifications where account_id = any($1::bigint[]) and type = $2"
    " and from_account_id = $3 and post_id = $4 and about is null"
)
TOLD = Query(
    "select distinct account_id from notifications"
    " where type = $1 and post_id = any($2::bigint[]) and created_at > $3",
    int,
)
PAGE = Query(
    """
    select * from notifications
    where account_id = $1 and id < $2 and id > $3 and type = any($5::text[])
      and ($6::bigint is null or from_account_id = $6) and ($7 or not filtered)
    order by id desc limit $4
    """,
    Notification,
)
PAGE_UP = Query(
    """
    select * from (select * from notifications
    where account_id = $1 and id < $2 and id > $3 and type = any($5::text[])
      and ($6::bigint is null or from_account_id = $6) and ($7 or not filtered)
    order by id limit $4) n order by id desc
    """,
    Notification,
)
# From each notification to the next one of a group that the page does not hold yet: as many steps as
# groups. What the groups say is then told up to the newest notification of the page. A page that is
# not full holds all that is left: no page follows it with older parts of the groups that it shows.
GROUPS = Query(
    """
    with recursive walk as (
        (select n.id, k.key, n.group_key as own, array[k.key] as seen from notifications n,
            lateral (select case when n.type = any($8::text[]) then n.group_key
                else 'ungrouped-' || n.id end as key) k
        where n.account_id = $1 and n.id < $2 and n.id > $3 and n.type = any($5::text[])
            and ($6::bigint is null or n.from_account_id = $6) and ($7 or not n.filtered)
        order by n.id desc limit 1)
        union all
        select f.id, f.key, f.own, w.seen || f.key from walk w, lateral (
            select n.id, k.key, n.group_key as own from notifications n,
                lateral (select case when n.type = any($8::text[]) then n.group_key
                    else 'ungrouped-' || n.id end as key) k
            where n.account_id = $1 and n.id < w.id and n.id > $3 and n.type = any($5::text[])
                and ($6::bigint is null or n.from_account_id = $6) and ($7 or not n.filtered)
                and k.key <> all (w.seen)
            order by n.id desc limit 1) f
        where cardinality(w.seen) < $4
    ), bounds as (
        select max(id) + 1 as below, case when count(*) < $4 then $3 else min(id) - 1 end as above
        from walk)
    select w.key, t.count, t.page_min_id, t.page_max_id, t.latest_at,
        array(select n.from_account_id from notifications n
            where n.account_id = $1 and n.group_key = w.own and n.id < b.below
                and (w.key = w.own or n.id = w.id)
                and ($6::bigint is null or n.from_account_id = $6)
            order by n.id desc limit 8) as senders,
        m.type, m.post_id, m.about
    from walk w cross join bounds b cross join lateral (
        select count(*) as count, max(n.id) as page_max_id,
            min(n.id) filter (where n.id > b.above) as page_min_id,
            max(n.created_at) as latest_at
        from notifications n
        where n.account_id = $1 and n.group_key = w.own and n.id < b.below
            and (w.key = w.own or n.id = w.id)
            and ($6::bigint is null or n.from_account_id = $6)) t
    join notifications m on m.id = t.page_max_id
    order by t.page_max_id desc
    """,
    Group,
)
GROUPS_UP = Query(
    """
    with recursive walk as (
        (select n.id, k.key, n.group_key as own, array[k.key] as seen from notifications n,
            lateral (select case when n.type = any($8::text[]) then n.group_key
                else 'ungrouped-' || n.id end as key) k
        where n.account_id = $1 and n.id < $2 and n.id > $3 and n.type = any($5::text[])
            and ($6::bigint is null or n.from_account_id = $6) and ($7 or not n.filtered)
        order by n.id limit 1)
        union all
        select f.id, f.key, f.own, w.seen || f.key from walk w, lateral (
            select n.id, k.key, n.group_key as own from notifications n,
                lateral (select case when n.type = any($8::text[]) then n.group_key
                    else 'ungrouped-' || n.id end as key) k
            where n.account_id = $1 and n.id < $2 and n.id > w.id and n.type = any($5::text[])
                and ($6::bigint is null or n.from_account_id = $6) and ($7 or not n.filtered)
                and k.key <> all (w.seen)
            order by n.id limit 1) f
        where cardinality(w.seen) < $4
    ), bounds as (
        select case when count(*) < $4 then $2 else max(id) + 1 end as below, min(id) - 1 as above
        from walk)
    select w.key, t.count, t.page_min_id, t.page_max_id, t.latest_at,
        array(select n.from_account_id from notifications n
            where n.account_id = $1 and n.group_key = w.own and n.id < b.below
                and (w.key = w.own or n.id = w.id)
                and ($6::bigint is null or n.from_account_id = $6)
            order by n.id desc limit 8) as senders,
        m.type, m.post_id, m.about
    from walk w cross join bounds b cross join lateral (
        select count(*) as count, max(n.id) as page_max_id,
            min(n.id) filter (where n.id > b.above) as page_min_id,
            max(n.created_at) as latest_at
        from notifications n
        where n.account_id = $1 and n.group_key = w.own and n.id < b.below
            and (w.key = w.own or n.id = w.id)
            and ($6::bigint is null or n.from_account_id = $6)) t
    join notifications m on m.id = t.page_max_id
    order by t.page_max_id desc
    """,
    Group,
)
# One group, by its key, or one notification as a group of its own, by its id.
GROUP = Query(
    """
    select $2::text as key, t.count, t.page_min_id, t.page_max_id, t.latest_at,
        array(select n.from_account_id from notifications n
            where n.account_id = $1 and (n.group_key = $2 or n.id = $3)
            order by n.id desc limit 8) as senders,
        m.type, m.post_id, m.about
    from (
        select count(*) as count, max(n.id) as page_max_id, min(n.id) as page_min_id,
            max(n.created_at) as latest_at
        from notifications n where n.account_id = $1 and (n.group_key = $2 or n.id = $3)) t
    join notifications m on m.id = t.page_max_id
    """,
    Group,
)
SENDERS = Query(
    "select id as row_id, from_account_id as account_id from notifications"
    " where account_id = $1 and (group_key = $2 or id = $3) and id < $4 and id > $5"
    " order by id desc limit $6",
    Listed,
)
DISMISS_GROUP = Command(
    "delete from notifications where account_id = $1 and (group_key = $2 or id = $3)"
)
UNREAD = Query(
    """
    select count(*) from (
        select distinct case when n.type = any($5::text[]) then n.group_key
            else 'ungrouped-' || n.id end
        from notifications n
        where n.account_id = $1 and n.type = any($3::text[])
            and ($4::bigint is null or n.from_account_id = $4) and ($6 or not n.filtered)
            and n.id > coalesce((select k.last_read_id from markers k
                where k.account_id = $1 and k.timeline = 'notifications'), 0)
        limit $2) u
    """,
    int,
)
BY_ID = Query("select * from notifications where id = $1 and account_id = $2", Notification)
FIND = Query("select * from notifications where id = $1", Notification)
CLEAR = Command("delete from notifications where account_id = $1")
DISMISS = Command("delete from notifications where id = $1 and account_id = $2")
WITHDRAW = Command(
    "delete from notifications where account_id = $1 and type = $2 and from_account_id = $3"
    " and post_id is not distinct from $4"
)
DROP_FROM = Command(
    """
    with asked as (
        delete from notification_requests where account_id = $1 and from_account_id = $2),
    allowed as (
        delete from notification_permissions where account_id = $1 and from_account_id = $2)
    delete from notifications where account_id = $1 and from_account_id = $2
    """
)
DROP_HOST = Command(
    """
    with asked as (
        delete from notification_requests r using accounts a
        where r.account_id = $1 and a.id = r.from_account_id and a.host = $2)
    delete from notifications n using accounts a
    where n.account_id = $1 and a.id = n.from_account_id and a.host = $2
    """
)


async def facts(
    conn: Connection, account_ids: Sequence[int], from_id: int, post_id: int | None, now: datetime
) -> list[Facts]:
    """For each of the recipients, in no order."""
    return await FACTS.all(conn, account_ids, from_id, post_id, now)


@dataclass(frozen=True, slots=True)
class News:
    """What is told: by whom, about what, and in which group."""

    type: str
    from_account_id: int
    post_id: int | None
    about: Mapping[str, Any] | None
    joins: Sequence[str]  # keys of groups that are still open
    begins: str  # the key of a new one; "" for what stands alone


async def tell(
    conn: Connection, told: Mapping[int, bool], news: News, now: datetime
) -> list[Notification]:
    """``told``: recipients, and whether it is filtered for them. A repeat tells nothing new.

    Gives the rows that were written.
    """
    return await INSERT.all(
        conn, list(told), list(told.values()), news.type, news.from_account_id, news.post_id,
        news.about, now, news.joins, news.begins,
    )  # fmt: skip


async def page(conn: Connection, account_id: int, page: Page, asked: Asked) -> list[Notification]:
    query = PAGE_UP if page.upward else PAGE
    return await query.all(
        conn, account_id, *page.bounds, page.limit, asked.types, asked.from_id, asked.filtered
    )


async def groups(conn: Connection, account_id: int, page: Page, asked: Asked) -> list[Group]:
    """A page of groups, newest first. A group comes again on the next page where it goes on."""
    query = GROUPS_UP if page.upward else GROUPS
    return await query.all(
        conn, account_id, *page.bounds, page.limit, asked.types, asked.from_id, asked.filtered,
        asked.grouped,
    )  # fmt: skip


async def group(conn: Connection, account_id: int, key: str, alone: int | None) -> Group | None:
    """``alone``: the notification that the key names as a group of its own, if it does."""
    return await GROUP.first(conn, account_id, key, alone)


async def senders(
    conn: Connection, account_id: int, key: str, alone: int | None, page: Page
) -> list[Listed]:
    return await SENDERS.all(conn, account_id, key, alone, *page.bounds, page.limit)


async def dismiss_group(conn: Connection, account_id: int, key: str, alone: int | None) -> None:
    await DISMISS_GROUP.run(conn, account_id, key, alone)


async def unread(conn: Connection, account_id: int, asked: Asked, limit: int) -> int:
    """Groups since the marker, at most ``limit``; without ``grouped`` types, notifications."""
    return await UNREAD.one(
        conn, account_id, limit, asked.types, asked.from_id, asked.grouped, asked.filtered
    )


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


async def drop_from(conn: Connection, account_id: int, from_account_id: int) -> None:
    """Nothing of this sender is kept: what was told, what waits, and that they may."""
    await DROP_FROM.run(conn, account_id, from_account_id)


async def drop_host(conn: Connection, account_id: int, host: str) -> None:
    await DROP_HOST.run(conn, account_id, host)


async def drop(
    conn: Connection, ids: Sequence[int], type_: str, from_id: int, post_id: int
) -> None:
    """So that these can be told the same of the same post anew."""
    await DROP.run(conn, ids, type_, from_id, post_id)


async def told(conn: Connection, type_: str, post_ids: Sequence[int], since: datetime) -> list[int]:
    """Who was told so of one of these posts."""
    return await TOLD.all(conn, type_, post_ids, since)
