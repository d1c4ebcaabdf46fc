"""Files of members: sending, describing, taking back.

A picture is made ready while its sender waits. Of a film or a sound the sender waits for a moment and is
then told 202; ``GET`` answers 206 until it is ready, or 422 when nothing came of it. ``/api/v1/media`` waits
for all.
"""

from __future__ import annotations

import math

from aiohttp import web

from server import ids
from server.api import params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, a_file, a_text, op
from server.api.params import Params
from server.api.reading import id_of
from server.context import UPLOADS, context
from server.decoding import bounds
from server.domain.posting import media
from server.domain.posting.media import Change, Focus
from server.domain.tx import Tx
from server.errors import Invalid
from server.limits import MEDIA
from server.render import media as render
from server.render.view import Json
from storage.media import Media

MAX_BODY = bounds.FILM_BYTES + bounds.IMAGE_BYTES + bounds.MIB  # the file, its thumbnail, and words
PATIENCE = 5.0  # seconds
FAILED = "Error processing thumbnail for uploaded media"


def media_ids(sent: Params) -> tuple[int, ...]:
    """``media_ids`` of a post. Raises ``Invalid`` for what is no id."""
    given = [text for text in sent.texts("media_ids") if text]
    read = [ids.parse(text) for text in given]
    known = tuple(number for number in read if number is not None)
    if len(known) != len(given):
        raise Invalid("Validation failed: Media is not there", field="media_ids")
    return known


def changes(sent: Params) -> tuple[Change, ...]:
    """``media_attributes`` of a post."""
    found = ((each, each.id("id")) for each in sent.children("media_attributes"))
    return tuple(_change(number, each) for each, number in found if number is not None)


def _change(media_id: int, sent: Params) -> Change:
    return Change(media_id, sent.text("description"), _focus(sent))


def _focus(sent: Params) -> Focus | None:
    """``x,y`` or an object; each axis is cut to -1 … 1."""
    given = sent.child("focus")
    text = sent.text("focus") or f"{given.text('x') or ''},{given.text('y') or ''}"
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        return None
    if not (math.isfinite(x) and math.isfinite(y)):
        return None
    return min(max(x, -1.0), 1.0), min(max(y, -1.0), 1.0)


async def create(request: web.Request, caller: Caller) -> web.Response:
    """``POST /api/v2/media``"""
    return await _create(request, caller, PATIENCE)


async def create_now(request: web.Request, caller: Caller) -> web.Response:
    """``POST /api/v1/media``: old clients want the address at once."""
    return await _create(request, caller, None)


async def _create(request: web.Request, caller: Caller, patience: float | None) -> web.Response:
    ctx = context(request)
    ctx.limits.require(MEDIA, str(caller.account.id), ctx.work.clock.now())
    async with params.with_files(request, MAX_BODY) as sent:
        source = sent.file("file")
        if source is None:
            raise Invalid("Validation failed: File can't be blank", field="file")
        row = await request.app[UPLOADS].take(
            caller.account,
            source,
            description=sent.text("description") or "",
            cover=sent.file("thumbnail"),
            focus=_focus(sent),
            patience=patience,
        )
    return ok(_entity(request, row), status=200 if row.state == "ready" else 202)


def _entity(request: web.Request, row: Media) -> Json:
    urls = context(request).work.site.urls
    if row.state != "ready":
        return render.waiting(row)
    return render.attachment(urls, media.entry(urls, row))


async def show(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        row = await media.unattached(tx, caller.account, id_of(request))
        if media.is_lost(tx, row):
            raise Invalid(FAILED)
    return ok(_entity(request, row), status=200 if row.state == "ready" else 206)


async def update(request: web.Request, caller: Caller) -> web.Response:
    """The description, the focal point and the thumbnail, until a post has it."""
    work = context(request).work
    async with params.with_files(request, bounds.IMAGE_BYTES + bounds.MIB) as sent:
        thumbnail = sent.file("thumbnail")
        if thumbnail:
            async with work.transaction() as tx:
                row = await media.coverable(tx, caller.account, id_of(request))
            await request.app[UPLOADS].cover(row, thumbnail)
    async with work.transaction() as tx:
        row = await media.unattached(tx, caller.account, id_of(request))
        row = await media.describe(tx, row, _change(row.id, sent))
    return ok(_entity(request, row))


async def remove(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        await _remove(tx, caller, id_of(request))
    return empty()


async def _remove(tx: Tx, caller: Caller, media_id: int) -> None:
    await media.discard(tx, await media.own(tx, caller.account, media_id))


def routes() -> list[web.RouteDef]:
    """Not ``PUT /api/v2/media/{id}``: Pinafore tries it first, and goes on after a 404."""
    one = "/api/v1/media/{id}"
    return [
        for_member("POST", "/api/v2/media", create, "write:media"),
        for_member("POST", "/api/v1/media", create_now, "write:media"),
        for_member("GET", one, show, "write:media"),
        for_member("PUT", one, update, "write:media"),
        for_member("DELETE", one, remove, "write:media"),
    ]


_SAID = (a_text("description"), a_text("focus"), a_file("thumbnail"))
_SENT = (a_file("file", required=True), *_SAID)
DESCRIBED: Described = {
    "POST /api/v2/media": op("MediaAttachment", *_SENT, also=(202, 413, 503)),
    "POST /api/v1/media": op("MediaAttachment", *_SENT, also=(413, 503)),
    "GET /api/v1/media/{id}": op("MediaAttachment", also=(206,)),
    "PUT /api/v1/media/{id}": op("MediaAttachment", *_SAID, also=(413,)),
    "DELETE /api/v1/media/{id}": op("Empty"),
}
