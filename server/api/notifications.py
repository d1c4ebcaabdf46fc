"""Notifications, version 1."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from server.api import paging, params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, an_id, op, paged, some_texts
from server.api.params import Params
from server.api.reading import id_of, view
from server.api.schema import array
from server.context import context
from server.domain import sight
from server.domain.tx import Tx
from server.errors import NotFound
from server.render import notification
from server.render.view import Json
from storage import follows, notifications, posts
from storage.accounts import Account
from storage.notifications import Notification

TYPES = (
    "mention",
    "status",
    "reblog",
    "follow",
    "follow_request",
    "favourite",
    "poll",
    "update",
    "quote",
    "quoted_update",
)


async def index(request: web.Request, caller: Caller) -> web.Response:
    """``types[]``, ``exclude_types[]`` (unknown ones are ignored), ``account_id``."""
    sent = await params.read(request)
    me = caller.account
    async with context(request).work.reading() as tx:
        found = await notifications.page(
            tx.conn, me.id, paging.page(request, 40, 80), _types(sent), sent.id("account_id")
        )
        body = await _render(tx, me, found)
    return ok(body, headers=paging.link(request, [row.id for row in found]))


def _types(sent: Params) -> list[str]:
    wanted, unwanted = sent.texts("types"), sent.texts("exclude_types")
    return [t for t in TYPES if (not wanted or t in wanted) and t not in unwanted]


async def _render(tx: Tx, me: Account, found: Sequence[Notification]) -> list[Json]:
    blocked = await follows.blocked_among(tx.conn, me.id, [row.from_account_id for row in found])
    rows = [row for row in found if row.from_account_id not in blocked]
    about = await posts.by_ids(tx.conn, [row.post_id for row in rows if row.post_id is not None])
    seen = {p.id: p for p in await sight.visible(tx, about.values(), me)}
    return await notification.notifications(view(tx, me), rows, seen)


async def show(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        row = await notifications.by_id(tx.conn, id_of(request), caller.account.id)
        body = await _render(tx, caller.account, [row]) if row else []
    if not body:
        raise NotFound
    return ok(body[0])


async def clear(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        await notifications.clear(tx.conn, caller.account.id)
    return empty()


async def dismiss(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        if not await notifications.dismiss(tx.conn, id_of(request), caller.account.id):
            raise NotFound
    return empty()


def routes() -> list[web.RouteDef]:
    base = "/api/v1/notifications"
    return [
        for_member("GET", base, index, "read:notifications"),
        for_member("POST", f"{base}/clear", clear, "write:notifications"),
        for_member("GET", f"{base}/{{id}}", show, "read:notifications"),
        for_member("POST", f"{base}/{{id}}/dismiss", dismiss, "write:notifications"),
    ]


DESCRIBED: Described = {
    "GET /api/v1/notifications": op(
        array("Notification"),
        *paged(40, 80),
        some_texts("types"),
        some_texts("exclude_types"),
        an_id("account_id"),
    ),
    "POST /api/v1/notifications/clear": op("Empty"),
    "GET /api/v1/notifications/{id}": op("Notification"),
    "POST /api/v1/notifications/{id}/dismiss": op("Empty"),
}
