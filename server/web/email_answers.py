"""Answering a call with an e-mail address and no account: the form, the link that confirms, the link that takes back.

Links in mails are opened by programs that look at mail: looking changes nothing, a button does. Forms have no
session behind them, so they prove where they stood (``session.require_same_origin``) and, the one that
strangers fill in, that a person did (domain/mailing/human.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from server.context import context
from server.domain.calling import consents, contacts, feedback, opened
from server.domain.calling.contacts import Typed
from server.domain.calling.kinds import KINDS
from server.domain.mailing import human
from server.domain.moderating import barriers
from server.domain.tx import Tx
from server.errors import BadRequest, Forbidden
from server.i18n import mark
from server.peer import address_of
from server.web import answers, calls, session
from storage import calls as call_rows
from storage.calls import Call
from storage.posts import Post


async def send(request: web.Request) -> web.Response:
    """``POST /calls/{id}/by-email``: whoever's address it is, the page says the same."""
    form = await read_form(request)
    async with context(request).work.transaction() as tx:
        post, _ = await calls.known(tx, request)
        await begin(tx, request, post, form)
    return sent(request, f"/calls/{post.id}")


async def begin(tx: Tx, request: web.Request, post: Post, form: Mapping[str, str]) -> None:
    """To a call that whoever asks may answer. Raises as ``contacts.begin``, and for what is no person."""
    human.require(tx, f"answer {post.id}", form.get("stamp", ""), form.get(human.TRAP, ""))
    await _require_welcome(tx, request)
    await contacts.begin(
        tx, post, _typed(form, answers.language_of(request, None)), address_of(request)
    )


def sent(request: web.Request, back: str) -> web.Response:
    """``back``: the path of the call."""
    response = answers.page(request, "email_answer_sent.html", None, back=back)
    response.headers["Cache-Control"] = "no-store"
    return response


async def _require_welcome(tx: Tx, request: web.Request) -> None:
    """A network from which nobody may sign up answers nothing either."""
    if await barriers.severity(tx, address_of(request)) == "sign_up_block":
        raise Forbidden("From your network nobody can answer by e-mail.", reason="network")


def _typed(form: Mapping[str, str], language: str) -> Typed:
    agreed = {p: form[f"agree_{p}"] for p in consents.PURPOSES if form.get(f"agree_{p}")}
    if not all(v.isascii() and v.isdigit() and len(v) < 9 for v in agreed.values()):
        raise BadRequest("This form is not one of ours.")
    return Typed(
        address=form.get("email", ""),
        said=form.get("said", ""),
        name=form.get("name", ""),
        fields=calls.fields_of(form),
        agreed=tuple(agreed),
        seen={p: int(v) for p, v in agreed.items()},
        guests=calls.guests(form) or 0,
        ballot=calls.ballot(form),
        language=language,
    )


async def read_form(request: web.Request) -> dict[str, str]:
    session.require_same_origin(request)
    sent = await request.post()
    return {n: v.replace("\0", "") for n, v in sent.items() if isinstance(v, str)}


async def ask(request: web.Request) -> web.Response:
    """``GET /answers/confirm/{secret}``"""
    async with context(request).work.reading() as tx:
        shown = await contacts.shown(tx, request.match_info["secret"], "confirm")
    return _private(request, "email_answer_confirm.html", shown)


async def confirm(request: web.Request) -> web.Response:
    """``POST /answers/confirm/{secret}``: leads to the receipt."""
    session.require_same_origin(request)
    async with context(request).work.transaction() as tx:
        contact = await contacts.confirm(tx, request.match_info["secret"])
        secret = await contacts.new_link(tx, contact, "manage")
    return answers.back_to(f"/answers/{secret}")


async def show(request: web.Request) -> web.Response:
    """``GET /answers/{secret}``"""
    async with context(request).work.reading() as tx:
        shown = await contacts.shown(tx, request.match_info["secret"], "manage")
        call = await call_rows.by_id(tx.conn, shown.post.id)
        over = call is not None and await feedback.over_since(tx, call) is not None
    return _private(request, "email_answer.html", shown, call, over=over)


async def act(request: web.Request) -> web.Response:
    """``POST /answers/{secret}``: withdraw, end_news, or another number of guests."""
    form = await read_form(request)
    wanted = answers.choice(form, "act", ("withdraw", "end_news", "guests"))
    secret = request.match_info["secret"]
    async with context(request).work.transaction() as tx:
        if wanted == "end_news":
            await contacts.end_consent(tx, secret, consents.NEWS)
            return answers.back_to(f"/answers/{secret}")
        if wanted == "guests":
            await contacts.bring(tx, secret, calls.guests(form) or 0)
            return answers.back_to(f"/answers/{secret}")
        post = await contacts.withdraw(tx, secret)
        back = await opened.path(tx, post)
    return answers.page(request, "email_answer_done.html", None, back=back)


def _private(
    request: web.Request,
    name: str,
    shown: contacts.Shown,
    call: Call | None = None,
    *,
    over: bool = False,
) -> web.Response:
    news = any(g.purpose == consents.NEWS and g.ended_at is None for g in shown.agreed)
    standing = _standing(shown)
    response = answers.page(
        request, name, None, shown=shown, news=news, standing=standing, call=call, over=over
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _standing(shown: contacts.Shown) -> str:
    """Where their answer stands, where that is not plain from the answer."""
    if shown.place is None or not shown.place.counts:
        return ""
    if shown.line:
        return mark("You are number %(line)s on the waiting list.", line=shown.line)
    return mark("You have a place.") if KINDS[shown.kind].timed else ""


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.post("/calls/{id}/by-email", send),
        web.get("/answers/confirm/{secret}", ask),
        web.post("/answers/confirm/{secret}", confirm),
        web.get("/answers/{secret}", show),
        web.post("/answers/{secret}", act),
    ]
