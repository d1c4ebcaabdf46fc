"""``/assets/avatar.png`` and ``/assets/header.png``: drawn once, cached by everybody for a week."""

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


def routes() -> list[web.AbstractRouteDef]:
    return [web.get("/assets/avatar.png", avatar), web.get("/assets/header.png", header)]
