"""``/calls/{id}/organise/outside``: what was counted on paper and in the street, and which parts of the goal are reached."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from server.context import context
from server.domain.calling import claims as verbs
from server.domain.calling import milestones, tallies
from server.errors import Forbidden, Invalid
from server.web import answers, forms
from server.web.forms import Form
from server.web.organising import frame
from server.web.session import Viewer
from storage import accounts, claims
from storage import milestones as milestone_rows

FIELDS = ("people", "what", "evidence")
ACTS = {"add": "added", "remove": "removed"}
"""What may be done, and what is told then."""
DIGITS = 10


async def show(request: web.Request) -> web.Response:
    """``GET /calls/{id}/organise/outside``"""
    viewer = await answers.signed_in(request)
    return await _show(request, viewer, Form(dict.fromkeys(FIELDS, "")))


async def _show(
    request: web.Request, viewer: Viewer, form: Form, status: int = 200
) -> web.Response:
    async with context(request).work.reading() as tx:
        of = await frame.organised(tx, request, viewer)
        found = await claims.of_call(tx.conn, of.post.id)
        values = {
            "claims": found,
            "people": await accounts.by_ids(tx.conn, [claim.account_id for claim in found]),
            "range": (await tallies.standing(tx, of.post)).range,
            "reached": {m.percent: m for m in await milestone_rows.of_call(tx.conn, of.post.id)},
        }
    return frame.page(
        request, "organise_outside.html", viewer, of, status=status, form=form,
        percents=milestones.PERCENTS, what_max=verbs.WHAT_MAX, most=verbs.EACH, **values,
    )  # fmt: skip


async def act(request: web.Request) -> web.Response:
    """``POST /calls/{id}/organise/outside``: ``add`` with people, what and evidence; ``remove`` with ``which``."""
    viewer, sent = await answers.form(request)
    wanted = answers.choice(sent, "act", ACTS)
    try:
        async with context(request).work.transaction() as tx:
            of = await frame.organised(tx, request, viewer)
            if wanted == "remove":
                await verbs.remove(tx, viewer.account, of.post, answers.choice_id(sent, "which"))
            else:
                what, evidence = sent.get("what", ""), sent.get("evidence", "").strip()
                await verbs.add(tx, viewer.account, of.post, _people(sent), what, evidence)
    except (Invalid, Forbidden) as refused:
        values = dict.fromkeys(FIELDS, "") | sent
        return await _show(request, viewer, forms.refused(values, refused, {}), refused.status)
    return answers.back_to(f"{of.path}/organise/outside", ACTS[wanted])


def _people(sent: Mapping[str, str]) -> int:
    """Raises ``Invalid``."""
    typed = sent.get("people", "").strip()
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= DIGITS):
        raise Invalid("A number, such as 40.", field="people")
    return int(typed)


def routes() -> list[web.AbstractRouteDef]:
    return [web.get(f"{frame.BELOW}/outside", show), web.post(f"{frame.BELOW}/outside", act)]
