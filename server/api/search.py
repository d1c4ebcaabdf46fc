"""Search: addresses and handles lead to what they name; words find people, tags and, for members, posts.

How words are read stands in ``domain.search``. With ``resolve`` other servers are asked, before any
transaction, and only for members.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from aiohttp import web

from server.api import paging, params
from server.api.answers import ok
from server.api.auth import Caller, for_anyone
from server.api.describe import Described, a_text, an_id, choice, flag, integer, limit, op
from server.api.network import look_up
from server.api.params import Params
from server.api.reading import statuses, view, viewer_of
from server.context import context
from server.domain import sight
from server.domain.calling import calls_elsewhere
from server.domain.posting import search as searching
from server.domain.tx import Tx
from server.errors import Unauthenticated
from server.render import account, tags
from server.render.view import Json
from storage import accounts, posts
from storage.accounts import Account
from storage.posts import Post

MAX_QUERY = 2000  # characters
HANDLE = re.compile(r"@?[\w.-]+@[\w.:-]+")
ADDRESS = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Asked:
    words: str
    kind: str | None
    limit: int
    offset: int
    following: bool
    author_id: int | None

    def wants(self, kind: str) -> bool:
        return self.kind in (None, kind)

    @property
    def names_one(self) -> bool:
        """An address or a whole handle names one thing."""
        return self.is_address or HANDLE.fullmatch(self.words) is not None

    @property
    def is_address(self) -> bool:
        return ADDRESS.fullmatch(self.words) is not None


async def search(request: web.Request, caller: Caller | None) -> web.Response:
    return ok(await _search(request, caller))


async def search_v1(request: web.Request, caller: Caller | None) -> web.Response:
    """The same, tags by their names alone. Pinafore asks so where version 2 is not there, and older libraries."""
    found = await _search(request, caller)
    return ok(found | {"hashtags": [tag["name"] for tag in found["hashtags"]]})


async def _search(request: web.Request, caller: Caller | None) -> Json:
    sent = await params.read(request)
    viewer = viewer_of(caller)
    asked = _asked(request, sent)
    exact = None
    if sent.flag("resolve") or asked.offset:
        # Mastodon too keeps the costly ways for members.
        if viewer is None:
            raise Unauthenticated("Search queries that resolve or page are not for strangers")
        if asked.names_one and not asked.offset and sent.flag("resolve"):
            exact = await look_up(request, asked.words)
    async with context(request).work.reading() as tx:
        exact = exact or await _known(tx, asked)
        return {
            "accounts": await _accounts(tx, asked, exact, viewer),
            "statuses": await _statuses(tx, asked, exact, viewer),
            "hashtags": await _hashtags(tx, asked, viewer),
        }


def _asked(request: web.Request, sent: Params) -> Asked:
    return Asked(
        words=(sent.text("q") or "").strip()[:MAX_QUERY],
        kind=sent.text("type") or None,
        limit=paging.limit(request, 20, 40),
        offset=sent.integer("offset") or 0,
        following=sent.flag("following"),
        author_id=sent.id("account_id"),
    )


async def _known(tx: Tx, asked: Asked) -> Account | Post | None:
    if not asked.names_one or asked.offset:
        return None
    if not asked.is_address:
        return await searching.by_handle(tx, asked.words)
    address = asked.words
    found = await accounts.by_uri(tx.conn, address) or await accounts.by_url(tx.conn, address)
    return (
        found or await calls_elsewhere.known_by(tx, address) or await posts.by_url(tx.conn, address)
    )


async def _accounts(
    tx: Tx, asked: Asked, exact: Account | Post | None, viewer: Account | None
) -> list[Json]:
    if not asked.wants("accounts"):
        return []
    rows = [exact] if isinstance(exact, Account) else []
    if not rows and not asked.is_address:
        rows = await searching.people(
            tx, asked.words, asked.limit, asked.offset, viewer, following=asked.following
        )
    known = await sight.knowable(tx, rows, viewer)
    return [account.account(tx.site.urls, row) for row in known]


async def _statuses(
    tx: Tx, asked: Asked, exact: Account | Post | None, viewer: Account | None
) -> list[Json]:
    """What stands at an address; for members, what has these words too."""
    if not asked.wants("statuses"):
        return []
    if isinstance(exact, Post):
        return await statuses(tx, [exact.id], viewer, feed=True)
    if asked.names_one or viewer is None:
        return []
    terms = searching.parse(asked.words)
    if asked.author_id is not None:
        terms = replace(terms, filters=replace(terms.filters, author_id=asked.author_id))
    found = await searching.posts(tx, viewer, terms, asked.limit, asked.offset)
    return await statuses(tx, found, viewer, feed=True)


async def _hashtags(tx: Tx, asked: Asked, viewer: Account | None) -> list[Json]:
    if not asked.wants("hashtags"):
        return []
    names = await searching.tags(tx, asked.words, asked.limit, asked.offset)
    return await tags.load(view(tx, viewer), names) if names else []


def routes() -> list[web.RouteDef]:
    return [
        for_anyone("GET", "/api/v2/search", search, "read:search"),
        for_anyone("GET", "/api/v1/search", search_v1, "read:search"),
    ]


_TAKES = (
    a_text("q", required=True),
    choice("type", "accounts", "statuses", "hashtags"),
    flag("resolve"),
    flag("following"),
    limit(),
    integer("offset"),
    an_id("account_id"),
)
DESCRIBED: Described = {
    "GET /api/v2/search": op("Search", *_TAKES),
    "GET /api/v1/search": op("SearchV1", *_TAKES),
}
