"""What another server published, as the drafts and details that the verbs take.

Names become the accounts that we know, HTML is cleaned, and every list and text is bounded.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from federation import addressing
from federation.objects import (
    Attachment,
    Place,
    Post,
    QuoteAuthorization,
    QuotePolicy,
    Tally,
    Target,
)
from federation.vocab import PUBLIC
from server import text
from server.domain import sight
from server.domain.calling import calls_elsewhere, kinds, questions, sources
from server.domain.calling.targets import address
from server.domain.groups import communities
from server.domain.posting import drafts, quotes
from server.domain.tx import Tx
from server.errors import Invalid
from storage import accounts, tallies
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Details
from storage.shift_roles import Role
from storage.targets import Heard, NewTarget, Script

KINDS = frozenset({"note", "page", "article", "question", "event"})
STATES = {"cancelled": "cancelled", "postponed": "postponed"}
MAX_ATTACHMENTS = 16
MAX_TAGS = 30
OPTIONS_MAX = 64
NUMBER_MAX = 2**31 - 1
COUNT_MAX = NUMBER_MAX // OPTIONS_MAX
"""Of one answer: all of them together have a place too."""


def plain_kind(draft: drafts.Draft) -> str:
    """An event or call that cannot be answered is shown as a post."""
    return "other" if draft.is_call else draft.kind


async def meant_by(tx: Tx, uri: str) -> post_rows.Post | None:
    """The post or call of this id; of a boost what is boosted: boosts of boosts would go round for ever."""
    post = await calls_elsewhere.known_by(tx, uri)
    boosted = post.reblog_of_id if post else None
    return post if boosted is None else await post_rows.by_id(tx.conn, boosted)


async def open_to(tx: Tx, by: Account, uri: str) -> post_rows.Post | None:
    """The post or call of this id; one of ours that is not for whoever acts is as if it were not here."""
    post = await meant_by(tx, uri)
    # Of others only their server knows who may see it; blocks are the verbs' business.
    if post is None or not post.local or post.is_public or await _is_in_group_elsewhere(tx, post):
        return post
    return post if await sight.visible(tx, [post], by) else None


async def _is_in_group_elsewhere(tx: Tx, post: post_rows.Post) -> bool:
    """Whether it is for the members of a group of another server: who they are, only that one knows."""
    if post.visibility != "members" or post.community_id is None:
        return False
    group = await accounts.by_id(tx.conn, post.community_id)
    return group is not None and not group.local


async def draft_of(
    tx: Tx, author: Account, value: Post, stamp: QuoteAuthorization | None = None
) -> drafts.Draft:
    """A remote post as a draft: HTML cleaned, names turned into the accounts that we know.

    ``stamp``: what its author shows as the approval to quote, from the server of who vouches.
    """
    mentioned = await accounts.by_uris(
        tx.conn, [m.href for m in value.mentions][: drafts.MAX_MENTIONS]
    )
    html = value.content if value.media_type == "text/html" else text.from_plain(value.content)
    if value.call and value.call.about is not None:
        html = value.call.about
    parent = await open_to(tx, author, value.in_reply_to) if value.in_reply_to else None
    visibility, community = await _place(tx, author, value, parent)
    return drafts.Draft(
        kind=_kind(value),
        visibility=visibility,
        title=await _title(tx, value) if _is_titled(value) else "",
        content=text.clean(html),
        summary=text.one_line(value.summary),
        sensitive=value.sensitive,
        language=value.language,
        url=value.url,
        in_reply_to=parent,
        community=community,
        mentions=tuple(a for a in mentioned.values() if a.kind != "application"),
        tags=tuple(tag.lower() for tag in value.hashtags[:MAX_TAGS]),
        emojis=_emojis(value),
        attachments=tuple(_attachment(a) for a in value.attachments[:MAX_ATTACHMENTS]),
        poll=_poll_of(value),
        published_at=value.published,
        edited_at=value.updated,
        quote=await _quote_of(tx, author, value, stamp),
        quote_policy=_quote_policy(author, value.quote_policy),
    )


def _is_titled(value: Post) -> bool:
    """The name of a Note is that of a vote, and of a Question that of a poll for PieFed; a decision has a title."""
    return is_call(value) or value.kind not in ("note", "question")


async def _title(tx: Tx, value: Post) -> str:
    """Of a shift without that of its call, which stands before it for who sees it alone."""
    title = text.one_line(value.name)
    parent = value.call.parent if value.call else None
    within = await post_rows.by_uri(tx.conn, parent) if parent else None
    return title.removeprefix(f"{within.title}: ") if within else title


def _kind(value: Post) -> str:
    """A call that is no event is of no kind that others have."""
    if is_call(value) and value.kind != "event":
        return "call"
    return value.kind if value.kind in KINDS else "other"


def is_call(value: Post) -> bool:
    """Whether it can be answered: any event, and what Beckon calls a call, of its shape and with answers."""
    if value.call is None:
        return value.event is not None
    shape = kinds.KINDS[value.call.kind].shape
    if value.call.variant not in kinds.variants(value.call.kind) or shape != value.kind:
        return False
    if shape == "event":
        return value.event is not None
    titles = [o.name for o in value.call.answers]
    return bool(kinds.answers(value.call.kind, value.call.variant, titles))


async def _quote_of(
    tx: Tx, author: Account, value: Post, stamp: QuoteAuthorization | None
) -> quotes.Quoting | None:
    """What it quotes, where that is known and was not meant for few people: else the link in the text
    remains."""
    quoted = await calls_elsewhere.known_by(tx, value.quote) if value.quote else None
    if quoted is None or quoted.reblog_of_id is not None or quoted.uri == value.id:
        return None
    own = quoted.account_id == author.id and quoted.visibility != "members"
    if not quoted.is_public and not own:
        return None
    vouches = await accounts.by_id(tx.conn, quoted.account_id)
    named = (value.id, quoted.uri, vouches.uri if vouches else None)
    approved = stamp and (stamp.interacting, stamp.target, stamp.attributed_to) == named
    return quotes.Quoting(quoted, stamp.id if stamp and approved else None)


def _quote_policy(author: Account, said: QuotePolicy | None) -> quotes.Policy:
    if said is None:
        return quotes.NOBODY
    return quotes.Policy(_who(author, said.automatic), _who(author, said.manual))


def _who(author: Account, named: tuple[str, ...]) -> tuple[str, ...]:
    """Ids of collections as words; the author alone is nobody."""
    words = {PUBLIC: "public", author.followers_uri: "followers"}
    found = (words.get(uri, "unsupported_policy") for uri in named if uri != author.uri)
    return tuple(dict.fromkeys(found))


async def _place(
    tx: Tx, author: Account, value: Post, parent: post_rows.Post | None
) -> tuple[str, Account | None]:
    """Who may see it, and the community in which it lives: for a post to few people, only where those
    are the members of a private one."""
    found = await _community_of(tx, value, parent)
    closed = found if found and await communities.may_be_private(tx, found) else None
    members = closed.followers_uri if closed else None
    visibility = addressing.visibility_of(value.to, value.cc, author.followers_uri, members)
    open_to_more = visibility in ("public", "unlisted", "members")
    return visibility, found if open_to_more else None


async def _community_of(tx: Tx, value: Post, parent: post_rows.Post | None) -> Account | None:
    """What it answers decides; else the audience, else the first group that it is addressed to."""
    if parent and parent.community_id:
        return await accounts.by_id(tx.conn, parent.community_id)
    named = [value.audience] if value.audience else [*value.to, *value.cc][:50]
    found = await accounts.by_uris(tx.conn, named)
    groups = [found[uri] for uri in named if uri in found and found[uri].is_group]
    return groups[0] if groups else None


def _poll_of(value: Post) -> drafts.PollDraft | None:
    if is_call(value):
        return drafts.PollDraft(tuple((text.one_line(a.title, 100), 0) for a in _answers(value)))
    if value.poll is None:
        return None
    return drafts.PollDraft(
        options=tuple((text.one_line(o.name, 500), o.votes) for o in value.poll.options),
        multiple=value.poll.multiple,
        # Pleroma calls the time at which a poll will end ``closed``, and says no other.
        ends_at=value.poll.end_time or value.poll.closed_at,
        closed_at=value.poll.closed_at if value.poll.end_time else None,
        voters_count=value.poll.voters_count,
    )


def _emojis(value: Post) -> tuple[dict[str, str], ...]:
    offered = [{"shortcode": e.shortcode, "url": e.url} for e in value.emojis]
    options = [option.name for option in value.poll.options] if value.poll else []
    said = (value.content, value.summary, value.name, *options)
    return tuple(text.emojis_used(offered, *said))


def _attachment(value: Attachment) -> dict[str, Any]:
    return {
        "url": value.url,
        "kind": value.kind,
        "media_type": value.media_type,
        "description": value.description[:1500],
        "width": value.width,
        "height": value.height,
        "blurhash": value.blurhash,
        "focus": list(value.focus) if value.focus else None,
        "preview": value.preview,
    }


def _answers(value: Post) -> tuple[kinds.Answer, ...]:
    """What can be answered to a call. The texts are those of its card, where it has one for each."""
    if value.call is None:
        return kinds.answers("event", "")
    titles = [o.name for o in value.call.answers[:OPTIONS_MAX]]
    if _divided(value) and titles:
        return tuple(kinds.Answer(str(at), title) for at, title in enumerate(titles))
    known = kinds.answers(value.call.kind, value.call.variant, titles)
    if len(titles) != len(known):
        return known
    return tuple(replace(a, title=t) for a, t in zip(known, titles, strict=True))


def _divided(value: Post) -> bool:
    """Whether its card offers shifts."""
    call = value.call
    return call is not None and call.kind == "volunteer" and not call.parent and bool(call.shifts)


def details_of(value: Post) -> Details:
    """When, where and for how many, as columns."""
    event, call = value.event, value.call
    place = event.place if event else call.place if call else None
    return Details(
        starts_at=event.start if event else None,
        ends_at=event.end if event and event.end and event.end >= event.start else None,
        timezone=(event.timezone if event else call.timezone if call else None) or "UTC",
        place_name=text.one_line(place.name) if place else "",
        place_address=_address(place) if place else "",
        latitude=place.latitude if place else None,
        longitude=place.longitude if place else None,
        capacity=(event.capacity if event else call.places if call else None) or None,
        join_mode=event.join_mode if event else "free",
        external_url=event.external_url if event else call.link if call else None,
        closes_at=call.deadline if call else None,
        goal=_bounded(call.goal.value) if call and call.goal else None,
        goal_metric=text.one_line(call.goal.metric, 40) if call and call.goal else "people",
        urgent=call.urgent if call else False,
        guests_max=call.guests_max if call and event else 0,
    )


def tally_of(by: Account, post: post_rows.Post, said: Tally, now: datetime) -> tallies.Tally:
    """What a server counted, as a row."""
    return tallies.Tally(
        post_id=post.id,
        host=by.host,
        seq=said.seq,
        own=said.own,
        email=said.email,
        withdrawn=said.withdrawn,
        told_at=now,
        expressed=said.expressed,
    )


def _address(place: Place) -> str:
    found = place.address
    if found is None:
        return ""
    parts = (found.street, found.postal_code, found.locality, found.country)
    return text.one_line(", ".join(part for part in parts if part))


def _target(said: Target) -> Heard:
    try:
        written_to = address(said.address)
    except Invalid:
        written_to = ""
    new = NewTarget(
        text.one_line(said.name), text.one_line(said.role), written_to,
        text.one_line(said.area), said.language or None,
    )  # fmt: skip
    return Heard(said.id, new, said.standing, said.note.strip())


def _bounded(number: int) -> int | None:
    """As a column takes it: of what is said elsewhere nothing stands in the way."""
    return min(number, NUMBER_MAX) or None


def reported_of(value: Post) -> calls_elsewhere.Reported:
    """The counts and the state that the host of a call, or of any event, tells."""
    answers, call = _answers(value), value.call
    counts = [min(o.votes, COUNT_MAX) for o in call.answers[: len(answers)]] if call else []
    taken = value.event.participant_count if value.event else 0
    if len(counts) != len(answers):
        counts = [min(taken, COUNT_MAX), *(0 for _ in answers[1:])]
    state = STATES.get(value.event.status, "open") if value.event else "open"
    roles = call.roles if call and call.parent else ()
    secret = call is not None and call.kind == "decision" and call.secret_until_closed
    voters = min(value.poll.voters_count or 0, NUMBER_MAX) if value.poll else 0
    asked = call.questions if call and not call.parent else ()
    return calls_elsewhere.Reported(
        kind=call.kind if call else "event",
        variant=call.variant if call else "",
        questions=tuple(questions.Asked(each.text, each.required) for each in asked),
        counts=tuple(counts),
        # Who is in two shifts is one person.
        counted=voters
        if secret
        else min(taken, NUMBER_MAX)
        if _divided(value)
        else sum(n for n, a in zip(counts, answers, strict=True) if a.counts),
        waiting=min(call.waiting, NUMBER_MAX) if call else 0,
        state=(call.state if call else "") or state,
        card_uri=call.card if call else None,
        outcome=text.clean(call.outcome) if call else "",
        parent=call.parent if call else None,
        choice=call.choice if call else None,
        targets=tuple(_target(target) for target in call.targets) if call else (),
        scripts=tuple(Script(s.standing, s.subject, s.body) for s in call.scripts) if call else (),
        sources=sources.heard([(s.url, s.title) for s in call.sources]) if call else (),
        online_url=value.event.online_url if value.event else None,
        category=call.category if call and call.kind == "need" else "",
        roles=tuple(Role(0, r.name, at, r.places, r.skill) for at, r in enumerate(roles)),
        next=call.next if call else None,
        started_from=call.started_from if call and not call.parent else None,
        may_be_started=call.may_be_started if call else True,
        taken=value.event.taken if value.event else None,
        secret_until_closed=secret,
    )
