"""A member's own profile as Mastodon 4.6 has it: what was typed, to be edited."""

from __future__ import annotations

from aiohttp import web

from server.api.accounts import PROFILE, edit_me
from server.api.answers import ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, op
from server.context import context
from server.render import account, tags
from server.render.view import Json
from storage import tags as rows
from storage.accounts import Account


async def show(request: web.Request, caller: Caller) -> web.Response:
    return ok(await _profile(request, caller.account))


async def edit(request: web.Request, caller: Caller) -> web.Response:
    """Takes what ``update_credentials`` takes."""
    return ok(await _profile(request, await edit_me(request, caller)))


async def _profile(request: web.Request, row: Account) -> Json:
    async with context(request).work.reading() as tx:
        shown = await rows.featured(tx.conn, row.id)
        return account.profile(tx.site.urls, row, [tags.featured(tx.site.urls, t) for t in shown])


def routes() -> list[web.RouteDef]:
    path = "/api/v1/profile"
    return [
        for_member("GET", path, show, "read:accounts", "profile"),
        for_member("PATCH", path, edit, "write:accounts"),
    ]


DESCRIBED: Described = {
    "GET /api/v1/profile": op("Profile"),
    "PATCH /api/v1/profile": op("Profile", *PROFILE, also=(413, 503)),
}
