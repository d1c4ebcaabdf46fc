"""The page behind the link in a letter to a target: it ends all such letters from here to that address.

As with other links in mails, looking changes nothing; a POST does it, by the button or by the mail program itself, in one
click (RFC 8058, 3.2). The link is sealed with the secret of the instance, so only who has the letter can make it.
"""

from __future__ import annotations

from aiohttp import web

from server.context import context
from server.domain.calling import target_mails
from server.web.answers import page

PATH = "/letters/stop/{token}"


def _page(request: web.Request, *, done: bool) -> web.Response:
    response = page(request, "letters_stop.html", None, done=done)
    response.headers["Cache-Control"] = "private, no-store"
    return response


async def look(request: web.Request) -> web.Response:
    async with context(request).work.reading() as tx:
        target_mails.mark_of(tx, request.match_info["token"])
    return _page(request, done=False)


async def end(request: web.Request) -> web.Response:
    async with context(request).work.transaction() as tx:
        await target_mails.refuse(tx, request.match_info["token"])
    return _page(request, done=True)


def routes() -> list[web.AbstractRouteDef]:
    return [web.get(PATH, look), web.post(PATH, end)]
