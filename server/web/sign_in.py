"""Signing in and out with a browser: by password, and a code where one is asked for; or by a passkey.

A passkey needs a script, for browsers reach it in no other way; all else works without. The form has no session yet, so the page it came from is checked instead (``require_same_origin``): nobody
can be signed in to somebody else's account from another site.
"""

from __future__ import annotations

from urllib.parse import urlencode

from aiohttp import web

from server import limits
from server.context import context
from server.domain.members import passkeys, second_factor, sign_up, users
from server.domain.tx import Tx
from server.errors import Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from server.i18n import mark
from server.peer import address_of
from server.web import session
from server.web.answers import back_to, form, page
from storage.users import User

CONFIRM_FIRST = mark("Please open the link in the mail that is on its way to your address.")
APPROVE_FIRST = mark("Your account waits for a moderator to let you in.")


def local_path(given: str) -> str:
    """Where to go afterwards: a path of ours, or the start. Never another site."""
    outside = not given.startswith("/") or given.startswith(("//", "/\\")) or "\\" in given
    return "/" if outside or not given.isprintable() or not given.isascii() else given


def _form(request: web.Request, after: str, **more: object) -> web.Response:
    told: dict[str, object] = {"typed": "", "fault": "", "status": 200, **more}
    status = int(str(told.pop("status")))
    return page(request, "oauth_sign_in.html", None, status=status, after=after, **told)


async def show(request: web.Request) -> web.Response:
    """``GET /sign-in``"""
    return _form(request, local_path(request.query.get("next", "")))


async def _sent(request: web.Request) -> dict[str, str]:
    """The fields of a form of a stranger's. Raises ``Forbidden`` where it is not ours."""
    session.require_same_origin(request)
    given = await request.post()
    return {k: v.replace("\0", "") for k, v in given.items() if isinstance(v, str)}


async def sign_in(request: web.Request) -> web.Response:
    """``POST /sign-in``"""
    sent = await _sent(request)
    name, after = sent.get("name", ""), local_path(sent.get("next", ""))
    ctx = context(request)
    try:
        user = await users.sign_in(
            ctx.work, ctx.limits, name, sent.get("password", ""), address_of(request)
        )
        return await let_in(request, user, after)
    except (Unauthenticated, Forbidden, TooMany) as refused:
        return _form(request, after, status=refused.status, typed=name, fault=refused.sentence)


async def let_in(
    request: web.Request, user: User, after: str, *, proven: bool = False
) -> web.Response:
    """On to the code, where one is asked for and the person is not ``proven`` otherwise; else inside."""
    await _refuse_waiting(request, user)
    async with context(request).work.transaction() as tx:
        if proven or not await second_factor.asked_of(tx, user.id):
            return await _begin(tx, request, user.id, after)
        secret = await second_factor.pause(tx, user.id)
    response = back_to(f"/sign-in/code?{urlencode({'next': after})}")
    session.remember_step(request, response, secret, second_factor.LIFETIME)
    return response


async def ask_code(request: web.Request) -> web.Response:
    """``GET /sign-in/code``"""
    async with context(request).work.reading() as tx:
        user_id = await second_factor.paused(tx, session.step(request))
    if user_id is None:
        return back_to("/sign-in")
    return _code(request, local_path(request.query.get("next", "")))


def _code(request: web.Request, after: str, fault: str = "", status: int = 200) -> web.Response:
    response = page(request, "sign_in_code.html", None, status=status, after=after, fault=fault)
    response.headers["Cache-Control"] = "private, no-store"
    return response


async def give_code(request: web.Request) -> web.Response:
    """``POST /sign-in/code``"""
    sent = await _sent(request)
    after, code = local_path(sent.get("next", "")), sent.get("code", "")
    ctx = context(request)
    try:
        async with ctx.work.transaction() as tx:
            user_id = await second_factor.go_on(tx, ctx.limits, session.step(request), code)
            return await _begin(tx, request, user_id, after)
    except (Invalid, TooMany) as refused:
        return _code(request, after, refused.sentence, refused.status)
    except (NotFound, Unauthenticated) as refused:
        return _form(request, after, status=401, fault=refused.sentence)


async def ask_passkey(request: web.Request) -> web.Response:
    """``POST /sign-in/passkey/question``: what a device is to sign, as JSON, for the script."""
    session.require_same_origin(request)
    ctx = context(request)
    key = limits.neighbourhood(address_of(request))
    ctx.limits.require(limits.SIGN_IN_ADDRESS, f"passkey/{key}", ctx.work.clock.now())
    async with ctx.work.transaction() as tx:
        asked = await passkeys.ask(tx)
    return web.Response(
        text=asked, content_type="application/json", headers={"Cache-Control": "no-store"}
    )


async def give_passkey(request: web.Request) -> web.Response:
    """``POST /sign-in/passkey``: what the device signed."""
    sent = await _sent(request)
    after, ctx = local_path(sent.get("next", "")), context(request)
    try:
        key = limits.neighbourhood(address_of(request))
        ctx.limits.require(limits.SIGN_IN_ADDRESS, key, ctx.work.clock.now())
        async with ctx.work.transaction() as tx:
            entered = await passkeys.enter(tx, sent.get("answer", ""))
        return await let_in(request, entered.user, after, proven=entered.verified)
    except (Invalid, Unauthenticated, Forbidden, TooMany) as refused:
        return _form(request, after, status=refused.status, fault=refused.sentence)


async def _refuse_waiting(request: web.Request, user: User) -> None:
    """Raises ``Forbidden`` for one who was not let in yet; a link that got lost is sent again."""
    if user.confirmed_at is None:
        ctx = context(request)
        ctx.limits.require(limits.CONFIRMATIONS, f"user/{user.id}", ctx.work.clock.now())
        async with ctx.work.transaction() as tx:
            await sign_up.send_again(tx, user)
        raise Forbidden(CONFIRM_FIRST)
    if user.approved_at is None:
        raise Forbidden(APPROVE_FIRST)


async def enter(request: web.Request, user_id: int, after: str) -> web.Response:
    """Begin a session for who signed up just now. Raises ``Unauthenticated`` where they have no person."""
    async with context(request).work.transaction() as tx:
        return await _begin(tx, request, user_id, after)


async def _begin(tx: Tx, request: web.Request, user_id: int, after: str) -> web.Response:
    """A session as the user's first person. Raises ``Unauthenticated`` where they have none."""
    response = back_to(after)
    own = await users.persons(tx, user_id)
    if not own:
        raise Unauthenticated(users.WRONG)
    await session.begin(request, response, tx, user_id, own[0].id)
    return response


async def sign_out(request: web.Request) -> web.Response:
    """``POST /sign-out``"""
    await form(request)
    response = back_to("/")
    async with context(request).work.transaction() as tx:
        await session.end(request, response, tx)
    return response


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get("/sign-in", show),
        web.post("/sign-in", sign_in),
        web.get("/sign-in/code", ask_code),
        web.post("/sign-in/code", give_code),
        web.post("/sign-in/passkey/question", ask_passkey),
        web.post("/sign-in/passkey", give_passkey),
        web.post("/sign-out", sign_out),
    ]
