"""Beckon's own API for calls to action, under /api/beckon/v1. In the client API a call is a status.

``Call``: id (that of its status), kind (event, volunteer, petition, contact, need, donate, decision, share),
variant? (pledge, offer, sense, consent, score, ranked), state (open, postponed, cancelled, closed), title, about
(HTML), url, uri, starts_at?, ends_at?, closes_at? (until when answers count), timezone (as Europe/Rome), place
{name, address, latitude?, longitude?}, capacity?, taken (places, each guest among
them), guests_max (whom each may bring), goal? {value, metric}, urgent, external_url?, answers [{key,
title, counts, people? (null while they are secret)}], secret_until_closed (of a decision), note? (what is true of their number), counted (= confirmed + expressed: answers that take part, without guests), waiting, outcome? (HTML), outcome_media (``MediaAttachment`` each, of a call of ours), author,
community (``Account`` each), and answer? {answer (a key), state (granted, waiting, pending, refused),
place_in_line?, answered_at, role?, guests, ballot? (of each of the answers its points, or its place, 0 for none)}: the caller's; range {at_least, at_most, also_reported}: how many take part, over all
servers that told; tiers? {confirmed {own, email, joined, by_tally}, expressed, support (likes), spread (boosts)}, of
which the last two are added to nothing, and servers [{host?, people}], the small ones as one without a host: of calls
that are counted here. Nobody can know that each of them is one human. Of a call for volunteers shifts [{id, title,
state, starts_at, ends_at?, capacity?, taken, counted, waiting, url, roles, answer?}]; of a shift parent_id; roles [{name, places,
taken, skill?}]; participants_note? (for who has a place, and who steers); sources [{url, title}]; next? {call_id?, title, url} (what
whoever has answered may do then, as far as the reader may see it: next_call_id or next_url to say it); media_attachments
(``MediaAttachment`` each; media_ids to say them, each described); online_url? (where one takes part from afar; with
online_for_participants for who has a place, and who steers); questions [{text, required}] (what who takes part is
asked); may_be_started (others may start a copy in their town), started_from? {id, title, url, uri} (the first call,
of which this is a copy), started_in (how many places). ``Participant``: account, answer?, state, tier, answered_at,
role?, guests, fields [{name, value}] (by question).

Times are sent as ISO 8601; one without an offset is meant in ``timezone``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from aiohttp import web

from server.api import call_entities, paging, params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import (
    Described,
    a_text,
    an_id,
    choice,
    flag,
    integer,
    limit,
    nested,
    number,
    op,
    some_ids,
    some_texts,
)
from server.api.params import Params
from server.api.reading import id_of, viewer_of
from server.api.schema import array
from server.context import context
from server.domain import sight
from server.domain.calling import ballots, decisions, deleting, kinds, naming, questions
from server.domain.calling import calls as verbs
from server.domain.calling import participations as taking_part
from server.domain.calling import receipts as receipt_verbs
from server.domain.calling.deciding import Rules
from server.domain.calling.drafting import Wanted
from server.domain.calling.questions import Asked
from server.domain.calling.shifts import Shift
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.render import call as render
from storage import calls
from storage.accounts import Account
from storage.calls import Call, Details
from storage.next_steps import Next
from storage.online import Online
from storage.posts import Post
from storage.shift_roles import Role
from storage.sources import Source

BASE = "/api/beckon/v1"


async def found(tx: Tx, call_id: int, viewer: Account | None) -> tuple[Post, Call]:
    post = await sight.post(tx, call_id, viewer)
    call = await calls.by_id(tx.conn, post.id)
    if call is None:
        raise NotFound
    return post, call


async def answered(request: web.Request, call_id: int, viewer: Account | None) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok(await call_entities.one(tx, *(await found(tx, call_id, viewer)), viewer))


async def create(request: web.Request, caller: Caller) -> web.Response:
    """``kind`` (an event by default), ``title`` and what else a ``Call`` has. For organisers and moderators."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        group = await sight.group(tx, id_of(request), caller.account)
        post = await verbs.create(tx, caller.account, group, wanted_of(sent))
    return await answered(request, post.id, caller.account)


