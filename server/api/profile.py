"""A member's own profile as Mastodon 4.6 has it: what was typed, to be edited."""

from __future__ import annotations

from aiohttp import web

from server.api.accounts import PROFILE, edit_me
from server.api.answers import ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, op
from server.context import context
from server.render import account


async def show(request: web.Request, caller: Caller) -> web.Response:
    return ok(account.profile(context(request).work.site.urls, caller.account))


async def edit(request: web.Request, caller: Caller) -> web.Response:
    """Takes what ``update_credentials`` takes."""
    row = await edit_me(request, caller)
    return ok(account.profile(context(request).work.site.urls, row))


def routes() -> list[web.RouteDef]:
    path = "/api/v1/profile"
    return [
        for_member("GET", path, show, "read:accounts", "profile"),
        for_member("PATCH", path, edit, "write:accounts"),
    ]


DESCRIBED: Described = {
    "GET /api/v1/profile": op("Profile"),
    "PATCH /api/v1/profile": op("Profile", *PROFILE),
}
