"""How a member signs in: their passkeys, one-time codes and recovery codes, below ``/settings/sign-in``.

Whatever changes here asks for the password again, so that a browser left open gives nobody a key of their own.
Recovery codes and the secret of the codes stand in the one answer that made them, and are shown never again.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web
from markupsafe import Markup

from server import ids
from server.context import context
from server.domain.members import passkeys, second_factor
from server.errors import Invalid, NotFound, TooMany
from server.web.answers import back_to, form, page, signed_in
from server.web.session import Viewer

PATH = "/settings/sign-in"


async def show(request: web.Request) -> web.Response:
    """``GET /settings/sign-in``"""
    return await _overview(request, await signed_in(request))


async def _overview(
    request: web.Request, viewer: Viewer, *, fault: Invalid | TooMany | None = None, at: str = "",
    typed: str = "",
) -> web.Response:  # fmt: skip
    """``at``: the form that ``fault`` is told in."""
    async with context(request).work.reading() as tx:
        stands = await second_factor.standing(tx, viewer.user_id)
        able = second_factor.available(tx)
    return page(
        request, "settings_sign_in.html", viewer, status=fault.status if fault else 200,
        stands=stands, able=able, at=at, typed=typed,
        field=fault.field if isinstance(fault, Invalid) else "",
        fault=fault.sentence if fault else "",
        passkey_name_max=passkeys.NAME_MAX,
    )  # fmt: skip


def _unkept(response: web.Response) -> web.Response:
    response.headers["Cache-Control"] = "private, no-store"
    return response


async def _require_password(request: web.Request, viewer: Viewer, sent: Mapping[str, str]) -> None:
    """Raises ``Invalid``, ``TooMany``."""
    ctx = context(request)
    await second_factor.require_password(
        ctx.work, ctx.limits, viewer.user_id, sent.get("password", "")
    )


# One-time codes


async def begin_codes(request: web.Request) -> web.Response:
    """``POST /settings/sign-in/codes``: a new secret, to be shown until a code of it came."""
    viewer, sent = await form(request)
    try:
        await _require_password(request, viewer, sent)
        async with context(request).work.transaction() as tx:
            await second_factor.begin(tx, viewer.user_id)
    except (Invalid, TooMany) as refused:
        return await _overview(request, viewer, fault=refused, at="codes")
    return back_to(f"{PATH}/codes")


async def show_codes(request: web.Request) -> web.Response:
    """``GET /settings/sign-in/codes``: the secret, and where its first code is typed."""
    return await _codes(request, await signed_in(request))


async def _codes(
    request: web.Request, viewer: Viewer, fault: str = "", status: int = 200
) -> web.Response:
    async with context(request).work.reading() as tx:
        try:
            codes = await second_factor.begun(tx, viewer.user_id, viewer.account.username)
        except NotFound:
            return back_to(PATH)
    picture = Markup(codes.picture)  # noqa: S704 - drawn here, of an address that is quoted
    response = page(
        request, "settings_codes.html", viewer, status=status, typed=codes.typed,
        address=codes.address, picture=picture, fault=fault,
    )  # fmt: skip
    return _unkept(response)


async def confirm_codes(request: web.Request) -> web.Response:
    """``POST /settings/sign-in/codes/confirm``: the first code; gives the recovery codes."""
    viewer, sent = await form(request)
    try:
        async with context(request).work.transaction() as tx:
            made = await second_factor.confirm(tx, viewer.user_id, sent.get("code", ""))
    except Invalid as refused:
        return await _codes(request, viewer, refused.sentence, refused.status)
    return _recovery(request, viewer, made)


def _recovery(request: web.Request, viewer: Viewer, codes: list[str]) -> web.Response:
    return _unkept(page(request, "settings_recovery.html", viewer, codes=codes))


async def new_recovery(request: web.Request) -> web.Response:
    """``POST /settings/sign-in/recovery``: ten others."""
    viewer, sent = await form(request)
    try:
        await _require_password(request, viewer, sent)
        async with context(request).work.transaction() as tx:
            made = await second_factor.new_recovery(tx, viewer.user_id)
    except (Invalid, TooMany) as refused:
        return await _overview(request, viewer, fault=refused, at="recovery")
    return _recovery(request, viewer, made)


async def end_codes(request: web.Request) -> web.Response:
    """``POST /settings/sign-in/codes/end``"""
    viewer, sent = await form(request)
    try:
        await _require_password(request, viewer, sent)
        async with context(request).work.transaction() as tx:
            await second_factor.end(tx, viewer.user_id)
    except (Invalid, TooMany) as refused:
        return await _overview(request, viewer, fault=refused, at="end")
    return back_to(PATH, "removed")


# Passkeys


async def begin_passkey(request: web.Request) -> web.Response:
    """``POST /settings/sign-in/passkeys/new``: a name and the password; the next page has the browser make it."""
    viewer, sent = await form(request)
    name = sent.get("name", "")
    try:
        await _require_password(request, viewer, sent)
        async with context(request).work.transaction() as tx:
            asked = await passkeys.begin(tx, viewer.user_id, viewer.account)
    except (Invalid, TooMany) as refused:
        return await _overview(request, viewer, fault=refused, at="passkey", typed=name)
    return _unkept(page(request, "settings_passkey.html", viewer, asked=asked, called=name))


async def add_passkey(request: web.Request) -> web.Response:
    """``POST /settings/sign-in/passkeys``: what the browser made. What was asked came after a password."""
    viewer, sent = await form(request)
    name = sent.get("name", "")
    try:
        async with context(request).work.transaction() as tx:
            await passkeys.add(tx, viewer.user_id, name, sent.get("answer", ""))
    except Invalid as refused:
        return await _overview(request, viewer, fault=refused, at="passkey", typed=name)
    return back_to(PATH, "added")


async def remove_passkey(request: web.Request) -> web.Response:
    """``POST /settings/sign-in/passkeys/{id}/remove``"""
    viewer, sent = await form(request)
    passkey_id = ids.parse(request.match_info["id"]) or 0
    try:
        await _require_password(request, viewer, sent)
        async with context(request).work.transaction() as tx:
            await passkeys.remove(tx, viewer.user_id, passkey_id)
    except (Invalid, TooMany) as refused:
        return await _overview(request, viewer, fault=refused, at=f"remove-{passkey_id}")
    return back_to(PATH, "removed")


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get(PATH, show),
        web.post(f"{PATH}/codes", begin_codes),
        web.get(f"{PATH}/codes", show_codes),
        web.post(f"{PATH}/codes/confirm", confirm_codes),
        web.post(f"{PATH}/codes/end", end_codes),
        web.post(f"{PATH}/recovery", new_recovery),
        web.post(f"{PATH}/passkeys/new", begin_passkey),
        web.post(f"{PATH}/passkeys", add_passkey),
        web.post(f"{PATH}/passkeys/{{id}}/remove", remove_passkey),
    ]
