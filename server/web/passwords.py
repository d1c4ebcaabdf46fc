"""Forgetting a password, and changing it. Works without a script."""

from __future__ import annotations

from aiohttp import web

from server import limits
from server.context import context
from server.domain.members import passwords, users
from server.errors import Invalid, NotFound, TooMany
from server.i18n import mark
from server.peer import address_of
from server.web import session
from server.web.answers import form, page, signed_in
from server.web.session import Viewer

GONE = mark("This link was used already, or is too old.")
NO_MAIL = mark("This server sends no mail. Please write to whoever runs it.")


async def forgot(request: web.Request) -> web.Response:
    """``GET /password``"""
    return _forgot(request)


def _forgot(request: web.Request, *, sent: bool = False, fault: str = "") -> web.Response:
    if not context(request).work.site.mail:
        raise NotFound(NO_MAIL)
    status = 429 if fault else 200
    return page(request, "password_forgot.html", None, status=status, sent=sent, fault=fault)


async def send(request: web.Request) -> web.Response:
    """``POST /password``: the same answer, whether the address is known or not."""
    session.require_same_origin(request)
    given = (await request.post()).get("email")
    email = given.replace("\0", "").strip() if isinstance(given, str) else ""
    ctx = context(request)
    now = ctx.work.clock.now()
    try:
        ctx.limits.require(limits.RESETS, limits.neighbourhood(address_of(request)), now)
        ctx.limits.require(limits.RESETS, f"to/{email.lower()[: users.EMAIL_MAX]}", now)
    except TooMany as refused:
        return _forgot(request, fault=refused.sentence)
    async with ctx.work.transaction() as tx:
        await passwords.forgot(tx, email)
    return _forgot(request, sent=True)


async def choose(request: web.Request) -> web.Response:
    """``GET /password/{secret}``"""
    async with context(request).work.reading() as tx:
        if not await passwords.may_reset(tx, request.match_info["secret"]):
            raise NotFound(GONE)
    return _choose(request)


def _choose(request: web.Request, fault: str = "") -> web.Response:
    response = page(
        request,
        "password_choose.html",
        None,
        status=422 if fault else 200,
        password_min=users.PASSWORD_MIN,
        fault=fault,
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


async def reset(request: web.Request) -> web.Response:
    """``POST /password/{secret}``"""
    session.require_same_origin(request)
    given = (await request.post()).get("password")
    secret = request.match_info["secret"]
    work = context(request).work
    async with work.reading() as tx:
        if not await passwords.may_reset(tx, secret):
            raise NotFound(GONE)
    try:
        await passwords.reset(work, secret, given if isinstance(given, str) else "")
    except Invalid as refused:
        return _choose(request, refused.sentence)
    return page(request, "password_done.html", None)


async def settings(request: web.Request) -> web.Response:
    """``GET /settings/password``"""
    return _settings(request, await signed_in(request))


def _settings(
    request: web.Request,
    viewer: Viewer,
    *,
    fault: str = "",
    field: str | None = None,
    status: int = 200,
    done: bool = False,
) -> web.Response:
    """``field``: beside which ``fault`` is told (``old``, ``password``); else it stands above all."""
    return page(
        request,
        "password_change.html",
        viewer,
        status=status,
        password_min=users.PASSWORD_MIN,
        fault=fault,
        field=field,
        done=done,
    )


async def change(request: web.Request) -> web.Response:
    """``POST /settings/password``: other browsers are signed out; apps where ``apps`` is ticked."""
    viewer, sent = await form(request)
    ctx = context(request)
    try:
        ctx.limits.require(limits.SIGN_IN_ACCOUNT, f"user/{viewer.user_id}", ctx.work.clock.now())
        await passwords.change(
            ctx.work,
            viewer.user_id,
            sent.get("old", ""),
            sent.get("new", ""),
            session=session.current(request),
            apps=sent.get("apps") == "yes",
        )
    except Invalid as refused:
        return _settings(
            request, viewer, fault=refused.sentence, field=refused.field, status=refused.status
        )
    except TooMany as refused:
        return _settings(request, viewer, fault=refused.sentence, status=refused.status)
    return _settings(request, viewer, done=True)


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get("/password", forgot),
        web.post("/password", send),
        web.get("/password/{secret}", choose),
        web.post("/password/{secret}", reset),
        web.get("/settings/password", settings),
        web.post("/settings/password", change),
    ]