def wanted_of(sent: Params, kind: str = "event", variant: str = "") -> Wanted:
    """A call as it was sent. Raises ``Invalid``."""
    timezone = sent.text("timezone") or "UTC"
    place = sent.child("place")
    goal = sent.child("goal")
    return Wanted(
        kind=sent.text("kind") or kind,
        variant=sent.text("variant") or variant,
        options=tuple(sent.texts("options")),
        shifts=_wanted_shifts(sent, timezone) if "shifts" in sent else None,
        note=sent.text("participants_note") if "participants_note" in sent else None,
        questions=_wanted_questions(sent) if "questions" in sent else None,
        may_be_started=sent.boolean("may_be_started"),
        secret_until_closed=sent.boolean("secret_until_closed"),
        sources=_sources(sent) if "sources" in sent else None,
        next=_wanted_next(sent) if "next_call_id" in sent or "next_url" in sent else None,
        media_ids=tuple(sent.ids("media_ids")) if "media_ids" in sent else None,
        online=Online(sent.text("online_url") or "", sent.flag("online_for_participants"))
        if "online_url" in sent
        else None,
        rules=rules_of(sent.child("rules")) if "rules" in sent else None,
        title=sent.text("title") or "",
        about=sent.text("about") or "",
        language=sent.text("language") or None,
        details=Details(
            starts_at=_time(sent, "starts_at", timezone),
            ends_at=_time(sent, "ends_at", timezone),
            timezone=timezone,
            place_name=place.text("name") or "",
            place_address=place.text("address") or "",
            latitude=_degrees(place, "latitude"),
            longitude=_degrees(place, "longitude"),
            capacity=sent.integer("capacity"),
            closes_at=_time(sent, "closes_at", timezone),
            goal=goal.integer("value"),
            goal_metric=goal.text("metric") or "people",
            urgent=sent.flag("urgent"),
            external_url=sent.text("external_url") or None,
            guests_max=sent.integer("guests_max") or 0,
        ),
    )


def rules_of(sent: Params) -> Rules:
    """By which a decision comes out."""
    return Rules(sent.integer("quorum"), sent.integer("threshold"), sent.flag("open_votes"))


def _wanted_next(sent: Params) -> Next:
    return Next(sent.id("next_call_id"), sent.text("next_url") or None)


def _sources(sent: Params) -> tuple[Source, ...]:
    given = sent.children("sources")
    return tuple(Source(s.text("url") or "", s.text("title") or "") for s in given)


def _wanted_questions(sent: Params) -> tuple[Asked, ...]:
    return tuple(
        Asked(child.text("text") or "", child.flag("required"))
        for child in sent.children("questions")
    )


def _wanted_shifts(sent: Params, timezone: str) -> tuple[Shift, ...]:
    return tuple(
        Shift(
            title=child.text("title") or "",
            starts_at=_time(child, "starts_at", timezone),
            ends_at=_time(child, "ends_at", timezone),
            capacity=child.integer("capacity"),
            roles=tuple(
                Role(0, r.text("name") or "", at, r.integer("places") or 0, r.text("skill") or "")
                for at, r in enumerate(child.children("roles"))
            ),
            id=child.id("id"),
        )
        for child in sent.children("shifts")
    )


def _time(sent: Params, name: str, timezone: str) -> datetime | None:
    given = sent.text(name)
    if not given:
        return None
    try:
        at = datetime.fromisoformat(given)
        local = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(timezone))
        return local.astimezone(UTC)
    except (ValueError, LookupError, OSError, OverflowError) as error:
        raise Invalid(f"{name} is a time such as 2030-12-05T10:00:00+01:00.", field=name) from error


def _degrees(sent: Params, name: str) -> float | None:
    given = sent.text(name)
    if not given:
        return None
    try:
        return float(given)
    except ValueError as error:
        raise Invalid(f"The {name} is a number of degrees.", field=name) from error


async def of_community(request: web.Request, caller: Caller | None) -> web.Response:
    """Those that are not over, soonest first."""
    viewer = viewer_of(caller)
    limit = paging.limit(request, 20, 40)
    async with context(request).work.reading() as tx:
        group = await sight.group(tx, id_of(request), viewer)
        found = {c.post_id: c for c in await calls.of_community(tx.conn, group.id, tx.now, limit)}
        shown = await sight.posts_by_ids(tx, list(found), viewer)
        return ok(await call_entities.many(tx, [(p, found[p.id]) for p in shown], viewer))


