"""The link in a message to somebody of another server who takes part: what is known, and a button to take it back.

Who has the link may; looking does nothing, as machines open links too. Nobody else is shown it, and it names nobody.
"""

from __future__ import annotations

from aiohttp import web

from server.context import context
from server.domain.calling import feedback, participations, receipts
from server.domain.tx import Tx
from server.errors import NotFound
from server.web import answers, session
from storage import calls, polls
from storage import participations as rows
from storage.calls import Call
from storage.participations import Participation
from storage.posts import Post


async def show(request: web.Request) -> web.Response:
    """``GET /receipts/{secret}``"""
    async with context(request).work.reading() as tx:
        given, post = await receipts.of_link(tx, request.match_info["secret"])
        call, said = await _said(tx, given)
        waits = given.state == "waiting"
        line = await rows.place_in_line(tx.conn, given) if waits else None
        over = await feedback.over_since(tx, call) is not None
    return _page(request, post, call, given, said, line, over=over)


async def _said(tx: Tx, given: Participation) -> tuple[Call, str]:
    call = await calls.by_id(tx.conn, given.post_id)
    if call is None:
        raise NotFound
    options = await polls.options(tx.conn, [given.post_id])
    return call, next((o.title for o in options if o.position == given.choice), "")


def _page(
    request: web.Request,
    post: Post,
    call: Call,
    given: Participation | None,
    said: str = "",
    line: int | None = None,
    *,
    over: bool = False,
) -> web.Response:
    """``given``: the answer, None once it was taken back; ``said``: in words; ``line``: its place in line."""
    shown = {"post": post, "call": call, "given": given, "said": said, "line": line, "over": over}
    response = answers.page(request, "receipt.html", None, status=200, **shown)
    response.headers["Cache-Control"] = "no-store"
    return response


async def withdraw(request: web.Request) -> web.Response:
    """``POST /receipts/{secret}``"""
    session.require_same_origin(request)
    async with context(request).work.transaction() as tx:
        given, post = await receipts.of_link(tx, request.match_info["secret"])
        call, _ = await _said(tx, given)
        await participations.take_back(tx, given, post)
    return _page(request, post, call, None)


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get("/receipts/{secret:[A-Za-z0-9_-]{43}}", show),
        web.post("/receipts/{secret:[A-Za-z0-9_-]{43}}", withdraw),
    ]
