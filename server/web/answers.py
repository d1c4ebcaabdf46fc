"""What every page has in common: who looks, the headers that keep it safe, and how forms come in.

No page needs a script, and none may have one; nothing is loaded from elsewhere but pictures.
"""

from __future__ import annotations

from aiohttp import web

from server.context import context
from server.errors import Unauthenticated
from server.pages import render
from server.web import session
from server.web.session import Viewer

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' https:; media-src 'self' https:;"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def page(
    request: web.Request, name: str, viewer: Viewer | None, *, status: int = 200, **values: object
) -> web.Response:
    """The template as an answer. What a signed-in person sees is in no shared cache."""
    body = render(name, site=context(request).work.site, viewer=viewer, **values)
    caching = "private, no-store" if viewer else "no-cache"
    return web.Response(
        text=body,
        status=status,
        content_type="text/html",
        charset="utf-8",
        headers={**HEADERS, "Cache-Control": caching, "Vary": "Accept, Cookie"},
    )


async def signed_in(request: web.Request) -> Viewer:
    """Raises ``Unauthenticated`` for a stranger."""
    viewer = await session.viewer(request)
    if viewer is None:
        raise Unauthenticated("Please sign in first.")
    return viewer


async def form(request: web.Request) -> tuple[Viewer, dict[str, str]]:
    """Who sent a form, and its fields. Raises ``Unauthenticated``, ``Forbidden`` (not their form)."""
    viewer = await signed_in(request)
    sent = await request.post()
    session.require_csrf(viewer, sent)
    return viewer, {name: value for name, value in sent.items() if isinstance(value, str)}


def back_to(path: str) -> web.Response:
    """After a POST: look at the result (303, RFC 9110 15.4.4)."""
    return web.Response(status=303, headers={"Location": path})
