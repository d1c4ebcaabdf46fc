"""The link in a message to somebody of another server who takes part: what is known, and a button to take it back, and what
the organisers ask, where it could not be asked before. What was answered is not shown again.

Who has the link may; looking does nothing, as machines open links too. Nobody else is shown it, and it names nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from server.context import context
from server.domain.calling import feedback, participations, questions, receipts
from server.domain.tx import Tx
from server.errors import NotFound
from server.web import answers, calls, session
from storage import calls as call_rows
from storage import participations as rows
from storage import polls
from storage.calls import Call
from storage.participations import Participation
from storage.posts import Post
from storage.questions import Question


async def show(request: web.Request) -> web.Response:
    """``GET /receipts/{secret}``"""
    async with context(request).work.reading() as tx:
        given, post = await receipts.of_link(tx, request.match_info["secret"])
        call, said = await _said(tx, given)
        waits = given.state == "waiting"
        line = await rows.place_in_line(tx.conn, given) if waits else None
        over = await feedback.over_since(tx, call) is not None
        asked = [] if over or not given.counts else await questions.of(tx, call)
        is_open = bool(await questions.open_to(tx, call, given))
    return _page(request, post, call, given, said, line, over=over, asked=asked, unanswered=is_open)


async def _said(tx: Tx, given: Participation) -> tuple[Call, str]:
    call = await call_rows.by_id(tx.conn, given.post_id)
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
    asked: Sequence[Question] = (),
    unanswered: bool = False,
) -> web.Response:
    """``given``: the answer, None once it was taken back; ``said``: in words; ``line``: its place in line;
    ``asked``: by the organisers, and whether nothing was answered yet."""
    response = answers.page(
        request, "receipt.html", None,
        post=post, call=call, given=given, said=said, line=line, over=over, asked=asked, unanswered=unanswered,
    )  # fmt: skip
    response.headers["Cache-Control"] = "no-store"
    return response


async def act(request: web.Request) -> web.Response:
    """``POST /receipts/{secret}``: answer what is asked (``act``), or take the answer back."""
    session.require_same_origin(request)
    sent = await request.post()
    form = {n: v.replace("\0", "") for n, v in sent.items() if isinstance(v, str)}
    if form.get("act") == "fields":
        secret = request.match_info["secret"]
        async with context(request).work.transaction() as tx:
            await receipts.answer_questions(tx, secret, calls.fields_of(form))
        return answers.back_to(f"/receipts/{secret}")
    return await _withdraw(request)


async def _withdraw(request: web.Request) -> web.Response:
    async with context(request).work.transaction() as tx:
        given, post = await receipts.of_link(tx, request.match_info["secret"])
        call, _ = await _said(tx, given)
        await participations.take_back(tx, given, post)
    return _page(request, post, call, None)


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get("/receipts/{secret:[A-Za-z0-9_-]{43}}", show),
        web.post("/receipts/{secret:[A-Za-z0-9_-]{43}}", act),
    ]
