"""``avatar.png``, ``header.png``, ``film.png`` and the icon of the pages below ``/assets/``: drawn once, cached by everybody for a week.

Web clients read them from their own origin, as they do what is under ``/media/``: Phanpy asks for every
avatar with ``crossorigin``, to look whether it is transparent.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from server import pictures

HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "public, max-age=604800",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
STILL = {"Content-Security-Policy": "default-src 'none'; sandbox"}


async def avatar(_: web.Request) -> web.Response:
    body = await asyncio.to_thread(pictures.avatar)
    return web.Response(body=body, content_type="image/png", headers=HEADERS)


async def header(_: web.Request) -> web.Response:
    body = await asyncio.to_thread(pictures.header)
    return web.Response(body=body, content_type="image/png", headers=HEADERS)


async def film(_: web.Request) -> web.Response:
    body = await asyncio.to_thread(pictures.film)
    return web.Response(body=body, content_type="image/png", headers=HEADERS)


async def drawn_icon(_: web.Request) -> web.Response:
    return web.Response(
        body=pictures.drawn_icon(), content_type="image/svg+xml", headers={**HEADERS, **STILL}
    )


async def icon(request: web.Request) -> web.Response:
    """``GET /assets/icon-{size}.png``, in the sizes there are."""
    size = int(request.match_info["size"])
    body = await asyncio.to_thread(pictures.icon, size)
    return web.Response(body=body, content_type="image/png", headers=HEADERS)


def routes() -> list[web.AbstractRouteDef]:
    drawn = {"avatar": avatar, "header": header, "film": film}
    sizes = "|".join(str(size) for size in pictures.ICON_SIZES)
    return [
        *(web.get(f"/assets/{name}.png", handler) for name, handler in drawn.items()),
        web.get("/assets/icon.svg", drawn_icon),
        web.get(f"/assets/icon-{{size:{sizes}}}.png", icon),
    ]
