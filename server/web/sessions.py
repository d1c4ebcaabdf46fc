"""``/settings/sessions``: the browsers and apps that are signed in as a member, and their end."""

from __future__ import annotations

from aiohttp import web

from server.context import context
from server.domain.members import sessions
from server.web import scope_words, session
from server.web.answers import back_to, choice_id, form, number, page, signed_in

PATH = "/settings/sessions"


async def show(request: web.Request) -> web.Response:
    """``GET /settings/sessions``"""
    viewer = await signed_in(request)
    async with context(request).work.reading() as tx:
        found = await sessions.of_user(tx, viewer.user_id)
    apps = [(each, scope_words.meanings(each.scopes)) for each in found.apps]
    return page(
        request, "settings_sessions.html", viewer,
        browsers=found.browsers, apps=apps, current=session.current(request),
        several=len({each.account_id for each in found.apps}) > 1,
    )  # fmt: skip


async def end(request: web.Request) -> web.Response:
    """``POST /settings/sessions/{id}/end``: a browser."""
    viewer, _ = await form(request)
    async with context(request).work.transaction() as tx:
        await sessions.end_browser(tx, viewer.user_id, number(request))
    return back_to(PATH, "done")


async def end_others(request: web.Request) -> web.Response:
    """``POST /settings/sessions/others``: all browsers but this one."""
    viewer, _ = await form(request)
    async with context(request).work.transaction() as tx:
        await sessions.end_others(tx, viewer.user_id, session.current(request))
    return back_to(PATH, "done")


async def end_app(request: web.Request) -> web.Response:
    """``POST /settings/sessions/apps``: ``app``, ``person``."""
    viewer, sent = await form(request)
    app_id, person_id = choice_id(sent, "app"), choice_id(sent, "person")
    async with context(request).work.transaction() as tx:
        await sessions.end_app(tx, viewer.user_id, app_id, person_id)
    return back_to(PATH, "done")


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get(PATH, show),
        web.post(f"{PATH}/others", end_others),
        web.post(f"{PATH}/apps", end_app),
        web.post(f"{PATH}/{{id}}/end", end),
    ]
