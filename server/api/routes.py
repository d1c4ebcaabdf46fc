"""All routes of the client API. What is static stands before ``{id}``, which would take it."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from server.api import (
    accounts,
    calls,
    communities,
    instance,
    lists,
    markers,
    marks,
    media,
    nothing,
    notifications,
    oauth,
    polls,
    relations,
    search,
    statuses,
    threads,
    timelines,
)


def routes() -> Sequence[web.AbstractRouteDef]:
    return [
        *oauth.routes(),
        *instance.routes(),
        *nothing.routes(),
        *relations.routes(),
        *accounts.routes(),
        *statuses.routes(),
        *threads.routes(),
        *marks.routes(),
        *polls.routes(),
        *timelines.routes(),
        *lists.routes(),
        *notifications.routes(),
        *search.routes(),
        *markers.routes(),
        *media.routes(),
        *communities.routes(),
        *calls.routes(),
    ]
