"""A call's page: what it is, how many take part, and taking part.

The page is the same for strangers and members but for the panel on how to answer; that of a private community's
call is there for its members alone. Everybody sees the counts, by tier and by server; who takes part is shown to those who
organise it, on pages of theirs (``organising``). Every form ends in a verb of domain/calling/calls.py, which decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from server import i18n
from server.context import context
from server.domain import wire_calls
from server.domain.calling import (
    audience,
    ballots,
    consents,
    contacts,
    copies,
    kinds,
    next_steps,
    online,
    participants_notes,
    passing_on,
    questions,
    sheets,
    tallies,
)
from server.domain.calling import calls as verbs
from server.domain.calling import participations as taking_part
from server.domain.calling.copies import Copies, Started
from server.domain.calling.counting import Range
from server.domain.calling.kinds import KINDS, Answer, Kind
from server.domain.calling.next_steps import Step
from server.domain.calling.tallies import Standing
from server.domain.groups import affiliations
from server.domain.groups import communities as community_verbs
from server.domain.mailing import human
from server.domain.tx import Tx
from server.errors import BadRequest, NotFound
from server.i18n import Told, mark
from server.web import answers, listed, posts, session, structured
from server.web.listed import ShownPost
from server.web.passing_on import frame
from server.web.session import Viewer
from storage import (
    accounts,
    calls,
    claims,
    communities,
    participations,
    polls,
    shift_roles,
    sources,
)
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Call
from storage.claims import Claim
from storage.participations import Participation
from storage.polls import Option
from storage.posts import Post
from storage.questions import Question
from storage.shift_roles import Role
from storage.sources import Source

STATES = ("open", "postponed", "cancelled", "closed")
COMMENTS = 20
HOSTS = 20
GUESTS_DIGITS = 4
BALLOT = "ballot"
"""What the button below points or places says."""


@dataclass(frozen=True, slots=True)
class ByEmail:
    """What the form for an answer without an account asks. ``stamp``: the human step."""

    asked: list[consents.Asked]
    answers: list[Answer]
    stamp: str


@dataclass(frozen=True, slots=True)
class ShownShift:
    """One of the shifts of a call, with its roles and what the viewer said to it."""

    post: Post
    call: Call
    roles: list[Role]
    mine: Participation | None


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything that a call's page shows."""

    post: Post
    call: Call
    community: Account
    organiser: Account
    over: bool
    mine: Participation | None
    line: int | None  # the viewer's place in the waiting list
    steers: bool
    range: Range
    standing: Standing | None
    claims: list[tuple[Claim, Account]]
    comments: list[ShownPost]
    answers: list[tuple[Answer, Option]]
    keywords: str  # of replies, as HTML
    sees_people: bool
    audience: Mapping[str, str | None]
    by_email: ByEmail | None
    within: Post | None
    shifts: list[ShownShift]
    note: str | None
    questions: list[Question]
    asks: bool  # those that have to be answered are not
    started: Started
    copies: Copies
    sources: Sequence[Source]
    next: Step | None
    online: online.Shown | None
    told: Post | None  # the post that says what came of it
    passed_on: str  # as a few lines for any messenger

    @property
    def kind(self) -> Kind:
        return KINDS[self.call.kind]

    @property
    def asked(self) -> str:
        return kinds.asks(self.call.kind, self.call.variant)

    @property
    def mine_titled(self) -> str:
        """What the viewer said, in the reader's language; what organisers typed stays as it is."""
        if self.mine and self.mine.ballot:
            titles = [answer.title for answer, _ in self.answers]
            return ballots.words(self.call.variant, self.mine.ballot, titles)
        said = (a.title for a, _ in self.answers if self.mine and a.key == self.mine.answer)
        title = next(said, "")
        return i18n.gettext(title) if isinstance(title, Told) else title

    @property
    def marks(self) -> Sequence[str]:
        """What each option may be given, by its number; nothing where one option is chosen."""
        if self.call.variant == ballots.SCORE:
            return [str(points) for points in range(ballots.SCORE_MAX + 1)]
        places = [mark("Place %(at)s", at=at) for at in range(1, len(self.answers) + 1)]
        return [mark("No place"), *places] if self.call.variant == ballots.RANKED else []

    @property
    def divided(self) -> bool:
        """Whether one takes part in one of its shifts."""
        return bool(self.shifts) and self.call.parent_id is None

    @property
    def answerable(self) -> bool:
        return self.call.state in ("open", "postponed") and not self.over


