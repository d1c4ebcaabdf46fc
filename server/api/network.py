"""The way from a client's request to other servers, always before a transaction and never inside one."""

from __future__ import annotations

from aiohttp import web

from server import resolve
from server.context import NET
from storage.accounts import Account
from storage.posts import Post


async def look_up(request: web.Request, text: str) -> Account | Post | None:
    """What an address or a handle leads to, there or here."""
    net = request.app.get(NET)
    return await resolve.search(net, text) if net else None


async def learn_handles(request: web.Request, typed: str) -> None:
    """Make the handles in a text known, so that they become mentions."""
    net = request.app.get(NET)
    if net:
        await resolve.handles(net, typed)
