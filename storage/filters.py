"""Filters of members: what they look for (keywords, single posts), where, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storage.db import Command, Connection, Query

CONTEXTS = ("home", "notifications", "public", "thread", "account")
ACTIONS = ("warn", "hide", "blur")


@dataclass(frozen=True, slots=True)
class Filter:
    """``expires_at``: None for never."""

    id: int
    account_id: int
    title: str
    context: list[str]
    action: str
    expires_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Keyword:
    id: int
    filter_id: int
    keyword: str
    whole_word: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A single post that a filter catches."""

    id: int
    filter_id: int
    post_id: int


@dataclass(frozen=True, slots=True)
class Rules:
    """A filter with all that it catches; ``whole_word`` goes with ``keywords``, place by place.

    Of an account that has no filters any more, one with neither id nor anything else.
    """

    version: UUID
    id: int | None
    title: str | None
    context: list[str] | None
    action: str | None
    expires_at: datetime | None
    keywords: list[str]
    whole_word: list[bool]
    post_ids: list[int]


OF = Query("select * from filters where account_id = $1 order by id", Filter)
BY_ID = Query("select * from filters where id = $1 and account_id = $2", Filter)
INSERT = Query(
    "insert into filters (account_id, title, context, action, expires_at, created_at)"
    " values ($1, $2, $3, $4, $5, $6) returning *",
    Filter,
)
UPDATE = Query(
    "update filters set title = $2, context = $3, action = $4, expires_at = $5"
    " where id = $1 returning *",
    Filter,
)
DELETE = Command("delete from filters where id = $1")
DELETE_EMPTY = Command(
    "delete from filters f where id = $1"
    " and not exists (select from filter_keywords k where k.filter_id = f.id)"
    " and not exists (select from filter_posts p where p.filter_id = f.id)"
)
COUNT = Query("select count(*) from filters where account_id = $1", int)
KEYWORDS = Query(
    "select * from filter_keywords where filter_id = any($1::bigint[]) order by id", Keyword
)
KEYWORD = Query(
    "select k.* from filter_keywords k join filters f on f.id = k.filter_id"
    " where k.id = $1 and f.account_id = $2",
    Keyword,
)
COUNT_KEYWORDS = Query(
    "select count(*) from filter_keywords k join filters f on f.id = k.filter_id"
    " where f.account_id = $1",
    int,
)
ADD_KEYWORD = Query(
    "insert into filter_keywords (filter_id, keyword, whole_word) values ($1, $2, $3) returning *",
    Keyword,
)
SET_KEYWORD = Query(
    "update filter_keywords set keyword = $2, whole_word = $3 where id = $1 returning *", Keyword
)
DELETE_KEYWORD = Command("delete from filter_keywords where id = $1")
POSTS = Query("select * from filter_posts where filter_id = any($1::bigint[]) order by id", Listed)
POST = Query(
    "select p.* from filter_posts p join filters f on f.id = p.filter_id"
    " where p.id = $1 and f.account_id = $2",
    Listed,
)
COUNT_POSTS = Query(
    "select count(*) from filter_posts p join filters f on f.id = p.filter_id"
    " where f.account_id = $1",
    int,
)
ADD_POST = Query(
    "insert into filter_posts (filter_id, post_id) values ($1, $2)"
    " on conflict do nothing returning *",
    Listed,
)
DELETE_POST = Command("delete from filter_posts where id = $1")
# The row is locked until the transaction ends: who changes filters of one account takes turns.
RENEW = Command(
    "insert into filter_versions (account_id, version) values ($1, gen_random_uuid())"
    " on conflict (account_id) do update set version = excluded.version"
)
RULES = Query(
    """
    select v.version, f.id, f.title, f.context, f.action, f.expires_at,
        array(select keyword from filter_keywords k
            where k.filter_id = f.id order by k.id) as keywords,
        array(select whole_word from filter_keywords k
            where k.filter_id = f.id order by k.id) as whole_word,
        array(select post_id from filter_posts p where p.filter_id = f.id) as post_ids
    from filter_versions v left join filters f on f.account_id = v.account_id
    where v.account_id = $1
    order by f.id
    """,
    Rules,
)


async def of(conn: Connection, account_id: int) -> list[Filter]:
    return await OF.all(conn, account_id)


async def by_id(conn: Connection, filter_id: int, account_id: int) -> Filter | None:
    """None also for somebody else's."""
    return await BY_ID.first(conn, filter_id, account_id)


async def insert(
    conn: Connection,
    account_id: int,
    title: str,
    context: Sequence[str],
    action: str,
    expires_at: datetime | None,
    now: datetime,
) -> Filter:
    return await INSERT.one(conn, account_id, title, context, action, expires_at, now)


async def update(
    conn: Connection,
    filter_id: int,
    title: str,
    context: Sequence[str],
    action: str,
    expires_at: datetime | None,
) -> Filter:
    return await UPDATE.one(conn, filter_id, title, context, action, expires_at)


async def delete(conn: Connection, filter_id: int) -> None:
    await DELETE.run(conn, filter_id)


async def delete_if_empty(conn: Connection, filter_id: int) -> None:
    """A filter that catches nothing any more."""
    await DELETE_EMPTY.run(conn, filter_id)


async def count(conn: Connection, account_id: int) -> int:
    return await COUNT.one(conn, account_id)


async def keywords(conn: Connection, filter_ids: Sequence[int]) -> list[Keyword]:
    return await KEYWORDS.all(conn, filter_ids)


async def keyword(conn: Connection, keyword_id: int, account_id: int) -> Keyword | None:
    """None also for somebody else's."""
    return await KEYWORD.first(conn, keyword_id, account_id)


async def count_keywords(conn: Connection, account_id: int) -> int:
    """In all filters of the account."""
    return await COUNT_KEYWORDS.one(conn, account_id)


async def add_keyword(conn: Connection, filter_id: int, words: str, *, whole_word: bool) -> Keyword:
    return await ADD_KEYWORD.one(conn, filter_id, words, whole_word)


async def set_keyword(
    conn: Connection, keyword_id: int, words: str, *, whole_word: bool
) -> Keyword:
    return await SET_KEYWORD.one(conn, keyword_id, words, whole_word)


async def delete_keyword(conn: Connection, keyword_id: int) -> None:
    await DELETE_KEYWORD.run(conn, keyword_id)


async def posts(conn: Connection, filter_ids: Sequence[int]) -> list[Listed]:
    return await POSTS.all(conn, filter_ids)


async def post(conn: Connection, listed_id: int, account_id: int) -> Listed | None:
    """None also for somebody else's."""
    return await POST.first(conn, listed_id, account_id)


async def count_posts(conn: Connection, account_id: int) -> int:
    """In all filters of the account."""
    return await COUNT_POSTS.one(conn, account_id)


async def add_post(conn: Connection, filter_id: int, post_id: int) -> Listed | None:
    """None where it stands there already."""
    return await ADD_POST.first(conn, filter_id, post_id)


async def delete_post(conn: Connection, listed_id: int) -> None:
    await DELETE_POST.run(conn, listed_id)


async def renew(conn: Connection, account_id: int) -> None:
    """A new version: whatever was compiled of the account's filters is void after this transaction.

    Holds the account's filters against others who change them.
    """
    await RENEW.run(conn, account_id)


async def rules(conn: Connection, account_id: int) -> list[Rules]:
    """All filters of an account with their version; nothing where it never had one."""
    return await RULES.all(conn, account_id)
