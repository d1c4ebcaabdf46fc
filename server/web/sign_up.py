"""Signing up in the browser, with or without an invitation, and confirming the address. Works without a script.

The link in the mail shows a button, and the button confirms: programs that look at mail open every link
in it, and would use it up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from aiohttp import web

from server import limits
from server.context import context
from server.domain.members import sign_up, users
from server.domain.members.sign_up import Faults, Wish
from server.errors import Forbidden, NotFound, TooMany
from server.i18n import mark
from server.peer import address_of
from server.web import session
from server.web.answers import back_to, language_of, page
from server.web.sign_in import enter
from storage import instance

GONE = mark("This link was used already, or is too old.")
FIELDS = ("username", "email", "reason", "agreement")


@dataclass(frozen=True, slots=True)
class SignUpForm:
    """What was typed, but never the password, and a sentence for each field that cannot stand."""

    values: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict[str, str])


NOTHING = SignUpForm(dict.fromkeys(FIELDS, ""))


async def _form(
    request: web.Request, code: str, form: SignUpForm, fault: str = "", status: int = 200
) -> web.Response:
    """The form, or a sentence where it would be of no use. ``code``: of an invitation, or ""."""
    async with context(request).work.reading() as tx:
        here = await instance.get(tx.conn)
        try:
            approval = await sign_up.needs_approval(tx, code, address_of(request))
        except Forbidden as closed:
            return page(request, "sign_up_closed.html", None, status=403, sentence=closed.sentence)
    response = page(
        request,
        "sign_up.html",
        None,
        status=status,
        form=form,
        fault=fault,
        code=code,
        approval=approval,
        rules=here.rules if here else [],
        password_min=users.PASSWORD_MIN,
        password_max=users.PASSWORD_MAX,
        reason_max=sign_up.REASON_MAX,
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


async def show(request: web.Request) -> web.Response:
    """``GET /sign-up``"""
    if await session.viewer(request):
        return back_to("/")
    return await _form(request, "", NOTHING)


async def invited(request: web.Request) -> web.Response:
    """``GET /invite/{secret}``: the same form, with an invitation."""
    if await session.viewer(request):
        return back_to("/")
    return await _form(request, request.match_info["secret"], NOTHING)


async def create(request: web.Request) -> web.Response:
    """``POST /sign-up``"""
    session.require_same_origin(request)
    given = await request.post()
    sent = {k: v.replace("\0", "") for k, v in given.items() if isinstance(v, str)}
    form = SignUpForm({name: sent.get(name, "").strip() for name in FIELDS})
    code = sent.get("invite", "")
    ctx = context(request)
    wish = _wish(form.values, sent.get("password", ""), code)
    wish = replace(wish, address=address_of(request), language=language_of(request, None))
    try:
        key = limits.neighbourhood(address_of(request))
        ctx.limits.require(limits.SIGN_UP, key, ctx.work.clock.now())
        ready = await sign_up.prepare(ctx.work, wish)
        async with ctx.work.transaction() as tx:
            user, _ = await sign_up.sign_up(tx, ready)
    except Faults as refused:
        form.errors.update(_sentences(refused))
        return await _form(request, code, form, status=refused.status)
    except (Forbidden, TooMany) as refused:
        return await _form(request, code, form, refused.sentence, refused.status)
    if user.confirmed_at and user.approved_at:
        return await enter(request, user.id, "/")
    return _done(request, confirmed=bool(user.confirmed_at), approved=bool(user.approved_at))


def _wish(typed: Mapping[str, str], password: str, code: str) -> Wish:
    return Wish(
        username=typed["username"].removeprefix("@"),
        email=typed["email"],
        password=password,
        agreement=typed["agreement"] == "yes",
        reason=typed["reason"],
        invite=code,
    )


SENTENCES = {
    ("username", "ERR_BLANK"): mark("Please choose a handle."),
    ("username", "ERR_INVALID"): mark(
        "The handle must contain only letters, numbers and underscores, 30 of them at most."
    ),
    ("username", "ERR_RESERVED"): mark("The handle is reserved."),
    ("username", "ERR_TAKEN"): mark("The handle has already been taken."),
    ("email", "ERR_BLANK"): mark("Please give an e-mail address."),
    ("email", "ERR_INVALID"): mark("The e-mail address is invalid."),
    ("email", "ERR_TAKEN"): mark("The e-mail address has already been taken."),
    ("email", "ERR_BLOCKED"): mark("Addresses of this provider cannot be used here."),
    ("password", "ERR_BLANK"): mark("Please choose a password."),
    ("password", "ERR_TOO_SHORT"): mark("The password is too short."),
    ("password", "ERR_TOO_LONG"): mark("The password is too long."),
    ("agreement", "ERR_ACCEPTED"): mark("The rules must be accepted."),
    ("reason", "ERR_BLANK"): mark("Please say why you want to join."),
    ("reason", "ERR_TOO_LONG"): mark("The reason is too long."),
}
"""By the field and the code of a ``Fault``."""


def _sentences(refused: Faults) -> dict[str, str]:
    """The first fault of each field, as a sentence."""
    return dict(reversed([(f.field, SENTENCES[f.field, f.code]) for f in refused.faults]))


def _done(request: web.Request, *, confirmed: bool, approved: bool) -> web.Response:
    return page(request, "sign_up_done.html", None, confirmed=confirmed, approved=approved)


async def ask(request: web.Request) -> web.Response:
    """``GET /confirm/{secret}``"""
    async with context(request).work.reading() as tx:
        if not await sign_up.may_confirm(tx, request.match_info["secret"]):
            raise NotFound(GONE)
    response = page(request, "confirm.html", None)
    response.headers["Cache-Control"] = "private, no-store"
    return response


async def confirm(request: web.Request) -> web.Response:
    """``POST /confirm/{secret}``"""
    session.require_same_origin(request)
    async with context(request).work.transaction() as tx:
        user = await sign_up.confirm(tx, request.match_info["secret"])
    return _done(request, confirmed=True, approved=bool(user.approved_at))


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get("/sign-up", show),
        web.post("/sign-up", create),
        web.get("/invite/{secret}", invited),
        web.get("/confirm/{secret}", ask),
        web.post("/confirm/{secret}", confirm),
    ]
