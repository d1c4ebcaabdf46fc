"""Notifications, version 1; and what both versions ask for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aiohttp import web

from server.api import paging, params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, an_id, flag, limit, op, paged, some_texts
from server.api.params import Params
from server.api.reading import id_of, view
from server.api.schema import array
from server.context import context
from server.domain import sight
from server.domain.sight import Known
from server.domain.tx import Tx
from server.errors import NotFound
from server.render import notification
from server.render.view import Json
from storage import notifications, posts
from storage.accounts import Account
from storage.notifications import Asked, Notification
from storage.posts import Post


def asked(sent: Params, grouped: Sequence[str] = ()) -> Asked:
    """``types[]``, ``exclude_types[]`` (unknown ones are ignored), ``account_id``, ``include_filtered``."""
    wanted, unwanted = sent.texts("types"), sent.texts("exclude_types")
    types = [t for t in notifications.TYPES if (not wanted or t in wanted) and t not in unwanted]
    return Asked(types, sent.id("account_id"), sent.flag("include_filtered"), grouped)


async def seen(tx: Tx, ids: Iterable[int | None], me: Account, known: Known) -> dict[int, Post]:
    """Of these posts those that the caller may see. ``known``: as in ``sight.visible``."""
    wanted = sorted({i for i in ids if i is not None})
    if not wanted:
        return {}
    found = await posts.by_ids(tx.conn, wanted)
    return {p.id: p for p in await sight.visible(tx, found.values(), me, known=known)}


async def index(request: web.Request, caller: Caller) -> web.Response:
    sent = await params.read(request)
    me = caller.account
    async with context(request).work.reading() as tx:
        page = paging.page(request, 40, 80)
        found = await notifications.page(tx.conn, me.id, page, asked(sent))
        body = await _render(tx, me, found)
    return ok(body, headers=paging.link(request, [row.id for row in found]))


async def _render(tx: Tx, me: Account, rows: Sequence[Notification]) -> list[Json]:
    known: Known = {}
    about = await seen(tx, [row.post_id for row in rows], me, known)
    return await notification.notifications(view(tx, me, known), rows, about)


async def entity(tx: Tx, me: Account, notification_id: int) -> Json | None:
    """One of ``me``; None where it is not there, or about what may not be seen."""
    row = await notifications.by_id(tx.conn, notification_id, me.id)
    found = await _render(tx, me, [row]) if row else []
    return found[0] if found else None


async def show(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        body = await entity(tx, caller.account, id_of(request))
    if body is None:
        raise NotFound
    return ok(body)


async def unread_count(request: web.Request, caller: Caller) -> web.Response:
    """Since the marker; counted up to ``limit``."""
    return await count(request, caller, asked(await params.read(request)))


async def count(request: web.Request, caller: Caller, wanted: Asked) -> web.Response:
    most = paging.limit(request, 100, 1000)
    async with context(request).work.reading() as tx:
        number = await notifications.unread(tx.conn, caller.account.id, wanted, most)
    return ok({"count": number})


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
        for_member("GET", f"{base}/unread_count", unread_count, "read:notifications"),
        for_member("POST", f"{base}/clear", clear, "write:notifications"),
        for_member("GET", f"{base}/{{id}}", show, "read:notifications"),
        for_member("POST", f"{base}/{{id}}/dismiss", dismiss, "write:notifications"),
    ]


ASKED = (
    some_texts("types"),
    some_texts("exclude_types"),
    an_id("account_id"),
    flag("include_filtered"),
)
DESCRIBED: Described = {
    "GET /api/v1/notifications": op(array("Notification"), *paged(40, 80), *ASKED),
    "GET /api/v1/notifications/unread_count": op("UnreadCount", *ASKED, limit(100, 1000)),
    "POST /api/v1/notifications/clear": op("Empty"),
    "GET /api/v1/notifications/{id}": op("Notification"),
    "POST /api/v1/notifications/{id}/dismiss": op("Empty"),
}
