"""``/settings/data``: the lists of a member as files, to take along to another server."""

from __future__ import annotations

from aiohttp import web

from server.context import context
from server.domain.members import takeout
from server.web import imports
from server.web.answers import signed_in

PATH = imports.DATA


async def show(request: web.Request) -> web.Response:
    """``GET /settings/data``"""
    return await imports.data(request, await signed_in(request))


async def download(request: web.Request) -> web.Response:
    """``GET /settings/data/{name}.csv``: one file, of who asks. Raises ``NotFound``."""
    viewer = await signed_in(request)
    name = f"{request.match_info['name']}.csv"
    async with context(request).work.reading() as tx:
        body = await takeout.make(tx, viewer.account, name)
    return imports.csv_file(name, body)


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get(PATH, show),
        web.get(PATH + "/{name:[a-z_]+}.csv", download),
        *imports.routes(),
    ]
