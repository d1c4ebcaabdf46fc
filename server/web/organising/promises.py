"""``/calls/{id}/organise/promises``: what people promise to a need, or want of an offer: accepted, declined, kept; and what fits it."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from server.context import context
from server.domain import sight
from server.domain.calling import commitments as verbs
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import BeckonError, Invalid, NotFound
from server.i18n import mark
from server.web import answers
from server.web.organising import frame
from server.web.organising.frame import Organised
from server.web.session import Viewer
from storage import accounts, commitments

STATES: Mapping[str, str] = {
    "promised": mark("New"),
    "accepted": mark("Accepted"),
    "declined": mark("Declined"),
    "fulfilled": mark("Kept"),
    "cancelled": mark("Taken back"),
}
CATEGORIES: Mapping[str, str] = {
    "space": mark("Rooms and land"),
    "transport": mark("Transport"),
    "tools": mark("Tools"),
    "food": mark("Food"),
    "care": mark("Care"),
    "money": mark("Money"),
    "law": mark("Law"),
    "language": mark("Languages"),
    "media": mark("Pictures, sound and writing"),
    "work": mark("Work"),
    "other": mark("Something else"),
}


async def show(request: web.Request) -> web.Response:
    """``GET /calls/{id}/organise/promises``"""
    return await _show(request, await answers.signed_in(request))


async def _found(tx: Tx, request: web.Request, viewer: Viewer) -> Organised:
    """Raises ``NotFound`` for what is neither a need nor an offer, ``Forbidden`` for who may not see people."""
    of = await frame.organised(tx, request, viewer)
    if of.call.kind != "need":
        raise NotFound
    await communities.require_people(tx, of.group, viewer.account)
    return of


async def _show(
    request: web.Request, viewer: Viewer, fault: BeckonError | None = None
) -> web.Response:
    async with context(request).work.reading() as tx:
        of = await _found(tx, request, viewer)
        found = await verbs.of_call(tx, viewer.account, of.post)
        fits = [row.id for row in await verbs.matches(tx, of.post)]
        values = {
            "promises": found,
            "people": await accounts.by_ids(tx.conn, [c.account_id for c in found if c.account_id]),
            "category": await commitments.category(tx.conn, of.post.id) or "other",
            "missing": await commitments.missing(tx.conn, of.post.id),
            "fits": await sight.posts_by_ids(tx, fits, viewer.account),
        }
    return frame.page(
        request, "organise_promises.html", viewer, of, status=fault.status if fault else 200,
        states=STATES, categories=CATEGORIES, fault=fault.sentence if fault else "", **values,
    )  # fmt: skip


async def act(request: web.Request) -> web.Response:
    """``POST /calls/{id}/organise/promises``: ``accept``, ``decline`` or ``fulfil`` with the id of a promise, or ``category``."""
    viewer, sent = await answers.form(request)
    step = next((name for name in verbs.STEPS if name in sent), "")
    try:
        async with context(request).work.transaction() as tx:
            of = await _found(tx, request, viewer)
            if step:
                which = answers.choice_id(sent, step)
                await verbs.step(tx, viewer.account, of.post, which, step)
            else:
                category = answers.choice(sent, "category", CATEGORIES)
                await verbs.categorise(tx, viewer.account, of.post, category)
    except Invalid as refused:
        return await _show(request, viewer, refused)
    return answers.back_to(f"{of.path}/organise/promises", "saved")


def routes() -> list[web.AbstractRouteDef]:
    return [web.get(f"{frame.BELOW}/promises", show), web.post(f"{frame.BELOW}/promises", act)]
