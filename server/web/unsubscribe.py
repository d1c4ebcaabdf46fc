"""The page behind the link in a digest: it ends the digests of one user, without signing in.

Looking at it changes nothing, for mail programs open links before people do. A POST ends them: by the button
or by the mail program itself, in one click (RFC 8058, 3.2: no cookie, no token of a form and no redirect).
The link is sealed with the secret of the instance, so only who has the mail can make the POST.
"""

from __future__ import annotations

from aiohttp import web

from server.context import context
from server.domain.mailing import digests
from server.errors import NotFound
from server.web.answers import page

PATH = "/unsubscribe/{token}"


def _user_of(request: web.Request) -> int:
    found = context(request).work.site.urls.unsubscribing(request.match_info["token"])
    if found is None:
        raise NotFound("This link is not complete. Please copy all of it from the mail.")
    return found


def _page(request: web.Request, *, done: bool) -> web.Response:
    response = page(request, "unsubscribe.html", None, done=done)
    response.headers["Cache-Control"] = "private, no-store"
    return response


async def look(request: web.Request) -> web.Response:
    _user_of(request)
    return _page(request, done=False)


async def end(request: web.Request) -> web.Response:
    user_id = _user_of(request)
    async with context(request).work.transaction() as tx:
        await digests.unsubscribe(tx, user_id)
    return _page(request, done=True)


def routes() -> list[web.AbstractRouteDef]:
    return [web.get(PATH, look), web.post(PATH, end)]
