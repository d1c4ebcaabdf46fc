"""What moderators do with reports: look, sort, take them on, close them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import web

from server.api import paging, params
from server.api.admin import BASE, for_staff
from server.api.answers import ok
from server.api.auth import Caller, ForMember
from server.api.describe import Described, an_id, choice, flag, op, paged, some_ids
from server.api.reading import id_of, view
from server.api.schema import array
from server.context import context
from server.domain.moderating import reports as verbs
from server.domain.tx import Tx
from server.errors import NotFound
from server.render import admin as render
from server.render.view import Json
from storage import instance
from storage import reports as rows
from storage.accounts import Account
from storage.reports import Asked, Report

Verb: TypeAlias = Callable[[Tx, Account, Report], Awaitable[Report]]


async def _shown(tx: Tx, caller: Caller, found: list[Report]) -> list[Json]:
    here = await instance.get(tx.conn)
    return await render.reports(view(tx, caller.account), found, here.rules if here else [])


async def _report(tx: Tx, request: web.Request) -> Report:
    """Raises ``NotFound``."""
    row = await rows.show(tx.conn, id_of(request))
    if row is None:
        raise NotFound
    return row


async def index(request: web.Request, caller: Caller) -> web.Response:
    """Those that are open, or with ``resolved`` those that are closed."""
    sent = await params.read(request)
    asked = Asked(sent.flag("resolved"), sent.id("account_id"), sent.id("target_account_id"))
    async with context(request).work.reading() as tx:
        found = await rows.listed(tx.conn, paging.page(request, 100, 200), asked)
        body = await _shown(tx, caller, found)
    return ok(body, headers=paging.link(request, [r.id for r in found]))


async def show(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok((await _shown(tx, caller, [await _report(tx, request)]))[0])


async def change(request: web.Request, caller: Caller) -> web.Response:
    """``category`` and ``rule_ids[]``; what is not given stays."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        row = await _report(tx, request)
        numbers = sent.integers("rule_ids") if "rule_ids" in sent else row.rule_ids
        changed = await verbs.sort(
            tx, row, sent.text("category") or row.category, numbers, caller.account
        )
        return ok((await _shown(tx, caller, [changed]))[0])


def _acting(verb: Verb) -> ForMember:
    async def answer(request: web.Request, caller: Caller) -> web.Response:
        async with context(request).work.transaction() as tx:
            changed = await verb(tx, caller.account, await _report(tx, request))
            return ok((await _shown(tx, caller, [changed]))[0])

    return answer


VERBS: dict[str, Verb] = {
    "assign_to_self": verbs.take_on,
    "unassign": verbs.let_go,
    "resolve": verbs.resolve,
    "reopen": verbs.reopen,
}
_ALL, _ONE = f"{BASE}/reports", f"{BASE}/reports/{{id}}"


def routes() -> list[web.RouteDef]:
    read, write = "admin:read:reports", "admin:write:reports"
    return [
        for_staff("GET", _ALL, index, read),
        for_staff("GET", _ONE, show, read),
        for_staff("PUT", _ONE, change, write),
        *(for_staff("POST", f"{_ONE}/{name}", _acting(v), write) for name, v in VERBS.items()),
    ]


DESCRIBED: Described = {
    f"GET {_ALL}": op(
        array("AdminReport"),
        *paged(100, 200),
        flag("resolved"),
        an_id("account_id"),
        an_id("target_account_id"),
    ),
    f"GET {_ONE}": op("AdminReport"),
    f"PUT {_ONE}": op("AdminReport", choice("category", *verbs.CATEGORIES), some_ids("rule_ids")),
    **{f"POST {_ONE}/{name}": op("AdminReport") for name in VERBS},
}
