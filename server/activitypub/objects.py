"""Posts, calls, cards and boosts of ours, what answers them, and the activities that we sent.

What is public is served to everybody; everything else, and everything of other servers, does not exist
here. ``domain.sight`` decides, as for every other door.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from aiohttp import web

from federation import build, jsonld
from federation.fields import mapping, refs
from federation.vocab import AS, PUBLIC_ALIASES
from server.activitypub.answers import document, elsewhere, missing, number
from server.activitypub.reader import DEPENDS, wants_card
from server.context import context
from server.domain import sight, wire
from server.domain.tx import Tx
from server.errors import NotFound
from storage import accounts, calls, outbox, posts, quotes
from storage.posts import Post

THREAD_MAX = 1000  # posts of a thread that its context lists
REPLIES_MAX = 200
MAX_DEPTH = 3  # of activities in each other: Announce, Undo, Like


async def post(request: web.Request) -> web.StreamResponse:
    """GET /posts/N: the post, or the Announce that a boost is."""
    async with context(request).work.reading() as tx:
        row = await public(tx, tx.site.urls.post(number(request)))
        if row.kind != "boost":
            return document(request, await wire.post(tx, row))
        return document(request, await wire.boost(tx, row, await boosted(tx, row)))


async def call(request: web.Request) -> web.StreamResponse:
    """GET /calls/N: the call; a microblog is sent to its answer card."""
    async with context(request).work.reading() as tx:
        row = await public(tx, tx.site.urls.call(number(request)))
        found = await calls.by_id(tx.conn, row.id)
        if found and found.card_uri and await wants_card(tx, request.headers, row.id):
            return elsewhere(found.card_uri, *DEPENDS)
        return document(request, await wire.post(tx, row), *DEPENDS)


async def attendees(request: web.Request) -> web.StreamResponse:
    """GET /calls/N/attendees: how many take part, never who (FEP-8a8e)."""
    return await _collection_of_call(request, "attendees")


async def organizers(request: web.Request) -> web.StreamResponse:
    """GET /calls/N/organizers: who made it, and its community."""
    return await _collection_of_call(request, "organizers")


async def _collection_of_call(request: web.Request, name: str) -> web.StreamResponse:
    async with context(request).work.reading() as tx:
        row = await public(tx, tx.site.urls.call(number(request)))
        collection = mapping((await wire.post(tx, row)).get(name))
        if collection is None:
            raise NotFound
        return document(request, {"@context": AS, **collection})


async def card(request: web.Request) -> web.StreamResponse:
    """GET /cards/N: the answer card; who reads calls is sent to the call."""
    async with context(request).work.reading() as tx:
        uri = tx.site.urls.card(number(request))
        found = await calls.by_card(tx.conn, uri)
        if found is None:
            raise await missing(tx, uri)
        row = await sight.post(tx, found.post_id, None)
        if not await wants_card(tx, request.headers, row.id):
            return elsewhere(row.uri, *DEPENDS)
        return document(request, await wire.card(tx, row, found), *DEPENDS)


async def activity_of(request: web.Request) -> web.StreamResponse:
    """GET /posts/N/activity, /calls/N/activity: what an outbox lists."""
    async with context(request).work.reading() as tx:
        row = await _asked_for(tx, request)
        found = await listed(tx, row)
        if found is None or found["id"] == row.uri:
            raise NotFound
        return document(request, found)


async def listed(tx: Tx, row: Post) -> build.Json | None:
    """How an outbox lists a post or boost that may be seen. None for a boost of what may not be.

    Who reads the outbox of a community (Lemmy, PieFed, Gancio) wants the whole activity in its
    Announce; microblogs read no outbox.
    """
    if row.kind != "boost":
        return await wire.create(tx, row)
    try:
        original = await boosted(tx, row)
    except NotFound:
        return None
    actor = await accounts.by_id(tx.conn, row.account_id)
    if actor and actor.is_group and original.local:
        return await wire.distribution(tx, row, original)
    return await wire.boost(tx, row, original)


async def stamp(request: web.Request) -> web.StreamResponse:
    """GET /posts/N/quotes/…: that a post may quote this one (FEP-044f), as long as it may; of a card too."""
    async with context(request).work.reading() as tx:
        row = await _asked_for(tx, request)
        address = f"{tx.site.urls.base}{request.path}"
        quoting = await quotes.by_stamp(tx.conn, address)
        if quoting is None or quoting.quote_id != row.id:
            raise NotFound
        return document(request, await wire.stamp(tx, quoting, row))


async def replies(request: web.Request) -> web.StreamResponse:
    """GET /posts/N/replies: the ids of the public answers, of other servers too, oldest first."""
    async with context(request).work.reading() as tx:
        row = await _asked_for(tx, request)
        found = await sight.visible(tx, await posts.replies(tx.conn, row.id, REPLIES_MAX), None)
        return document(request, _ids(f"{row.uri}/replies", found))


async def thread(request: web.Request) -> web.StreamResponse:
    """GET /posts/N/context: the public posts of a thread by id, oldest first (FEP-7888, FEP-f228)."""
    async with context(request).work.reading() as tx:
        head = await _asked_for(tx, request)
        if not head.is_head:
            raise NotFound
        found = await sight.visible(tx, await posts.thread(tx.conn, head.id, THREAD_MAX), None)
        owner = await accounts.by_id(tx.conn, head.community_id or head.account_id)
        owned_by = owner.uri if owner else None
        return document(request, _ids(f"{head.uri}/context", found, owned_by))


async def activity(request: web.Request) -> web.StreamResponse:
    """GET /activities/N: what we sent, byte for byte, while it is kept and if it was for everybody."""
    async with context(request).work.reading() as tx:
        body = await outbox.body_of(tx.conn, tx.site.urls.activity(number(request)))
        if body is None:
            raise NotFound
        sent = jsonld.loads(body)
        if not _is_public(sent) or await _of_the_deleted(tx, sent):
            raise NotFound
        return document(request, body)


async def public(tx: Tx, uri: str) -> Post:
    """The post of this id of ours, if everybody may see it. Raises ``NotFound``, ``BuriedError``."""
    row = await posts.by_uri(tx.conn, uri)
    if row is None:
        raise await missing(tx, uri)
    if not await sight.visible(tx, [row], None):
        raise NotFound
    return row


async def boosted(tx: Tx, row: Post) -> Post:
    """What a boost is of. Raises ``NotFound`` where that is not for everybody."""
    return await sight.post(tx, row.reblog_of_id or 0, None)


async def _asked_for(tx: Tx, request: web.Request) -> Post:
    urls = tx.site.urls
    if request.path.startswith("/cards/"):
        return await public(tx, urls.call(number(request)))
    address = urls.call if request.path.startswith("/calls/") else urls.post
    return await public(tx, address(number(request)))


def _ids(uri: str, found: Sequence[Post], owner: str | None = None) -> build.Json:
    items = [row.uri for row in found]
    return build.collection(uri, len(items), items=items, attributed_to=owner)


def _is_public(sent: Mapping[str, object]) -> bool:
    return any(not PUBLIC_ALIASES.isdisjoint(refs(sent.get(field), 100)) for field in ("to", "cc"))


async def _of_the_deleted(tx: Tx, sent: Mapping[str, object]) -> bool:
    """Whether it would show what was deleted since; the Delete itself shows nothing."""
    chain = list(_chain(sent))
    if any(part.get("type") == "Delete" for part in chain):
        return False
    uris = [str(part["id"]) for part in chain if "id" in part]
    return await posts.any_buried(tx.conn, uris)


def _chain(sent: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """An activity, its object, and so on inwards."""
    part: object = sent
    for _ in range(MAX_DEPTH):
        found = mapping(part)
        if found is None:
            return
        yield found
        part = found.get("object")
