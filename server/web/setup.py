"""The one-time link with which the first administrator is made. Used once, or never: it cannot be guessed."""

from __future__ import annotations

from aiohttp import web

from server.context import context
from server.domain.members import users
from server.errors import Conflict, Invalid, NotFound
from server.web import session
from server.web.answers import page
from server.web.sign_in import enter


async def _require_open(request: web.Request) -> str:
    secret = request.match_info["secret"]
    async with context(request).work.reading() as tx:
        if not await users.may_set_up(tx, secret):
            raise NotFound
    return secret


def _page(request: web.Request, sent: dict[str, str], fault: str, status: int) -> web.Response:
    response = page(
        request,
        "setup.html",
        None,
        status=status,
        email=sent.get("email", ""),
        username=sent.get("username", ""),
        password_min=users.PASSWORD_MIN,
        fault=fault,
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


async def show(request: web.Request) -> web.Response:
    """``GET /setup/{secret}``"""
    await _require_open(request)
    return _page(request, {}, "", 200)


async def finish(request: web.Request) -> web.Response:
    """``POST /setup/{secret}``"""
    session.require_same_origin(request)
    secret = await _require_open(request)
    given = await request.post()
    sent = {k: v.replace("\0", "") for k, v in given.items() if isinstance(v, str)}
    who = (sent.get("email", "").strip(), sent.get("username", "").strip().removeprefix("@"))
    try:
        async with context(request).work.transaction() as tx:
            user, _ = await users.finish_setup(tx, secret, *who, sent.get("password", ""))
    except (Invalid, Conflict) as refused:
        return _page(request, sent, refused.sentence, refused.status)
    return await enter(request, user.id, "/")


def routes() -> list[web.AbstractRouteDef]:
    return [web.get("/setup/{secret}", show), web.post("/setup/{secret}", finish)]
