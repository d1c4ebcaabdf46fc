"""Actors of ours: people, communities, and the instance's own.

The instance actor is the one whom others may always fetch unsigned: its key signs our own requests.
"""

from __future__ import annotations

from aiohttp import web

from server.accepts import wants_activity
from server.activitypub.answers import document, elsewhere, number
from server.context import context
from server.domain import accounts as account_verbs
from server.domain import wire
from server.domain.tx import Tx
from server.errors import NotFound
from storage import accounts
from storage.accounts import Account


async def actor(request: web.Request) -> web.StreamResponse:
    """GET /users/N, /communities/N: the document; a browser is sent to the profile page."""
    async with context(request).work.reading() as tx:
        return await _answer(tx, request, await asked_for(tx, request))


async def by_handle(request: web.Request) -> web.StreamResponse:
    """GET /@{name}: the document too, as snac fetches the address that somebody pasted to follow it."""
    async with context(request).work.reading() as tx:
        account = await accounts.by_handle(tx.conn, request.match_info["name"])
        if account is None or account.kind == "application" or account.is_hidden:
            raise NotFound
        return await _answer(tx, request, account)


async def instance_actor(request: web.Request) -> web.StreamResponse:
    """GET /actor. It is made when it is first asked for."""
    async with context(request).work.transaction() as tx:
        return await _answer(tx, request, await account_verbs.instance_actor(tx))


async def _answer(tx: Tx, request: web.Request, account: Account) -> web.StreamResponse:
    if not wants_activity(request):
        return elsewhere(page(tx, account))
    return document(request, await wire.actor(tx, account))


async def asked_for(tx: Tx, request: web.Request) -> Account:
    """The account whose address, or a collection of which, is asked for. Raises ``NotFound``."""
    urls = tx.site.urls
    if "id" not in request.match_info:
        return await ours(tx, urls.instance_actor)
    kind = "group" if request.path.startswith("/communities/") else "person"
    return await ours(tx, urls.actor(number(request), kind))


async def ours(tx: Tx, uri: str) -> Account:
    """The account of this id of ours. Raises ``NotFound``, also for a suspended one."""
    account = await accounts.by_uri(tx.conn, uri)
    if account is None or account.is_hidden:
        raise NotFound
    return account


def page(tx: Tx, account: Account) -> str:
    """Where people look at an account; the instance itself has its front page."""
    if account.kind == "application":
        return f"{tx.site.urls.base}/"
    return tx.site.urls.profile(account.username)
