"""Previews of links: which address a post leads with, and what the page there says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query
from storage.timelines import Page


@dataclass(frozen=True, slots=True)
class Card:
    """``title`` is empty where the page was asked and has nothing to show."""

    url: str
    title: str
    description: str
    provider_name: str
    author_name: str
    language: str | None
    image_url: str | None
    image_description: str
    width: int
    height: int
    published_at: datetime | None
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """The card of a post."""

    post_id: int
    url: str
    title: str
    description: str
    provider_name: str
    author_name: str
    language: str | None
    image_url: str | None
    image_description: str
    width: int
    height: int
    published_at: datetime | None
    fetched_at: datetime


LINK = Command(
    "insert into post_links (post_id, url) values ($1, $2)"
    " on conflict (post_id) do update set url = excluded.url"
)
UNLINK = Command("delete from post_links where post_id = $1")
IS_FRESH = Query("select exists (select from cards where url = $1 and fetched_at > $2)", bool)
PUT = Command(
    """
    insert into cards values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    on conflict (url) do update set title = excluded.title, description = excluded.description,
        provider_name = excluded.provider_name, author_name = excluded.author_name,
        language = excluded.language, image_url = excluded.image_url,
        image_description = excluded.image_description, width = excluded.width,
        height = excluded.height, published_at = excluded.published_at,
        fetched_at = excluded.fetched_at
    where excluded.title <> '' or cards.title = ''
    """
)
OF_POSTS = Query(
    "select l.post_id, c.* from post_links l join cards c on c.url = l.url"
    " where l.post_id = any($1::bigint[]) and c.title <> ''",
    Shown,
)
LINKING = Query(
    """
    select p.id from post_links l join posts p on p.id = l.post_id
    where l.url = $1 and p.visibility = 'public' and l.post_id < $2 and l.post_id > $3
    order by l.post_id desc limit $4
    """,
    int,
)
LINKING_UP = Query(
    """
    select id from (select p.id from post_links l join posts p on p.id = l.post_id
    where l.url = $1 and p.visibility = 'public' and l.post_id < $2 and l.post_id > $3
    order by l.post_id limit $4) q order by id desc
    """,
    int,
)
FORGET = Command(
    "delete from cards c where fetched_at < $1"
    " and not exists (select from post_links l where l.url = c.url)"
)


async def link(conn: Connection, post_id: int, url: str | None) -> None:
    """What a post leads to first; None: nothing that may have a preview."""
    if url is None:
        await UNLINK.run(conn, post_id)
    else:
        await LINK.run(conn, post_id, url)


async def is_fresh(conn: Connection, url: str, since: datetime) -> bool:
    """Whether a page was asked after that time, whatever came of it."""
    return await IS_FRESH.one(conn, url, since)


async def put(conn: Connection, card: Card) -> None:
    """What a page says now. Where it says nothing any more, what it said before stays."""
    c = card
    await PUT.run(
        conn, c.url, c.title, c.description, c.provider_name, c.author_name, c.language,
        c.image_url, c.image_description, c.width, c.height, c.published_at, c.fetched_at,
    )  # fmt: skip


async def of_posts(conn: Connection, ids: Sequence[int]) -> dict[int, Shown]:
    """By post, where there is something to show."""
    return {row.post_id: row for row in await OF_POSTS.all(conn, ids)}


async def linking(conn: Connection, url: str, page: Page) -> list[int]:
    """Public posts that lead to an address."""
    query = LINKING_UP if page.upward else LINKING
    return await query.all(conn, url, *page.bounds, page.limit)


async def forget(conn: Connection, before: datetime) -> None:
    """Cards that no post leads to any more."""
    await FORGET.run(conn, before)
