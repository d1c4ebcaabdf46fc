"""Timelines: pages of post ids. Pages are newest first, cursors are excluded, as in Mastodon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query

TOP = 2**63 - 1
GATHERED = 100  # posts of somebody who is followed anew; Mastodon takes as many


@dataclass(frozen=True, slots=True)
class Page:
    """``min_id`` asks for the page just above it; otherwise the newest page below ``max_id``."""

    limit: int
    max_id: int = TOP
    since_id: int = 0
    min_id: int | None = None

    @property
    def bounds(self) -> tuple[int, int]:
        return self.max_id, self.since_id if self.min_id is None else self.min_id

    @property
    def upward(self) -> bool:
        return self.min_id is not None


@dataclass(frozen=True, slots=True)
class Reader:
    """A follower here, and whether they want to be told of each post."""

    account_id: int
    notify: bool


FAN_OUT = Command(
    "insert into home_entries (account_id, post_id, subject_id)"
    " select unnest($1::bigint[]), $2, $3 on conflict do nothing"
)
# $5 is what is read: the post itself, or what is boosted.
READERS = Query(
    """
    select f.follower_id as account_id,
        f.notify and a.kind = 'person' and not exists (
            select from post_mentions n where n.post_id = $5 and n.account_id = f.follower_id
        ) as notify
    from follows f join accounts a on a.id = f.follower_id
    join posts s on s.id = $5 join accounts w on w.id = s.account_id
    where f.target_id = $1 and f.accepted_at is not null and a.local and a.kind <> 'application'
      and (not $2 or f.reblogs)
      and (f.languages is null or s.language is null or f.languages
           && array[lower(s.language), split_part(lower(s.language), '-', 1)])
      and not exists (select from blocks b
            where b.account_id = f.follower_id and b.target_id = s.account_id)
      and not exists (select from account_domain_blocks d
            where d.account_id = f.follower_id and d.host = w.host)
      and ($3::bigint is null or $3 in ($1, f.follower_id) or exists (
            select from follows g where g.follower_id = f.follower_id and g.target_id = $3
            and g.accepted_at is not null))
      and ($4::bigint is null or exists (
            select from post_mentions m where m.post_id = $4 and m.account_id = f.follower_id))
      and not exists (select from list_accounts m join lists l on l.id = m.list_id
            where m.account_id = $1 and l.account_id = f.follower_id and l.exclusive)
    """,
    Reader,
)
# As READERS chooses for each post, so for the newest $3 of one author and one follower.
GATHER = Command(
    """
    insert into home_entries (account_id, post_id, subject_id)
    select f.follower_id, p.id, s.id
    from follows f cross join lateral (
        select id, reblog_of_id, in_reply_to_account_id, visibility from posts
        where account_id = f.target_id order by id desc limit $3
    ) p
    join posts s on s.id = coalesce(p.reblog_of_id, p.id) join accounts w on w.id = s.account_id
    join accounts a on a.id = f.follower_id and a.kind <> 'application'
    where f.follower_id = $1 and f.target_id = $2 and f.accepted_at is not null
      and (p.reblog_of_id is null or f.reblogs)
      and (f.languages is null or s.language is null or f.languages
           && array[lower(s.language), split_part(lower(s.language), '-', 1)])
      and not exists (select from blocks b where b.account_id = $1 and b.target_id = s.account_id)
      and not exists (select from account_domain_blocks d where d.account_id = $1 and d.host = w.host)
      and (p.in_reply_to_account_id is null or p.in_reply_to_account_id in ($1, $2) or exists (
            select from follows g where g.follower_id = $1
            and g.target_id = p.in_reply_to_account_id and g.accepted_at is not null))
      and p.visibility <> 'members'  -- it comes through its community
      and (p.visibility <> 'direct' or exists (
            select from post_mentions m where m.post_id = p.id and m.account_id = $1))
      and not exists (select from list_accounts m join lists l on l.id = m.list_id
            where m.account_id = $2 and l.account_id = $1 and l.exclusive)
    on conflict do nothing
    """
)
# What is muted is left out at reading, for a mute ends; who mutes nobody pays for one look only.
HOME = Query(
    """
    select h.post_id from home_entries h
    where h.account_id = $1 and h.post_id < $2 and h.post_id > $3
      and (not exists (select from mutes where account_id = $1) or not exists (
            select from posts p left join posts s on s.id = p.reblog_of_id
            join mutes m on m.account_id = $1 and m.target_id in (p.account_id, s.account_id)
                and (m.expires_at is null or m.expires_at > $5)
            where p.id = h.post_id))
    order by h.post_id desc limit $4
    """,
    int,
)
HOME_UP = Query(
    """
    select post_id from (select h.post_id from home_entries h
    where h.account_id = $1 and h.post_id < $2 and h.post_id > $3
      and (not exists (select from mutes where account_id = $1) or not exists (
            select from posts p left join posts s on s.id = p.reblog_of_id
            join mutes m on m.account_id = $1 and m.target_id in (p.account_id, s.account_id)
                and (m.expires_at is null or m.expires_at > $5)
            where p.id = h.post_id))
    order by h.post_id limit $4) q order by post_id desc
    """,
    int,
)
UNFOLLOW = Command(
    "delete from home_entries h using posts p"
    " where h.post_id = p.id and h.account_id = $1 and p.account_id = $2"
)
FORGET_WHOLLY = Command(
    """
    delete from home_entries h using posts s
    where h.account_id = $1 and s.id = h.subject_id and s.account_id = $2
    """
)
FORGET_HOST = Command(
    """
    delete from home_entries h using posts p, posts s, accounts a, accounts w
    where h.account_id = $1 and p.id = h.post_id and s.id = h.subject_id
      and a.id = p.account_id and w.id = s.account_id and $2 in (a.host, w.host)
    """
)
PUBLIC = Query(
    """
    select id from posts p
    where visibility = 'public' and reblog_of_id is null and id < $1 and id > $2
      and (in_reply_to_id is null or in_reply_to_account_id = account_id)
      and (not $4 or local) and (not $5 or not local) and (not $6 or attachments <> '[]')
    order by id desc limit $3
    """,
    int,
)
PUBLIC_UP = Query(
    """
    select id from (select id from posts p
    where visibility = 'public' and reblog_of_id is null and id < $1 and id > $2
      and (in_reply_to_id is null or in_reply_to_account_id = account_id)
      and (not $4 or local) and (not $5 or not local) and (not $6 or attachments <> '[]')
    order by id limit $3) q order by id desc
    """,
    int,
)
COMMUNITY = Query(
    "select id from posts where community_id = $1 and thread_id = id and visibility <> 'direct'"
    " and id < $2 and id > $3 order by id desc limit $4",
    int,
)
COMMUNITY_UP = Query(
    "select id from (select id from posts where community_id = $1 and thread_id = id"
    " and visibility <> 'direct' and id < $2 and id > $3 order by id limit $4) p order by id desc",
    int,
)
# Materialized: by its newest posts first, a rare tag would be looked for in the whole table.
TAG = Query(
    """
    with tagged as materialized (select * from posts where tags && $1::text[])
    select id from tagged
    where tags @> $6::text[] and not tags && $7::text[]
      and visibility = 'public' and reblog_of_id is null
      and (not $5 or local) and (not $8 or attachments <> '[]')
      and id < $2 and id > $3
    order by id desc limit $4
    """,
    int,
)
TAG_UP = Query(
    """
    with tagged as materialized (select * from posts where tags && $1::text[])
    select id from (select id from tagged
    where tags @> $6::text[] and not tags && $7::text[]
      and visibility = 'public' and reblog_of_id is null
      and (not $5 or local) and (not $8 or attachments <> '[]')
      and id < $2 and id > $3
    order by id limit $4) p order by id desc
    """,
    int,
)
OF_ACCOUNT = Query(
    """
    select p.id from posts p
    where p.account_id = $1 and p.id < $2 and p.id > $3
      and (p.visibility = any($5::text[])
           or (p.visibility in ('private', 'direct') and (p.quoted_account_id = $6 or exists (
                select from post_mentions m where m.post_id = p.id and m.account_id = $6))))
      and (not $7 or p.in_reply_to_id is null or p.in_reply_to_account_id = p.account_id)
      and (not $8 or p.reblog_of_id is null)
      and (not $9 or p.attachments <> '[]')
      and ($10::text is null or p.tags @> array[$10::text])
    order by p.id desc limit $4
    """,
    int,
)
OF_ACCOUNT_UP = Query(
    """
    select id from (select p.id from posts p
    where p.account_id = $1 and p.id < $2 and p.id > $3
      and (p.visibility = any($5::text[])
           or (p.visibility in ('private', 'direct') and (p.quoted_account_id = $6 or exists (
                select from post_mentions m where m.post_id = p.id and m.account_id = $6))))
      and (not $7 or p.in_reply_to_id is null or p.in_reply_to_account_id = p.account_id)
      and (not $8 or p.reblog_of_id is null)
      and (not $9 or p.attachments <> '[]')
      and ($10::text is null or p.tags @> array[$10::text])
    order by p.id limit $4) q order by id desc
    """,
    int,
)


async def fan_out(conn: Connection, readers: Sequence[int], post_id: int, subject_id: int) -> None:
    """Put a post into home timelines; who has seen the subject before is left out."""
    await FAN_OUT.run(conn, readers, post_id, subject_id)


async def readers(
    conn: Connection,
    author_id: int,
    *,
    boost: bool,
    reply_to: int | None,
    only_mentioned_in: int | None,
    subject_id: int,
) -> list[Reader]:
    """The local followers in whose home a post belongs: a reply only where both are followed.

    Not who has put the author into an exclusive list.
    ``subject_id``: the post itself, or what is boosted: its language and its author count.
    """
    return await READERS.all(conn, author_id, boost, reply_to, only_mentioned_in, subject_id)


async def home(conn: Connection, account_id: int, page: Page, now: datetime) -> list[int]:
    """``now``: mutes that have ended hide nothing."""
    query = HOME_UP if page.upward else HOME
    return await query.all(conn, account_id, *page.bounds, page.limit, now)


async def gather(conn: Connection, account_id: int, author_id: int) -> None:
    """Put the newest posts and boosts of who is followed now into a home timeline, in their places."""
    await GATHER.run(conn, account_id, author_id, GATHERED)


async def forget(conn: Connection, account_id: int, author_id: int) -> None:
    """Take an author's posts and boosts out of a home timeline."""
    await UNFOLLOW.run(conn, account_id, author_id)


