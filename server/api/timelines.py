"""Timelines: home, public, of a tag, of a community (as a list)."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from server.api import paging, params
from server.api.answers import ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import Described, flag, op, paged, some_texts
from server.api.lists import joined
from server.api.reading import id_of, statuses, viewer_of
from server.api.schema import array
from server.context import context
from server.domain.tx import Tx
from storage import lists, timelines
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
        found = await timelines.home(tx.conn, caller.account.id, paging.page(request), tx.now)
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


async def of_list(request: web.Request, caller: Caller) -> web.Response:
    """What the members of a list posted; of a community, its posts, unwrapped."""
    list_id, page = id_of(request), paging.page(request)
    async with context(request).work.reading() as tx:
        row = await lists.by_id(tx.conn, list_id, caller.account.id)
        if row:
            found = await lists.timeline(tx.conn, row.id, page)
        else:
            group = await joined(tx, caller.account, list_id)
            found = await timelines.community(tx.conn, group.id, page)
        return await _page(request, tx, found, caller.account)


def routes() -> list[web.RouteDef]:
    base = "/api/v1/timelines"
    return [
        for_member("GET", f"{base}/home", home, "read:statuses"),
        for_anyone("GET", f"{base}/public", public, "read:statuses"),
        for_anyone("GET", f"{base}/tag/{{name}}", tag, "read:statuses"),
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
    "GET /api/v1/timelines/list/{id}": op(array("Status"), *_PAGE),
}
