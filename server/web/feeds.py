"""Feeds: of the instance, of each community and person, and of each call with what is said below it.

As calendars they are for everybody, or behind a member's secret address (subscribed.py). A feed holds the
newest posts in the order of time, and no more than a page of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from aiohttp import web

from server import text
from server.context import context
from server.domain import sight
from server.domain.tx import Tx
from server.errors import NotFound
from server.web import atom, listed, subscribed
from server.web.atom import Entry, Feed
from server.web.calls import known
from storage import accounts, instance, posts, timelines
from storage.accounts import Account
from storage.posts import Post
from storage.timelines import Page

ENTRIES = 20
THREAD = 500
"""Posts of a call's thread that are looked at for the newest of them."""
TITLE = 80
WRITERS = {"atom": atom.atom, "rss": atom.rss}


@dataclass(frozen=True, slots=True)
class About:
    """What a feed is of. ``since``: when it last changed, as long as it is empty."""

    title: str
    url: str
    text: str
    since: datetime


async def whole(request: web.Request) -> web.Response:
    """``GET /feed.atom``: what is public and written here."""
    async with context(request).work.reading() as tx:
        us = await instance.get(tx.conn)
        if us is None:
            raise NotFound
        found = await timelines.public(tx.conn, Page(ENTRIES), local=True, remote=False)
        seen = (await sight.page(tx, found, None, feed=True)).posts
        site = tx.site
        about = About(site.title or site.urls.domain, site.urls.base + "/", "", us.created_at)
        return await _answer(tx, request, about, seen, None)


async def profile(request: web.Request) -> web.Response:
    """``GET /@{name}.atom`` and ``.rss``: the threads of a community, or the posts of a person."""
    async with context(request).work.reading() as tx:
        of = await subscribed.public(tx, request)
        if of.is_group:
            return await _community(tx, request, of, None)
        found = await timelines.of_account(
            tx.conn, of.id, Page(ENTRIES), visible=listed.PUBLIC, viewer_id=0,
            exclude_replies=True, exclude_reblogs=True, only_media=False, tag=None,
        )  # fmt: skip
        seen = await sight.posts_by_ids(tx, found, None)
        return await _answer(tx, request, _of(of), seen, None)


async def community(request: web.Request) -> web.Response:
    """``GET /subscriptions/{secret}/communities/{id}.atom``: as a member sees it."""
    async with context(request).work.reading() as tx:
        return await _community(tx, request, *await subscribed.own(tx, request))


async def call(request: web.Request) -> web.Response:
    """``GET /calls/{id}.atom``: the call, and the newest of what is said to it."""
    async with context(request).work.reading() as tx:
        post, _ = await known(tx, request)
        thread = await posts.thread(tx.conn, post.thread_id, THREAD)
        seen = await sight.visible(tx, reversed(thread), None)
        about = About(post.title, post.url, "", post.published_at)
        return await _answer(tx, request, about, seen[:ENTRIES], None)


async def _community(
    tx: Tx, request: web.Request, group: Account, viewer: Account | None
) -> web.Response:
    found = await timelines.community(tx.conn, group.id, Page(ENTRIES))
    seen = await sight.posts_by_ids(tx, found, viewer)
    return await _answer(tx, request, _of(group), seen, viewer)


async def _answer(
    tx: Tx, request: web.Request, about: About, seen: Sequence[Post], viewer: Account | None
) -> web.Response:
    """These posts, which the viewer may see, in their order."""
    authors = await accounts.by_ids(tx.conn, sorted({post.account_id for post in seen}))
    entries = [_entry(post, authors[post.account_id]) for post in seen]
    path = request.path.rstrip("/")
    form = path.rpartition(".")[2]
    address = tx.site.urls.base + path
    updated = max((entry.updated for entry in entries), default=about.since)
    feed = Feed(address, about.url, about.title, about.text, updated, entries)
    file = path.rpartition("/")[2].removeprefix("@")
    return subscribed.answer(request, WRITERS[form](feed), f"application/{form}+xml", file, viewer)


def _of(account: Account) -> About:
    return About(_name(account), account.url, text.plain(account.note), account.created_at)


def _name(account: Account) -> str:
    return account.display_name or account.username


def _entry(post: Post, author: Account) -> Entry:
    return Entry(
        id=post.uri,
        url=post.url,
        title=_title(post),
        html=_html(post),
        author=_name(author),
        author_url=author.url,
        published=post.published_at,
        updated=post.edited_at or post.published_at,
        tags=post.tags,
    )


def _warns(post: Post) -> bool:
    return post.sensitive and post.summary != ""


def _title(post: Post) -> str:
    """Atom wants one. A warning stands before what it warns of."""
    said = post.title or (post.summary if _warns(post) else text.plain(post.content))
    return text.one_line(said, TITLE) or "A post"


def _html(post: Post) -> str:
    """Of a post with a warning, the warning alone: who wants to read on opens the post."""
    return f"<p>{escape(post.summary)}</p>" if _warns(post) else post.content
