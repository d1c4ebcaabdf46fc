"""Timelines: home, public, of a tag, of a community (as a list)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urldefrag

from aiohttp import web

from server.api import paging, params
from server.api.answers import ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.lists import joined
from server.api.reading import id_of, statuses, viewer_of
from server.context import context
from server.domain.tx import Tx
from storage import cards, timelines
from storage.accounts import Account
from storage.timelines import Tags


async def _page(
    request: web.Request, tx: Tx, found: Sequence[int], viewer: Account | None
) -> web.Response:
    body = await statuses(tx, found, viewer, feed=True)
    return ok(body, headers=paging.link(request, found))


async def home(request: web.Request, caller: Caller) -> web.Response:
    """What the caller follows; a community's post comes as its boost."""
    async with context(request).work.reading() as tx:
        found = await timelines.home(tx.conn, caller.account.id, paging.page(request))
        return await _page(request, tx, found, caller.account)


async def public(request: web.Request, caller: Caller | None) -> web.Response:
    sent = await params.read(request)
    async with context(request).work.reading() as tx:
        found = await timelines.public(
            tx.conn,
            paging.page(request),
            local=sent.flag("local"),
            remote=sent.flag("remote"),
            only_media=sent.flag("only_media"),
        )
        return await _page(request, tx, found, viewer_of(caller))


async def tag(request: web.Request, caller: Caller | None) -> web.Response:
    """``any[]``, ``all[]`` and ``none[]`` add other tags; case is ignored."""
    sent = await params.read(request)
    name = request.match_info["name"].lower()
    wanted = Tags(
        any=[name, *(t.lower() for t in sent.texts("any"))],
        all=[t.lower() for t in sent.texts("all")],
        none=[t.lower() for t in sent.texts("none")],
    )
    async with context(request).work.reading() as tx:
        found = await timelines.tagged(
            tx.conn,
            wanted,
            paging.page(request),
            local=sent.flag("local"),
            only_media=sent.flag("only_media"),
        )
        return await _page(request, tx, found, viewer_of(caller))


async def link(request: web.Request, caller: Caller | None) -> web.Response:
    """``url``: public posts that lead with this address, as their cards spell it."""
    url = urldefrag((await params.read(request)).text("url") or "").url
    async with context(request).work.reading() as tx:
        found = await cards.linking(tx.conn, url, paging.page(request))
        return await _page(request, tx, found, viewer_of(caller))


async def of_list(request: web.Request, caller: Caller) -> web.Response:
    """The posts of a community, unwrapped."""
    async with context(request).work.reading() as tx:
        group = await joined(tx, caller.account, id_of(request))
        found = await timelines.community(tx.conn, group.id, paging.page(request))
        return await _page(request, tx, found, caller.account)


def routes() -> list[web.RouteDef]:
    base = "/api/v1/timelines"
    return [
        for_member("GET", f"{base}/home", home, "read:statuses"),
        for_anyone("GET", f"{base}/public", public, "read:statuses"),
        for_anyone("GET", f"{base}/tag/{{name}}", tag, "read:statuses"),
        for_anyone("GET", f"{base}/link", link, "read:statuses"),
        for_member("GET", f"{base}/list/{{id}}", of_list, "read:lists"),
    ]
