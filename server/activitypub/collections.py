"""The collections of an actor of ours.

Followers and following say how many, never who: who belongs to a community is its own business.
"""

from __future__ import annotations

from aiohttp import web

from federation import build, build_moderation
from server import ids
from server.activitypub.actors import asked_for
from server.activitypub.answers import document
from server.activitypub.objects import listed
from server.activitypub.reader import DEPENDS, for_reader, signer, wants_card
from server.context import context
from server.domain import sight, wire
from server.domain.members import follower_sync
from server.domain.moderating import ban_lists
from server.domain.tx import Tx
from server.errors import BadRequest, NotFound
from storage import accounts, calls, communities, marks, posts, tags
from storage.accounts import Account
from storage.timelines import TOP

PAGE = 20
UPCOMING = 50


async def followers(request: web.Request) -> web.StreamResponse:
    """How many. ``?is_follower=URI`` asks of a private community, for a server that holds what was posted
    to it, whether the server of that actor may have it, too (Lemmy)."""

    async def answer(tx: Tx, reader: Account | None) -> web.StreamResponse:
        account = await asked_for(tx, request, reader)
        asked = request.query.get("is_follower")
        if asked is not None and account.is_group:
            await _require_reader(tx, account, asked)
        uri = f"{account.uri}/followers"
        shown = await _private(tx, account, reader)
        return document(request, build.collection(uri, account.followers_count), reader=shown)

    return await for_reader(request, answer)


async def _require_reader(tx: Tx, group: Account, uri: str) -> None:
    """Raises ``NotFound``, unless what is for members may be told to this actor."""
    asked = await accounts.by_uri(tx.conn, uri)
    if asked is None or not await communities.reads(tx.conn, group.id, asked.id):
        raise NotFound


async def _private(tx: Tx, account: Account, reader: Account | None) -> Account | None:
    """For whom an answer about an account is, if not for everybody."""
    private = account.is_group and await communities.is_private(tx.conn, account.id)
    return reader if private else None


async def followers_of_host(request: web.Request) -> web.StreamResponse:
    """Those at the host of who signs, whom that host knows itself (FEP-8fcf); to a stranger it is not there."""
    reader = await signer(request)
    if reader is None or reader.local:
        raise NotFound
    async with context(request).work.reading() as tx:
        account = await asked_for(tx, request, reader)
        items = await follower_sync.listed_for(tx, account, reader.host)
        uri = f"{account.uri}/followers_synchronization"
        return document(request, build.collection(uri, len(items), items=items), reader=reader)


async def following(request: web.Request) -> web.StreamResponse:
    async def answer(tx: Tx, reader: Account | None) -> web.StreamResponse:
        account = await asked_for(tx, request, reader)
        uri = f"{account.uri}/following"
        shown = await _private(tx, account, reader)
        return document(request, build.collection(uri, account.following_count), reader=shown)

    return await for_reader(request, answer)


async def moderators(request: web.Request) -> web.StreamResponse:
    """Who steers a community, organisers first (FEP-1b12): whom others let moderate in its name."""

    async def answer(tx: Tx, reader: Account | None) -> web.StreamResponse:
        account = await asked_for(tx, request, reader)
        if not account.is_group:
            raise NotFound
        items = [steward.uri for steward in await communities.stewards(tx.conn, account.id)]
        body = build.collection(f"{account.uri}/moderators", len(items), items=items)
        return document(request, body, reader=await _private(tx, account, reader))

    return await for_reader(request, answer)


async def bans(request: web.Request) -> web.StreamResponse:
    """Whom a community bans, where it shares that: 404 where it does not."""

    async def answer(tx: Tx, reader: Account | None) -> web.StreamResponse:
        account = await asked_for(tx, request, reader)
        shared = await ban_lists.shared(tx, account)
        found = [(each.uri, each.reason, each.until) for each in shared]
        body = build_moderation.ban_list(f"{account.uri}/bans", account.uri, found)
        return document(request, body)

    return await for_reader(request, answer)


async def featured(request: web.Request) -> web.StreamResponse:
    """Pinned posts by id; of a call, the form that who asks can read."""

    async def answer(tx: Tx, reader: Account | None) -> web.StreamResponse:
        account = await asked_for(tx, request, reader)
        pinned = await sight.visible(tx, await marks.pinned(tx.conn, account.id), None)
        found = await calls.by_ids(tx.conn, [row.id for row in pinned])
        items: list[str] = []
        for row in pinned:
            call = found.get(row.id)
            as_card = call and call.card_uri and await wants_card(tx, request.headers, call)
            items.append(call.card_uri if call and call.card_uri and as_card else row.uri)
        body = build.collection(f"{account.uri}/featured", len(items), items=items)
        return document(request, body, *DEPENDS, reader=await _private(tx, account, reader))

    return await for_reader(request, answer)


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
    events = [call.post_id for call in found if call.starts_at]
    ordered = [rows[post_id] for post_id in events if post_id in rows]
    return await sight.visible(tx, ordered, None)


async def _calendar(tx: Tx, us: Account, uri: str, before: int) -> build.Json:
    """What an instance reads that has just followed ours: Gancio and Mobilizon take these as they come."""
    items = [await wire.calendar(tx, us, row) for row in await _upcoming(tx, us)]
    return build.collection_page(f"{uri}?before={before}", uri, items)


async def outbox(request: web.Request) -> web.StreamResponse:
    """What an actor published, newest first: ``?before=ID`` asks for a page.

    A community's carries its newest page itself, as Lemmy reads no pages; the instance's, its calendar.
    """

    async def answer(tx: Tx, reader: Account | None) -> web.StreamResponse:
        account = await asked_for(tx, request, reader)
        shown = await _private(tx, account, reader)
        body = await _outbox(tx, account, request, shown)
        return document(request, body, reader=shown)

    return await for_reader(request, answer)


async def _outbox(
    tx: Tx, account: Account, request: web.Request, reader: Account | None
) -> build.Json:
    uri = f"{account.uri}/outbox"
    if "before" in request.query:
        return await _page(tx, account, uri, _before(request), reader)
    whole = account.is_group or account.kind == "application"
    newest = await _page(tx, account, uri, TOP, reader) if whole else None
    items = newest["orderedItems"] if newest else None
    count = posts.boosts_count if reader else posts.public_count
    total = await count(tx.conn, account.id)
    body = build.collection(uri, total, first=f"{uri}?before={TOP}")
    return body | ({"orderedItems": items} if newest else {})


async def _page(
    tx: Tx, account: Account, uri: str, before: int, reader: Account | None
) -> build.Json:
    """``reader``: of a private community, whose distributions are for its members."""
    if account.kind == "application":
        return await _calendar(tx, account, uri, before)
    if reader:
        rows = seen = await posts.boosts_page(tx.conn, account.id, before, PAGE)
    else:
        rows = await posts.public_page(tx.conn, account.id, before, PAGE)
        seen = await sight.visible(tx, rows, None)
    found = [await listed(tx, row, reader) for row in seen]
    more = f"{uri}?before={rows[-1].id}" if len(rows) == PAGE else None
    items = [item for item in found if item is not None]
    return build.collection_page(f"{uri}?before={before}", uri, items, next_page=more)


def _before(request: web.Request) -> int:
    found = ids.parse(request.query["before"])
    if found is None:
        raise BadRequest("A page is asked for by the id of a post.")
    return found
