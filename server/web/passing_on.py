"""The QR code of a call's address, and the code that shows it in the page of somebody else. Whoever may see the call may see it; it is of ours and of other servers' calls.

An SVG that is opened alone is a document: it may load nothing and do nothing.
"""

from __future__ import annotations

from html import escape

from aiohttp import web

from server.context import context
from server.domain import sight
from server.domain.calling import passing_on
from server.errors import NotFound
from server.web import answers, session
from storage import calls

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}
WIDTH, HEIGHT = 400, 260
"""Of the card in a frame, in CSS pixels."""
KEPT = 24 * 3600
"""Seconds. An address never changes; the call may go."""


async def qr(request: web.Request) -> web.Response:
    """``GET /calls/{id}/qr.svg``"""
    viewer = await session.viewer(request)
    async with context(request).work.reading() as tx:
        account = viewer.account if viewer else None
        post = await sight.post(tx, answers.number(request), account)
        if await calls.by_id(tx.conn, post.id) is None:
            raise NotFound
        drawn = passing_on.code(passing_on.address(tx, post))
    for_all = post.visibility in ("public", "unlisted")
    caching = f"public, max-age={KEPT}" if for_all else "private, no-store"
    headers = {**HEADERS, "Cache-Control": caching}
    return web.Response(body=drawn, content_type="image/svg+xml", headers=headers)


def frame(url: str, title: str, width: int = WIDTH, height: int = HEIGHT) -> str:
    """The code to copy into another page. It may run nothing; what is touched opens beside that page."""
    return (
        f'<iframe src="{escape(url)}/embed" title="{escape(title)}" width="{width}" height="{height}"'
        ' loading="lazy" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>'
    )


def routes() -> list[web.AbstractRouteDef]:
    return [web.get("/calls/{id}/qr.svg", qr)]
