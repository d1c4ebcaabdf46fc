"""Beckon's own API for passing a call on.

``CallShare``: text (title, when and where or until when, and the address: 300 characters at most, for any messenger),
url, qr_url (the address as a QR code, SVG).
"""

from __future__ import annotations

from aiohttp import web

from server.api import calls as calls_api
from server.api.answers import ok
from server.api.auth import Caller, for_anyone
from server.api.describe import Described, op
from server.api.reading import id_of, viewer_of
from server.context import context
from server.domain.calling import passing_on

BASE = "/api/beckon/v1"


async def share(request: web.Request, caller: Caller | None) -> web.Response:
    viewer = viewer_of(caller)
    async with context(request).work.reading() as tx:
        post, call = await calls_api.found(tx, id_of(request), viewer)
        said = await passing_on.words(tx, post, call)
        qr_url = f"{tx.site.urls.call(post.id)}/qr.svg"
        return ok({"text": said, "url": passing_on.address(tx, post), "qr_url": qr_url})


def routes() -> list[web.RouteDef]:
    return [for_anyone("GET", f"{BASE}/calls/{{id}}/share", share, "read:statuses")]


DESCRIBED: Described = {f"GET {BASE}/calls/{{id}}/share": op("CallShare")}