async def known(tx: Tx, request: web.Request, viewer: Viewer | None = None) -> tuple[Post, Call]:
    """The call that ``{id}`` says, if the viewer, or a stranger, may see it. Raises ``NotFound``, ``GoneError``."""
    return await numbered(tx, answers.number(request), viewer)


async def numbered(tx: Tx, number: int, viewer: Viewer | None = None) -> tuple[Post, Call]:
    """The call with this number, as ``known``."""
    post = await posts.require(tx, number, tx.site.urls.call(number), viewer)
    call = await calls.by_id(tx.conn, post.id)
    if call is None:
        raise NotFound
    return post, call


async def steered(tx: Tx, request: web.Request, viewer: Viewer) -> tuple[Post, Call, Account]:
    """A call of ours that the viewer may change, and its community. Raises ``Forbidden``, ``NotFound``."""
    post, call = await known(tx, request, viewer)
    community = await accounts.by_id(tx.conn, call.community_id)
    if community is None or not post.local:
        raise NotFound
    await community_verbs.require_steward(tx, community, viewer.account)
    return post, call, community


async def page(request: web.Request) -> web.Response:
    """``GET /calls/{id}`` by a browser."""
    viewer = await session.viewer(request)
    async with context(request).work.reading() as tx:
        post, call = await known(tx, request, viewer)
        shown = await _load(tx, viewer, post, call)
        group = await communities.by_id(tx.conn, call.community_id)
    listed = group is not None and group.visibility == "public"
    return answers.page(
        request, "call.html", viewer, shown=shown, states=STATES, frame=frame(post.url, post.title),
        listed=listed,
        data=structured.event(post, call, shown.community) if listed else None,
    )  # fmt: skip


async def _load(tx: Tx, viewer: Viewer | None, post: Post, call: Call) -> Shown:
    named = await accounts.by_ids(tx.conn, [call.community_id, post.account_id])
    mine = await participations.of_account(tx.conn, post.id, viewer.account.id) if viewer else None
    role = await communities.role(tx.conn, call.community_id, viewer.account.id) if viewer else None
    steers = role is not None and post.local
    waits = mine is not None and mine.state == "waiting"
    standing = await tallies.standing(tx, post) if post.local else None
    host = named[call.community_id]
    asked = await questions.of(tx, call)
    account = viewer.account if viewer else None
    sees = steers and viewer is not None and not await affiliations.of(tx, viewer.account)
    return Shown(
        post=post,
        call=call,
        community=named[call.community_id],
        organiser=named[post.account_id],
        over=call.over_at is not None and call.over_at < tx.now,
        mine=mine,
        line=await participations.place_in_line(tx.conn, mine)
        if mine and waits and post.local
        else None,
        steers=steers,
        range=standing.range
        if standing
        else (await tallies.elsewhere(tx, [(post, call)]))[post.id],
        standing=standing,
        claims=await _claims(tx, post),
        comments=await _comments(tx, post, viewer),
        answers=await _answers(tx, call),
        keywords=await wire_calls.keyword_line(tx, post, call) if post.local else "",
        sees_people=sees,
        audience=audience.of_answers(
            call.kind,
            audience.place(tx.site.urls.domain, host, closed=not post.is_public, asks=bool(asked)),
        ),
        by_email=await _by_email(tx, post, call) if viewer is None and post.is_public else None,
        within=await post_rows.by_id(tx.conn, call.parent_id) if call.parent_id else None,
        shifts=await _shifts(tx, viewer, call),
        note=(await participants_notes.shown(tx, [call], viewer.account if viewer else None)).get(
            post.id
        ),
        questions=asked,
        asks=mine is None or not mine.counts or bool(await questions.open_to(tx, call, mine)),
        started=(await copies.started(tx, [(post, call)], account))[post.id],
        copies=await copies.of(tx, post, account, copies.ON_A_PAGE),
        online=(await online.shown(tx, [call], viewer.account if viewer else None)).get(post.id),
        sources=await sources.of_call(tx.conn, post.id),
        next=await next_steps.of(tx, post.id, account),
        passed_on=await passing_on.words(tx, post, call),
        told=(await sheets.outcomes_of(tx, [call], account)).get(post.id),
    )


async def _shifts(tx: Tx, viewer: Viewer | None, call: Call) -> list[ShownShift]:
    """Of a volunteer call its shifts; of a shift itself, as it has roles."""
    found = await calls.shifts(tx.conn, [call.post_id])
    if not found and call.parent_id:
        found = [call]
    ids = [shift.post_id for shift in found]
    rows = await post_rows.by_ids(tx.conn, ids)
    mine = await participations.of_account_many(tx.conn, viewer.account.id, ids) if viewer else {}
    roles = await shift_roles.of_shifts(tx.conn, ids)
    return [
        ShownShift(
            rows[shift.post_id],
            shift,
            [role for role in roles if role.post_id == shift.post_id],
            mine.get(shift.post_id),
        )
        for shift in found
    ]


