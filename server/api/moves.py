"""Beckon's own API for moving, under /api/beckon/v1: of the caller, and of a community by an organiser.

``aliases``: the accounts that say they are this one too, or that this one says it is; only an account named
there can move here. ``move``: to an account that names this one among its aliases. ``acct`` is a handle or
an address. A move asks for the password again, as a stolen token must not give away who follows somebody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import web

from server.api import params
from server.api.answers import ok
from server.api.auth import Caller, ForMember, for_member
from server.api.describe import Described, a_text, an_id, op
from server.api.network import met_now
from server.api.reading import id_of
from server.api.schema import array
from server.context import context
from server.domain import sight
from server.domain.members import moves as verbs
from server.domain.members import second_factor
from server.domain.tx import Tx
from server.render import account as render
from server.render.view import Json
from storage import accounts
from storage.accounts import Account

ME = "/api/beckon/v1/accounts"
COMMUNITY = "/api/beckon/v1/communities/{id}"

Mover: TypeAlias = Callable[[Tx, web.Request, Caller], Awaitable[Account]]
"""Whose aliases and place it is about."""


async def _me(_tx: Tx, _request: web.Request, caller: Caller) -> Account:
    return caller.account


async def _community(tx: Tx, request: web.Request, caller: Caller) -> Account:
    group = await sight.group(tx, id_of(request), caller.account)
    await verbs.require_organiser(tx, group, caller.account)
    return group


async def _aliases(tx: Tx, mover: Account) -> list[Json]:
    known = await accounts.by_uris(tx.conn, mover.also_known_as)
    return [render.account(tx.site.urls, known[u]) for u in mover.also_known_as if u in known]


def _listing(mover: Mover) -> ForMember:
    async def answer(request: web.Request, caller: Caller) -> web.Response:
        async with context(request).work.reading() as tx:
            return ok(await _aliases(tx, await mover(tx, request, caller)))

    return answer


def _adding(mover: Mover) -> ForMember:
    async def answer(request: web.Request, caller: Caller) -> web.Response:
        other = await met_now(request, (await params.read(request)).text("acct") or "")
        async with context(request).work.transaction() as tx:
            changed = await verbs.add_alias(tx, await mover(tx, request, caller), other)
            return ok(await _aliases(tx, changed))

    return answer


def _dropping(mover: Mover) -> ForMember:
    """``account_id``; what was named and is gone since is dropped by its address, ``uri``."""

    async def answer(request: web.Request, caller: Caller) -> web.Response:
        sent = await params.read(request)
        async with context(request).work.transaction() as tx:
            other = await accounts.by_id(tx.conn, sent.id("account_id") or 0)
            uri = other.uri if other else sent.text("uri") or ""
            changed = await verbs.drop_alias(tx, await mover(tx, request, caller), uri)
            return ok(await _aliases(tx, changed))

    return answer


def _moving(mover: Mover) -> ForMember:
    async def answer(request: web.Request, caller: Caller) -> web.Response:
        sent, ctx = await params.read(request), context(request)
        password = sent.text("current_password") or ""
        await second_factor.require_password(
            ctx.work, ctx.limits, caller.user.id, password, "current_password"
        )
        target = await met_now(request, sent.text("acct") or "")
        async with ctx.work.transaction() as tx:
            await verbs.depart(tx, await mover(tx, request, caller), target)
            return ok(render.account(tx.site.urls, target))

    return answer


def _staying(mover: Mover) -> ForMember:
    async def answer(request: web.Request, caller: Caller) -> web.Response:
        async with context(request).work.transaction() as tx:
            here = await verbs.stay(tx, await mover(tx, request, caller))
            return ok(render.account(tx.site.urls, here))

    return answer


def _routes(base: str, mover: Mover) -> list[web.RouteDef]:
    return [
        for_member("GET", f"{base}/aliases", _listing(mover), "read:accounts"),
        for_member("POST", f"{base}/aliases", _adding(mover), "write:accounts"),
        for_member("DELETE", f"{base}/aliases", _dropping(mover), "write:accounts"),
        for_member("POST", f"{base}/move", _moving(mover), "write:accounts"),
        for_member("DELETE", f"{base}/move", _staying(mover), "write:accounts"),
    ]


def routes() -> list[web.RouteDef]:
    return [*_routes(ME, _me), *_routes(COMMUNITY, _community)]


def _described(base: str) -> Described:
    acct = a_text("acct", required=True)
    password = a_text("current_password", required=True)
    return {
        f"GET {base}/aliases": op(array("Account")),
        f"POST {base}/aliases": op(array("Account"), acct),
        f"DELETE {base}/aliases": op(array("Account"), an_id("account_id"), a_text("uri")),
        f"POST {base}/move": op("Account", acct, password),
        f"DELETE {base}/move": op("Account"),
    }


DESCRIBED: Described = {**_described(ME), **_described(COMMUNITY)}
