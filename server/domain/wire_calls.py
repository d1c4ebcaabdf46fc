"""What a call is on the wire: its extension, its event, and the words of its card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from federation import origin
from federation.objects import (
    Address,
    Call,
    CallKind,
    Event,
    Goal,
    Option,
    Place,
    Post,
    Proposal,
    Question,
    Role,
    Script,
    Source,
    Target,
)
from federation.vocab import CATEGORY
from server import text
from server.domain import wire_values
from server.domain.calling import ballots, keywords, kinds, online
from server.domain.calling import sources as source_verbs
from server.domain.tx import Tx
from server.i18n import mark
from storage import (
    call_copies,
    calls,
    commitments,
    next_steps,
    polls,
    posts,
    questions,
    shift_roles,
    sources,
    target_mails,
    targets,
)
from storage.accounts import Account

SERVICES = ("transport", "care", "law", "language", "media", "work")
"""Of the categories of needs those in which something is done, and nothing handed over (FEP-0837)."""
TARGETS_MAX, NOTE_MAX = 100, 300
"""Of a contact call on the wire; and the characters of each note."""
UNTOLD = mark("Until it closes nobody sees how many gave which answer.")
TAKES_ANSWERS = ("open", "postponed")
CALL_STATES: dict[str, Any] = {
    "open": "confirmed",
    "closed": "confirmed",
    "postponed": "postponed",
    "cancelled": "cancelled",
}


def roof(host: str) -> str:
    """The registrable domain of a server: a name below it costs nothing."""
    return origin.domain_of(host)


def when(call: calls.Call) -> str:
    """``Sat 5 Dec 2026, 10:00 CET``, as the clock on the wall shows it there; until when, of what has no
    time; empty where it has neither."""
    return text.when_or_until(call.starts_at, call.closes_at, call.timezone)


def line(call: calls.Call) -> str:
    """When and where, in one line; empty where there is neither."""
    return " – ".join(part for part in (when(call), call.place_name) if part)


async def card_text(tx: Tx, row: posts.Post, call: calls.Call) -> str:
    told = text.escape(text.CALL_STATES.get(call.state, "") + line(call))
    head = f"<strong>{text.escape(row.title)}</strong>" + (f"<br>{told}" if told else "")
    times = await _shift_list(tx, await shifts(tx, call))
    details = f'<a href="{text.escape(row.url)}">Details</a>'
    return f"<p>{head}</p>{call.outcome}{times}<p>{_asked(tx, call)}{details}</p>"


def _asked(tx: Tx, call: calls.Call) -> str:
    """Nothing once it takes no answers: some software shows a poll as open whose ``closed`` it does not read."""
    if call.state not in TAKES_ANSWERS:
        return ""
    privacy = f"Your answer goes to {tx.site.urls.domain} only; your name is not shown in public."
    untold = UNTOLD if call.hides_counts else ""
    asks = (kinds.asks(call.kind, call.variant), kinds.KINDS[call.kind].note, untold, privacy)
    return "".join(f"{part} " for part in asks if part)


async def shifts(tx: Tx, call: calls.Call) -> list[tuple[posts.Post, calls.Call]]:
    """Of a volunteer call those that take place, in the order in which they were made."""
    if call.kind != "volunteer" or call.parent_id is not None:
        return []
    found = [row for row in await calls.shifts(tx.conn, [call.post_id]) if row.state != "cancelled"]
    rows = await posts.by_ids(tx.conn, [row.post_id for row in found])
    return [(rows[row.post_id], row) for row in found]


async def _shift_list(tx: Tx, found: list[tuple[posts.Post, calls.Call]]) -> str:
    """For who is sent no shift of its own. How many places are left changes too often to stand here."""
    entries = [
        f'<li><a href="{text.escape(row.url)}">{text.escape(row.title)}</a>: {text.escape(when(call))}</li>'
        for row, call in found
    ]
    return f"<ul>{''.join(entries)}</ul>" if entries else ""


async def keyword_line(tx: Tx, row: posts.Post, call: calls.Call) -> str:
    """What a call prints of the replies that answer it, and of what a choice of one option says; nothing once it
    takes no answers, or where one has to choose a shift. Where what is said is secret no reply answers."""
    if call.state not in TAKES_ANSWERS or await shifts(tx, call):
        return ""
    hint = ballots.HINTS.get(call.variant)
    more = f"<p>{text.escape(hint)}</p>" if hint else ""
    if call.secret_until_closed:
        return more
    titles = [o.title for o in await polls.options(tx.conn, [call.post_id])]
    found = keywords.of_call(call.kind, call.variant, titles, row.language)
    return more + keywords.printed(found, row.language, call.guests_max)


def besides(call: calls.Call, cited: Sequence[sources.Source]) -> str:
    """What the text of a call says after its own words: what it rests on, and what came of it."""
    return source_verbs.as_html(cited) + call.outcome


async def as_call(tx: Tx, row: posts.Post, value: Post, call: calls.Call) -> Post:
    """The canonical object of a call: an event, a page, or a question (``kinds``).

    Its text says besides what came of it, how to answer in a reply and which shifts there are, for who reads no
    more of it: Mobilizon tells those who joined by the text of its Update alone.
    """
    community = await wire_values.account_of(tx, call.community_id)
    shape = kinds.KINDS[call.kind].shape
    within = await posts.by_id(tx.conn, call.parent_id) if call.parent_id else None
    doors = await keyword_line(tx, row, call) + await _shift_list(tx, await shifts(tx, call))
    cited = await sources.of_call(tx.conn, call.post_id)
    added = besides(call, cited) + doors
    extension = await extension_of(tx, call, value, community, within, row.visibility)
    described = replace(
        value,
        kind=shape,
        name=f"{within.title}: {value.name}" if within else value.name,
        content=value.content + added,
        summary=value.summary or line(call),
        call=replace(
            extension,
            about=value.content if added else None,
            sources=tuple(Source(url=each.url, title=each.title) for each in cited),
        ),
    )
    if shape == "event":
        return replace(described, event=await event_of(tx, value, call, community))
    if shape == "question":
        return replace(
            described, poll=await wire_values.poll_of(tx, call.post_id), summary=value.summary
        )
    return described


async def extension_of(
    tx: Tx,
    call: calls.Call,
    value: Post,
    community: Account,
    within: posts.Post | None,
    visibility: str,
) -> Call:
    """What only Beckon reads. Of an event time and place stand in the event."""
    shape = kinds.KINDS[call.kind].shape
    options = await polls.options(tx.conn, [call.post_id])
    event = shape == "event"
    return Call(
        kind=cast("CallKind", call.kind),  # the table's check is the same list
        variant=call.variant,
        state=call.state,
        goal=Goal(metric=call.goal_metric, value=call.goal) if call.goal else None,
        card=call.card_uri,
        answers=tuple(Option(o.title, o.votes_count) for o in options),
        waiting=call.waiting,
        deadline=call.closes_at,
        outcome=call.outcome,
        stewards=(community.uri,),
        place=None if event else place_of(call),
        places=None if event else call.capacity,
        link=None if event else call.external_url,
        urgent=call.urgent,
        timezone=None if event else call.timezone,
        shifts=tuple(row.uri for row, _ in await shifts(tx, call)),
        parent=within.uri if within else None,
        choice=call.choice,
        proposal=await _proposal(tx, call),
        targets=await _targets(tx, call, value.id) if call.kind == "contact" else (),
        scripts=tuple(
            Script(standing=said.status, subject=said.subject, body=said.body)
            for said in await targets.scripts(tx.conn, call.post_id)
        ),
        roles=tuple(
            Role(name=role.name, places=role.places, skill=role.skill)
            for role in await shift_roles.of_shifts(tx.conn, [call.post_id])
        ),
        started_from=await call_copies.origin(tx.conn, call.post_id),
        next=await _next(tx, call, visibility),
        may_be_started=call.may_be_started,
        guests_max=call.guests_max,
        questions=await _questions(tx, call) if kinds.by_name(call.kind, visibility) else (),
        secret_until_closed=call.secret_until_closed,
    )


async def _next(tx: Tx, call: calls.Call, visibility: str) -> str | None:
    """As far as it is for everybody who is sent this call."""
    step = (await next_steps.of_calls(tx.conn, [call.post_id])).get(call.post_id)
    post = await posts.by_id(tx.conn, step.call_id) if step and step.call_id else None
    if post is None:
        return step.url if step else None
    return post.uri if post.is_public or post.visibility == visibility else None


async def _questions(tx: Tx, call: calls.Call) -> tuple[Question, ...]:
    """For other instances, which ask their members: where the server of the call is to know who answers."""
    asked = await questions.of_calls(tx.conn, [call.parent_id or call.post_id])
    return tuple(Question(text=each.text, required=each.required) for each in asked)


async def _targets(tx: Tx, call: calls.Call, uri: str) -> tuple[Target, ...]:
    """The first of them: a document has its limit."""
    allowed = await target_mails.mailing(tx.conn, call.post_id)
    hidden = allowed is not None and allowed.hidden
    return tuple(
        Target(
            id=f"{uri}#target-{each.id}",
            name=each.name,
            role=each.role,
            address="" if hidden else each.address,
            area=each.area,
            language=each.language or "",
            standing=each.status,
            note=text.one_line(each.note, NOTE_MAX),
        )
        for each in (await targets.of_call(tx.conn, call.post_id))[:TARGETS_MAX]
    )


def resource(category: str) -> str:
    """What a need is about, as the id of a resource (FEP-0837)."""
    return f"{CATEGORY}{category}"


async def _proposal(tx: Tx, call: calls.Call) -> Proposal | None:
    """What a need or an offer says for readers of FEP-0837."""
    if call.kind != "need":
        return None
    category = await commitments.category(tx.conn, call.post_id) or ""
    left = await commitments.missing(tx.conn, call.post_id)
    return Proposal(
        purpose="offer" if call.variant else "request",
        quantity=call.capacity,
        available=None if left is None else max(left, 0),
        category=category,
        service=category in SERVICES,
    )


def place_of(call: calls.Call) -> Place | None:
    if not (call.place_name or call.place_address):
        return None
    return Place(
        name=call.place_name or call.place_address,
        address=Address(street=call.place_address) if call.place_address else None,
        latitude=call.latitude,
        longitude=call.longitude,
    )


async def event_of(tx: Tx, value: Post, call: calls.Call, community: Account) -> Event:
    """Who takes part in a call with shifts does so in one of them: others are told to choose on its page."""
    assert call.starts_at, "the table's check holds it"
    divided = bool(await shifts(tx, call))
    return Event(
        start=call.starts_at,
        end=call.ends_at,
        timezone=call.timezone,
        place=place_of(call),
        online_url=(await online.public(tx, [call])).get(call.post_id),
        capacity=call.capacity,
        participant_count=call.counted,
        taken=call.taken,
        organizers=(value.attributed_to, community.uri),
        attendees=f"{value.id}/attendees",
        status=CALL_STATES[call.state],
        join_mode="external" if divided else "free",
        external_url=value.url if divided else None,
    )
