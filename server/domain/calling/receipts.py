"""What those who take part are told of it, in a message to them alone: a place, their number in line, a free
place; with a link to take it back. What becomes of the call itself they hear from ``call_notices``.

Least noise: who is told something already hears nothing here. A Join has its Accept, an answer by e-mail its mail,
and a member who gets a place sees so where they answered. What is left is written to: those who vote on a card or
reply from elsewhere, once for each answer and again when its state changes, and members who wait and get a place.
Nobody who said no or maybe. Organisers may turn off what only says thanks; who waits is always told. So is, once and
through whatever door, who was not asked what the organisers ask (``questions``): with a link to the page where one
answers that. Who replies that they bring more than may come is told so, too (``guests.REFUSED``).

Each is a job (server/jobs/receipts.py), which finds the state as it is then: what changes twice in a moment is told
once. The link is a secret of which only the digest is kept; it stands in the message as that waits to be sent, like
anything in an outbox. A member's message has none: they sign in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from server import ids, text
from server.domain import distribution, sight, wire_calls
from server.domain.calling import (
    keywords,
    kinds,
    next_steps,
    online,
    opened,
    participants_notes,
    participations,
    questions,
)
from server.domain.groups import communities
from server.domain.members.accounts import instance_actor
from server.domain.posting import drafts, posts
from server.domain.tx import Tx
from server.errors import NotFound
from storage import accounts, calls, receipts
from storage import participations as rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Call
from storage.db import next_id
from storage.participations import Participation
from storage.posts import Post
from storage.questions import Question

TOLD_OTHERWISE = ("join", "email")
"""Doors that have an answer of their own."""


@dataclass(frozen=True, slots=True)
class Due:
    """A message that is to be written. ``says``: granted or waiting; ``before``: what was said;
    ``asked``: what they were not asked yet."""

    given: Participation
    person: Account
    post: Post
    call: Call
    says: str
    before: str | None
    asked: Sequence[Question]


async def due(tx: Tx, participation_id: int) -> Due | None:
    """The message that somebody is to get now; None: they know."""
    given = await rows.by_id(tx.conn, participation_id)
    post = await post_rows.by_id(tx.conn, given.post_id) if given else None
    call = await calls.by_id(tx.conn, given.post_id) if given else None
    person = await accounts.by_id(tx.conn, given.account_id or 0) if given else None
    if not (given and given.counts and post and post.local and call and person):
        return None
    before = await receipts.last_said(tx.conn, given.id)
    off = call.state == "cancelled"
    asked = await questions.open_to(tx, call, given)
    thanks = call.receipts and not person.local
    says = None if off else what(given, before, thanks=thanks, asks=bool(asked))
    return Due(given, person, post, call, says, before, asked) if says else None


def what(given: Participation, before: str | None, *, thanks: bool, asks: bool) -> str | None:
    """Pure: what to say to whom ``before`` was said, if anything. ``thanks``: whether a place that was there
    at once is worth a message; ``asks``: whether there is something to ask them."""
    if given.state not in ("granted", "waiting") or given.state == before:
        return None
    first = before is None
    if given.door in TOLD_OTHERWISE:
        return given.state if first and asks else None
    if first and given.state != "waiting":
        return given.state if thanks or asks else None
    return given.state


async def tell(tx: Tx, due_: Due) -> None:
    """Write it, and remember that it was."""
    community = await accounts.by_id(tx.conn, due_.call.community_id)
    assert community, "a foreign key holds it"
    link = await _new_link(tx, due_.given, due_.says)
    outside = due_.given.door == participations.OPENED
    if outside:  # the community is not named, and nothing of it but their own answer is for them
        community = await instance_actor(tx)
        due_ = replace(due_, post=replace(due_.post, url=link))
    page = due_.post.url if due_.person.local else link
    said = await _words(tx, due_) + await _afar(tx, due_) + await _note(tx, due_)
    if not outside:
        said += await next_steps.as_html(tx, due_.call.parent_id or due_.post.id, due_.person)
    said += _questions(due_.asked, page)
    back = "" if due_.person.local else _way_back(due_.post, link)
    await send(tx, community, due_.person, f"<p>{said}</p>{back}", due_.given.id)


async def send(tx: Tx, community: Account, person: Account, html: str, about: int) -> None:
    """``about``: the participation, which an answer to the message means, or 0. Of what goes elsewhere nothing is
    kept here: a link in it is a secret."""
    if person.local:
        draft = drafts.Draft(
            visibility="direct", content=html, mentions=(person,), source=text.plain(html)
        )
        await posts.publish(tx, community, draft)
        return
    uri = tx.site.urls.told(about, await next_id(tx.conn, tx.now))
    await distribution.message(tx, community, person, html, uri)


async def again(tx: Tx, given: Participation) -> str:
    """Another address of the page about an answer, for a message that tells nothing new of it."""
    said = await receipts.last_said(tx.conn, given.id)
    return await _new_link(tx, given, said or given.state)


async def _new_link(tx: Tx, given: Participation, says: str) -> str:
    secret = ids.secret()
    await receipts.put(tx.conn, given.id, ids.digest(secret), says, tx.now)
    return tx.site.urls.receipt(secret)


async def _words(tx: Tx, due_: Due) -> str:
    return await _place(tx, due_) + _guests(due_.given)


async def _place(tx: Tx, due_: Due) -> str:
    title = f'<a href="{text.escape(due_.post.url)}">{text.escape(due_.post.title)}</a>'
    told = text.escape(wire_calls.line(due_.call))
    head = f"{title} ({told})" if told else title
    if due_.says == "waiting":
        line = await rows.place_in_line(tx.conn, due_.given)
        return f"All places are taken: {head}. You are number {line} on the waiting list."
    if due_.before == "waiting":
        return f"A place is free now, and it is yours: {head}."
    comes = kinds.KINDS[due_.call.kind].timed  # with a need one helps, and sits nowhere
    return f"You have a place: {head}." if comes else f"Your answer counts: {head}."


async def _afar(tx: Tx, due_: Due) -> str:
    url = await online.for_participant(tx, due_.call, due_.given)
    if url is None:
        return ""
    address = text.escape(url)
    return f' Online: <a href="{address}">{address}</a>'


async def _note(tx: Tx, due_: Due) -> str:
    note = await participants_notes.for_participant(tx, due_.call, due_.given)
    return f"</p><p>Only for those who take part: {text.escape(note)}" if note else ""


def _guests(given: Participation) -> str:
    return f" With you: {given.guests}." if given.guests else ""


def _questions(asked: Sequence[Question], page: str) -> str:
    if not asked:
        return ""
    listed = " ".join(text.escape(question.text) for question in asked)
    address = text.escape(page)
    return (
        f'</p><p>The organisers ask: {listed} Please answer here: <a href="{address}">{address}</a>'
    )


def _way_back(post: Post, link: str) -> str:
    word = keywords.of_language(post.language).withdraw
    address = text.escape(link)
    return (
        f"<p>To take your answer back, reply to this with {text.escape(word)}, or open"
        f' <a href="{address}">{address}</a></p>'
    )


async def choose(tx: Tx, actor: Account, post: Post, *, wanted: bool) -> None:
    """Whether who gets a place at once is written to. Raises ``Forbidden``, ``NotFound``."""
    call = await participations.locked(tx, post)
    community = await accounts.by_id(tx.conn, call.community_id)
    assert community, "a foreign key holds it"
    await communities.require_steward(tx, community, actor)
    await calls.set_receipts(tx.conn, post.id, wanted=wanted)


async def answer_questions(tx: Tx, secret: str, said: Sequence[str]) -> None:
    """What the organisers ask, by whoever holds the link. Raises ``Forbidden``, ``Invalid``, ``NotFound``."""
    given, post = await of_link(tx, secret)
    call = await participations.locked(tx, post)
    participations.require_open(tx, call)
    await questions.keep(tx, call, given, said)


async def tell_refused(tx: Tx, person: Account, post: Post, sentence: str) -> None:
    """By the community, in a message to them alone."""
    call = await calls.by_id(tx.conn, post.id)
    community = await accounts.by_id(tx.conn, call.community_id) if call else None
    if community is None:
        return
    title = f'<a href="{text.escape(post.url)}">{text.escape(post.title)}</a>'
    said = f"Your reply is not counted as an answer to {title}. {text.escape(sentence)}"
    await send(tx, community, person, f"<p>{said}</p>", 0)


async def of_link(tx: Tx, secret: str) -> tuple[Participation, Post]:
    """The answer that a link is about, and its call. Raises ``NotFound``, to who went from those for whom it is, too."""
    given = await receipts.by_digest(tx.conn, ids.digest(secret))
    post = await post_rows.by_id(tx.conn, given.post_id) if given else None
    whose = [given.account_id] if given and given.account_id else []
    if given and post and given.door == participations.OPENED:
        return given, await opened.for_strangers(tx, post)
    if given is None or post is None or await sight.still(tx, post, whose) != whose:
        raise NotFound(
            "There is no answer behind this link: it was taken back, or the call is gone."
        )
    return given, post
