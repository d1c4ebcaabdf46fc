"""The list for the door: who takes part, on paper, for where there is no network.

For those who write down who came (``attendance.py``), and for nobody else. It is kept in no cache.
"""

from __future__ import annotations

from aiohttp import web

from server.context import context
from server.domain.calling import attendance
from server.web import answers, calls


async def page(request: web.Request) -> web.Response:
    """``GET /calls/{id}/door``"""
    viewer = await answers.signed_in(request)
    async with context(request).work.transaction() as tx:
        post, call = await calls.known(tx, request, viewer)
        found = await attendance.at_door(tx, viewer.account, post)
    response = answers.page(
        request, "door.html", viewer, post=post, call=call, found=found, now=tx.now
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def routes() -> list[web.AbstractRouteDef]:
    return [web.get("/calls/{id}/door", page)]
