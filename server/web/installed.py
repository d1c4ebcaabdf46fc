"""The pages as an app that can be installed: the manifest (W3C Web App Manifest), the worker, and what is shown
without a connection.

The worker (``server/assets/worker.js``) is one more thing that nothing needs. What it keeps on the device is told in
its own first lines. It is served under its own name, for it may look after the whole site only from there (Service
Workers, 4.4.3), with the files of this version written above it: so a new version is another worker, which browsers
find by comparing its bytes.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from aiohttp import web

from server import i18n, pictures
from server.context import context
from server.i18n import mark
from server.web import answers, assets

OFFLINE = "/offline"
PAPER = {"light": "#faf8f4", "dark": "#161915"}
"""The ground of the pages, as the style sheet has it."""
CALLS, COMMUNITIES = mark("Calls"), mark("Communities")
WORKER_POLICY = "default-src 'none'; connect-src 'self'; img-src 'self'"


async def manifest(request: web.Request) -> web.Response:
    """``GET /manifest.webmanifest``, with the name that the instance has now."""
    ctx = context(request)
    name = ctx.named.title or ctx.work.site.title or ctx.work.site.urls.domain
    language = answers.language_of(request, None)
    with i18n.speaking(language):
        shortcuts = [
            {"name": i18n.gettext(title), "url": path}
            for title, path in ((CALLS, "/calls"), (COMMUNITIES, "/communities"))
        ]
        direction = i18n.spoken().direction
    told = {
        "id": "/",
        "name": name,
        "short_name": name,
        "lang": language,
        "dir": direction,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER["light"],
        "theme_color": PAPER["light"],
        "icons": _icons(),
        "shortcuts": shortcuts,
    }
    return web.Response(
        text=json.dumps(told, ensure_ascii=False),
        content_type="application/manifest+json",
        charset="utf-8",
        headers={
            "Cache-Control": "no-cache",
            "Vary": "Accept-Language, Cookie",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _icons() -> list[dict[str, str]]:
    """The drawing reaches to every edge and has its middle in the safe zone, so it is good for any mask."""
    drawn = {"src": "/assets/icon.svg", "sizes": "any", "type": "image/svg+xml"}
    sizes = [size for size in pictures.ICON_SIZES if size != pictures.TOUCH_ICON]
    dotted = [
        {"src": f"/assets/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png"}
        for size in sizes
    ]
    return [{**each, "purpose": use} for each in (drawn, *dotted) for use in ("any", "maskable")]


@cache
def _worker() -> str:
    told = {"offline": OFFLINE, "files": [assets.VERSIONED[name] for name in sorted(assets.FILES)]}
    written = files("server").joinpath("assets", "worker.js").read_text(encoding="utf-8")
    return f"const HERE = {json.dumps(told)};\n{written}"


async def worker(_: web.Request) -> web.Response:
    """``GET /worker.js``: asked for again at each visit, so that a new version is known at once."""
    return web.Response(
        text=_worker(),
        content_type="text/javascript",
        charset="utf-8",
        headers={
            "Cache-Control": "no-cache",
            "Content-Security-Policy": WORKER_POLICY,
            "X-Content-Type-Options": "nosniff",
        },
    )


async def offline(request: web.Request) -> web.Response:
    """``GET /offline``: the same for everybody, for the worker keeps it."""
    return answers.page(request, "offline.html", None)


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get("/manifest.webmanifest", manifest),
        web.get("/worker.js", worker),
        web.get(OFFLINE, offline),
    ]
