"""Every address of these pages."""

from __future__ import annotations

from aiohttp import web

from server.web.organising import (
    change,
    decision,
    messages,
    outcome,
    outside,
    overview,
    people,
    promises,
    series,
    targets,
)


def routes() -> list[web.AbstractRouteDef]:
    return [
        *overview.routes(),
        *people.routes(),
        *messages.routes(),
        *change.routes(),
        *series.routes(),
        *targets.routes(),
        *promises.routes(),
        *decision.routes(),
        *outside.routes(),
        *outcome.routes(),
    ]
