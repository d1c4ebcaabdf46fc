"""What every page has in common: who looks, the headers that keep it safe, and how forms come in.

No page needs a script; the few that there are come from ``/assets/``, and none stands in a page. Nothing is loaded
from other servers, so that reading a page tells nobody else that it is read. Addresses that are a secret go to no other server either (Referrer
Policy, 3.4: same-origin). Never ``no-referrer``: a form on such a page is sent with ``Origin: null`` (Fetch, 3.2),
which ``session.require_same_origin`` has to refuse.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cache
from urllib.parse import urlsplit

from aiohttp import web

from server import i18n, ids
from server.context import context
from server.errors import BadRequest, NotFound, Unauthenticated
from server.i18n import mark
from server.pages import render
from server.web import assets, menus, session, zipping
from server.web.session import Viewer

HEADERS = {"Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src {media}; media-src {media};"
    " connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)


def headers(request: web.Request) -> dict[str, str]:
    """Of a page. Pictures and films are ours, or of the store that hands them out (``BECKON_S3_PUBLIC_URL``)."""
    return {**HEADERS, "Content-Security-Policy": policy(context(request).settings.s3_public_url)}


@cache
def policy(files: str = "") -> str:
    """What a page may load. ``files``: an address of members' files elsewhere, of which the origin counts."""
    place = urlsplit(files)
    media = f"'self' {place.scheme}://{place.netloc}" if files else "'self'"
    return POLICY.format(media=media)


LANGUAGE = "language"
"""The cookie of a language that a stranger chose."""

DONE: Mapping[str, str] = {
    "saved": mark("Saved."),
    "added": mark("Added."),
    "removed": mark("Removed."),
    "sent": mark("Sent."),
    "done": mark("Done."),
    "asked": mark("It is being made. Come back in a while."),
    "moved": mark("You have moved."),
    "here": mark("You are here again."),
    "mailed": mark("A mail with a link is on its way."),
}
"""What a page says above all after a form was sent: ``back_to(path, "saved")``."""


def page(
    request: web.Request, name: str, viewer: Viewer | None, *, status: int = 200, **values: object
) -> web.Response:
    """The template as an answer. What a signed-in person sees is in no shared cache."""
    ctx = context(request)
    site = replace(ctx.work.site, title=ctx.named.title or ctx.work.site.title)
    language = language_of(request, viewer)
    with i18n.speaking(language):
        body = render(
            name, site=site, viewer=viewer, here=request.path, status=status, tongue=i18n.spoken(),
            languages=i18n.LANGUAGES, assets=assets.VERSIONED, told=_done(request), menus=menus,
            **values,
        )  # fmt: skip
    caching = "private, no-store" if viewer else "no-cache"
    response = web.Response(
        text=body,
        status=status,
        content_type="text/html",
        charset="utf-8",
        headers={
            **headers(request),
            "Cache-Control": caching,
            "Content-Language": language,
            "Vary": "Accept, Accept-Encoding, Accept-Language, Cookie",
        },
    )
    return response if viewer else zipping.smaller(request, response)


def language_of(request: web.Request, viewer: Viewer | None) -> str:
    """In which language a page speaks: what was chosen, else what the browser asks for, else English."""
    chosen = (viewer.language if viewer else None) or request.cookies.get(LANGUAGE, "")
    if chosen in i18n.LANGUAGES:
        return chosen
    return i18n.accepted(request.headers.get("Accept-Language", "")) or i18n.DEFAULT


def _done(request: web.Request) -> str:
    """What was done by the form that led here, as one of ``DONE`` says it."""
    return DONE.get(request.query.get("done", ""), "")


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


def back_to(path: str, done: str = "") -> web.Response:
    """After a POST: look at the result (303, RFC 9110 15.4.4). ``done``: a key of ``DONE``, told there."""
    joint = "&" if "?" in path else "?"
    return web.Response(
        status=303, headers={"Location": f"{path}{joint}done={done}" if done else path}
    )


def moved(path: str) -> web.Response:
    """Look there instead, this time (302); programs that ask for ActivityPub are not sent away."""
    return web.Response(status=302, headers={"Location": path, "Vary": "Accept"})
