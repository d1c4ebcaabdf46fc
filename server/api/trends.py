"""Trends: what several people here write about, or were fond of, in the last three days.

Below that they are empty, which on a small server is the honest answer. Only public posts of people who want
to be found count, and only members of ours vote. A ranking is made anew every five minutes, by each process
for itself; what of it a viewer may see is asked each time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from aiohttp import web

from server.api import paging
from server.api.answers import ok
from server.api.auth import Caller, for_anyone
from server.api.describe import Described, op, ranked
from server.api.reading import statuses, view, viewer_of
from server.api.schema import array
from server.context import context
from server.domain.tx import Tx
from server.render import tags as entities
from storage import tags, trends

WINDOW = timedelta(days=3)
FRESH = timedelta(minutes=5)
PEOPLE = 3
"""Fewer make no trend."""
RANKED = 100

Item = TypeVar("Item")


@dataclass(slots=True)
class Ranking(Generic[Item]):
    """A ranked list, kept for a while."""

    make: Callable[[Tx], Awaitable[list[Item]]]
    made_at: datetime | None = None
    items: Sequence[Item] = field(default_factory=list[Item])

    async def page(self, tx: Tx, offset: int, limit: int) -> tuple[Sequence[Item], bool]:
        """The items of a page, and whether one comes after it."""
        if self.made_at is None or not timedelta(0) <= tx.now - self.made_at < FRESH:
            self.items = await self.make(tx)
            self.made_at = tx.now
        return self.items[offset : offset + limit], len(self.items) > offset + limit


async def _tags(tx: Tx) -> list[str]:
    return await tags.trending(tx.conn, (tx.now - WINDOW).date(), PEOPLE, RANKED)


async def _posts(tx: Tx) -> list[int]:
    return await trends.posts(tx.conn, tx.now - WINDOW, PEOPLE, RANKED)


@dataclass(frozen=True, slots=True)
class Trends:
    """The rankings of one application."""

    tags: Ranking[str] = field(default_factory=lambda: Ranking(_tags))
    posts: Ranking[int] = field(default_factory=lambda: Ranking(_posts))

    async def show_tags(self, request: web.Request, caller: Caller | None) -> web.Response:
        limit = paging.limit(request, 10, 20)
        async with context(request).work.reading() as tx:
            names, more = await self.tags.page(tx, paging.offset(request), limit)
            body = await entities.load(view(tx, viewer_of(caller)), names)
        return ok(body, headers=paging.link_by_offset(request, limit, more=more))

    async def show_posts(self, request: web.Request, caller: Caller | None) -> web.Response:
        limit = paging.limit(request, 20, 40)
        async with context(request).work.reading() as tx:
            ids, more = await self.posts.page(tx, paging.offset(request), limit)
            body = await statuses(tx, ids, viewer_of(caller), feed=True)
        return ok(body, headers=paging.link_by_offset(request, limit, more=more))


def routes() -> list[web.RouteDef]:
    made = Trends()
    base = "/api/v1/trends"
    return [
        for_anyone("GET", base, made.show_tags),  # Android
        for_anyone("GET", f"{base}/tags", made.show_tags),
        for_anyone("GET", f"{base}/statuses", made.show_posts),
    ]


_TAGS = op(array("Tag"), *ranked(10, 20))
DESCRIBED: Described = {
    "GET /api/v1/trends": _TAGS,
    "GET /api/v1/trends/tags": _TAGS,
    "GET /api/v1/trends/statuses": op(array("Status"), *ranked()),
}
