"""Every address of these pages."""

from __future__ import annotations

from aiohttp import web

from server.web.organising import change, messages, outcome, overview, people, series


def routes() -> list[web.AbstractRouteDef]:
    return [
        *overview.routes(),
        *people.routes(),
        *messages.routes(),
        *change.routes(),
        *series.routes(),
        *outcome.routes(),
    ]
