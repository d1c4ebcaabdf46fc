"""The few files that pages are made with: a fixed list, read once.

A page names them with the digest of what is in them (``VERSIONED``), so that browsers keep them for good and still
get the new one with the next version. Without the digest they are kept for a day.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from aiohttp import web

from server.errors import NotFound
from server.web import zipping

FILES = {"beckon.css": "text/css", "beckon.js": "text/javascript", "embed.css": "text/css"}


@cache
def _read(name: str) -> bytes:
    return files("server").joinpath("assets", name).read_bytes()


VERSIONED = {
    name: f"/assets/{name}?v={hashlib.sha256(_read(name)).hexdigest()[:10]}" for name in FILES
}
"""The address of each."""


async def asset(request: web.Request) -> web.Response:
    """``GET /assets/{name}``; only names of the list are looked up."""
    name = request.match_info["name"]
    if name not in FILES:
        raise NotFound
    lasting = f"/assets/{name}?v={request.query.get('v', '')}" == VERSIONED[name]
    kept = "public, max-age=31536000, immutable" if lasting else "public, max-age=86400"
    zipped = zipping.wanted(request.headers.get("Accept-Encoding", ""))
    coding = {"Content-Encoding": "gzip"} if zipped else {}
    return web.Response(
        body=zipping.lasting(_read(name)) if zipped else _read(name),
        content_type=FILES[name],
        charset="utf-8",
        headers={
            "Cache-Control": kept,
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
            **coding,
        },
    )


def routes() -> list[web.AbstractRouteDef]:
    return [web.get("/assets/{name}", asset)]
