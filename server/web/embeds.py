"""A call on the pages of others: a small card in a frame, how to get it (oEmbed 1.0), and its counts alone.

The card asks nobody who they are: it reads no cookie and sets none, runs no script and asks no other server. It may
stand in any page, and so it has no form and no button, only links that open a page of their own. Calls that not
everybody may see answer 404, as do calls of other servers: their numbers are theirs to tell.
"""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from server import i18n
from server.context import context
from server.domain.calling import tallies
from server.domain.calling.counting import Range
from server.domain.tx import Tx
from server.errors import BadRequest, BeckonError, NotFound
from server.i18n import mark
from server.pages import render
from server.web import answers, assets, calls, zipping
from server.web.passing_on import HEIGHT, WIDTH, frame
from storage import accounts
from storage.accounts import Account
from storage.calls import Call
from storage.posts import Post

NARROWEST = 240
"""CSS pixels."""
KEPT = 60
"""Seconds. Many may look at once, and a count need not be of this very second."""
DIGITS = 5
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors *"
    ),
    "Cache-Control": f"public, max-age={KEPT}",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding, Accept-Language",
    "X-Content-Type-Options": "nosniff",
}


class OnlyJsonError(BeckonError):
    """oEmbed 1.0, 2.3.1: a format that is not offered is answered with 501."""

    status = 501


@dataclass(frozen=True, slots=True)
class Embedded:
    """What the card shows. ``answerable``: whether answers are taken."""

    post: Post
    call: Call
    community: Account
    range: Range
    answerable: bool


async def _load(tx: Tx, post: Post, call: Call) -> Embedded:
    """Raises ``NotFound`` for a call of another server, and for one that is not for everybody."""
    group = await accounts.by_id(tx.conn, call.community_id)
    if group is None or not post.local or not post.is_public:
        raise NotFound
    counted = (await tallies.standing(tx, post)).range
    over = call.over_at is not None and call.over_at < tx.now
    taken = call.state in ("open", "postponed") and not over
    return Embedded(post, call, group, counted, taken)


async def card(request: web.Request) -> web.Response:
    """``GET /calls/{id}/embed``"""
    work = context(request).work
    async with work.reading() as tx:
        shown = await _load(tx, *await calls.known(tx, request))
    language = i18n.accepted(request.headers.get("Accept-Language", "")) or i18n.DEFAULT
    with i18n.speaking(language):
        body = render(
            "embed.html", site=work.site, shown=shown, tongue=i18n.spoken(), assets=assets.VERSIONED
        )
    headers = {**HEADERS, "Content-Language": language}
    made = web.Response(text=body, content_type="text/html", charset="utf-8", headers=headers)
    return zipping.smaller(request, made)


async def counts(request: web.Request) -> web.Response:
    """``GET /calls/{id}/counts.json``: the numbers of the page, for its script, each as the page says it."""
    async with context(request).work.reading() as tx:
        shown = await _load(tx, *await calls.known(tx, request))
    with i18n.speaking(answers.language_of(request, None)):
        body = {"counts": render("call_counts.html", site=None, shown=shown)}
    headers = {
        "Cache-Control": "no-cache",
        "Vary": "Accept-Language, Cookie",
        "X-Content-Type-Options": "nosniff",
    }
    return web.json_response(body, headers=headers)


async def oembed(request: web.Request) -> web.Response:
    """``GET /oembed?url=``: how a call of ours is shown in another page. Raises ``NotFound``, ``OnlyJsonError``."""
    if request.query.get("format", "json") != "json":
        raise OnlyJsonError("Only JSON is offered.")
    work = context(request).work
    number = work.site.urls.number(request.query.get("url", ""), "calls")
    if number is None:
        raise NotFound
    async with work.reading() as tx:
        shown = await _load(tx, *await calls.numbered(tx, number))
    width = min(WIDTH, max(NARROWEST, _pixels(request, "maxwidth") or WIDTH))
    height = min(HEIGHT, _pixels(request, "maxheight") or HEIGHT)
    name = shown.community.display_name or shown.community.username
    told = {
        "type": "rich",
        "version": "1.0",
        "title": shown.post.title,
        "author_name": name,
        "author_url": shown.community.url,
        "provider_name": work.site.title or work.site.urls.domain,
        "provider_url": f"{work.site.urls.base}/",
        "cache_age": KEPT,
        "html": frame(work.site.urls.call(number), shown.post.title, width, height),
        "width": width,
        "height": height,
    }
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": f"public, max-age={KEPT}",
        "X-Content-Type-Options": "nosniff",
    }
    return web.json_response(told, headers=headers)


def _pixels(request: web.Request, name: str) -> int | None:
    given = request.query.get(name, "")
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= DIGITS and int(given)):
        raise BadRequest(
            mark("%(name)s is a number of pixels.", name=name), cause=f"{name}={given!r}"
        )
    return int(given)


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get("/calls/{id}/embed", card),
        web.get("/calls/{id}/counts.json", counts),
        web.get("/oembed", oembed),
    ]
