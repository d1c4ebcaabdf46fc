"""``avatar.png``, ``header.png`` and ``film.png`` below ``/assets/``: drawn once, cached for a week."""

from __future__ import annotations

import asyncio

from aiohttp import web

from server import pictures

CACHING = {"Cache-Control": "public, max-age=604800"}


async def avatar(_: web.Request) -> web.Response:
    body = await asyncio.to_thread(pictures.avatar)
    return web.Response(body=body, content_type="image/png", headers=CACHING)


async def header(_: web.Request) -> web.Response:
    body = await asyncio.to_thread(pictures.header)
    return web.Response(body=body, content_type="image/png", headers=CACHING)


async def film(_: web.Request) -> web.Response:
    body = await asyncio.to_thread(pictures.film)
    return web.Response(body=body, content_type="image/png", headers=CACHING)


def routes() -> list[web.AbstractRouteDef]:
    drawn = {"avatar": avatar, "header": header, "film": film}
    return [web.get(f"/assets/{name}.png", handler) for name, handler in drawn.items()]
