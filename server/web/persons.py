"""``/settings/persons``: the persons of one user, and as which of them the browser acts."""

from __future__ import annotations

from aiohttp import web

from server.context import context
from server.domain.members import persons, sessions, users
from server.errors import Conflict, Invalid
from server.web import session
from server.web.answers import back_to, choice_id, form, page, signed_in
from server.web.forms import Form, refused
from server.web.session import Viewer

PATH = "/settings/persons"


async def show(request: web.Request) -> web.Response:
    """``GET /settings/persons``"""
    empty = Form({"username": "", "display_name": ""})
    return await _page(request, await signed_in(request), empty)


async def _page(
    request: web.Request, viewer: Viewer, typed: Form, status: int = 200
) -> web.Response:
    async with context(request).work.reading() as tx:
        mine = await users.persons(tx, viewer.user_id)
    return page(
        request, "settings_persons.html", viewer, status=status, form=typed, persons=mine,
        most=persons.MOST,
    )  # fmt: skip


async def create(request: web.Request) -> web.Response:
    """``POST /settings/persons``: one more."""
    viewer, sent = await form(request)
    name = sent.get("username", "").strip().removeprefix("@")
    shown = sent.get("display_name", "")
    try:
        async with context(request).work.transaction() as tx:
            await persons.create(tx, viewer.user_id, name, shown)
    except (Invalid, Conflict) as error:
        told = Invalid(error.sentence, field="username") if isinstance(error, Conflict) else error
        typed = refused({"username": name, "display_name": shown}, told, {})
        return await _page(request, viewer, typed, told.status)
    return back_to(PATH, "added")


async def act_as(request: web.Request) -> web.Response:
    """``POST /settings/persons/act``: this browser acts as ``person`` from now on."""
    viewer, sent = await form(request)
    async with context(request).work.transaction() as tx:
        await sessions.act_as(
            tx, viewer.user_id, session.current(request), choice_id(sent, "person")
        )
    return back_to(PATH, "done")


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get(PATH, show),
        web.post(PATH, create),
        web.post(f"{PATH}/act", act_as),
    ]
