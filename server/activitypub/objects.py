"""Posts, calls, cards and boosts of ours, what answers them, and the activities that we sent.

What is public is served to everybody, and what is for the members of a community to who reads for them;
everything else, and everything of other servers, does not exist here. ``domain.sight`` decides, as for
every other door.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from aiohttp import web

from federation import build, jsonld
from federation.fields import mapping, refs
from federation.vocab import AS, PUBLIC_ALIASES
from server import ids
from server.activitypub.answers import MembersOnlyError, document, elsewhere, missing, number
from server.activitypub.reader import DEPENDS, for_reader, wants_card, wants_companion
from server.context import context
from server.domain import forms, sight, wire
from server.domain.calling import kinds
from server.domain.tx import Tx
from server.errors import BadRequest, NotFound
from storage import accounts, calls, outbox, posts, quotes
from storage.accounts import Account
from storage.posts import Post

THREAD_PAGE = 1000  # posts of a thread that one page of its context lists
ANNOUNCES = 5  # of a post that are looked through for the first one
REPLIES_MAX = 200
MAX_DEPTH = 3  # of activities in each other: Announce, Undo, Like


async def post(request: web.Request) -> web.StreamResponse:
    """GET /posts/N: the post, or the Announce that a boost is."""

    async def answer(tx: Tx, reader: Account | None) -> web.StreamResponse:
        row = await readable(tx, tx.site.urls.post(number(request)), reader)
        if row.kind != "boost":
            return document(request, await wire.post(tx, row), reader=_alone(row, reader))
        return document(request, await wire.boost(tx, row, await boosted(tx, row)))

    return await for_reader(request, answer)


async def call(request: web.Request) -> web.StreamResponse:
    """GET /calls/N: the call; a microblog is sent to its answer card, and from a decision who reads pages
    to its companion."""

    async def answer(tx: Tx, reader: Account | None) -> web.StreamResponse:
        row = await _call_for(tx, tx.site.urls.call(number(request)), reader)
        found = await calls.by_id(tx.conn, row.id)
        alone = _alone(row, reader)
        if found and found.card_uri and await wants_card(tx, request.headers, found):
            return elsewhere(found.card_uri, *DEPENDS, reader=alone)
        if found and await wants_companion(tx, request.headers, found):
            return elsewhere(tx.site.urls.companion(row.uri), *DEPENDS, reader=alone)
        return document(request, await wire.post(tx, row), *DEPENDS, reader=alone)

    return await for_reader(request, answer)


async def _call_for(tx: Tx, uri: str, reader: Account | None) -> Post:
    """As ``readable``. What is for members is not there for software that would show it to others."""
    row = await readable(tx, uri, reader)
    if reader and not row.is_public:
        known = await outbox.host(tx.conn, reader.host)
        if known and known.software in forms.PUBLISHING:
            raise NotFound
    return row


async def companion(request: web.Request) -> web.StreamResponse:
    """GET /calls/N/page: the page beside a decision; who reads the decision itself is sent there."""

    async def answer(tx: Tx, reader: Account | None) -> web.StreamResponse:
        uri = tx.site.urls.call(number(request))
        row = await posts.by_uri(tx.conn, uri)
        found = await calls.by_id(tx.conn, row.id) if row else None
        if found is None or kinds.KINDS[found.kind].shape != "question":
            raise await missing(tx, tx.site.urls.companion(uri))
        row = await _call_for(tx, uri, reader)
        alone = _alone(row, reader)
        if not await wants_companion(tx, request.headers, found):
            return elsewhere(row.uri, *DEPENDS, reader=alone)
        body = await wire.companion(tx, row, found)
        return document(request, body, *DEPENDS, reader=alone)

    return await for_reader(request, answer)


async def attendees(request: web.Request) -> web.StreamResponse:
    """GET /calls/N/attendees: how many take part, never who (FEP-8a8e)."""
    return await _collection_of_call(request, "attendees")


async def organizers(request: web.Request) -> web.StreamResponse:
    """GET /calls/N/organizers: who made it, and its community."""
    return await _collection_of_call(request, "organizers")


async def _collection_of_call(request: web.Request, name: str) -> web.StreamResponse:
    async def answer(tx: Tx, reader: Account | None) -> web.StreamResponse:
        row = await _call_for(tx, tx.site.urls.call(number(request)), reader)
        collection = mapping((await wire.post(tx, row)).get(name))
        if collection is None:
            raise NotFound
        return document(request, {"@context": AS, **collection}, reader=_alone(row, reader))

    return await for_reader(request, answer)


async def card(request: web.Request) -> web.StreamResponse:
    """GET /cards/N: the answer card; who reads calls is sent to the call."""

    async def answer(tx: Tx, reader: Account | None) -> web.StreamResponse:
        uri = tx.site.urls.card(number(request))
        found = await calls.by_card(tx.conn, uri)
        if found is None:
            raise await missing(tx, uri)
        row = await _call_for(tx, tx.site.urls.call(found.post_id), reader)
        alone = _alone(row, reader)
        if not await wants_card(tx, request.headers, found):
            return elsewhere(row.uri, *DEPENDS, reader=alone)
        return document(request, await wire.card(tx, row, found), *DEPENDS, reader=alone)

    return await for_reader(request, answer)


async def activity_of(request: web.Request) -> web.StreamResponse:
    """GET /posts/N/activity, /calls/N/activity: what an outbox lists."""

    async def answer(tx: Tx, reader: Account | None) -> web.StreamResponse:
        row = await _asked_for(tx, request, reader)
        found = await listed(tx, row)
        if found is None or found["id"] != f"{row.uri}/activity":
            raise NotFound
        return document(request, found, reader=_alone(row, reader))

    return await for_reader(request, answer)


async def listed(tx: Tx, row: Post, reader: Account | None = None) -> build.Json | None:
    """How an outbox lists a post or boost that may be seen. None for a boost of what may not be.

    Who reads the outbox of a community (Lemmy, PieFed, Gancio) wants the whole activity in its
    Announce; microblogs read no outbox. Of another server's post it is the Announce that was sent: what
    stands in it is unchanged. ``reader``: of a private community.
    """
    if row.kind != "boost":
        return await wire.create(tx, row)
    try:
        original = await boosted(tx, row, reader)
    except NotFound:
        return None
    actor = await accounts.by_id(tx.conn, row.account_id)
    if actor and actor.is_group and original.local:
        return await wire.distribution(tx, row, original)
    sent = await _sent(tx, row, original) if actor and actor.is_group else None
    return sent or await wire.boost(tx, row, original)


async def _sent(tx: Tx, row: Post, original: Post) -> build.Json | None:
    """The Announce of the Create of a post of another server, while we keep it and it is still so."""
    if original.edited_at:
        return None
    for body in await outbox.about(tx.conn, row.account_id, original.uri, ANNOUNCES):
        found = jsonld.loads(body)
        inner = mapping(found.get("object"))
        if found.get("type") == "Announce" and inner and inner.get("type") == "Create":
            return found
    return None


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

    async def answer(tx: Tx, reader: Account | None) -> web.StreamResponse:
        row = await _asked_for(tx, request, reader)
        rows = await posts.replies(tx.conn, row.id, REPLIES_MAX)
        found = await sight.fetched(tx, rows, reader)
        body = _ids(f"{row.uri}/replies", found)
        return document(request, body, reader=_alone(row, reader))

    return await for_reader(request, answer)


async def thread(request: web.Request) -> web.StreamResponse:
    """GET /posts/N/context: the public posts of a thread by id, oldest first (FEP-7888, FEP-f228)."""

    async def answer(tx: Tx, reader: Account | None) -> web.StreamResponse:
        head = await _head(tx, request, reader)
        after = ids.parse(request.query.get("after", "0"))
        if after is None:
            raise BadRequest("A page is asked for by the id of a post.")
        body = await _context(tx, head, after, "after" in request.query, reader)
        return document(request, body, reader=_alone(head, reader))

    return await for_reader(request, answer)


async def _head(tx: Tx, request: web.Request, reader: Account | None) -> Post:
    """The head of the thread that is asked for; of another server's too, where it lives in a community of
    ours, as that has the whole thread. Raises ``NotFound``."""
    if request.path.startswith("/calls/"):
        return await _asked_for(tx, request, reader)
    found = await posts.by_id(tx.conn, number(request))
    if found is None or found.local:
        head = await _asked_for(tx, request, reader)
    else:
        community = await accounts.by_id(tx.conn, found.community_id or 0)
        if community is None or not community.local:
            raise NotFound
        head = await readable(tx, found.uri, reader)
    if not head.is_head:
        raise NotFound
    return head


async def _context(
    tx: Tx, head: Post, after: int, page: bool, reader: Account | None
) -> build.Json:
    """The first page stands in the collection itself; the next ones are asked for."""
    uri = wire.context_uri(tx, head)
    rows = await posts.thread_page(tx.conn, head.id, after, THREAD_PAGE)
    found = [row.uri for row in await sight.fetched(tx, rows, reader)]
    more = f"{uri}?after={rows[-1].id}" if len(rows) == THREAD_PAGE else None
    if page:
        return build.collection_page(f"{uri}?after={after}", uri, found, next_page=more)
    owner = await accounts.by_id(tx.conn, head.community_id or head.account_id)
    total = len(found) if more is None else await posts.thread_count(tx.conn, head.id)
    items = None if more else found
    first = f"{uri}?after=0" if more else None
    return build.collection(
        uri, total, items=items, first=first, attributed_to=owner.uri if owner else None
    )


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
    return await readable(tx, uri, None)


async def readable(tx: Tx, uri: str, reader: Account | None) -> Post:
    """The post of this id, if ``reader`` may have it. Raises ``NotFound``, ``BuriedError``, and
    ``MembersOnlyError`` where somebody else may."""
    row = await posts.by_uri(tx.conn, uri)
    if row is None:
        raise await missing(tx, uri)
    if not await sight.fetched(tx, [row], reader):
        raise MembersOnlyError(row.community_id) if row.visibility == "members" else NotFound
    return row


def _alone(row: Post, reader: Account | None) -> Account | None:
    """For whom alone an answer about a post is."""
    return None if row.is_public else reader


async def boosted(tx: Tx, row: Post, reader: Account | None = None) -> Post:
    """What a boost is of. Raises ``NotFound`` where ``reader`` may not have it."""
    found = await posts.by_id(tx.conn, row.reblog_of_id or 0)
    if found is None or not await sight.fetched(tx, [found], reader):
        raise NotFound
    return found


async def _asked_for(tx: Tx, request: web.Request, reader: Account | None = None) -> Post:
    urls = tx.site.urls
    if request.path.startswith("/cards/"):
        return await public(tx, urls.call(number(request)))
    address = urls.call if request.path.startswith("/calls/") else urls.post
    row = await readable(tx, address(number(request)), reader)
    if row.kind == "boost":
        await boosted(tx, row, reader)  # it is there as long as what it is of
    return row


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
