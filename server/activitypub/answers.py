"""What this door's answers have in common: headers, refusals, and what is left of what is gone.

What is not for who asks is answered with the same 404 as what never was (a 403 would tell that it
exists). Of what is not for everybody only what belongs to a private community is answered at all, to who
proves to read for its members (``reader``); no cache keeps that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import TypeAlias

from aiohttp import ETag, web

from federation import build, jsonld
from federation.media_types import ACTIVITY_JSON
from server import ids
from server.accepts import vary
from server.domain.tx import Tx
from server.errors import BeckonError, GoneError, NotFound
from storage import posts
from storage.accounts import Account

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

MAX_AGE = 180  # seconds; an Update tells who must know sooner


class BuriedError(GoneError):
    """It was public and was deleted: ``tombstone`` says so."""

    def __init__(self, tombstone: build.Json) -> None:
        super().__init__("This was deleted.")
        self.tombstone = tombstone


class MembersOnlyError(NotFound):
    """It is for the members of a community: like what is not there, until who asks is proven."""

    def __init__(self, community_id: int | None = None) -> None:
        super().__init__()
        self.community_id = community_id


def answering(handler: Handler) -> Handler:
    """Turns what a handler raises into this door's answer."""

    @wraps(handler)
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except BuriedError as buried:
            response = _typed(jsonld.to_json(buried.tombstone), status=buried.status)
        except BeckonError as error:
            response = web.json_response({"error": error.sentence}, status=error.status)
        response.headers["Cache-Control"] = "no-store"
        vary(response, "Accept")
        return response

    return answer


def document(
    request: web.Request,
    body: bytes | Mapping[str, object],
    *depends: str,
    reader: Account | None = None,
) -> web.Response:
    """200 with an ActivityStreams document, or 304. ``depends``: headers that it varies with.

    ``reader``: for whom alone it is.
    """
    if reader:
        return _kept_nowhere(body)
    raw = body if isinstance(body, bytes) else jsonld.to_json(body)
    tag = ETag(hashlib.sha256(raw).hexdigest()[:32])
    known = tag.value in {etag.value for etag in request.if_none_match or ()}
    response = web.Response(status=304) if known else _typed(raw)
    response.etag = tag
    return _cached(response, *depends)


def _kept_nowhere(body: bytes | Mapping[str, object]) -> web.Response:
    return _private(_typed(body if isinstance(body, bytes) else jsonld.to_json(body)))


def _private(response: web.Response) -> web.Response:
    response.headers["Cache-Control"] = "private, no-store"
    vary(response, "Accept", "Signature", "Signature-Input")
    return response


def elsewhere(location: str, *depends: str, reader: Account | None = None) -> web.Response:
    """302: what was asked for is better seen there. ``reader``: for whom alone it is."""
    response = web.Response(status=302, headers={"Location": location})
    return _private(response) if reader else _cached(response, *depends)


def number(request: web.Request) -> int:
    """The ``{id}`` of the path, in its one spelling. Raises ``NotFound``."""
    text = request.match_info["id"]
    found = ids.parse(text)
    if found is None or str(found) != text:
        raise NotFound
    return found


async def missing(tx: Tx, uri: str) -> BeckonError:
    """What to raise where nothing public stands at an address of ours."""
    grave = await posts.tombstone(tx.conn, uri)
    if grave is None or grave.kind is None:
        return NotFound()
    kind = "Announce" if grave.kind == "boost" else grave.kind.capitalize()
    return BuriedError(build.tombstone(uri, kind, grave.deleted_at))


def _typed(body: bytes, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type=ACTIVITY_JSON)


def _cached(response: web.Response, *depends: str) -> web.Response:
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE}"
    vary(response, "Accept", *depends)
    return response
