"""Posts, boosts, threads, edits, favourites, bookmarks, pins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Post:
    id: int
    uri: str
    url: str
    local: bool
    account_id: int
    kind: str
    reblog_of_id: int | None
    community_id: int | None
    in_reply_to_id: int | None
    in_reply_to_account_id: int | None
    locked_at: datetime | None
    removed: str | None
    thread_id: int
    title: str
    content: str
    source: str
    summary: str
    sensitive: bool
    language: str | None
    visibility: str
    attachments: list[dict[str, Any]]
    emojis: list[dict[str, Any]]
    tags: list[str]
    app_id: int | None
    quote_id: int | None
    quoted_account_id: int | None
    quote_state: str | None
    quote_stamp: str | None
    quote_automatic: list[str]
    quote_manual: list[str]
    replies_count: int
    reblogs_count: int
    favourites_count: int
    dislikes_count: int
    quotes_count: int
    published_at: datetime
    edited_at: datetime | None
    created_at: datetime

    @property
    def is_call(self) -> bool:
        """Something one takes part in; an event of another server too, even one without answers."""
        return self.kind in ("event", "call")

    @property
    def is_public(self) -> bool:
        """Whether anybody may see it, listed or not."""
        return self.visibility in ("public", "unlisted")

    @property
    def held(self) -> bool:
        """Whether it waits for those who steer its community, or was refused by them."""
        return self.removed == "held"

    @property
    def is_deleted(self) -> bool:
        """A call that its organisers deleted, kept until those who answered have heard of it."""
        return self.removed == "deleted"

    @property
    def is_shared(self) -> bool:
        """Whether its community passes it on: to everybody, or to its members."""
        return self.is_public or self.visibility == "members"

    @property
    def is_head(self) -> bool:
        """Whether a thread starts here."""
        return self.thread_id == self.id and self.reblog_of_id is None


@dataclass(frozen=True, slots=True)
class NewPost:
    """All that a post has when it is first written; the counts start at zero."""

    id: int
    uri: str
    url: str
    local: bool
    account_id: int
    kind: str
    visibility: str
    published_at: datetime
    thread_id: int
    reblog_of_id: int | None = None
    community_id: int | None = None
    in_reply_to_id: int | None = None
    in_reply_to_account_id: int | None = None
    title: str = ""
    content: str = ""
    source: str = ""
    summary: str = ""
    sensitive: bool = False
    language: str | None = None
    attachments: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    tags: list[str] = field(default_factory=list[str])
    app_id: int | None = None
    quote_id: int | None = None
    quoted_account_id: int | None = None
    quote_state: str | None = None
    quote_stamp: str | None = None
    quote_automatic: list[str] = field(default_factory=list[str])
    quote_manual: list[str] = field(default_factory=list[str])
    emojis: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    removed: str | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    id: int
    post_id: int
    title: str
    content: str
    summary: str
    sensitive: bool
    attachments: list[dict[str, Any]]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Mention:
    post_id: int
    account_id: int


@dataclass(frozen=True, slots=True)
class Mentioned:
    """Who is mentioned in a post, as far as it is shown."""

    post_id: int
    account_id: int
    username: str
    host: str
    url: str


@dataclass(frozen=True, slots=True)
class Tombstone:
    """``kind`` is None where the post was not public: that it was here is nobody's business."""

    uri: str
    said_by: str
    kind: str | None
    deleted_at: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a list ordered by an action: its row id pages, the other id is shown."""

    row_id: int
    id: int


INSERT = Query(
    """
    insert into posts (id, uri, url, local, account_id, kind, visibility, published_at, thread_id,
        reblog_of_id, community_id, in_reply_to_id, in_reply_to_account_id, title, content, source,
        summary, sensitive, language, attachments, tags, app_id, created_at, quote_id,
        quoted_account_id, quote_state, quote_stamp, quote_automatic, quote_manual, emojis, removed)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
        $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31)
    on conflict do nothing returning *
    """,
    Post,
)
BY_ID = Query("select * from posts where id = $1", Post)
HOLD = Query("select * from posts where id = $1 for no key update", Post)
HOLD_MANY = Query(
    "select id from posts where id = any($1::bigint[]) order by id for no key update", int
)
HOLD_BELOW = Query(
    "select id from posts where in_reply_to_id = $1 or reblog_of_id = $1 or quote_id = $1"
    " order by id for no key update",
    int,
)
BY_IDS = Query("select * from posts where id = any($1::bigint[])", Post)
WITH_BOOSTED = Query(
    "select * from posts where id = any($1::bigint[]) union all select b.* from posts p"
    " join posts b on b.id = p.reblog_of_id where p.id = any($1::bigint[])",
    Post,
)
LATEST = Query("select * from posts where account_id = $1 order by id desc limit $2", Post)
BY_URI = Query("select * from posts where uri = $1", Post)
BY_URL = Query("select * from posts where url = $1 order by id limit 1", Post)
BOOST_OF = Query("select * from posts where account_id = $1 and reblog_of_id = $2", Post)
COUNT_REPLY = Command(
    "update posts set replies_count = greatest(replies_count + $2, 0) where id = $1"
)
COUNT_REBLOG = Command(
    "update posts set reblogs_count = greatest(reblogs_count + $2, 0) where id = $1"
)
COUNT_FAVOURITE = Command(
    "update posts set favourites_count = greatest(favourites_count + $2, 0) where id = $1"
)
INSERT_MENTION = Command(
    "insert into post_mentions (post_id, account_id)"
    " select $1, unnest($2::bigint[]) on conflict do nothing"
)
DROP_MENTIONS = Command("delete from post_mentions where post_id = $1")
MENTIONS = Query(
    "select post_id, account_id from post_mentions where post_id = any($1::bigint[])"
    " order by post_id, account_id",
    Mention,
)
MENTIONED = Query(
    "select m.post_id, m.account_id, a.username, a.handle_host as host, a.url from post_mentions m"
    " join accounts a on a.id = m.account_id where m.post_id = any($1::bigint[])"
    " order by m.post_id, m.account_id",
    Mentioned,
)
EDIT = Query(
    """
    update posts set title = $2, content = $3, source = $4, summary = $5, sensitive = $6,
        language = $7, tags = $8, attachments = $9, edited_at = $10, emojis = $11
    where id = $1 returning *
    """,
    Post,
)
INSERT_EDIT = Command(
    "insert into post_edits (post_id, title, content, summary, sensitive, attachments, created_at)"
    " values ($1, $2, $3, $4, $5, $6, $7)"
)
EDITS = Query("select * from post_edits where post_id = $1 order by id", Edit)
BOOSTS_OF = Query("select * from posts where reblog_of_id = $1 order by id", Post)
DELETE = Command("delete from posts where id = $1")
BURY_ALL = Command(
    "insert into tombstones (uri, deleted_at, kind) select uri, $2,"
    " case when visibility in ('public', 'unlisted') then kind end from posts where account_id = $1"
    " on conflict do nothing"
)
BURY = Command(
    "insert into tombstones (uri, deleted_at, kind, said_by) values ($1, $2, $3, $4)"
    " on conflict do nothing"
)
TOMBSTONE = Query("select * from tombstones where uri = $1 and said_by = ''", Tombstone)
IS_BURIED = Query(
    "select exists (select from tombstones where uri = $1 and said_by in ('', $2))", bool
)
ANY_BURIED = Query("select exists (select from tombstones where uri = any($1::text[]))", bool)
THREAD = Query(
    "select * from posts where thread_id = $1 and reblog_of_id is null order by id limit $2", Post
)
THREAD_PAGE = Query(
    "select * from posts where thread_id = $1 and reblog_of_id is null and id > $2"
    " and visibility in ('public', 'unlisted', 'members') order by id limit $3",
    Post,
)
THREAD_COUNT = Query(
    "select count(*) from posts where thread_id = $1 and reblog_of_id is null"
    " and visibility in ('public', 'unlisted', 'members') and removed is distinct from 'held'",
    int,
)
BOOSTS_COUNT = Query(
    "select count(*) from posts where account_id = $1 and reblog_of_id is not null", int
)
BOOSTS_PAGE = Query(
    "select * from posts where account_id = $1 and reblog_of_id is not null"
    " and id < $2 order by id desc limit $3",
    Post,
)
PUBLIC_COUNT = Query(
    "select count(*) from posts where account_id = $1 and visibility in ('public', 'unlisted')"
    " and removed is distinct from 'held'",
    int,
)
PUBLIC_PAGE = Query(
    "select * from posts where account_id = $1 and visibility in ('public', 'unlisted')"
    " and id < $2 order by id desc limit $3",
    Post,
)
REPLIES = Query(
    "select * from posts where in_reply_to_id = $1"
    " and visibility in ('public', 'unlisted', 'members')"
    " order by id limit $2",
    Post,
)


async def insert(conn: Connection, post: NewPost, now: datetime) -> Post | None:
    """The new row, or None where its URI (or this boost) stands already."""
    p = post
    return await INSERT.first(
        conn, p.id, p.uri, p.url, p.local, p.account_id, p.kind, p.visibility, p.published_at,
        p.thread_id, p.reblog_of_id, p.community_id, p.in_reply_to_id, p.in_reply_to_account_id,
        p.title, p.content, p.source, p.summary, p.sensitive, p.language, p.attachments, p.tags,
        p.app_id, now, p.quote_id, p.quoted_account_id, p.quote_state, p.quote_stamp,
        p.quote_automatic, p.quote_manual, p.emojis, p.removed,
    )  # fmt: skip


async def by_id(conn: Connection, post_id: int) -> Post | None:
    return await BY_ID.first(conn, post_id)


async def hold(conn: Connection, post_id: int) -> Post | None:
    """The post, held against others who change it until the transaction ends. None where it is gone."""
    return await HOLD.first(conn, post_id)


async def hold_many(conn: Connection, ids: Sequence[int]) -> set[int]:
    """Those of these posts that are there, held in one order by all."""
    return set(await HOLD_MANY.all(conn, ids))


async def hold_below(conn: Connection, post_id: int) -> None:
    """Its replies, boosts and quotes, which a delete changes too."""
    await HOLD_BELOW.all(conn, post_id)


async def by_ids(conn: Connection, ids: Sequence[int]) -> dict[int, Post]:
    return {row.id: row for row in await BY_IDS.all(conn, ids)}


async def with_boosted(conn: Connection, ids: Sequence[int]) -> dict[int, Post]:
    """These posts, and what the boosts among them boost."""
    return {row.id: row for row in await WITH_BOOSTED.all(conn, ids)}


async def latest(conn: Connection, account_id: int, limit: int) -> list[Post]:
    """What an account wrote and boosted, newest first."""
    return await LATEST.all(conn, account_id, limit)


async def by_uri(conn: Connection, uri: str) -> Post | None:
    return await BY_URI.first(conn, uri)


async def by_url(conn: Connection, url: str) -> Post | None:
    """By the address of its page."""
    return await BY_URL.first(conn, url)


async def boost_of(conn: Connection, account_id: int, post_id: int) -> Post | None:
    return await BOOST_OF.first(conn, account_id, post_id)


async def count_reply(conn: Connection, post_id: int, by: int) -> None:
    await COUNT_REPLY.run(conn, post_id, by)


async def count_reblog(conn: Connection, post_id: int, by: int) -> None:
    await COUNT_REBLOG.run(conn, post_id, by)


async def add_mentions(conn: Connection, post_id: int, accounts: Sequence[int]) -> None:
    if accounts:
        await INSERT_MENTION.run(conn, post_id, accounts)


async def set_mentions(conn: Connection, post_id: int, accounts: Sequence[int]) -> None:
    """In place of those that it had."""
    await DROP_MENTIONS.run(conn, post_id)
    await add_mentions(conn, post_id, accounts)


async def mentions(conn: Connection, ids: Sequence[int]) -> list[Mention]:
    return await MENTIONS.all(conn, ids)


async def mentioned(conn: Connection, ids: Sequence[int]) -> list[Mentioned]:
    return await MENTIONED.all(conn, ids)


async def edit(
    conn: Connection,
    old: Post,
    *,
    title: str,
    content: str,
    source: str,
    summary: str,
    sensitive: bool,
    language: str | None,
    tags: list[str],
    attachments: list[dict[str, Any]],
    emojis: list[dict[str, Any]],
    now: datetime,
) -> Post:
    """Keep the old version in the history and write the new one."""
    await INSERT_EDIT.run(
        conn, old.id, old.title, old.content, old.summary, old.sensitive, old.attachments,
        old.edited_at or old.published_at,
    )  # fmt: skip
    return await EDIT.one(
        conn, old.id, title, content, source, summary, sensitive, language, tags, attachments, now,
        emojis,
    )  # fmt: skip


async def edits(conn: Connection, post_id: int) -> list[Edit]:
    """Former versions, oldest first; the present one is the post itself."""
    return await EDITS.all(conn, post_id)


async def boosts_of(conn: Connection, post_id: int) -> list[Post]:
    return await BOOSTS_OF.all(conn, post_id)


async def delete(conn: Connection, post: Post, now: datetime) -> bool:
    """Remove it and leave a tombstone. False where it was gone already."""
    public = post.visibility in ("public", "unlisted")
    await BURY.run(conn, post.uri, now, post.kind if public else None, "")
    return await DELETE.run(conn, post.id) == 1


async def bury(
    conn: Connection, uri: str, now: datetime, kind: str | None = None, *, said_by: str = ""
) -> None:
    """``kind``: of what was public, and None otherwise. ``said_by``: the actor who says so of what was never here."""
    await BURY.run(conn, uri, now, kind, said_by)


async def tombstone(conn: Connection, uri: str) -> Tombstone | None:
    return await TOMBSTONE.first(conn, uri)


async def bury_all(conn: Connection, account_id: int, now: datetime) -> None:
    """Everything that an account wrote."""
    await BURY_ALL.run(conn, account_id, now)


async def any_buried(conn: Connection, uris: Sequence[str]) -> bool:
    return await ANY_BURIED.one(conn, uris)


async def is_buried(conn: Connection, uri: str, author: str = "") -> bool:
    """Whether it was deleted here, or ``author`` (an actor's id) said so of their own before it came."""
    return await IS_BURIED.one(conn, uri, author)


async def thread(conn: Connection, thread_id: int, limit: int) -> list[Post]:
    """Every post of a thread, oldest first."""
    return await THREAD.all(conn, thread_id, limit)


async def public_count(conn: Connection, account_id: int) -> int:
    """Public and unlisted posts and boosts: what an outbox lists."""
    return await PUBLIC_COUNT.one(conn, account_id)


async def public_page(conn: Connection, account_id: int, before: int, limit: int) -> list[Post]:
    return await PUBLIC_PAGE.all(conn, account_id, before, limit)


async def replies(conn: Connection, post_id: int, limit: int) -> list[Post]:
    return await REPLIES.all(conn, post_id, limit)


async def thread_page(conn: Connection, head_id: int, after: int, limit: int) -> list[Post]:
    """The posts of a thread that more than those named may see, oldest first."""
    return await THREAD_PAGE.all(conn, head_id, after, limit)


async def thread_count(conn: Connection, head_id: int) -> int:
    return await THREAD_COUNT.one(conn, head_id)


async def boosts_count(conn: Connection, account_id: int) -> int:
    """Of everything that an account boosted, whoever may see it."""
    return await BOOSTS_COUNT.one(conn, account_id)


async def boosts_page(conn: Connection, account_id: int, before: int, limit: int) -> list[Post]:
    return await BOOSTS_PAGE.all(conn, account_id, before, limit)