async def show(request: web.Request, caller: Caller | None) -> web.Response:
    return await answered(request, id_of(request), viewer_of(caller))


async def edit(request: web.Request, caller: Caller) -> web.Response:
    """All of the text, time and place anew (where ``title`` is sent), and ``state``, with ``reason``: told to those who take
    part with the word that it is postponed or cancelled."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        post, call = await found(tx, id_of(request), caller.account)
        wanted = wanted_of(sent, call.kind, call.variant) if "title" in sent else None
        state, why = sent.text("state") or None, sent.text("reason") or ""
        await verbs.edit(tx, caller.account, post, wanted=wanted, state=state, why=why)
    return await answered(request, post.id, caller.account)


async def delete(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        post, _ = await found(tx, id_of(request), caller.account)
        await deleting.delete(tx, caller.account, post)
    return empty()


async def answer(request: web.Request, caller: Caller) -> web.Response:
    """``answer``: the key of one of the call's ``answers``; the last one counts. ``reason``: for it, where the
    call is a decision. ``shift_id``: of one of its shifts, which is taken beside others; ``role``: in it;
    ``guests``: how many come along, each of whom takes a place; ``fields``: what is answered to the call's
    ``questions``, in their order. Of a decision by score, ``scores``: points from 0 to 5 by the key of an answer, and of
    a ranked one ``ranking``: keys, the first one first; instead of ``answer``."""
    sent = await params.read(request)
    said, reason = sent.text("answer") or "", sent.text("reason") or ""
    role, shift_id = sent.text("role") or None, sent.id("shift_id")
    guests, fields = sent.integer("guests"), sent.texts("fields")
    async with context(request).work.transaction() as tx:
        post, _ = await found(tx, id_of(request), caller.account)
        ballot = await _ballot(tx, post, sent)
        if reason:
            await decisions.answer(tx, caller.account, post, said, "client", reason, fields, ballot)
        else:
            at = await _shift(tx, post, shift_id, caller.account) if shift_id else post
            key = said or None if shift_id else said
            await taking_part.answer(
                tx, caller.account, at, key, "client", role=role, guests=guests, fields=fields,
                ballot=ballot,
            )  # fmt: skip
    return await answered(request, post.id, caller.account)


async def _ballot(tx: Tx, post: Post, sent: Params) -> tuple[int, ...] | None:
    """Raises ``Invalid``."""
    if "answer" in sent and ("scores" in sent or "ranking" in sent):
        raise Invalid("Send an answer, or scores, or a ranking.", field="answer")
    ranking = sent.texts("ranking") if "ranking" in sent else None
    return await decisions.ballot(tx, post, _scores(sent), ranking)


def _scores(sent: Params) -> dict[str, int] | None:
    if "scores" not in sent:
        return None
    given = sent.child("scores")
    return {key: _points(given, key) for key in given.tree}


def _points(given: Params, key: str) -> int:
    """What is too little or too much stays so, to be refused."""
    points = given.integer(key, -1, ballots.SCORE_MAX + 1)
    if points is None:
        raise Invalid("Points are whole numbers.", field="scores")
    return points


async def _shift(tx: Tx, post: Post, shift_id: int, viewer: Account) -> Post:
    shift, call = await found(tx, shift_id, viewer)
    if call.parent_id != post.id:
        raise NotFound
    return shift


async def withdraw(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        post, _ = await found(tx, id_of(request), caller.account)
        await taking_part.withdraw(tx, caller.account, post)
    return await answered(request, post.id, caller.account)


async def participants(request: web.Request, caller: Caller) -> web.Response:
    """``Participant`` each, who is going before who waits. For organisers and moderators only, and not for
    those who speak for an office or a firm. Of a petition and its like they are those who chose to be shown."""
    async with context(request).work.reading() as tx:
        post, call = await found(tx, id_of(request), caller.account)
        group = await sight.group(tx, call.community_id, caller.account)
        await communities.require_people(tx, group, caller.account)
        rows = await naming.answered(tx, call)
        people = await naming.people(tx, post, call, rows)
        named = [(people[r.account_id], r) for r in rows if r.account_id in people]
        said = await questions.read(tx, call, [row for _, row in named])
        return ok(
            [
                render.participant(tx.site.urls, person, row, said.get(row.id, {}))
                for person, row in named
            ]
        )


async def receipts(request: web.Request, caller: Caller) -> web.Response:
    """``wanted``: whether who answers from another server and gets a place at once is written to. Who waits
    is in any case. For organisers and moderators."""
    wanted = (await params.read(request)).flag("wanted")
    async with context(request).work.transaction() as tx:
        post, _ = await found(tx, id_of(request), caller.account)
        await receipt_verbs.choose(tx, caller.account, post, wanted=wanted)
    return await answered(request, post.id, caller.account)


def routes() -> list[web.RouteDef]:
    of = f"{BASE}/communities/{{id}}/calls"
    one = f"{BASE}/calls/{{id}}"
    return [
        for_member("POST", of, create, "write:statuses"),
        for_anyone("GET", of, of_community, "read:statuses"),
        for_anyone("GET", one, show, "read:statuses"),
        for_member("PUT", one, edit, "write:statuses"),
        for_member("DELETE", one, delete, "write:statuses"),
        for_member("POST", f"{one}/answer", answer, "write:statuses"),
        for_member("DELETE", f"{one}/answer", withdraw, "write:statuses"),
        for_member("PUT", f"{one}/receipts", receipts, "write:statuses"),
        for_member("GET", f"{one}/participants", participants, "read:statuses"),
    ]


_PLACE = nested("place", a_text("name"), a_text("address"), number("latitude"), number("longitude"))
_MORE = (
    a_text("about"),
    a_text("language"),
    a_text("ends_at"),
    a_text("timezone"),
    _PLACE,
    integer("capacity"),
    choice("variant", *sorted({v for kind in kinds.KINDS for v in kinds.variants(kind) if v})),
    a_text("starts_at"),
    a_text("closes_at"),
    nested("goal", integer("value"), a_text("metric")),
    flag("urgent"),
    a_text("external_url"),
    some_texts("options"),
    a_text("participants_note"),
    flag("may_be_started"),
    flag("secret_until_closed"),
    integer("guests_max"),
    some_ids("media_ids"),
    a_text("online_url"),
    flag("online_for_participants"),
    an_id("next_call_id"),
    a_text("next_url"),
    nested("rules", integer("quorum", 1), integer("threshold", 1, 100), flag("open_votes")),
    nested("sources", a_text("url"), a_text("title"), many=True),
    nested("questions", a_text("text"), flag("required"), many=True),
    nested(
        "shifts",
        an_id("id"),
        a_text("title"),
        a_text("starts_at"),
        a_text("ends_at"),
        integer("capacity"),
        nested("roles", a_text("name"), integer("places"), a_text("skill"), many=True),
        many=True,
    ),
)
FIELDS = (a_text("title", required=True), choice("kind", *kinds.KINDS), *_MORE)
"""Of a new call, and of what is proposed as one."""

DESCRIBED: Described = {
    f"POST {BASE}/communities/{{id}}/calls": op("Call", *FIELDS),
    f"GET {BASE}/communities/{{id}}/calls": op(array("Call"), limit()),
    f"GET {BASE}/calls/{{id}}": op("Call"),
    f"PUT {BASE}/calls/{{id}}": op(
        "Call",
        a_text("title"),
        *_MORE,
        choice("state", "open", "postponed", "cancelled", "closed"),
        a_text("reason"),
    ),
    f"DELETE {BASE}/calls/{{id}}": op("Empty"),
    f"POST {BASE}/calls/{{id}}/answer": op(
        "Call",
        a_text("answer"),
        a_text("reason"),
        an_id("shift_id"),
        a_text("role"),
        integer("guests"),
        some_texts("fields"),
        nested(
            "scores", *(integer(str(n + 1), 0, ballots.SCORE_MAX) for n in range(kinds.OPTIONS_MAX))
        ),
        some_texts("ranking"),
    ),
    f"DELETE {BASE}/calls/{{id}}/answer": op("Call"),
    f"PUT {BASE}/calls/{{id}}/receipts": op("Call", flag("wanted")),
    f"GET {BASE}/calls/{{id}}/participants": op(array("Participant")),
}
