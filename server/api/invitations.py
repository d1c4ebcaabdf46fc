"""Invitations of the member, in Beckon's own API: /api/beckon/v1/invites.

``Invite``: id, created_at, account (who invites: ``Account``), community (``Account`` or null), event (id, title,
url, uri, or null): one of the two is there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from server.api import paging
from server.api.answers import empty, ok
from server.api.auth import Caller, ForMember, for_member
from server.api.describe import Described, op, paged
from server.api.reading import id_of
from server.api.schema import array
from server.context import context
from server.domain.groups import invitations as verbs
from server.domain.tx import Tx
from server.render import invitation as render
from storage import accounts, invitations, posts
from storage.accounts import Account

BASE = "/api/beckon/v1/invites"


async def index(request: web.Request, caller: Caller) -> web.Response:
    """The latest first; paged by the Link header."""
    page = paging.page(request, 40, 80)
    async with context(request).work.reading() as tx:
        rows = await invitations.of(tx.conn, caller.account.id, *page.bounds, page.limit)
        named = [i for row in rows for i in (row.by_id, row.group_id) if i]
        people = await accounts.by_ids(tx.conn, named)
        events = await posts.by_ids(tx.conn, [row.post_id for row in rows if row.post_id])
        body = [render.invitation(tx.site.urls, row, people, events) for row in rows]
    more = len(rows) == page.limit
    link = paging.link(request, [row.id for row in rows], prev="since_id", more=more)
    return ok(body, headers=link)


def _answering(act: Callable[[Tx, Account, int], Awaitable[None]]) -> ForMember:
    async def answer(request: web.Request, caller: Caller) -> web.Response:
        async with context(request).work.transaction() as tx:
            await act(tx, caller.account, id_of(request))
        return empty()

    return answer


def routes() -> list[web.RouteDef]:
    return [
        for_member("GET", BASE, index, "read:follows"),
        for_member("POST", f"{BASE}/{{id}}/accept", _answering(verbs.accept), "write:follows"),
        for_member("POST", f"{BASE}/{{id}}/decline", _answering(verbs.decline), "write:follows"),
    ]


DESCRIBED: Described = {
    f"GET {BASE}": op(array("Invite"), *paged(40, 80)),
    f"POST {BASE}/{{id}}/accept": op("Empty"),
    f"POST {BASE}/{{id}}/decline": op("Empty"),
}
