"""Hosts that the caller wants nothing from. Clients send ``domain`` in the query, a form or JSON."""

from __future__ import annotations

from aiohttp import web

from federation.errors import Refused
from federation.origin import canonical_host
from server.api import paging, params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, a_text, op, paged
from server.api.schema import TEXT, array
from server.context import context
from server.domain.moderating import domain_blocks
from server.errors import Invalid
from storage import domain_blocks as rows


async def index(request: web.Request, caller: Caller) -> web.Response:
    """Names of hosts."""
    page = paging.page(request, 100, 200)
    async with context(request).work.reading() as tx:
        found = await rows.of(tx.conn, caller.account.id, *page.bounds, page.limit)
    shown = [row.row_id for row in found]
    link = paging.link(request, shown, prev="since_id", more=len(shown) == page.limit)
    return ok([row.host for row in found], headers=link)


async def preview(request: web.Request, caller: Caller) -> web.Response:
    """How many follows a block would end."""
    host = await named_host(request)
    async with context(request).work.reading() as tx:
        ties = await rows.ties(tx.conn, caller.account.id, host)
    return ok({"following_count": ties.following, "followers_count": ties.followers})


async def block(request: web.Request, caller: Caller) -> web.Response:
    host = await named_host(request)
    async with context(request).work.transaction() as tx:
        await domain_blocks.block(tx, caller.account, host)
    return empty()


async def unblock(request: web.Request, caller: Caller) -> web.Response:
    host = await named_host(request)
    async with context(request).work.transaction() as tx:
        await domain_blocks.unblock(tx, caller.account, host)
    return empty()


async def named_host(request: web.Request) -> str:
    """Raises ``Invalid`` for what is no host, and for our own."""
    sent = ((await params.read(request)).text("domain") or "").strip()
    try:
        host = canonical_host(sent)
    except Refused as error:
        raise Invalid(
            "Validation failed: Domain is not a valid domain name", field="domain"
        ) from error
    if host in {context(request).work.site.urls.domain, ""}:
        raise Invalid("Validation failed: Domain is this server itself", field="domain")
    return host


def routes() -> list[web.RouteDef]:
    base = "/api/v1/domain_blocks"
    return [
        for_member("GET", base, index, "read:blocks", "follow"),
        for_member("GET", f"{base}/preview", preview, "read:blocks", "follow"),
        for_member("POST", base, block, "write:blocks", "follow"),
        for_member("DELETE", base, unblock, "write:blocks", "follow"),
    ]


_DOMAIN = a_text("domain", required=True)
DESCRIBED: Described = {
    "GET /api/v1/domain_blocks": op(array(TEXT), *paged(100, 200)),
    "GET /api/v1/domain_blocks/preview": op("DomainBlockPreview", _DOMAIN, also=(422,)),
    "POST /api/v1/domain_blocks": op("Empty", _DOMAIN),
    "DELETE /api/v1/domain_blocks": op("Empty", _DOMAIN),
}
