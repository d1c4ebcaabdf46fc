"""Every address that answers with a page.

``PAGES`` are the addresses shared with the ActivityPub door, which is chosen by ``Accept``; ``routes``
are the others. ``/calls/{id}.ics`` stands beside ``/calls/{id}``: its routes are to be added first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import web

from server.web import (
    accounts,
    assets,
    calendars,
    calls,
    instance,
    oauth,
    organise,
    pictures,
    posts,
    setup,
    sign_in,
)

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

PAGES: dict[str, Handler] = {
    "/posts/{id}": posts.post,
    "/calls/{id}": calls.page,
    "/cards/{id}": calls.card,
    "/users/{id}": accounts.by_number,
    "/communities/{id}": accounts.by_number,
}

NAME = "/@{name:[A-Za-z0-9_]+}"


def routes() -> list[web.AbstractRouteDef]:
    return [
        *pictures.routes(),
        *assets.routes(),
        *sign_in.routes(),
        *setup.routes(),
        *oauth.routes(),
        web.get("/", instance.start),
        web.get("/about", instance.about),
        web.get("/tags/{tag}", instance.tag),
        web.get(NAME, accounts.profile),
        web.get(NAME + ".ics", calendars.community),
        web.post(NAME + "/follow", accounts.follow),
        web.post(NAME + "/unfollow", accounts.unfollow),
        web.post(NAME + "/requests", accounts.decide),
        web.get(NAME + "/calls/new", organise.new),
        web.post(NAME + "/calls/new", organise.create),
        web.get("/calls/{id}.ics", calendars.one),
        web.post("/calls/{id}/answer", calls.answer),
        web.post("/calls/{id}/state", calls.set_state),
        web.get("/calls/{id}/edit", organise.edit),
        web.post("/calls/{id}/edit", organise.change),
    ]
