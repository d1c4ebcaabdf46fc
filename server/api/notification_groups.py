"""Notifications, version 2: many of a kind are one group.

A group's key comes from the row (see storage); ``ungrouped-`` and an id names one notification, also one
that belongs to a group, for a client may ask to have a type one by one (``grouped_types[]``).
"""

from __future__ import annotations

from aiohttp import web

from server import ids
from server.api import notifications as v1
from server.api import paging, params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, choice, limit, op, paged, some_texts
from server.api.params import Params
from server.api.reading import view
from server.api.schema import array
from server.context import context
from server.domain.notifications import GROUPED
from server.domain.sight import Known
from server.errors import NotFound
from server.render import account, notification
from storage import notifications
from storage.notifications import Asked

ALONE = "ungrouped-"


def _asked(sent: Params) -> Asked:
    wanted = sent.texts("grouped_types")
    return v1.asked(sent, [t for t in GROUPED if not wanted or t in wanted])


def _partial(sent: Params) -> bool:
    return sent.text("expand_accounts") == "partial_avatars"


def _key(request: web.Request) -> tuple[str, int | None]:
    """The key in the path, and the notification that it names alone."""
    key = request.match_info["group_key"]
    return key, ids.parse(key.removeprefix(ALONE)) if key.startswith(ALONE) else None


async def index(request: web.Request, caller: Caller) -> web.Response:
    """As version 1, and ``grouped_types[]``, ``expand_accounts`` (full, partial_avatars)."""
    sent = await params.read(request)
    me = caller.account
    async with context(request).work.reading() as tx:
        page = paging.page(request, 40, 80)
        found = await notifications.groups(tx.conn, me.id, page, _asked(sent))
        known: Known = {}
        about = await v1.seen(tx, [g.post_id for g in found], me, known)
        body = await notification.grouped(view(tx, me, known), found, about, partial=_partial(sent))
    bounds = [max(g.page_max_id for g in found), min(g.page_min_id for g in found)] if found else []
    return ok(body, headers=paging.link(request, bounds))


async def show(request: web.Request, caller: Caller) -> web.Response:
    sent = await params.read(request)
    me = caller.account
    async with context(request).work.reading() as tx:
        group = await notifications.group(tx.conn, me.id, *_key(request))
        if group is None:
            raise NotFound
        known: Known = {}
        about = await v1.seen(tx, [group.post_id], me, known)
        body = await notification.grouped(
            view(tx, me, known), [group], about, partial=_partial(sent)
        )
    if not body["notification_groups"]:
        raise NotFound
    return ok(body)


async def senders(request: web.Request, caller: Caller) -> web.Response:
    """Everybody in a group, the latest first."""
    page = paging.page(request, 40, 80)
    async with context(request).work.reading() as tx:
        found = await notifications.senders(tx.conn, caller.account.id, *_key(request), page)
        people = [row.account_id for row in found]
        body = await account.accounts_in_order(view(tx, caller.account), people)
    rows = [row.row_id for row in found]
    link = paging.link(request, rows, prev="since_id", more=len(rows) == page.limit)
    return ok(body, headers=link)


async def dismiss(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        await notifications.dismiss_group(tx.conn, caller.account.id, *_key(request))
    return empty()


async def unread_count(request: web.Request, caller: Caller) -> web.Response:
    """Groups since the marker; counted up to ``limit``."""
    return await v1.count(request, caller, _asked(await params.read(request)))


def routes() -> list[web.RouteDef]:
    base = "/api/v2/notifications"
    one = f"{base}/{{group_key}}"
    return [
        for_member("GET", base, index, "read:notifications"),
        for_member("GET", f"{base}/unread_count", unread_count, "read:notifications"),
        for_member("POST", f"{base}/clear", v1.clear, "write:notifications"),
        for_member("GET", one, show, "read:notifications"),
        for_member("GET", f"{one}/accounts", senders, "read:notifications"),
        for_member("POST", f"{one}/dismiss", dismiss, "write:notifications"),
    ]


_ASKED = (*v1.ASKED, some_texts("grouped_types"))
_EXPAND = choice("expand_accounts", "full", "partial_avatars")
DESCRIBED: Described = {
    "GET /api/v2/notifications": op(
        "GroupedNotificationsResults", *paged(40, 80), *_ASKED, _EXPAND
    ),
    "GET /api/v2/notifications/unread_count": op("UnreadCount", *_ASKED, limit(100, 1000)),
    "POST /api/v2/notifications/clear": op("Empty"),
    "GET /api/v2/notifications/{group_key}": op("GroupedNotificationsResults", _EXPAND),
    "GET /api/v2/notifications/{group_key}/accounts": op(array("Account"), *paged(40, 80)),
    "POST /api/v2/notifications/{group_key}/dismiss": op("Empty"),
}