async def forget_wholly(conn: Connection, account_id: int, author_id: int) -> None:
    """Take an author's posts out of a home timeline, also where others boosted them."""
    await FORGET_WHOLLY.run(conn, account_id, author_id)


async def forget_host(conn: Connection, account_id: int, host: str) -> None:
    """Take out all that people of a host wrote or boosted."""
    await FORGET_HOST.run(conn, account_id, host)


async def public(
    conn: Connection, page: Page, *, local: bool, remote: bool, only_media: bool = False
) -> list[int]:
    """Without boosts, and without what answers somebody else, as in Mastodon."""
    query = PUBLIC_UP if page.upward else PUBLIC
    return await query.all(conn, *page.bounds, page.limit, local, remote, only_media)


async def community(conn: Connection, community_id: int, page: Page) -> list[int]:
    """Thread heads of a community."""
    query = COMMUNITY_UP if page.upward else COMMUNITY
    return await query.all(conn, community_id, *page.bounds, page.limit)


@dataclass(frozen=True, slots=True)
class Tags:
    """At least one of ``any``, every one of ``all``, and none of ``none``; in lower case."""

    any: Sequence[str]
    all: Sequence[str] = ()
    none: Sequence[str] = ()


async def tagged(
    conn: Connection, tags: Tags, page: Page, *, local: bool, only_media: bool = False
) -> list[int]:
    query = TAG_UP if page.upward else TAG
    return await query.all(
        conn, tags.any, *page.bounds, page.limit, local, tags.all, tags.none, only_media
    )


async def of_account(
    conn: Connection,
    account_id: int,
    page: Page,
    *,
    visible: Sequence[str],
    viewer_id: int,
    exclude_replies: bool,
    exclude_reblogs: bool,
    only_media: bool,
    tag: str | None,
) -> list[int]:
    """``visible``: the visibilities that this viewer may see without being mentioned or quoted."""
    query = OF_ACCOUNT_UP if page.upward else OF_ACCOUNT
    return await query.all(
        conn, account_id, *page.bounds, page.limit, visible, viewer_id, exclude_replies,
        exclude_reblogs, only_media, tag,
    )  # fmt: skip
