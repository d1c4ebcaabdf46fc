"""The collections of an actor of ours.

Followers and following say how many, never who: who belongs to a community is its own business.
"""

from __future__ import annotations

from aiohttp import web

from federation import build
from server import ids
from server.activitypub.actors import asked_for
from server.activitypub.answers import document
from server.activitypub.objects import listed
from server.activitypub.reader import DEPENDS, wants_card
from server.context import context
from server.domain import sight, wire
from server.domain.tx import Tx
from server.errors import BadRequest, NotFound
from storage import calls, communities, posts, tags
from storage.accounts import Account
from storage.timelines import TOP

PAGE = 20
UPCOMING = 50


async def followers(request: web.Request) -> web.StreamResponse:
    async with context(request).work.reading() as tx:
        account = await asked_for(tx, request)
        uri = f"{account.uri}/followers"
        return document(request, build.collection(uri, account.followers_count))


async def following(request: web.Request) -> web.StreamResponse:
    async with context(request).work.reading() as tx:
        account = await asked_for(tx, request)
        uri = f"{account.uri}/following"
        return document(request, build.collection(uri, account.following_count))


async def moderators(request: web.Request) -> web.StreamResponse:
    """Who steers a community, organisers first (FEP-1b12): whom others let moderate in its name."""
    async with context(request).work.reading() as tx:
        account = await asked_for(tx, request)
        if not account.is_group:
            raise NotFound
        items = [steward.uri for steward in await communities.stewards(tx.conn, account.id)]
        return document(
            request, build.collection(f"{account.uri}/moderators", len(items), items=items)
        )


async def featured(request: web.Request) -> web.StreamResponse:
    """Pinned posts by id; of a call, the form that who asks can read."""
    async with context(request).work.reading() as tx:
        account = await asked_for(tx, request)
        pinned = await sight.visible(tx, await posts.pinned(tx.conn, account.id), None)
        found = await calls.by_ids(tx.conn, [row.id for row in pinned])
        items: list[str] = []
        for row in pinned:
            card = found[row.id].card_uri if row.id in found else None
            as_card = card and await wants_card(tx, request.headers, row.id)
            items.append(card if card and as_card else row.uri)
        body = build.collection(f"{account.uri}/featured", len(items), items=items)
        return document(request, body, *DEPENDS)


async def featured_tags(request: web.Request) -> web.StreamResponse:
    """The tags on a profile."""
    async with context(request).work.reading() as tx:
        account = await asked_for(tx, request)
        names = [row.name for row in await tags.featured(tx.conn, account.id)]
        uri = f"{account.uri}/tags"
        return document(request, build.featured_tags(uri, names, tx.site.urls.base))


async def upcoming(request: web.Request) -> web.StreamResponse:
    """The events to come of a community, of who made them, or (``/actor``) of all, soonest first (FEP-8a8e)."""
    async with context(request).work.reading() as tx:
        account = await asked_for(tx, request)
        items = [row.uri for row in await _upcoming(tx, account)]
        uri = f"{account.uri}/upcoming"
        return document(request, build.collection(uri, len(items), items=items))


async def _upcoming(tx: Tx, account: Account) -> list[posts.Post]:
    owner = None if account.kind == "application" else account.id
    found = await calls.own_upcoming(tx.conn, owner, tx.now, UPCOMING)
    rows = await posts.by_ids(tx.conn, [call.post_id for call in found])
    ordered = [rows[call.post_id] for call in found if call.post_id in rows]
    return await sight.visible(tx, ordered, None)


async def _calendar(tx: Tx, us: Account, uri: str, before: int) -> build.Json:
    """What an instance reads that has just followed ours: Gancio and Mobilizon take these as they come."""
    items = [await wire.calendar(tx, us, row) for row in await _upcoming(tx, us)]
    return build.collection_page(f"{uri}?before={before}", uri, items)


async def outbox(request: web.Request) -> web.StreamResponse:
    """What an actor published, newest first: ``?before=ID`` asks for a page.

    A community's carries its newest page itself, as Lemmy reads no pages; the instance's, its calendar.
    """
    async with context(request).work.reading() as tx:
        account = await asked_for(tx, request)
        uri = f"{account.uri}/outbox"
        if "before" in request.query:
            return document(request, await _page(tx, account, uri, _before(request)))
        whole = account.is_group or account.kind == "application"
        newest = await _page(tx, account, uri, TOP) if whole else None
        items = newest["orderedItems"] if newest else None
        total = await posts.public_count(tx.conn, account.id)
        body = build.collection(uri, total, first=f"{uri}?before={TOP}")
        return document(request, body | ({"orderedItems": items} if newest else {}))


async def _page(tx: Tx, account: Account, uri: str, before: int) -> build.Json:
    if account.kind == "application":
        return await _calendar(tx, account, uri, before)
    rows = await posts.public_page(tx.conn, account.id, before, PAGE)
    found = [await listed(tx, row) for row in await sight.visible(tx, rows, None)]
    more = f"{uri}?before={rows[-1].id}" if len(rows) == PAGE else None
    items = [item for item in found if item is not None]
    return build.collection_page(f"{uri}?before={before}", uri, items, next_page=more)


def _before(request: web.Request) -> int:
    found = ids.parse(request.query["before"])
    if found is None:
        raise BadRequest("A page is asked for by the id of a post.")
    return found
