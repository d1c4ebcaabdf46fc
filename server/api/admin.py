"""What moderators do to accounts with an app. Every route asks for a scope of ``admin`` and for the role."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from server.api import paging, params
from server.api.answers import empty, ok
from server.api.auth import Caller, ForMember, for_member
from server.api.describe import Described, a_text, an_id, choice, flag, op, paged
from server.api.params import Params
from server.api.reading import id_of, view
from server.api.schema import ANY, array
from server.context import context
from server.domain.members import sign_up
from server.domain.moderating import moderation
from server.domain.moderating.moderation import Action
from server.domain.tx import Tx
from server.errors import NotFound
from server.render import admin
from server.render.view import Json
from storage import accounts
from storage import moderation as rows
from storage.accounts import Account
from storage.moderation import Sought

BASE = "/api/v1/admin"
STATUSES = ("active", "pending", "disabled", "silenced", "suspended")


def for_staff(method: str, path: str, handler: ForMember, scope: str) -> web.RouteDef:
    """As ``for_member``, and 403 for who is neither moderator nor administrator."""

    async def answer(request: web.Request, caller: Caller) -> web.StreamResponse:
        moderation.require_staff(caller.user)
        return await handler(request, caller)

    return for_member(method, path, answer, scope)


def for_admin(method: str, path: str, handler: ForMember, scope: str) -> web.RouteDef:
    """As ``for_staff``, for administrators alone."""

    async def answer(request: web.Request, caller: Caller) -> web.StreamResponse:
        moderation.require_admin(caller.user)
        return await handler(request, caller)

    return for_member(method, path, answer, scope)


# Accounts


async def index_v1(request: web.Request, _caller: Caller) -> web.Response:
    """``GET /api/v1/admin/accounts``: a flag for each status, as before version 2."""
    sent = await params.read(request)
    flags = [status for status in STATUSES if sent.flag(status)]
    local = True if sent.flag("local") else False if sent.flag("remote") else None
    return await _index(request, sent, local, flags[0] if flags else None, sent.flag("staff"))


async def index_v2(request: web.Request, _caller: Caller) -> web.Response:
    """``GET /api/v2/admin/accounts``"""
    sent = await params.read(request)
    local = {"local": True, "remote": False}.get(sent.text("origin") or "")
    staff = sent.text("permissions") == "staff"
    return await _index(request, sent, local, sent.text("status"), staff)


async def _index(
    request: web.Request, sent: Params, local: bool | None, status: str | None, staff: bool
) -> web.Response:
    sought = Sought(
        local=local,
        status=status,
        staff=staff,
        username=sent.text("username") or "",
        display_name=sent.text("display_name") or "",
        host=sent.text("by_domain") or "",
        email=sent.text("email") or "",
    )
    async with context(request).work.reading() as tx:
        found = await rows.accounts(tx.conn, sought, paging.page(request, 100, 200))
        known = await admin.accounts_by_id(view(tx, None), found)
    return ok([known[i] for i in found if i in known], headers=paging.link(request, found))


async def _account(tx: Tx, request: web.Request) -> Account:
    """Also one that waits to be let in. Raises ``NotFound``."""
    row = await accounts.by_id(tx.conn, id_of(request))
    if row is None or row.kind == "application":
        raise NotFound
    return row


async def _shown(tx: Tx, account_id: int) -> Json:
    row = await accounts.by_id(tx.conn, account_id)
    if row is None:
        raise NotFound
    return admin.account(tx.site.urls, row, await moderation.user_of(tx, row))


async def show(request: web.Request, _caller: Caller) -> web.Response:
    """``GET /api/v1/admin/accounts/{id}``"""
    async with context(request).work.reading() as tx:
        return ok(await _shown(tx, (await _account(tx, request)).id))


async def act(request: web.Request, caller: Caller) -> web.Response:
    """``POST /api/v1/admin/accounts/{id}/action``: see ``moderation.Action``."""
    sent = await params.read(request)
    wanted = Action(
        type=sent.text("type") or "",
        words=(sent.text("text") or "").strip(),
        report_id=sent.id("report_id"),
        mail=sent.boolean("send_email_notification") is not False,
    )
    async with context(request).work.transaction() as tx:
        account = await _account(tx, request)
        await moderation.act(tx, caller.user, caller.account, account, wanted)
    return empty()


def _undoing(verb: moderation.Verb) -> ForMember:
    async def answer(request: web.Request, caller: Caller) -> web.Response:
        async with context(request).work.transaction() as tx:
            account = await _account(tx, request)
            await verb(tx, caller.user, account)
            return ok(await _shown(tx, account.id))

    return answer


async def delete(request: web.Request, caller: Caller) -> web.Response:
    """``DELETE /api/v1/admin/accounts/{id}``: answers the account as it was."""
    async with context(request).work.transaction() as tx:
        account = await _account(tx, request)
        shown = await _shown(tx, account.id)
        await moderation.erase(tx, caller.user, account)
    return ok(shown)


async def approve(request: web.Request, caller: Caller) -> web.Response:
    """``POST /api/v1/admin/accounts/{id}/approve``"""
    async with context(request).work.transaction() as tx:
        account = await _account(tx, request)
        user = await moderation.waiting_user(tx, caller.user, account)
        await sign_up.approve(tx, user, caller.user)
        return ok(await _shown(tx, account.id))


async def reject(request: web.Request, caller: Caller) -> web.Response:
    """``POST /api/v1/admin/accounts/{id}/reject``: answers the account as it was."""
    async with context(request).work.transaction() as tx:
        account = await _account(tx, request)
        shown = await _shown(tx, account.id)
        user = await moderation.waiting_user(tx, caller.user, account)
        await sign_up.reject(tx, user, caller.user)
    return ok(shown)


# Trends


async def nothing(_request: web.Request, _caller: Caller) -> web.Response:
    """Nothing is ranked, so nothing waits to be looked at."""
    return ok([])


TRENDS = ("tags", "statuses", "links")
DECISIONS: Mapping[str, ForMember] = {
    "approve": approve,
    "reject": reject,
    "enable": _undoing(moderation.enable),
    "unsensitive": _undoing(moderation.unsensitize),
    "unsilence": _undoing(moderation.unsilence),
    "unsuspend": _undoing(moderation.unsuspend),
}


def routes() -> list[web.RouteDef]:
    read, write = "admin:read:accounts", "admin:write:accounts"
    one = f"{BASE}/accounts/{{id}}"
    return [
        for_staff("GET", f"{BASE}/accounts", index_v1, read),
        for_staff("GET", "/api/v2/admin/accounts", index_v2, read),
        for_staff("GET", one, show, read),
        for_admin("DELETE", one, delete, write),
        for_staff("POST", f"{one}/action", act, write),
        *(for_staff("POST", f"{one}/{name}", verb, write) for name, verb in DECISIONS.items()),
        *(for_staff("GET", f"{BASE}/trends/{noun}", nothing, "admin:read") for noun in TRENDS),
    ]


_BY = [a_text(name) for name in ("username", "display_name", "by_domain", "email")]
DESCRIBED: Described = {
    f"GET {BASE}/accounts": op(
        array("AdminAccount"),
        *paged(100, 200),
        *_BY,
        *(flag(name) for name in ("local", "remote", *STATUSES, "staff")),
    ),
    "GET /api/v2/admin/accounts": op(
        array("AdminAccount"),
        *paged(100, 200),
        *_BY,
        choice("origin", "local", "remote"),
        choice("status", *STATUSES),
        choice("permissions", "staff"),
    ),
    f"GET {BASE}/accounts/{{id}}": op("AdminAccount"),
    f"DELETE {BASE}/accounts/{{id}}": op("AdminAccount"),
    f"POST {BASE}/accounts/{{id}}/action": op(
        "Empty",
        choice("type", *moderation.ACTIONS, required=True),
        an_id("report_id"),
        a_text("text"),
        flag("send_email_notification"),
    ),
    **{f"POST {BASE}/accounts/{{id}}/{name}": op("AdminAccount") for name in DECISIONS},
    **{f"GET {BASE}/trends/{noun}": op(array(ANY) | {"maxItems": 0}) for noun in TRENDS},
}