async def _claims(tx: Tx, post: Post) -> list[tuple[Claim, Account]]:
    """What was counted outside, with who says so."""
    found = await claims.of_call(tx.conn, post.id)
    people = await accounts.by_ids(tx.conn, [claim.account_id for claim in found])
    return [(claim, people[claim.account_id]) for claim in found]


async def _answers(tx: Tx, call: Call) -> list[tuple[Answer, Option]]:
    options = await polls.options(tx.conn, [call.post_id])
    return list(zip(await taking_part.answers(tx, call), options, strict=False))


async def _by_email(tx: Tx, post: Post, call: Call) -> ByEmail | None:
    if not (post.local and tx.site.mail and tx.site.secret):
        return None
    asked, offered = await consents.present(tx, call), await contacts.offered(tx, call)
    return ByEmail(asked, offered, human.stamp(tx, f"answer {post.id}"))


async def _comments(tx: Tx, post: Post, viewer: Viewer | None) -> list[ShownPost]:
    """The latest; the page of a call stays light."""
    thread = await post_rows.thread(tx.conn, post.id, posts.COMMENTS)
    below = [row for row in thread if row.id != post.id]
    shown = await listed.shown_posts(tx, below, viewer.account if viewer else None)
    return shown[-COMMENTS:]


async def poster(request: web.Request) -> web.Response:
    """``GET /calls/{id}/poster``: a sheet to print and to hang up."""
    viewer = await session.viewer(request)
    async with context(request).work.reading() as tx:
        post, call = await known(tx, request)
        shown = await _load(tx, None, post, call)
    return answers.page(request, "poster.html", viewer, shown=shown)


async def card(request: web.Request) -> web.Response:
    """``GET /cards/{id}`` by a browser: both ids lead to one call."""
    async with context(request).work.reading() as tx:
        number = answers.number(request)
        post = await posts.require(tx, number, tx.site.urls.card(number))
        if not post.is_call:
            raise NotFound
    return answers.moved(f"/calls/{post.id}")


async def answer(request: web.Request) -> web.Response:
    """``POST /calls/{id}/answer``: the key of an answer, or withdrawn."""
    viewer, form = await answers.form(request)
    said = form.get("said", "")
    async with context(request).work.transaction() as tx:
        post, _ = await known(tx, request, viewer)
        if said == "withdrawn":
            await taking_part.withdraw(tx, viewer.account, post)
        else:
            role = form.get("role") or None
            brings, fields = guests(form), fields_of(form)
            await taking_part.answer(
                tx, viewer.account, post, said, "page", role=role, guests=brings, fields=fields,
                ballot=ballot(form),
            )  # fmt: skip
    return answers.back_to(f"/calls/{post.id}")


def fields_of(form: Mapping[str, str]) -> list[str]:
    """What a form says to the questions of the organisers, in their order."""
    return [form.get(f"question_{at}", "") for at in range(questions.MOST)]


def ballot(form: Mapping[str, str]) -> list[int] | None:
    """Points or places, as a form says them; None where one option is chosen. Raises ``BadRequest``."""
    if form.get("said") != BALLOT:
        return None
    given = [form[name] for at in range(kinds.OPTIONS_MAX) if (name := f"mark_{at}") in form]
    if not all(len(mark) == 1 and mark in "012345" for mark in given):
        raise BadRequest("This form is not one of ours.", cause=f"marks={given!r}")
    return [int(mark) for mark in given]


def guests(form: Mapping[str, str]) -> int | None:
    """How many come along, as a form says. Raises ``BadRequest``."""
    given = form.get("guests", "")
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < GUESTS_DIGITS):
        raise BadRequest("This form is not one of ours.", cause=f"guests={given!r}")
    return int(given)


async def set_state(request: web.Request) -> web.Response:
    """``POST /calls/{id}/state``: postpone, cancel, close, or open again."""
    viewer, form = await answers.form(request)
    state = answers.choice(form, "state", STATES)
    async with context(request).work.transaction() as tx:
        post, _, _ = await steered(tx, request, viewer)
        await verbs.edit(tx, viewer.account, post, state=state)
    return answers.back_to(f"/calls/{post.id}")
