"""One web application out of all doors."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator
from datetime import timedelta
from typing import Any, cast

from aiohttp import web

from server import metrics, middleware
from server.activitypub import inboxes
from server.activitypub.routes import DOCUMENTS
from server.activitypub.routes import routes as activitypub_routes
from server.api import instance, network, streamed, streaming
from server.api.routes import claim
from server.api.routes import routes as api_routes
from server.arriving.arrivals import Arrivals
from server.arriving.resolve import Net
from server.blobs import open_stores
from server.config import Settings
from server.context import CONTEXT, PROXY, STORES, UPLOADS, Context
from server.dispatch import shared
from server.domain.tx import Work
from server.limits import Limits
from server.proxy import Proxy
from server.stream import Hub
from server.uploads import Uploads
from server.web.routes import PAGES
from server.web.routes import routes as web_routes

MAX_BODY = 1024 * 1024  # bytes; a route that takes files asks for more itself
SAME = {"PUT": "PATCH", "PATCH": "PUT"}  # Mastodon takes both, and clients send either


def make_app(
    settings: Settings, work: Work, net: Net | None = None, *, database_url: str = ""
) -> web.Application:
    """The application of one process. ``work`` must stay open as long as it serves.

    Without ``net``, the way out to other servers, there are no inboxes; without ``database_url``, where
    it listens for what happens, there are no streams.
    """
    app = web.Application(middlewares=[middleware.answer], client_max_size=MAX_BODY)
    app[CONTEXT] = Context(settings, work, Limits(enforced=settings.rate_limits == "on"))
    app.on_response_prepare.append(middleware.add_headers)
    app[STORES] = (net.stores if net else None) or open_stores(settings)
    app[UPLOADS] = uploads = Uploads(work, app[STORES].own, settings.data / "uploads")
    app.cleanup_ctx.append(uploads.running)
    if net:
        app[inboxes.NET] = net
        kept = timedelta(days=settings.remote_media_days)
        uploaded = settings.data / "uploads"
        app[PROXY] = Proxy(work, net.egress, net.stances, app[STORES].cache, uploaded, kept)
        app[network.NET] = net
        app[inboxes.ARRIVALS] = Arrivals(work)
        app[inboxes.HELD] = inboxes.Held()
    app[streaming.PACE] = streaming.Pace()
    if database_url:
        app[streaming.HUB] = Hub(work.pool, database_url, streamed.renderer(work))
        app.cleanup_ctx.append(_streams)
        app.on_shutdown.append(_close_streams)
    joined = shared(DOCUMENTS, PAGES)
    every = list(
        widened([*api_routes(), *activitypub_routes(), *web_routes(), *joined, *metrics.routes()])
    )
    app.add_routes(every)
    app[instance.CLAIM] = claim(every)
    return app


async def _streams(app: web.Application) -> AsyncGenerator[None]:
    async with app[streaming.HUB].running():
        yield


async def _close_streams(app: web.Application) -> None:
    """First of all: a stream would never end by itself."""
    app[streaming.HUB].stop()


def widened(routes: Iterable[web.AbstractRouteDef]) -> Iterator[web.RouteDef]:
    """Each route, and again with a slash at the end and, for the API, with PUT for PATCH.

    A redirect instead would lose the body and the Authorization header; Mastodon.py and Ice Cubes send slashes.
    """
    declared = [cast("web.RouteDef", route) for route in routes]
    taken = {(route.method, route.path) for route in declared}
    yield from declared
    for route in declared:
        for method, path in _twins(route):
            if (method, path) not in taken:
                taken.add((method, path))
                route_ = cast("Any", route)  # aiohttp leaves its own fields untyped
                yield web.RouteDef(method, path, route_.handler, route_.kwargs)


def _twins(route: web.RouteDef) -> Iterator[tuple[str, str]]:
    methods = [route.method]
    if route.path.startswith("/api/") and route.method in SAME:
        methods.append(SAME[route.method])
    for method in methods:
        yield method, route.path
        if not route.path.endswith("/"):
            yield method, f"{route.path}/"
