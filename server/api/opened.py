"""One call of a private community opened to everybody, in Beckon's own API: for organisers and moderators.

``OpenedCall``: url (of the page, null where there is none), text (a few lines to pass on, null with it), hosted_by,
opened_at, names[] (the community's name and title, where they stand in what the page shows).
"""

from __future__ import annotations

from aiohttp import web

from server.api import calls as calls_api
from server.api import params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, a_text, op
from server.api.reading import id_of
from server.context import context
from server.domain.calling import opened
from server.domain.calling.opened import Standing
from server.render.view import Json, maybe_stamp

BASE = "/api/beckon/v1"


def _shown(standing: Standing) -> Json:
    return {
        "url": standing.url,
        "text": standing.words,
        "hosted_by": standing.hosted_by,
        "opened_at": maybe_stamp(standing.opened_at),
        "names": standing.names,
    }


async def show(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        post, _ = await calls_api.found(tx, id_of(request), caller.account)
        return ok(_shown(await opened.standing(tx, caller.account, post)))


async def put(request: web.Request, caller: Caller) -> web.Response:
    """``hosted_by``: who calls, as strangers are told. An open page keeps its address; one that was taken back gets
    another."""
    said = (await params.read(request)).text("hosted_by") or ""
    async with context(request).work.transaction() as tx:
        post, _ = await calls_api.found(tx, id_of(request), caller.account)
        await opened.put(tx, caller.account, post, said)
        return ok(_shown(await opened.standing(tx, caller.account, post)))


async def revoke(request: web.Request, caller: Caller) -> web.Response:
    """The page is gone; what was answered stays."""
    async with context(request).work.transaction() as tx:
        post, _ = await calls_api.found(tx, id_of(request), caller.account)
        await opened.revoke(tx, caller.account, post)
    return empty()


def routes() -> list[web.RouteDef]:
    one = f"{BASE}/calls/{{id}}/opened"
    return [
        for_member("GET", one, show, "read:statuses"),
        for_member("PUT", one, put, "write:statuses"),
        for_member("DELETE", one, revoke, "write:statuses"),
    ]


DESCRIBED: Described = {
    f"GET {BASE}/calls/{{id}}/opened": op("OpenedCall"),
    f"PUT {BASE}/calls/{{id}}/opened": op("OpenedCall", a_text("hosted_by")),
    f"DELETE {BASE}/calls/{{id}}/opened": op("Empty"),
}
