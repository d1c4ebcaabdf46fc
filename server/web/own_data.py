"""``/settings/data``: the lists of a member as files, to take along to another server."""

from __future__ import annotations

from aiohttp import web

from server.context import context
from server.domain.members import takeout
from server.web.answers import page, signed_in

PATH = "/settings/data"


async def show(request: web.Request) -> web.Response:
    """``GET /settings/data``"""
    return page(request, "settings_data.html", await signed_in(request))


async def download(request: web.Request) -> web.Response:
    """``GET /settings/data/{name}.csv``: one file, of who asks. Raises ``NotFound``."""
    viewer = await signed_in(request)
    name = f"{request.match_info['name']}.csv"
    async with context(request).work.reading() as tx:
        body = await takeout.make(tx, viewer.account, name)
    return web.Response(
        text=body,
        content_type="text/csv",
        charset="utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


def routes() -> list[web.AbstractRouteDef]:
    return [web.get(PATH, show), web.get(PATH + "/{name:[a-z_]+}.csv", download)]
