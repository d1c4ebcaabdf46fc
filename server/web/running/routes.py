"""Every address below ``/admin``."""

from __future__ import annotations

from aiohttp import web

from server.web.running import log, overview, people, reports


def routes() -> list[web.RouteDef]:
    return [*overview.routes(), *people.routes(), *reports.routes(), *log.routes()]
