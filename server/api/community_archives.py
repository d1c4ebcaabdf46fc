"""The archive of a community, for its organisers, in Beckon's own API.

``CommunityArchive``: asked_at, made_at (null while it is being made), size (bytes, null until then).
"""

from __future__ import annotations

from aiohttp import web

from server.api.answers import ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, op
from server.api.documents import community_of
from server.api.reading import id_of
from server.clock import stamp
from server.context import context
from server.domain.groups import community_archives as verbs
from server.errors import NotFound
from server.render.view import Json, maybe_stamp
from storage import community_archives as rows
from storage.community_archives import State

OF = "/api/beckon/v1/communities/{id}/archive"


def _entity(row: State) -> Json:
    return {"asked_at": stamp(row.asked_at), "made_at": maybe_stamp(row.made_at), "size": row.size}


async def ask(request: web.Request, caller: Caller) -> web.Response:
    """Have it made, of what the asking organiser may see; it replaces the one before."""
    async with context(request).work.transaction() as tx:
        group = await community_of(tx, id_of(request), caller.account)
        return ok(_entity(await verbs.ask(tx, caller.account, group)))


async def show(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        group = await community_of(tx, id_of(request), caller.account)
        await verbs.require_organiser(tx, group, caller.account)
        return ok(_entity(await verbs.state(tx, group)))


async def download(request: web.Request, caller: Caller) -> web.Response:
    """The ZIP. 404 until it is made."""
    async with context(request).work.reading() as tx:
        group = await community_of(tx, id_of(request), caller.account)
        await verbs.require_organiser(tx, group, caller.account)
        body = await rows.body(tx.conn, group.id)
    if body is None:
        raise NotFound
    return web.Response(
        body=body,
        content_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{group.username}.zip"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def routes() -> list[web.RouteDef]:
    return [
        for_member("POST", OF, ask, "write:accounts"),
        for_member("GET", OF, show, "read:accounts"),
        for_member("GET", f"{OF}.zip", download, "read:accounts"),
    ]


DESCRIBED: Described = {
    f"POST {OF}": op("CommunityArchive"),
    f"GET {OF}": op("CommunityArchive"),
    f"GET {OF}.zip": op(None, media_type="application/zip"),
}
