"""Every address of these pages."""

from __future__ import annotations

from aiohttp import web

from server.web.organising import overview, people


def routes() -> list[web.AbstractRouteDef]:
    return [*overview.routes(), *people.routes()]
