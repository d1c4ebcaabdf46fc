"""What a person's clients keep in common: how far they have read, and preferences."""

from __future__ import annotations

from aiohttp import web

from server import ids
from server.api import params
from server.api.answers import ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, an_id, choices, nested, op
from server.clock import stamp
from server.context import context
from server.render.view import Json
from storage import markers
from storage.markers import TIMELINES, Marker

PREFERENCES: Json = {
    "posting:default:visibility": "public",
    "posting:default:sensitive": False,
    "posting:default:language": None,
    "reading:expand:media": "default",
    "reading:expand:spoilers": False,
    "reading:autoplay:gifs": False,
}


def _entity(row: Marker) -> Json:
    return {
        "last_read_id": str(row.last_read_id),
        "version": row.version,
        "updated_at": stamp(row.updated_at),
    }


async def show(request: web.Request, caller: Caller) -> web.Response:
    """``timeline[]``; a timeline never read stands at 0, for Elk reads the key without asking."""
    asked = (await params.read(request)).texts("timeline")
    wanted = [t for t in TIMELINES if t in asked]
    me = caller.account
    async with context(request).work.reading() as tx:
        rows = await markers.of(tx.conn, me.id, wanted)
    unread = {t: Marker(me.id, t, 0, 0, me.created_at) for t in wanted}
    return ok({t: _entity(m) for t, m in (unread | {m.timeline: m for m in rows}).items()})


async def save(request: web.Request, caller: Caller) -> web.Response:
    """``home[last_read_id]``, ``notifications[last_read_id]``; anything else is ignored."""
    sent = await params.read(request)
    saved: Json = {}
    async with context(request).work.transaction() as tx:
        for timeline in TIMELINES:
            last = ids.parse(sent.child(timeline).text("last_read_id") or "")
            if last is not None:
                row = await markers.put(tx.conn, caller.account.id, timeline, last, tx.now)
                saved[timeline] = _entity(row)
    return ok(saved)


async def preferences(_request: web.Request, caller: Caller) -> web.Response:
    """The same for everybody, until they can be chosen, but for who may quote."""
    return ok(PREFERENCES | {"posting:default:quote_policy": caller.account.quote_policy})


def routes() -> list[web.RouteDef]:
    return [
        for_member("GET", "/api/v1/markers", show, "read:statuses"),
        for_member("POST", "/api/v1/markers", save, "write:statuses"),
        for_member("GET", "/api/v1/preferences", preferences, "read:accounts"),
    ]


_READ = an_id("last_read_id")
DESCRIBED: Described = {
    "GET /api/v1/markers": op("Markers", choices("timeline", *TIMELINES)),
    "POST /api/v1/markers": op("Markers", *(nested(name, _READ) for name in TIMELINES)),
    "GET /api/v1/preferences": op("Preferences"),
}
