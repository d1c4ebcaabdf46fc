"""What a person's clients keep in common: how far they have read, and preferences."""

from __future__ import annotations

from aiohttp import web

from server.api import params
from server.api.answers import ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, an_id, choices, integer, nested, op
from server.clock import stamp
from server.context import context
from server.errors import Conflict
from server.render.view import Json
from storage import markers
from storage import preferences as rows
from storage.markers import TIMELINES, Marker

PREFERENCES: Json = {
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
    """``home[last_read_id]``, ``notifications[last_read_id]``; anything else is ignored.

    ``home[version]``: of the marker that the client knows. 409 where another client was faster; without it
    the last one to write wins, as two at once cannot.
    """
    sent = await params.read(request)
    saved: Json = {}
    async with context(request).work.transaction() as tx:
        for timeline in TIMELINES:
            told = sent.child(timeline)
            last = told.id("last_read_id")
            if last is not None:
                known = told.integer("version")
                row = await markers.put(tx.conn, caller.account.id, timeline, last, tx.now, known)
                if row is None:
                    raise Conflict("Conflict during update, please try again")
                saved[timeline] = _entity(row)
    return ok(saved)


async def preferences(request: web.Request, caller: Caller) -> web.Response:
    """How to read is left to clients, so it is the same for everybody."""
    async with context(request).work.reading() as tx:
        chosen = await rows.of(tx.conn, caller.account.id)
    posting: Json = {
        "posting:default:visibility": chosen.visibility,
        "posting:default:sensitive": chosen.sensitive,
        "posting:default:language": chosen.language,
        "posting:default:quote_policy": caller.account.quote_policy,
    }
    return ok(PREFERENCES | posting)


def routes() -> list[web.RouteDef]:
    return [
        for_member("GET", "/api/v1/markers", show, "read:statuses"),
        for_member("POST", "/api/v1/markers", save, "write:statuses"),
        for_member("GET", "/api/v1/preferences", preferences, "read:accounts"),
    ]


_READ = an_id("last_read_id")
DESCRIBED: Described = {
    "GET /api/v1/markers": op("Markers", choices("timeline", *TIMELINES)),
    "POST /api/v1/markers": op(
        "Markers", *(nested(name, _READ, integer("version")) for name in TIMELINES), also=(409,)
    ),
    "GET /api/v1/preferences": op("Preferences"),
}
