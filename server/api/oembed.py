"""oEmbed 1.0: a public post of ours for the page of somebody else, as a quotation with a link."""

from __future__ import annotations

from html import escape

from aiohttp import web

from server.api import params
from server.api.answers import PUBLIC, ok
from server.api.auth import Caller, for_anyone
from server.api.describe import Described, a_text, integer, op
from server.api.schema import COUNT, TEXT, URL, entity, maybe
from server.context import context
from server.domain import sight
from server.errors import NotFound
from storage import accounts
from storage import posts as post_rows

WIDTH = 400
CACHED = 86_400  # seconds


async def show(request: web.Request, _: Caller | None) -> web.Response:
    """``url``: the address of a post of ours. 404 for all that a stranger may not see."""
    sent = await params.read(request)
    work = context(request).work
    number = work.site.urls.number(sent.text("url") or "", "posts", "calls")
    if number is None:
        raise NotFound
    async with work.reading() as tx:
        post = await sight.post(tx, number, None)
        author = await accounts.by_id(tx.conn, post.account_id)
    if author is None or not post.local or post.reblog_of_id is not None:
        raise NotFound
    name = author.display_name or author.username
    width = min(sent.integer("maxwidth", 1) or WIDTH, WIDTH)
    return ok(
        {
            "type": "rich",
            "version": "1.0",
            "title": f"{name}: {post.title}" if post.title else name,
            "author_name": name,
            "author_url": author.url,
            "provider_name": work.site.title or work.site.urls.domain,
            "provider_url": f"{work.site.urls.base}/",
            "cache_age": CACHED,
            "html": _quotation(post, name),
            "width": width,
            "height": None,
        },
        headers=PUBLIC,
    )


def _quotation(post: post_rows.Post, name: str) -> str:
    """``content`` was cleaned at the door; a warning stands instead of what it warns of."""
    said = f"<p>{escape(post.summary)}</p>" if post.sensitive and post.summary else post.content
    url = escape(post.url)
    return f'<blockquote>{said}<p>— <a href="{url}">{escape(name)}</a></p></blockquote>'


def routes() -> list[web.RouteDef]:
    return [for_anyone("GET", "/api/oembed", show)]


DESCRIBED: Described = {
    "GET /api/oembed": op(
        entity(
            type=TEXT, version=TEXT, title=TEXT, author_name=TEXT, author_url=URL,
            provider_name=TEXT, provider_url=URL, cache_age=COUNT, html=TEXT, width=COUNT,
            height=maybe(COUNT),
        ),
        a_text("url", required=True),
        integer("maxwidth", 1),
        also=(404,),
    )
}  # fmt: skip
