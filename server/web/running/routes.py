"""Every address below ``/admin``."""

from __future__ import annotations

from aiohttp import web

from server.web.running import care, entrance, hosts, log, overview, people, reports, words


def routes() -> list[web.RouteDef]:
    return [
        *overview.routes(),
        *reports.routes(),
        *people.routes(),
        *entrance.routes(),
        *hosts.routes(),
        *words.routes(),
        *care.routes(),
        *log.routes(),
    ]
