"""The few files that pages are made with: a fixed list, read once, cached by browsers for a day."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from aiohttp import web

from server.errors import NotFound

FILES = {"beckon.css": "text/css"}


@cache
def _read(name: str) -> bytes:
    return files("server").joinpath("assets", name).read_bytes()


async def asset(request: web.Request) -> web.Response:
    """``GET /assets/{name}``; only names of the list are looked up."""
    name = request.match_info["name"]
    if name not in FILES:
        raise NotFound
    return web.Response(
        body=_read(name),
        content_type=FILES[name],
        charset="utf-8",
        headers={"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"},
    )


def routes() -> list[web.AbstractRouteDef]:
    return [web.get("/assets/{name}", asset)]
