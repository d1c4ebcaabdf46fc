"""``/settings/move``: to another account and back, and the accounts from which one may come here."""

from __future__ import annotations

from aiohttp import web

from server import limits
from server.arriving import meeting
from server.context import NET, context
from server.domain.members import moves as verbs
from server.domain.members import second_factor
from server.errors import BeckonError, Forbidden, Invalid, TooMany
from server.web.answers import back_to, form, page, signed_in
from server.web.forms import Form, refused
from server.web.session import Viewer
from storage import accounts
from storage.accounts import Account

PATH = "/settings/move"
BLANK = {"acct": "", "password": "", "alias": ""}


async def show(request: web.Request) -> web.Response:
    """``GET /settings/move``"""
    return await _move(request, await signed_in(request), Form(BLANK))


async def _move(
    request: web.Request, viewer: Viewer, typed: Form, status: int = 200
) -> web.Response:
    own = viewer.account
    async with context(request).work.reading() as tx:
        uris = [*own.also_known_as, *([own.moved_to] if own.moved_to else [])]
        known = await accounts.by_uris(tx.conn, uris)
        again = verbs.free_again(own, tx.now)
    return page(
        request, "settings_move.html", viewer, status=status, form=typed, own=own, known=known, again=again,
        many=verbs.ALIASES_MAX,
    )  # fmt: skip


async def _refused(
    request: web.Request, viewer: Viewer, sent: dict[str, str], error: BeckonError, field: str
) -> web.Response:
    """The page again; what was typed stays, but for the password. ``field``: of whom was named."""
    typed = {**BLANK, **{name: sent.get(name, "") for name in ("acct", "alias")}}
    named = Invalid(error.sentence, field=field) if isinstance(error, Forbidden) else error
    return await _move(request, viewer, refused(typed, named, {"acct": field}), error.status)


async def _named(request: web.Request, viewer: Viewer, typed: str) -> Account:
    ctx = context(request)
    ctx.limits.require(limits.LOOK_UPS, f"user/{viewer.user_id}", ctx.work.clock.now())
    return await meeting.met_now(request.app.get(NET), typed)


async def move(request: web.Request) -> web.Response:
    """``POST /settings/move``: ``acct`` and ``password``, as a browser that was left open must not give away who follows
    somebody."""
    viewer, sent = await form(request)
    ctx = context(request)
    try:
        await second_factor.require_password(
            ctx.work, ctx.limits, viewer.user_id, sent.get("password", "")
        )
        target = await _named(request, viewer, sent.get("acct", ""))
        async with ctx.work.transaction() as tx:
            await verbs.depart(tx, viewer.account, target)
    except (Invalid, TooMany, Forbidden) as error:
        return await _refused(request, viewer, sent, error, "acct")
    return back_to(PATH, "moved")


async def stay(request: web.Request) -> web.Response:
    """``POST /settings/move/stay``: the account is used again."""
    viewer, _ = await form(request)
    async with context(request).work.transaction() as tx:
        await verbs.stay(tx, viewer.account)
    return back_to(PATH, "here")


async def add(request: web.Request) -> web.Response:
    """``POST /settings/move/aliases``: ``alias``, from which one wants to come."""
    viewer, sent = await form(request)
    try:
        other = await _named(request, viewer, sent.get("alias", ""))
        async with context(request).work.transaction() as tx:
            await verbs.add_alias(tx, viewer.account, other)
    except (Invalid, TooMany) as error:
        return await _refused(request, viewer, sent, error, "alias")
    return back_to(PATH, "added")


async def remove(request: web.Request) -> web.Response:
    """``POST /settings/move/aliases/remove``: ``uri``; one that is not there is no event."""
    viewer, sent = await form(request)
    async with context(request).work.transaction() as tx:
        await verbs.drop_alias(tx, viewer.account, sent.get("uri", ""))
    return back_to(PATH, "removed")


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get(PATH, show),
        web.post(PATH, move),
        web.post(f"{PATH}/stay", stay),
        web.post(f"{PATH}/aliases", add),
        web.post(f"{PATH}/aliases/remove", remove),
    ]
