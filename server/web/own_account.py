"""``/settings/account``: a member's e-mail address and language, and the end of their account."""

from __future__ import annotations

from aiohttp import web

from server.context import context
from server.domain.members import emails, farewell, second_factor
from server.errors import Forbidden, Invalid, NotFound, TooMany
from server.web import session
from server.web.answers import back_to, form, page, signed_in
from server.web.forms import Form, refused
from server.web.session import Viewer
from storage import accounts, users

PATH = "/settings/account"
DELETE = "/settings/delete"
NEW_EMAIL = "/settings/email/{secret}"
NOTHING = Form({"email": "", "password": ""})


async def show(request: web.Request) -> web.Response:
    """``GET /settings/account``"""
    return await _account(request, await signed_in(request), NOTHING)


async def _account(
    request: web.Request, viewer: Viewer, typed: Form, status: int = 200
) -> web.Response:
    async with context(request).work.reading() as tx:
        user = await users.by_id(tx.conn, viewer.user_id)
    return page(
        request, "settings_account.html", viewer, status=status, form=typed,
        email=user.email if user else "", since=user.created_at if user else None,
    )  # fmt: skip


async def change_email(request: web.Request) -> web.Response:
    """``POST /settings/account/email``"""
    viewer, sent = await form(request)
    ctx = context(request)
    try:
        user = await second_factor.require_password(
            ctx.work, ctx.limits, viewer.user_id, sent.get("password", "")
        )
        async with ctx.work.transaction() as tx:
            changed = await emails.ask(tx, user, sent.get("email", "").strip())
    except (Invalid, TooMany) as error:
        typed = {"email": sent.get("email", ""), "password": ""}
        return await _account(request, viewer, refused(typed, error, {}), error.status)
    return back_to(PATH, "saved" if changed else "mailed")


async def look(request: web.Request) -> web.Response:
    """``GET /settings/email/{secret}``: the link in the mail. The button confirms: programs open links too."""
    async with context(request).work.reading() as tx:
        email = await emails.waiting(tx, request.match_info["secret"])
    if email is None:
        raise NotFound(emails.GONE)
    response = page(request, "confirm_email.html", await session.viewer(request), email=email)
    response.headers["Cache-Control"] = "private, no-store"
    return response


async def confirm(request: web.Request) -> web.Response:
    """``POST /settings/email/{secret}``"""
    session.require_same_origin(request)
    async with context(request).work.transaction() as tx:
        await emails.confirm(tx, request.match_info["secret"])
    return back_to(PATH, "saved")


async def ask_delete(request: web.Request) -> web.Response:
    """``GET /settings/delete``"""
    return await _delete(request, await signed_in(request), Form({"password": "", "sure": ""}))


async def _delete(
    request: web.Request, viewer: Viewer, typed: Form, status: int = 200
) -> web.Response:
    async with context(request).work.reading() as tx:
        persons = await accounts.of_user(tx.conn, viewer.user_id)
    return page(request, "settings_delete.html", viewer, status=status, form=typed, persons=persons)


async def delete(request: web.Request) -> web.Response:
    """``POST /settings/delete``: ``password``."""
    viewer, sent = await form(request)
    ctx = context(request)
    try:
        user = await second_factor.require_password(
            ctx.work, ctx.limits, viewer.user_id, sent.get("password", "")
        )
        response = page(request, "settings_deleted.html", None)
        async with ctx.work.transaction() as tx:
            await session.end(request, response, tx)
            await farewell.leave(tx, user)
    except (Invalid, TooMany, Forbidden) as error:
        typed = refused({"password": ""}, error, {})
        return await _delete(request, viewer, typed, error.status)
    return response


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get(PATH, show),
        web.post(f"{PATH}/email", change_email),
        web.get(NEW_EMAIL, look),
        web.post(NEW_EMAIL, confirm),
        web.get(DELETE, ask_delete),
        web.post(DELETE, delete),
    ]
