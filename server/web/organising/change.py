"""``/calls/{id}/organise/change``: another time or place, more places, put off, called off, closed, opened again, deleted; and the
page for everybody that a call of a private community may have.

Whatever is done here is told to those who take part; the page says so beside each button. The longer forms, with the whole
text, are where the call was made (``server/web/organise.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from aiohttp import web

from server.context import context
from server.domain.calling import call_notices, calls, deleting, opened
from server.domain.calling.opened import Standing
from server.domain.tx import Tx
from server.errors import BeckonError, Forbidden, Invalid, TooMany
from server.i18n import mark
from server.web import answers, call_form
from server.web.call_form import CallForm
from server.web.organising import frame, rewriting
from server.web.organising.frame import Organised
from server.web.session import Viewer
from storage import calls as call_rows
from storage import participants, participations
from storage import posts as post_rows
from storage.posts import Post

ASKED: Mapping[str, tuple[str, ...]] = {
    "when": ("date", "time", "end_date", "end_time", "timezone", "place_name", "place_address"),
    "until": ("closes_date", "closes_time", "timezone", "goal"),
    "places": ("capacity", "guests_max"),
}
"""The fields of each small form."""
STATES = ("postponed", "cancelled", "closed", "open")
ACTS = (*ASKED, *STATES, "delete", "opened", "shut")
SURE = mark("Tick the box if you are sure.")


@dataclass(frozen=True, slots=True)
class Typed:
    """What was sent and could not stand: ``act`` says which form it was."""

    act: str
    form: CallForm
    sent: Mapping[str, str]
    fault: BeckonError | None


async def show(request: web.Request) -> web.Response:
    """``GET /calls/{id}/organise/change``"""
    return await _show(request, await answers.signed_in(request))


async def _show(request: web.Request, viewer: Viewer, typed: Typed | None = None) -> web.Response:
    async with context(request).work.transaction() as tx:
        of = await frame.organised(tx, request, viewer)
        form = typed.form if typed else await _form(tx, of)
        values = {
            "people": await participants.many(tx.conn, of.post.id, viewer.account.id),
            "answered": await participations.is_answered(tx.conn, of.post.id),
            "shifts": await _shifts(tx, of),
            "opened": await _opened(tx, of, viewer),
            "over": of.call.over_at is not None and of.call.over_at <= tx.now,
        }
    fault = typed.fault if typed else None
    status = fault.status if fault else 422 if typed else 200
    return frame.page(
        request, "organise_change.html", viewer, of, status=status, form=form,
        act=typed.act if typed else "", sent=typed.sent if typed else {},
        fault=fault.sentence if fault else "", zones=call_form.zones(),
        why_max=call_notices.WHY_MAX, host_max=opened.HOSTED_BY_MAX, **values,
    )  # fmt: skip


async def _form(tx: Tx, of: Organised) -> CallForm:
    options = (await rewriting.same(tx, of.post, of.call)).options
    return call_form.of_call(of.post, of.call, options)


async def _shifts(tx: Tx, of: Organised) -> list[Post]:
    ids = [shift.post_id for shift in await call_rows.shifts(tx.conn, [of.post.id])]
    found = await post_rows.by_ids(tx.conn, ids) if ids else {}
    return [found[id_] for id_ in ids if id_ in found]


async def _opened(tx: Tx, of: Organised, viewer: Viewer) -> Standing | None:
    """Of a call of a private community alone."""
    if of.post.visibility != "members":
        return None
    return await opened.standing(tx, viewer.account, of.post)


async def act(request: web.Request) -> web.Response:
    """``POST /calls/{id}/organise/change``: ``act``, and what its form asks."""
    viewer, sent = await answers.form(request)
    wanted = answers.choice(sent, "act", ACTS)
    async with context(request).work.reading() as tx:
        of = await frame.organised(tx, request, viewer)
        before = await _form(tx, of)
    names = ASKED.get(wanted, ())
    form = CallForm(before.choice, {**before.values, **{n: sent.get(n, "").strip() for n in names}})
    rewritten = call_form.wanted(form, of.call) if names else None
    if form.errors:
        return await _show(request, viewer, Typed(wanted, form, sent, None))
    try:
        async with context(request).work.transaction() as tx:
            of = await frame.organised(tx, request, viewer)
            if rewritten:
                said = replace(rewritten, language=of.post.language)
                again = "open" if wanted == "when" and of.call.state == "postponed" else None
                await calls.edit(tx, viewer.account, of.post, wanted=said, state=again)
            else:
                await _do(tx, of, viewer, wanted, sent)
    except Invalid as refused:
        form.refuse(refused)
        beside = "form" not in form.errors and bool(names)
        return await _show(request, viewer, Typed(wanted, form, sent, None if beside else refused))
    except (Forbidden, TooMany) as refused:
        return await _show(request, viewer, Typed(wanted, form, sent, refused))
    if wanted == "delete":
        return answers.back_to(f"/@{of.group.username}", "removed")
    return answers.back_to(f"{of.path}/organise/change", "saved")


async def _do(tx: Tx, of: Organised, viewer: Viewer, wanted: str, sent: Mapping[str, str]) -> None:
    if wanted in STATES:
        why = sent.get(f"why_{wanted}", "")
        await calls.edit(tx, viewer.account, of.post, state=wanted, why=why)
    elif wanted == "delete":
        if sent.get("sure") != "yes":
            raise Invalid(SURE, field="sure")
        await deleting.delete(tx, viewer.account, of.post)
    elif wanted == "opened":
        await opened.put(tx, viewer.account, of.post, sent.get("hosted_by", ""))
    else:
        await opened.revoke(tx, viewer.account, of.post)


def routes() -> list[web.AbstractRouteDef]:
    return [web.get(f"{frame.BELOW}/change", show), web.post(f"{frame.BELOW}/change", act)]
