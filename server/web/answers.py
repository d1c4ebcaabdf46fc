"""What every page has in common: who looks, the headers that keep it safe, and how forms come in.

No page needs a script, and none may have one; nothing is loaded from other servers, so that reading a
page tells nobody else that it is read. Addresses that are a secret go to no other server either (Referrer
Policy, 3.4: same-origin). Never ``no-referrer``: a form on such a page is sent with ``Origin: null`` (Fetch, 3.2),
which ``session.require_same_origin`` has to refuse.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from aiohttp import web

from server import ids
from server.context import context
from server.errors import BadRequest, NotFound, Unauthenticated
from server.pages import render
from server.web import session
from server.web.session import Viewer

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def page(
    request: web.Request, name: str, viewer: Viewer | None, *, status: int = 200, **values: object
) -> web.Response:
    """The template as an answer. What a signed-in person sees is in no shared cache."""
    site = context(request).work.site
    body = render(name, site=site, viewer=viewer, here=request.path, status=status, **values)
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
    # PostgreSQL has no place for the character NUL in a text.
    fields = ((n, v.replace("\0", "")) for n, v in sent.items() if isinstance(v, str))
    return viewer, dict(fields)


def choice(form: Mapping[str, str], name: str, allowed: Collection[str]) -> str:
    """What a button said. Raises ``BadRequest`` for anything that our pages do not offer."""
    if form.get(name) not in allowed:
        raise BadRequest("This form is not one of ours.", cause=f"{name}={form.get(name)!r}")
    return form[name]


def choice_id(form: Mapping[str, str], name: str) -> int:
    """The id that a form names. Raises ``BadRequest``."""
    found = ids.parse(form.get(name, ""))
    if found is None:
        raise BadRequest("This form is not one of ours.", cause=f"{name}={form.get(name)!r}")
    return found


def number(request: web.Request) -> int:
    """The number in ``{id}``. Raises ``NotFound``."""
    found = ids.parse(request.match_info["id"])
    if found is None:
        raise NotFound
    return found


def back_to(path: str) -> web.Response:
    """After a POST: look at the result (303, RFC 9110 15.4.4)."""
    return web.Response(status=303, headers={"Location": path})


def moved(path: str) -> web.Response:
    """Look there instead, this time (302); programs that ask for ActivityPub are not sent away."""
    return web.Response(status=302, headers={"Location": path, "Vary": "Accept"})
