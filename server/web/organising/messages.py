"""``/calls/{id}/organise/message``: a word to all who take part, each by the way by which they answered."""

from __future__ import annotations

from aiohttp import web

from server.context import context
from server.domain.calling import call_notices
from server.domain.groups import communities
from server.errors import BeckonError, Invalid, TooMany
from server.web import answers
from server.web.organising import frame
from server.web.session import Viewer
from storage import accounts, participants
from storage import call_notices as rows

BEFORE = 20


async def show(request: web.Request) -> web.Response:
    """``GET /calls/{id}/organise/message``"""
    return await _show(request, await answers.signed_in(request))


async def _show(
    request: web.Request, viewer: Viewer, typed: str = "", fault: BeckonError | None = None
) -> web.Response:
    async with context(request).work.reading() as tx:
        of = await frame.organised(tx, request, viewer)
        await communities.require_people(tx, of.group, viewer.account)
        before = await rows.messages(tx.conn, of.post.id, BEFORE)
        by = await accounts.by_ids(tx.conn, [m.by_account_id for m in before if m.by_account_id])
        many = await participants.many(tx.conn, of.post.id, viewer.account.id)
        left = await call_notices.messages_left(tx, of.post.id)
    return frame.page(
        request, "organise_message.html", viewer, of, status=fault.status if fault else 200,
        many=many, left=left, before=before, by=by, typed=typed, most=call_notices.MESSAGE_MAX,
        fault=fault.sentence if fault else "",
    )  # fmt: skip


async def send(request: web.Request) -> web.Response:
    """``POST /calls/{id}/organise/message``: ``text``."""
    viewer, sent = await answers.form(request)
    said = sent.get("text", "").replace("\r\n", "\n")
    try:
        async with context(request).work.transaction() as tx:
            of = await frame.organised(tx, request, viewer)
            await call_notices.write_to_all(tx, viewer.account, of.post, said)
    except (Invalid, TooMany) as refused:
        return await _show(request, viewer, said, refused)
    return answers.back_to(f"{of.path}/organise/message", "sent")


def routes() -> list[web.AbstractRouteDef]:
    return [web.get(f"{frame.BELOW}/message", show), web.post(f"{frame.BELOW}/message", send)]
