"""``/media/…``: files of our members, and files of other servers as ``server/proxy.py`` has them.

Names are never used twice, so everybody may keep what they got for ever. Whatever a file may be, a browser
takes it for what its name says and runs nothing in it.
"""

from __future__ import annotations

from aiohttp import web

from server import blobs
from server.blobs import MissingError, Store
from server.context import PROXY, STORES, context
from server.errors import NotFound

HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}
FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_DAY = "public, max-age=86400"


async def own(request: web.Request) -> web.StreamResponse:
    """``GET /media/{key}``"""
    key = request.match_info["key"]
    if not blobs.KEY.fullmatch(key):
        raise NotFound
    elsewhere = context(request).settings.s3_public_url
    if elsewhere:
        place = f"{elsewhere}/media/{key}"
        return web.Response(status=302, headers={**HEADERS, "Location": place})
    return await _send(request, request.app[STORES].own, key, FOR_EVER)


async def remote(request: web.Request) -> web.StreamResponse:
    """``GET /media/remote/{seal}/{address}``"""
    info = request.match_info
    url = context(request).work.site.urls.unsealed(info["seal"], info["address"])
    proxy = request.app.get(PROXY)
    if url is None or proxy is None:
        raise NotFound
    return await _send(request, proxy.store, await proxy.key_of(url), FOR_A_DAY)


async def _send(request: web.Request, store: Store, key: str, caching: str) -> web.StreamResponse:
    try:
        size = await store.size(key)
    except MissingError as error:
        raise NotFound from error
    headers = {**HEADERS, "Cache-Control": caching, "ETag": f'"{key}"', "Accept-Ranges": "bytes"}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    part = _part(request, size)
    if part is None:
        return web.Response(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    return await _stream(request, store, key, headers, size, part)


async def _stream(
    request: web.Request, store: Store, key: str, headers: dict[str, str], size: int, part: range
) -> web.StreamResponse:
    whole = len(part) == size
    response = web.StreamResponse(status=200 if whole else 206, headers=headers)
    response.content_type = blobs.media_type(key)
    response.content_length = len(part)
    if not whole:
        response.headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    await response.prepare(request)
    if request.method != "HEAD" and len(part):
        async for chunk in store.read(key, part.start, part.stop):
            await response.write(chunk)
    await response.write_eof()
    return response


def _part(request: web.Request, size: int) -> range | None:
    """The bytes that were asked for (RFC 9110, 14.2); all of them where that cannot be read.

    None where there are no such bytes.
    """
    try:
        asked = request.http_range
    except ValueError:
        return range(size)
    part = range(size)[asked]
    return part if len(part) or not size else None


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get("/media/remote/{seal}/{address}", remote),
        web.get("/media/{key}", own),
    ]
