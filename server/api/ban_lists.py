"""Shared ban lists of communities, in Beckon's own API.

``BanListEntry``: uri (of who is banned), reason, expires_at (null: without end). ``BanList``: id, account (the
community whose list it is), read_at, failure (null: it was read). ``BanProposal``: id, list_id, uri, reason,
expires_at, created_at. The list itself is for everybody, where its community shares it.
"""

from __future__ import annotations

from aiohttp import web

from federation.errors import Gone, Refused, Unreachable
from server.api import paging, params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import Described, an_id, flag, op, paged
from server.api.holding import ONE, steward_here
from server.api.reading import account_of, id_of, viewer_of
from server.api.schema import array
from server.arriving import resolve
from server.context import NET, context
from server.domain import sight
from server.domain.moderating import ban_lists
from server.errors import Invalid, NotFound
from server.render import ban_lists as render
from storage import accounts
from storage import ban_lists as rows
from storage.accounts import Account

LISTS, PROPOSALS = f"{ONE}/ban_lists", f"{ONE}/ban_proposals"


async def shared(request: web.Request, caller: Caller | None) -> web.Response:
    """``BanListEntry`` each; 404 where the community does not share it."""
    async with context(request).work.reading() as tx:
        group = await sight.group(tx, id_of(request), viewer_of(caller))
        return ok([render.entry(each) for each in await ban_lists.shared(tx, group)])


async def share(request: web.Request, caller: Caller) -> web.Response:
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        by = await steward_here(tx, request, caller)
        await ban_lists.share(tx, by, shared=sent.flag("shared"))
    return empty()


async def followed(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        by = await steward_here(tx, request, caller)
        found = await rows.of_community(tx.conn, by.community.id)
        sources = await accounts.by_ids(tx.conn, [row.source_id for row in found])
        return ok([render.followed(tx.site.urls, row, sources[row.source_id]) for row in found])


async def follow(request: web.Request, caller: Caller) -> web.Response:
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        by = await steward_here(tx, request, caller)
        source = await account_of(tx, sent.id("account_id") or 0, caller.account)
        made = await ban_lists.follow(tx, by, source)
        return ok(render.followed(tx.site.urls, made, source))


async def unfollow(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        by = await steward_here(tx, request, caller)
        await ban_lists.unfollow(tx, by, id_of(request, "list_id"))
    return empty()


async def proposals(request: web.Request, caller: Caller) -> web.Response:
    """``BanProposal`` each that waits, the latest first; paged by the Link header."""
    page = paging.page(request, 40, 80)
    async with context(request).work.reading() as tx:
        by = await steward_here(tx, request, caller)
        found = await rows.proposed(tx.conn, by.community.id, *page.bounds, page.limit)
    ids, more = [row.id for row in found], len(found) == page.limit
    link = paging.link(request, ids, prev="since_id", more=more)
    return ok([render.proposal(row) for row in found], headers=link)


async def accept(request: web.Request, caller: Caller) -> web.Response:
    """Whoever is named and not known here is asked for first; 422 where nobody answers."""
    number = id_of(request, "proposal_id")
    async with context(request).work.transaction() as tx:
        by = await steward_here(tx, request, caller)
        uri = (await ban_lists.proposal(tx, by, number)).uri
    person = await _met(request, uri)
    async with context(request).work.transaction() as tx:
        by = await steward_here(tx, request, caller)
        await ban_lists.accept(tx, by, number, person)
    return empty()


async def _met(request: web.Request, uri: str) -> Account:
    async with context(request).work.reading() as tx:
        known = await accounts.by_uri(tx.conn, uri)
    net = request.app.get(NET)
    if known or net is None:
        if known is None:
            raise NotFound
        return known
    try:
        return await resolve.actor(net, uri)
    except (Gone, Refused, Unreachable) as error:
        raise Invalid("That account does not answer.", field="id", cause=str(error)) from error


async def dismiss(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        by = await steward_here(tx, request, caller)
        await ban_lists.dismiss(tx, by, id_of(request, "proposal_id"))
    return empty()


def routes() -> list[web.RouteDef]:
    read, write = "read:accounts", "write:accounts"
    return [
        for_anyone("GET", f"{ONE}/ban_list", shared, read),
        for_member("PUT", f"{ONE}/ban_list", share, write),
        for_member("GET", LISTS, followed, read),
        for_member("POST", LISTS, follow, write),
        for_member("DELETE", f"{LISTS}/{{list_id}}", unfollow, write),
        for_member("GET", PROPOSALS, proposals, read),
        for_member("POST", f"{PROPOSALS}/{{proposal_id}}/accept", accept, write),
        for_member("POST", f"{PROPOSALS}/{{proposal_id}}/dismiss", dismiss, write),
    ]


DESCRIBED: Described = {
    f"GET {ONE}/ban_list": op(array("BanListEntry")),
    f"PUT {ONE}/ban_list": op("Empty", flag("shared")),
    f"GET {LISTS}": op(array("BanList")),
    f"POST {LISTS}": op("BanList", an_id("account_id", required=True)),
    f"DELETE {LISTS}/{{list_id}}": op("Empty"),
    f"GET {PROPOSALS}": op(array("BanProposal"), *paged(40, 80)),
    f"POST {PROPOSALS}/{{proposal_id}}/accept": op("Empty"),
    f"POST {PROPOSALS}/{{proposal_id}}/dismiss": op("Empty"),
}
