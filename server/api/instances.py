"""Servers that are followed as a whole, for administrators: /api/beckon/v1/admin/instances.

``FollowedInstance``: id, host, uri (of its own actor), state (requested, accepted), created_at.
"""

from __future__ import annotations

from aiohttp import web

from server import host_lists, instances
from server.api import paging, params
from server.api.admin import for_admin
from server.api.answers import empty, ok
from server.api.auth import Caller
from server.api.describe import Described, a_text, op, paged
from server.api.reading import id_of
from server.api.schema import array
from server.arriving.resolve import Net
from server.clock import stamp
from server.context import NET, context
from server.errors import NotFound, Unavailable
from server.render.view import Json
from storage import follows
from storage.follows import FollowedInstance

BASE = "/api/beckon/v1/admin/instances"


def _entity(row: FollowedInstance) -> Json:
    return {
        "id": str(row.account_id),
        "host": row.host,
        "uri": row.uri,
        "state": "accepted" if row.accepted_at else "requested",
        "created_at": stamp(row.created_at),
    }


def _net(request: web.Request) -> Net:
    net = request.app.get(NET)
    if net is None:
        raise Unavailable("This server does not talk to others.")
    return net


async def index(request: web.Request, _caller: Caller) -> web.Response:
    page = paging.page(request, 100, 200)
    async with context(request).work.reading() as tx:
        us = tx.site.urls.instance_actor
        found = await follows.instances(tx.conn, us, *page.bounds, page.limit)
    more = len(found) == page.limit
    link = paging.link(request, [row.id for row in found], prev="since_id", more=more)
    return ok([_entity(row) for row in found], headers=link)


async def follow(request: web.Request, _caller: Caller) -> web.Response:
    host = host_lists.host_named((await params.read(request)).text("host") or "")
    net = _net(request)
    made = await instances.follow(net, host)
    async with net.work.reading() as tx:
        us = tx.site.urls.instance_actor
        (row,) = await follows.instances(tx.conn, us, made.id + 1, made.id - 1, 1)
    return ok(_entity(row))


async def unfollow(request: web.Request, _caller: Caller) -> web.Response:
    net, followed = request.app.get(NET), id_of(request)
    if net is None:
        raise NotFound  # who talks to nobody follows nobody
    await instances.unfollow(net, followed)
    return empty()


def routes() -> list[web.RouteDef]:
    return [
        for_admin("GET", BASE, index, "admin:read"),
        for_admin("POST", BASE, follow, "admin:write"),
        for_admin("DELETE", f"{BASE}/{{id}}", unfollow, "admin:write"),
    ]


DESCRIBED: Described = {
    f"GET {BASE}": op(array("FollowedInstance"), *paged(100, 200)),
    f"POST {BASE}": op("FollowedInstance", a_text("host", required=True), also=(503,)),
    f"DELETE {BASE}/{{id}}": op("Empty"),
}
