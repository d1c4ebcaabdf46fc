"""Signing in and out with a browser. Works without a script.

The form has no session yet, so the page it came from is checked instead (``require_same_origin``): nobody
can be signed in to somebody else's account from another site.
"""

from __future__ import annotations

from aiohttp import web

from server import limits
from server.context import context
from server.domain.members import sign_up, users
from server.errors import Forbidden, TooMany, Unauthenticated
from server.peer import address_of
from server.web import session
from server.web.answers import back_to, form, page
from storage.users import User


def local_path(given: str) -> str:
    """Where to go afterwards: a path of ours, or the start. Never another site."""
    outside = not given.startswith("/") or given.startswith(("//", "/\\")) or "\\" in given
    return "/" if outside or not given.isprintable() or not given.isascii() else given


async def show(request: web.Request) -> web.Response:
    """``GET /sign-in``"""
    after = local_path(request.query.get("next", ""))
    return page(request, "oauth_sign_in.html", None, after=after, typed="", fault="")


async def sign_in(request: web.Request) -> web.Response:
    """``POST /sign-in``"""
    session.require_same_origin(request)
    given = await request.post()
    sent = {k: v.replace("\0", "") for k, v in given.items() if isinstance(v, str)}
    name, after = sent.get("name", ""), local_path(sent.get("next", ""))
    ctx = context(request)
    try:
        user = await users.sign_in(
            ctx.work, ctx.limits, name, sent.get("password", ""), address_of(request)
        )
        await _refuse_waiting(request, user)
        return await enter(request, user.id, after)
    except (Unauthenticated, Forbidden, TooMany) as refused:
        return page(
            request,
            "oauth_sign_in.html",
            None,
            status=refused.status,
            after=after,
            typed=name,
            fault=refused.sentence,
        )


async def _refuse_waiting(request: web.Request, user: User) -> None:
    """Raises ``Forbidden`` for one who was not let in yet; a link that got lost is sent again."""
    if user.confirmed_at is None:
        ctx = context(request)
        ctx.limits.require(limits.CONFIRMATIONS, f"user/{user.id}", ctx.work.clock.now())
        async with ctx.work.transaction() as tx:
            await sign_up.send_again(tx, user)
        raise Forbidden("Please open the link in the mail that is on its way to your address.")
    if user.approved_at is None:
        raise Forbidden("Your account waits for a moderator to let you in.")


async def enter(request: web.Request, user_id: int, after: str) -> web.Response:
    """Begin a session as the user's first person. Raises ``Unauthenticated`` where they have none."""
    response = back_to(after)
    async with context(request).work.transaction() as tx:
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
        web.post("/sign-out", sign_out),
    ]
