"""Actors of ours: people, communities, and the instance's own.

The instance actor is the one whom others may always fetch unsigned: its key signs our own requests.
"""

from __future__ import annotations

from aiohttp import web

from server.accepts import wants_activity
from server.activitypub.answers import MembersOnlyError, document, elsewhere, number
from server.activitypub.reader import for_reader
from server.context import context
from server.domain import wire
from server.domain.members import accounts as account_verbs
from server.domain.tx import Tx
from server.errors import NotFound
from storage import accounts, communities
from storage.accounts import Account

SIGNED = ("Signature", "Signature-Input")
"""For ``Vary``."""


async def actor(request: web.Request) -> web.StreamResponse:
    """GET /users/N, /communities/N: the document; a browser is sent to the profile page."""

    async def answer(tx: Tx, reader: Account | None) -> web.StreamResponse:
        return await _answer(tx, request, await _presented(tx, request, reader), reader)

    async with context(request).work.reading() as tx:
        suspended = await _suspended(tx, _address(tx, request))
        if suspended and wants_activity(request):
            return document(request, await wire.proof(tx, suspended), *SIGNED)
    try:
        return await for_reader(request, answer)
    except MembersOnlyError:
        async with context(request).work.reading() as tx:
            return await _stub(tx, request, await _ours(tx, _address(tx, request)))


async def by_handle(request: web.Request) -> web.StreamResponse:
    """GET /@{name}: the document too, as snac fetches the address that somebody pasted to follow it.

    Of a private community it gives what everybody may have: servers ask for the id.
    """
    async with context(request).work.reading() as tx:
        account = await accounts.by_handle(tx.conn, request.match_info["name"])
        if account is None or account.kind == "application" or account.is_hidden:
            raise NotFound
        if account.is_group and await communities.is_private(tx.conn, account.id):
            if not await is_findable(tx, account):
                raise NotFound
            return await _stub(tx, request, account)
        return await _answer(tx, request, account)


async def key(request: web.Request) -> web.StreamResponse:
    """GET /users/N, /communities/N by nobody in particular, where others must sign: the key alone."""
    async with context(request).work.reading() as tx:
        return await _key(tx, request, await _ours(tx, _address(tx, request)))


async def key_by_handle(request: web.Request) -> web.StreamResponse:
    """As ``key``, by the name."""
    async with context(request).work.reading() as tx:
        account = await accounts.by_handle(tx.conn, request.match_info["name"])
        if account is None or account.kind == "application" or account.is_hidden:
            raise NotFound
        return await _key(tx, request, account)


async def _key(tx: Tx, request: web.Request, account: Account) -> web.StreamResponse:
    if not wants_activity(request) or not await is_findable(tx, account):
        return await _stub(tx, request, account)
    return document(request, await wire.proof(tx, account), *SIGNED)


async def instance_actor(request: web.Request) -> web.StreamResponse:
    """GET /actor. It is made when it is first asked for."""
    async with context(request).work.transaction() as tx:
        return await _answer(tx, request, await account_verbs.instance_actor(tx))


async def _answer(
    tx: Tx, request: web.Request, account: Account, reader: Account | None = None
) -> web.StreamResponse:
    if not wants_activity(request):
        return elsewhere(page(tx, account))
    return document(request, await wire.actor(tx, account), reader=reader)


async def _stub(tx: Tx, request: web.Request, account: Account) -> web.StreamResponse:
    """What a private community shows to everybody: enough to ask to join it; or no more than the key that
    proves what it says (as GoToSocial shows one), where only who was invited may ask."""
    findable = await is_findable(tx, account)
    if not wants_activity(request):
        if not findable:
            raise NotFound
        return elsewhere(page(tx, account))
    return document(request, await wire.stub(tx, account, joinable=findable))


async def is_findable(tx: Tx, account: Account) -> bool:
    """Whether anybody may know that an account of ours is there."""
    community = await communities.by_id(tx.conn, account.id) if account.is_group else None
    return not (community and community.visibility == "private" and community.policy == "invited")


async def asked_for(tx: Tx, request: web.Request, reader: Account | None = None) -> Account:
    """The account whose address, or a collection of which, is asked for. Raises ``NotFound``.

    A private community is there for ``reader`` where that reads for its members, and for nobody else:
    ``MembersOnlyError``.
    """
    account = await _ours(tx, _address(tx, request))
    if not account.is_group or not await communities.is_private(tx.conn, account.id):
        return account
    if reader is None or not await communities.reads(tx.conn, account.id, reader.id):
        raise MembersOnlyError
    return account


async def _presented(tx: Tx, request: web.Request, reader: Account | None) -> Account:
    """As ``asked_for``, but who is invited is told where to, too; its collections are for members."""
    try:
        return await asked_for(tx, request, reader)
    except MembersOnlyError:
        account = await _ours(tx, _address(tx, request))
        if reader and await communities.asked_in(tx.conn, account.id, reader.id):
            return account
        raise


def _address(tx: Tx, request: web.Request) -> str:
    urls = tx.site.urls
    if "id" not in request.match_info:
        return urls.instance_actor
    kind = "group" if request.path.startswith("/communities/") else "person"
    return urls.actor(number(request), kind)


async def _suspended(tx: Tx, uri: str) -> Account | None:
    """One whom the moderators suspended: what proves the Update that says so, and that it is so, is shown.

    One that was deleted is gone, as is one of whom nobody may know.
    """
    account = await accounts.by_uri(tx.conn, uri)
    if account is None or not account.suspended_at or account.waiting or account.erased:
        return None
    return account if await is_findable(tx, account) else None


async def _ours(tx: Tx, uri: str) -> Account:
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
