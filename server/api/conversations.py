"""Direct posts by conversation, and as the timeline that they once were."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from aiohttp import web

from server.api import paging
from server.api.answers import empty, ok
from server.api.auth import Caller, ForMember, for_member
from server.api.describe import Described, op, paged
from server.api.reading import id_of, page_of_statuses, view
from server.api.schema import array
from server.context import context
from server.domain import sight
from server.domain.tx import Tx
from server.errors import NotFound
from server.render import conversation as render
from server.render.view import Json
from storage import conversations
from storage.accounts import Account
from storage.conversations import Conversation


async def index(request: web.Request, caller: Caller) -> web.Response:
    """The cursors are ids of posts: the newest of each conversation."""
    async with context(request).work.reading() as tx:
        rows = await conversations.page(tx.conn, caller.account.id, paging.page(request))
        body = await entities(tx, rows, caller.account)
    return ok(body, headers=paging.link(request, [row.last_post_id for row in rows]))


async def entities(tx: Tx, rows: Sequence[Conversation], viewer: Account) -> list[Json]:
    known: sight.Known = {}
    newest = await sight.posts_by_ids(tx, [row.last_post_id for row in rows], viewer, known)
    return await render.conversations(view(tx, viewer, known), rows, {p.id: p for p in newest})


def _marking(*, unread: bool) -> ForMember:
    async def answer(request: web.Request, caller: Caller) -> web.Response:
        me, wanted = caller.account, id_of(request)
        async with context(request).work.transaction() as tx:
            if not await conversations.set_unread(tx.conn, wanted, me.id, unread=unread):
                raise NotFound
        async with context(request).work.reading() as tx:
            row = await conversations.by_id(tx.conn, wanted, me.id)
            if row is None:
                raise NotFound
            return ok((await entities(tx, [row], me))[0])

    return answer


async def delete(request: web.Request, caller: Caller) -> web.Response:
    """Out of sight; the posts stay, and the next one brings it back."""
    async with context(request).work.transaction() as tx:
        if not await conversations.delete(tx.conn, id_of(request), caller.account.id):
            raise NotFound
    return empty()


async def timeline(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        rows = partial(conversations.direct, tx.conn, caller.account.id)
        page = paging.page(request)
        filled = await page_of_statuses(tx, rows, page, caller.account, feed=True)
    return ok(filled.body, headers=paging.link(request, filled.rows))


def routes() -> list[web.RouteDef]:
    base = "/api/v1/conversations"
    one = f"{base}/{{id}}"
    return [
        for_member("GET", base, index, "read:statuses"),
        for_member("DELETE", one, delete, "write:conversations"),
        for_member("POST", f"{one}/read", _marking(unread=False), "write:conversations"),
        for_member("POST", f"{one}/unread", _marking(unread=True), "write:conversations"),
        for_member("GET", "/api/v1/timelines/direct", timeline, "read:statuses"),
    ]


_ONE = "/api/v1/conversations/{id}"
DESCRIBED: Described = {
    "GET /api/v1/conversations": op(array("Conversation"), *paged()),
    f"DELETE {_ONE}": op("Empty"),
    f"POST {_ONE}/read": op("Conversation"),
    f"POST {_ONE}/unread": op("Conversation"),
    "GET /api/v1/timelines/direct": op(array("Status"), *paged()),
}
