"""All routes of the client API. What is static stands before ``{id}``, which would take it."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from server.api import (
    accounts,
    calls,
    communities,
    conversations,
    instance,
    lists,
    markers,
    marks,
    nothing,
    notifications,
    oauth,
    people,
    polls,
    profile,
    relations,
    reports,
    scheduled,
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
        *people.routes(),
        *relations.routes(),
        *reports.routes(),
        *accounts.routes(),
        *profile.routes(),
        *statuses.routes(),
        *scheduled.routes(),
        *conversations.routes(),
        *threads.routes(),
        *marks.routes(),
        *polls.routes(),
        *timelines.routes(),
        *lists.routes(),
        *notifications.routes(),
        *search.routes(),
        *markers.routes(),
        *communities.routes(),
        *calls.routes(),
    ]
