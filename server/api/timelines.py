"""Timelines: home, public, of a tag, of a community (as a list)."""

from __future__ import annotations

from functools import partial
from urllib.parse import urldefrag

from aiohttp import web

from server.api import paging, params
from server.api.answers import ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import Described, a_text, flag, op, paged, some_texts
from server.api.lists import joined
from server.api.reading import Rows, id_of, page_of_statuses, viewer_of
from server.api.schema import array
from server.context import context
from server.domain.tx import Tx
from storage import cards, lists, timelines
from storage.accounts import Account
from storage.timelines import Tags


async def _show(request: web.Request, tx: Tx, rows: Rows, viewer: Account | None) -> web.Response:
    filled = await page_of_statuses(tx, rows, paging.page(request), viewer, feed=True)
    return ok(filled.body, headers=paging.link(request, filled.rows))


async def home(request: web.Request, caller: Caller) -> web.Response:
    """What the caller follows; a community's post comes as its boost."""
    async with context(request).work.reading() as tx:
        me = caller.account
        return await _show(request, tx, lambda p: timelines.home(tx.conn, me.id, p, tx.now), me)


async def public(request: web.Request, caller: Caller | None) -> web.Response:
    sent = await params.read(request)
    async with context(request).work.reading() as tx:
        rows = partial(
            timelines.public,
            tx.conn,
            local=sent.flag("local"),
            remote=sent.flag("remote"),
            only_media=sent.flag("only_media"),
        )
        return await _show(request, tx, rows, viewer_of(caller))


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
        rows = partial(
            timelines.tagged,
            tx.conn,
            wanted,
            local=sent.flag("local"),
            only_media=sent.flag("only_media"),
        )
        return await _show(request, tx, rows, viewer_of(caller))


async def link(request: web.Request, caller: Caller | None) -> web.Response:
    """``url``: public posts that lead with this address, as their cards spell it."""
    url = urldefrag((await params.read(request)).text("url") or "").url
    async with context(request).work.reading() as tx:
        return await _show(request, tx, partial(cards.linking, tx.conn, url), viewer_of(caller))


async def of_list(request: web.Request, caller: Caller) -> web.Response:
    """What the members of a list posted; of a community, its posts, unwrapped."""
    list_id = id_of(request)
    async with context(request).work.reading() as tx:
        row = await lists.by_id(tx.conn, list_id, caller.account.id)
        if row:
            rows = partial(lists.timeline, tx.conn, row.id)
        else:
            group = await joined(tx, caller.account, list_id)
            rows = partial(timelines.community, tx.conn, group.id)
        return await _show(request, tx, rows, caller.account)


def routes() -> list[web.RouteDef]:
    base = "/api/v1/timelines"
    return [
        for_member("GET", f"{base}/home", home, "read:statuses"),
        for_anyone("GET", f"{base}/public", public, "read:statuses"),
        for_anyone("GET", f"{base}/tag/{{name}}", tag, "read:statuses"),
        for_anyone("GET", f"{base}/link", link, "read:statuses"),
        for_member("GET", f"{base}/list/{{id}}", of_list, "read:lists"),
    ]


_PAGE = paged()
DESCRIBED: Described = {
    "GET /api/v1/timelines/home": op(array("Status"), *_PAGE),
    "GET /api/v1/timelines/public": op(
        array("Status"), *_PAGE, flag("local"), flag("remote"), flag("only_media")
    ),
    "GET /api/v1/timelines/tag/{name}": op(
        array("Status"),
        *_PAGE,
        *(some_texts(name) for name in ("any", "all", "none")),
        flag("local"),
        flag("only_media"),
    ),
    "GET /api/v1/timelines/link": op(array("Status"), *_PAGE, a_text("url")),
    "GET /api/v1/timelines/list/{id}": op(array("Status"), *_PAGE),
}
