"""Tags: showing, following and featuring them. Any name is a tag, also one that nobody used yet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import web

from server.api import paging, params
from server.api.answers import empty, ok
from server.api.auth import Caller, ForMember, for_anyone, for_member
from server.api.describe import Described, a_text, op, paged
from server.api.reading import account_of, id_of, view, viewer_of
from server.api.schema import array
from server.context import context
from server.domain.members import featured as featured_verbs
from server.domain.posting import tags as verbs
from server.domain.tx import Tx
from server.errors import NotFound
from server.render import tags as entities
from server.render.view import Json
from storage import tags
from storage.accounts import Account

Act: TypeAlias = Callable[[Tx, Account, str], Awaitable[object]]
SUGGESTED = 10


def _name(request: web.Request) -> str:
    """The tag in the path. Raises ``NotFound`` for what can be none."""
    name = verbs.name_of(request.match_info["name"])
    if name is None:
        raise NotFound
    return name


async def _entity(tx: Tx, name: str, viewer: Account | None) -> Json:
    return (await entities.load(view(tx, viewer), [name]))[0]


async def show(request: web.Request, caller: Caller | None) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok(await _entity(tx, _name(request), viewer_of(caller)))


def _doing(act: Act) -> ForMember:
    async def answer(request: web.Request, caller: Caller) -> web.Response:
        async with context(request).work.transaction() as tx:
            name = _name(request)
            await act(tx, caller.account, name)
            return ok(await _entity(tx, name, caller.account))

    return answer


async def _follow(tx: Tx, me: Account, name: str) -> None:
    await tags.follow(tx.conn, me.id, name, tx.now)


async def _unfollow(tx: Tx, me: Account, name: str) -> None:
    """What came home stays there."""
    await tags.unfollow(tx.conn, me.id, name)


async def _unfeature(tx: Tx, me: Account, name: str) -> None:
    await featured_verbs.unfeature_tag(tx, me, name)


async def followed(request: web.Request, caller: Caller) -> web.Response:
    page = paging.page(request, 100, 200)
    async with context(request).work.reading() as tx:
        found = await tags.followed(tx.conn, caller.account.id, *page.bounds, page.limit)
        body = await entities.load(view(tx, caller.account), [row.name for row in found])
    rows = [row.row_id for row in found]
    link = paging.link(request, rows, prev="since_id", more=len(rows) == page.limit)
    return ok(body, headers=link)


async def _featured(tx: Tx, account_id: int) -> list[Json]:
    return [
        entities.featured(tx.site.urls, row) for row in await tags.featured(tx.conn, account_id)
    ]


async def featured(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok(await _featured(tx, caller.account.id))


async def featured_by(request: web.Request, caller: Caller | None) -> web.Response:
    """On anybody's profile."""
    async with context(request).work.reading() as tx:
        return ok(await _featured(tx, (await account_of(tx, id_of(request), viewer_of(caller))).id))


async def feature(request: web.Request, caller: Caller) -> web.Response:
    """``name``. A repeat gives the one that stands: a client that lost the answer asks again."""
    given = (await params.read(request)).text("name") or ""
    async with context(request).work.transaction() as tx:
        name = await featured_verbs.feature_tag(tx, caller.account, given)
        return ok(next(f for f in await _featured(tx, caller.account.id) if f["name"] == name))


async def unfeature(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        name = await tags.featured_name(tx.conn, caller.account.id, id_of(request))
        if name is None:
            raise NotFound
        await featured_verbs.unfeature_tag(tx, caller.account, name)
    return empty()


async def suggested(request: web.Request, caller: Caller) -> web.Response:
    """What the caller's own posts are about."""
    async with context(request).work.reading() as tx:
        names = await tags.often_used(tx.conn, caller.account.id, SUGGESTED)
        return ok(await entities.load(view(tx, caller.account), names))


def routes() -> list[web.RouteDef]:
    one, mine = "/api/v1/tags/{name}", "/api/v1/featured_tags"
    return [
        for_anyone("GET", one, show, "read"),
        for_member("POST", f"{one}/follow", _doing(_follow), "write:follows"),
        for_member("POST", f"{one}/unfollow", _doing(_unfollow), "write:follows"),
        for_member("POST", f"{one}/feature", _doing(featured_verbs.feature_tag), "write:accounts"),
        for_member("POST", f"{one}/unfeature", _doing(_unfeature), "write:accounts"),
        for_member("GET", "/api/v1/followed_tags", followed, "read:follows"),
        for_member("GET", mine, featured, "read:accounts"),
        for_member("POST", mine, feature, "write:accounts"),
        for_member("GET", f"{mine}/suggestions", suggested, "read:accounts"),
        for_member("DELETE", f"{mine}/{{id}}", unfeature, "write:accounts"),
        for_anyone("GET", "/api/v1/accounts/{id}/featured_tags", featured_by, "read:accounts"),
    ]


_FEATURED = op(array("FeaturedTag"))
DESCRIBED: Described = {
    "GET /api/v1/tags/{name}": op("Tag"),
    "POST /api/v1/tags/{name}/follow": op("Tag"),
    "POST /api/v1/tags/{name}/unfollow": op("Tag"),
    "POST /api/v1/tags/{name}/feature": op("Tag"),
    "POST /api/v1/tags/{name}/unfeature": op("Tag"),
    "GET /api/v1/followed_tags": op(array("Tag"), *paged(100, 200)),
    "GET /api/v1/featured_tags": _FEATURED,
    "POST /api/v1/featured_tags": op("FeaturedTag", a_text("name", required=True)),
    "GET /api/v1/featured_tags/suggestions": op(array("Tag")),
    "DELETE /api/v1/featured_tags/{id}": op("Empty"),
    "GET /api/v1/accounts/{id}/featured_tags": _FEATURED,
}
