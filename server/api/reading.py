"""From ids to what a client may see: the few lines that every reading route shares.

What a viewer may not or does not want to see is left out after a page of rows was read. Clients take an
empty page for the end, and some a short one, so reading goes on (``page_of_statuses``) until the page is
full, the rows end, or ``ROUNDS`` were read; then the Link header leads on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias, TypeVar

from aiohttp import web

from server import ids
from server.api.auth import Caller
from server.domain import sight
from server.domain.sight import Known
from server.domain.tx import Tx
from server.errors import NotFound
from server.render import status
from server.render.view import Json, View
from storage import accounts, calls
from storage.accounts import Account
from storage.calls import Call
from storage.posts import Post
from storage.timelines import Page

T = TypeVar("T")
Rows: TypeAlias = Callable[[Page], Awaitable[list[int]]]
"""A timeline: the ids of a page, newest first."""

ROUNDS = 8
MORE = 100
"""Rows that each round after the first reads."""


def viewer_of(caller: Caller | None) -> Account | None:
    return caller.account if caller else None


def view(tx: Tx, viewer: Account | None, known: Known | None = None) -> View:
    """``known``: what was asked of authors already, for this viewer and this answer."""
    known = {} if known is None else known
    return View(
        tx.conn,
        tx.site.urls,
        tx.now,
        viewer.id if viewer else None,
        standing=partial(sight.standing, tx, viewer, known),
        quotable=partial(sight.quotable, tx, viewer, known),
    )


async def call_of(tx: Tx, request: web.Request, viewer: Account | None) -> tuple[Post, Call]:
    """The call in the path, if the viewer may see it. Raises ``NotFound``."""
    post = await sight.post(tx, id_of(request), viewer)
    found = await calls.by_id(tx.conn, post.id)
    if found is None:
        raise NotFound
    return post, found


def id_of(request: web.Request, name: str = "id") -> int:
    """The id in the path. Raises ``NotFound`` for what can be none of ours."""
    number = ids.parse(request.match_info[name])
    if number is None:
        raise NotFound
    return number


async def account_of(tx: Tx, account_id: int, viewer: Account | None) -> Account:
    """Raises ``NotFound``, also for one that was not let in yet, or of which the viewer may not know."""
    row = await accounts.by_id(tx.conn, account_id)
    if row is None or row.waiting:
        raise NotFound
    return await sight.require_known(tx, row, viewer)


async def statuses(
    tx: Tx, ids_: Sequence[int], viewer: Account | None, *, feed: bool = False
) -> list[Json]:
    """The statuses of these ids that the viewer may see, in their order."""
    shown = await sight.page(tx, ids_, viewer, feed=feed)
    return await status.statuses(view(tx, viewer, shown.known), shown.posts, shown.boosted)


@dataclass(frozen=True, slots=True)
class Filled:
    """A page that is shown. ``rows``: ids of what was passed, newest first, for the Link header."""

    body: list[Json]
    rows: list[int]


async def page_of_statuses(
    tx: Tx, rows: Rows, page: Page, viewer: Account | None, *, feed: bool = False
) -> Filled:
    """A page of a timeline, full where there is enough to show. ``feed``: as in ``sight.page``."""
    passed = found = await rows(page)
    shown = await sight.page(tx, found, viewer, feed=feed)
    step = page
    for _ in range(ROUNDS - 1):
        if len(shown.posts) >= page.limit or len(found) < step.limit:
            break
        step = _beyond(page, passed)
        found = await rows(step)
        passed = _joined(page, passed, found)
        more = await sight.page(tx, found, viewer, feed=feed)
        posts = _joined(page, shown.posts, more.posts)
        shown = sight.Shown(posts, shown.boosted | more.boosted, shown.known | more.known)
    kept = _nearest(page, shown.posts)
    if len(kept) < len(shown.posts):
        passed = [i for i in passed if (i <= kept[0].id if page.upward else i >= kept[-1].id)]
    shows = view(tx, viewer, shown.known)
    return Filled(await status.statuses(shows, kept, shown.boosted), passed)


def _beyond(page: Page, passed: Sequence[int]) -> Page:
    """What lies behind the rows that were read, in the direction of the page."""
    if page.upward:
        return replace(page, limit=MORE, min_id=passed[0])
    return replace(page, limit=MORE, max_id=passed[-1])


def _joined(page: Page, first: list[T], more: list[T]) -> list[T]:
    return [*more, *first] if page.upward else [*first, *more]


def _nearest(page: Page, posts: list[Post]) -> list[Post]:
    """As many as were asked for, beginning where the page begins."""
    return posts[-page.limit :] if page.upward else posts[: page.limit]


async def status_by_id(tx: Tx, post_id: int, viewer: Account | None) -> Json:
    """Raises ``NotFound``."""
    found = await statuses(tx, [post_id], viewer)
    if not found:
        raise NotFound
    return found[0]


async def of_posts(tx: Tx, rows: Sequence[Post], viewer: Account | None) -> list[Json]:
    """Posts at hand that are no boosts, as far as the viewer may see them."""
    known: Known = {}
    seen = await sight.visible(tx, rows, viewer, known=known)
    return await status.statuses(view(tx, viewer, known), seen, {})
