"""``/settings/data``: the lists of a member as files, to take along to another server."""

from __future__ import annotations

from aiohttp import web

from server.blobs import MissingError
from server.context import STORES, context
from server.domain.members import own_archives, takeout
from server.errors import Invalid, NotFound
from server.web import imports
from server.web.answers import back_to, form, signed_in

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


async def ask(request: web.Request) -> web.Response:
    """``POST /settings/data/archive``: it is made soon; once a week."""
    viewer, _ = await form(request)
    try:
        async with context(request).work.transaction() as tx:
            await own_archives.ask(tx, viewer.account)
    except Invalid as error:
        return await imports.data(request, viewer, status=422, refusal=error.sentence)
    return back_to(PATH, "asked")


async def archive(request: web.Request) -> web.StreamResponse:
    """``GET /settings/data/archive.zip``: of who asks, and of nobody else. Raises ``NotFound``."""
    viewer = await signed_in(request)
    async with context(request).work.reading() as tx:
        found = await own_archives.ready(tx, viewer.account)
    store = request.app[STORES].archives
    try:
        size = await store.size(found.key)
    except MissingError as error:
        raise NotFound from error
    response = web.StreamResponse(headers=imports.private("archive.zip"))
    response.content_type, response.content_length = "application/zip", size
    await response.prepare(request)
    async for piece in store.read(found.key, 0, size):
        await response.write(piece)
    await response.write_eof()
    return response


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get(PATH, show),
        web.post(PATH + "/archive", ask),
        web.get(PATH + "/archive.zip", archive),
        web.get(PATH + "/{name:[a-z_]+}.csv", download),
        *imports.routes(),
    ]
