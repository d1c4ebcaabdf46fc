"""Quotes of a post: who quotes it, taking an approval back, and who may quote it from now on."""

from __future__ import annotations

from aiohttp import web

from server.api import paging, params
from server.api.answers import ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import Described, choice, op, paged
from server.api.reading import id_of, status_by_id, statuses, viewer_of
from server.api.schema import array
from server.context import context
from server.domain import sight
from server.domain.posting import quotes
from server.errors import NotFound
from storage import posts
from storage import quotes as rows


async def index(request: web.Request, caller: Caller | None) -> web.Response:
    """Newest first. The author of the post sees all quotes, others what their timelines would show."""
    viewer = viewer_of(caller)
    async with context(request).work.reading() as tx:
        post = await sight.subject(tx, id_of(request), viewer)
        page = paging.page(request)
        found = [row.id for row in await rows.of_post(tx.conn, post.id, page)]
        own = viewer is not None and viewer.id == post.account_id
        body = await statuses(tx, found, viewer, feed=not own)
    return ok(body, headers=paging.link(request, found, more=len(found) == page.limit))


async def revoke(request: web.Request, caller: Caller) -> web.Response:
    """Answers the quoting post, which shows the quote no more."""
    work = context(request).work
    async with work.transaction() as tx:
        quoted = await sight.post(tx, id_of(request), caller.account)
        quoting = await posts.by_id(tx.conn, id_of(request, "quoting_id"))
        if quoting is None or quoting.quote_id != quoted.id:
            raise NotFound
        await quotes.revoke(tx, caller.account, quoted, quoting)
    async with work.reading() as tx:
        return ok(await status_by_id(tx, quoting.id, caller.account))


async def set_policy(request: web.Request, caller: Caller) -> web.Response:
    """``quote_approval_policy``: public, followers or nobody."""
    sent = await params.read(request)
    work = context(request).work
    async with work.transaction() as tx:
        post = await sight.post(tx, id_of(request), caller.account)
        word = sent.text("quote_approval_policy") or ""
        await quotes.set_policy(tx, caller.account, post, word)
    async with work.reading() as tx:
        return ok(await status_by_id(tx, post.id, caller.account))


def routes() -> list[web.RouteDef]:
    one = "/api/v1/statuses/{id}"
    return [
        for_anyone("GET", f"{one}/quotes", index, "read:statuses"),
        for_member("POST", f"{one}/quotes/{{quoting_id}}/revoke", revoke, "write:statuses"),
        for_member("PUT", f"{one}/interaction_policy", set_policy, "write:statuses"),
    ]


DESCRIBED: Described = {
    "GET /api/v1/statuses/{id}/quotes": op(array("Status"), *paged()),
    "POST /api/v1/statuses/{id}/quotes/{quoting_id}/revoke": op("Status"),
    "PUT /api/v1/statuses/{id}/interaction_policy": op(
        "Status", choice("quote_approval_policy", *quotes.POLICIES, required=True)
    ),
}
