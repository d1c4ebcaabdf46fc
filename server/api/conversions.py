"""From a post of a community to a call and back, in Beckon's own API."""

from __future__ import annotations

from aiohttp import web

from server.api import params
from server.api.answers import ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.call_entities import shown
from server.api.calls import FIELDS, wanted_of
from server.api.describe import Described, a_text, op
from server.api.reading import id_of, status_by_id, viewer_of
from server.api.schema import array
from server.context import context
from server.domain import sight
from server.domain.calling import conversions as verbs
from server.errors import Invalid, NotFound
from storage import conversions

BASE = "/api/beckon/v1"
MOST = 20


async def make(request: web.Request, caller: Caller) -> web.Response:
    """Fields as for a call; ``title`` and ``about`` are the post's where they are not sent. For organisers
    and moderators."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        said = await sight.post(tx, id_of(request), caller.account)
        if said.community_id is None:
            raise Invalid("A call is made of what was said in a community.", field="id")
        group = await sight.group(tx, said.community_id, caller.account)
        post = await verbs.make_call(tx, caller.account, group, said, wanted_of(sent))
        return ok((await shown(tx, [post.id], caller.account))[post.id])


async def made_of(request: web.Request, caller: Caller | None) -> web.Response:
    """The calls that were made of a post, the newest first."""
    viewer = viewer_of(caller)
    async with context(request).work.reading() as tx:
        said = await sight.post(tx, id_of(request), viewer)
        ids = await conversions.made_of(tx.conn, said.id, MOST)
        return ok(list((await shown(tx, ids, viewer)).values()))


async def origin(request: web.Request, caller: Caller | None) -> web.Response:
    """What a call was made of, as a status."""
    viewer = viewer_of(caller)
    async with context(request).work.reading() as tx:
        call = await sight.post(tx, id_of(request), viewer)
        said = await conversions.origin(tx.conn, call.id)
        if said is None:
            raise NotFound
        return ok(await status_by_id(tx, said, viewer))


def routes() -> list[web.RouteDef]:
    return [
        for_member("POST", f"{BASE}/posts/{{id}}/call", make, "write:statuses"),
        for_anyone("GET", f"{BASE}/posts/{{id}}/calls", made_of, "read:statuses"),
        for_anyone("GET", f"{BASE}/calls/{{id}}/origin", origin, "read:statuses"),
    ]


DESCRIBED: Described = {
    f"POST {BASE}/posts/{{id}}/call": op(
        "Call", a_text("title"), *(field for field in FIELDS if field.name != "title")
    ),
    f"GET {BASE}/posts/{{id}}/calls": op(array("Call")),
    f"GET {BASE}/calls/{{id}}/origin": op("Status"),
}
