"""The one-time link with which the first administrator is made. Used once, or never: it cannot be guessed."""

from __future__ import annotations

from aiohttp import web

from server.context import context
from server.domain.members import users
from server.errors import Conflict, Invalid, NotFound
from server.web import session
from server.web.answers import page
from server.web.running.desk import Form
from server.web.sign_in import enter

FIELDS = ("username", "email")
KNOWN = (*FIELDS, "password")


async def _require_open(request: web.Request) -> str:
    secret = request.match_info["secret"]
    async with context(request).work.reading() as tx:
        if not await users.may_set_up(tx, secret):
            raise NotFound
    return secret


def _page(request: web.Request, form: Form) -> web.Response:
    least, status = users.PASSWORD_MIN, 422 if form.errors else 200
    response = page(request, "setup.html", None, status=status, form=form, password_min=least)
    response.headers["Cache-Control"] = "private, no-store"
    return response


async def show(request: web.Request) -> web.Response:
    """``GET /setup/{secret}``"""
    await _require_open(request)
    return _page(request, Form(dict.fromkeys(FIELDS, "")))


async def finish(request: web.Request) -> web.Response:
    """``POST /setup/{secret}``"""
    session.require_same_origin(request)
    secret = await _require_open(request)
    given = await request.post()
    sent = {k: v.replace("\0", "") for k, v in given.items() if isinstance(v, str)}
    form = Form({name: sent.get(name, "").strip() for name in FIELDS})
    who = (form.values["email"], form.values["username"].removeprefix("@"))
    try:
        async with context(request).work.transaction() as tx:
            user, _ = await users.finish_setup(tx, secret, *who, sent.get("password", ""))
    except Invalid as refused:
        form.errors[refused.field if refused.field in KNOWN else "form"] = refused.sentence
        return _page(request, form)
    except Conflict as refused:
        form.errors["form"] = refused.sentence
        return _page(request, form)
    return await enter(request, user.id, "/admin/begin")


def routes() -> list[web.AbstractRouteDef]:
    return [web.get("/setup/{secret}", show), web.post("/setup/{secret}", finish)]
