"""The page of one call that a private community opened: for everybody who has its address.

It shows that call and says nothing of who makes it but the word that an organiser typed (domain/calling/opened.py).
What an organiser wrote is shown as plain words: a mention or a hashtag in it would lead to what is not for strangers.
It is in no index and no cache, and its address goes to no other server (``answers`` says why that is not
``no-referrer``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from server.context import context
from server.domain.calling import (
    audience,
    consents,
    contacts,
    online,
    opened,
    participants_notes,
    participations,
    questions,
    receipts,
)
from server.domain.calling.kinds import KINDS, Answer, Kind
from server.domain.calling.opened import Behind
from server.domain.mailing import human
from server.domain.tx import Tx
from server.web import answers, calls, email_answers, session
from server.web.calls import ByEmail
from server.web.session import Viewer
from storage import polls, sources
from storage.calls import Call
from storage.participations import Participation
from storage.polls import Option
from storage.questions import Question
from storage.sources import Source

AT = "/open/{token:[A-Za-z0-9_-]{43}}"
TEMPLATE = "opened.html"


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything that the page shows. ``note``, ``online``: as far as they are for the viewer."""

    found: Behind
    over: bool
    mine: Participation | None
    answers: list[tuple[Answer, Option]]
    by_email: ByEmail | None
    questions: list[Question]
    asks: bool  # those that have to be answered are not
    audience: Mapping[str, str]
    note: str | None
    online: online.Shown | None
    sources: Sequence[Source]

    @property
    def kind(self) -> Kind:
        return KINDS[self.found.call.kind]

    @property
    def call(self) -> Call:
        return self.found.call

    @property
    def answerable(self) -> bool:
        return self.found.call.state in ("open", "postponed") and not self.over

    @property
    def marks(self) -> Sequence[str]:
        """Nobody scores or ranks here: a decision is never opened."""
        return ()

    @property
    def mine_titled(self) -> str:
        """What the viewer said, in the words of the card."""
        said = (o.title for a, o in self.answers if self.mine and a.key == self.mine.answer)
        return next(said, "")


async def page(request: web.Request) -> web.Response:
    """``GET /open/{token}``"""
    viewer = await session.viewer(request)
    async with context(request).work.reading() as tx:
        found = await opened.behind(tx, request.match_info["token"])
        shown = await _load(tx, viewer, found)
    response = answers.page(request, TEMPLATE, viewer, shown=shown)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


async def _load(tx: Tx, viewer: Viewer | None, found: Behind) -> Shown:
    post, call = found.post, found.call
    account = viewer.account if viewer else None
    mine = await opened.mine(tx, account, post) if account else None
    domain = tx.site.urls.domain
    options = await polls.options(tx.conn, [post.id])
    return Shown(
        found=found,
        over=call.over_at is not None and call.over_at < tx.now,
        mine=mine,
        answers=list(zip(await participations.answers(tx, call), options, strict=False)),
        by_email=await _by_email(tx, found) if viewer is None else None,
        questions=await questions.of(tx, call),
        asks=mine is None or not mine.counts or bool(await questions.open_to(tx, call, mine)),
        audience={door: audience.of_opened(door, domain) for door in ("email", "opened")},
        note=(await participants_notes.shown(tx, [call], account)).get(post.id),
        online=(await online.shown(tx, [call], account)).get(post.id),
        sources=await sources.of_call(tx.conn, post.id),
    )


async def _by_email(tx: Tx, found: Behind) -> ByEmail | None:
    if not (tx.site.mail and tx.site.secret):
        return None
    asked = await consents.present(tx, found.call)
    offered = await contacts.offered(tx, found.call)
    return ByEmail(asked, offered, human.stamp(tx, f"answer {found.post.id}"))


async def by_email(request: web.Request) -> web.Response:
    """``POST /open/{token}/by-email``: whoever's address it is, the page says the same."""
    form = await email_answers.read_form(request)
    token = request.match_info["token"]
    async with context(request).work.transaction() as tx:
        found = await opened.behind(tx, token)
        await email_answers.begin(tx, request, found.post, form)
    return email_answers.sent(request, f"/open/{token}")


async def answer(request: web.Request) -> web.Response:
    """``POST /open/{token}/answer``, by who has an account: the key of an answer, or withdrawn. It leads to what they
    keep: a page of their own answer, which stays when this one is taken back."""
    viewer, form = await answers.form(request)
    token, said = request.match_info["token"], form.get("said", "")
    async with context(request).work.transaction() as tx:
        if said == "withdrawn":
            found = await opened.behind(tx, token)
            await participations.withdraw(tx, viewer.account, found.post)
            return answers.back_to(f"/open/{token}")
        brings, fields = calls.guests(form), calls.fields_of(form)
        given = await opened.answer(tx, viewer.account, token, said, brings, fields)
        own = await receipts.again(tx, given)
    return answers.back_to(own.removeprefix(context(request).work.site.urls.base))


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get(AT, page),
        web.post(f"{AT}/by-email", by_email),
        web.post(f"{AT}/answer", answer),
    ]
