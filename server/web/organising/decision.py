"""``/calls/{id}/organise/decision``: how a decision stands, why people answered so, and how objections were met."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from server import ids
from server.context import context
from server.domain.calling import decisions as verbs
from server.domain.calling.deciding import QUORUM_MAX, Rules
from server.domain.calling.kinds import OBJECTING
from server.domain.tx import Tx
from server.errors import BeckonError, Invalid, NotFound
from server.i18n import mark
from server.web import answers
from server.web.organising import frame
from server.web.organising.frame import Organised
from server.web.session import Viewer
from storage import participations, polls
from storage.timelines import TOP, Page

EACH = 40
ACTS = ("resolve", "rules")


async def show(request: web.Request) -> web.Response:
    """``GET /calls/{id}/organise/decision``"""
    return await _show(request, await answers.signed_in(request))


async def _found(tx: Tx, request: web.Request, viewer: Viewer) -> Organised:
    """Raises ``NotFound`` where nothing is decided."""
    of = await frame.organised(tx, request, viewer)
    if of.call.kind != "decision":
        raise NotFound
    return of


async def _show(
    request: web.Request,
    viewer: Viewer,
    fault: BeckonError | None = None,
    sent: Mapping[str, str] | None = None,
) -> web.Response:
    before = ids.parse(request.query.get("before", "")) or TOP
    async with context(request).work.reading() as tx:
        of = await _found(tx, request, viewer)
        record = await verbs.record(tx, of.post, viewer.account, Page(EACH, before))
        options = await polls.options(tx.conn, [of.post.id])
        given = await participations.given(tx.conn, of.post.id)
    titles = {a.key: o.title for a, o in zip(record.answers, options, strict=False)}
    return frame.page(
        request, "organise_decision.html", viewer, of, status=fault.status if fault else 200,
        record=record, titles=titles, begun=bool(given), objecting=OBJECTING,
        most=max((each.people for each in record.given), default=0), length=verbs.REASON_MAX,
        older=record.reasons[-1].id if len(record.reasons) == EACH else None,
        fault=fault.sentence if fault else "", sent=sent or {},
    )  # fmt: skip


async def act(request: web.Request) -> web.Response:
    """``POST /calls/{id}/organise/decision``: ``resolve`` with the ``which`` of an objection and ``how``; or ``rules``."""
    viewer, sent = await answers.form(request)
    wanted = answers.choice(sent, "act", ACTS)
    try:
        async with context(request).work.transaction() as tx:
            of = await _found(tx, request, viewer)
            if wanted == "rules":
                await verbs.set_rules(tx, viewer.account, of.post, _rules(sent))
            else:
                which = answers.choice_id(sent, "which")
                await verbs.resolve(tx, viewer.account, of.post, which, sent.get("how", ""))
    except Invalid as refused:
        return await _show(request, viewer, refused, sent)
    return answers.back_to(f"{of.path}/organise/decision", "saved")


def _rules(sent: Mapping[str, str]) -> Rules:
    """Raises ``Invalid``."""
    return Rules(
        _number(sent, "quorum", QUORUM_MAX),
        _number(sent, "threshold", 100),
        sent.get("open") == "yes",
    )


def _number(sent: Mapping[str, str], name: str, most: int) -> int | None:
    typed = sent.get(name, "").strip()
    if not typed:
        return None
    if not (typed.isascii() and typed.isdecimal()) or int(typed[:9]) > most:
        raise Invalid(mark("A number up to %(most)s, or nothing.", most=most), field=name)
    return int(typed)


def routes() -> list[web.AbstractRouteDef]:
    return [web.get(f"{frame.BELOW}/decision", show), web.post(f"{frame.BELOW}/decision", act)]
