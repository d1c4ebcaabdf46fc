"""Calls and events of other servers: seen for the first time, and what their hosts say of them later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from server.domain import effects
from server.domain.calling import (
    commitments,
    copies,
    kinds,
    next_steps,
    online,
    questions,
    targets,
)
from server.domain.calling.questions import Asked
from server.domain.groups import letters
from server.domain.posting import drafts, posts
from server.domain.tx import Arrived, Tx
from storage import accounts, calls, polls, shift_roles
from storage import notifications as notification_rows
from storage import participations as rows
from storage import posts as post_rows
from storage import sources as source_rows
from storage.accounts import Account
from storage.calls import Call, Details, NewCall
from storage.posts import Post
from storage.sources import Source
from storage.targets import Heard, Script

UNSETTLED = {"postponed", "cancelled"}
TOGETHER = timedelta(minutes=10)
"""Within which the shifts of a call of another server, one by one, come to the state that it has."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What the host of a remote call says of its counts. ``taken``: places, where it says how many are left."""

    kind: str
    variant: str
    counts: tuple[int, ...]  # of each answer, in the order of the card
    counted: int
    waiting: int
    state: str
    card_uri: str | None
    outcome: str = ""
    parent: str | None = None  # the id of the call whose shift it is, with its place on that card
    choice: int | None = None
    roles: tuple[shift_roles.Role, ...] = ()
    next: str | None = None  # what whoever has answered may do then: the id of a call, or a page
    started_from: str | None = None  # the id of the call of which it is a copy for another place
    may_be_started: bool = True
    category: str = ""  # of a need
    taken: int | None = None
    targets: tuple[Heard, ...] = ()  # of a contact call
    scripts: tuple[Script, ...] = ()
    sources: tuple[Source, ...] = ()
    online_url: str | None = None
    questions: tuple[Asked, ...] = ()
    secret_until_closed: bool = False  # the counts of the answers, but not who many answered

    @property
    def shown(self) -> tuple[int, ...]:
        """The counts of the answers, as far as they may be seen."""
        hidden = self.secret_until_closed and self.state != "closed"
        return tuple(0 for _ in self.counts) if hidden else self.counts


async def receive(
    tx: Tx,
    author: Account,
    draft: drafts.Draft,
    details: Details,
    reported: Reported,
    arrived: Arrived,
) -> Post | None:
    """A call or event of another server, seen for the first time. None for a repeat.

    Behind an event stands its group if it has one of its server, else its author.
    """
    own = draft.community and draft.community.host == author.host
    behind = draft.community if draft.community and own else author
    post = await posts.publish(tx, author, draft, arrived=arrived)
    if post is None:
        return None
    new = NewCall(
        post.id, behind.id, reported.kind, reported.variant, details, await _own_card(tx, reported),
        reported.state, *await _in_parent(tx, author, reported),
    )  # fmt: skip
    call = await calls.insert(tx.conn, new)
    if reported.started_from:
        await copies.note(tx, post, call, reported.started_from)
    await hear(tx, post, details, reported)
    return post


async def _own_card(tx: Tx, reported: Reported) -> str | None:
    """Its card, if that is not another call's."""
    card = reported.card_uri
    return card if card and await calls.by_card(tx.conn, card) is None else None


async def _in_parent(tx: Tx, author: Account, reported: Reported) -> tuple[int | None, int | None]:
    """The call of the same author whose shift it is, and its place on that card, if that is free."""
    parent = await known_by(tx, reported.parent) if reported.parent else None
    call = await calls.by_id(tx.conn, parent.id) if parent else None
    if parent is None or call is None or parent.account_id != author.id:
        return None, None
    if call.kind != "volunteer" or call.parent_id is not None or reported.kind != "volunteer":
        return None, None
    taken = {shift.choice for shift in await calls.shifts(tx.conn, [parent.id])}
    return parent.id, None if reported.choice in taken else reported.choice


async def hear(tx: Tx, post: Post, details: Details, reported: Reported) -> None:
    """The host of a remote call tells of its time, place, state and counts."""
    before = await calls.lock(tx.conn, post.id)
    assert before, "the caller has it"
    call = await calls.set_details(tx.conn, post.id, details)
    await shift_roles.put(tx.conn, post.id, reported.roles)
    await questions.hear(tx, post, reported.questions)
    await calls.set_may_be_started(tx.conn, post.id, may=reported.may_be_started)
    await calls.set_secret(tx.conn, post.id, secret=reported.secret_until_closed)
    await source_rows.put(tx.conn, post.id, reported.sources)
    await online.hear(tx, post.id, reported.online_url)
    await next_steps.hear(tx, post, reported.next)
    if reported.kind == "need":
        await commitments.hear_category(tx, post, reported.category)
    if reported.kind == "contact":
        await targets.hear(tx, post, reported.targets, reported.scripts)
    new_outcome = await _hear_outcome(tx, post, reported.outcome)
    if await calls.set_state(tx.conn, post.id, reported.state):
        effects.changed(tx, post.id)
    if new_outcome or call.revision > before.revision:
        await _tell_those_who_go(tx, post)
    elif reported.state != before.state and {reported.state, before.state} & UNSETTLED:
        await _tell_those_who_go(tx, post, await _told_with(tx, call, reported.state))
    await calls.set_tally(
        tx.conn, post.id, reported.counted, 0, reported.waiting, reported.taken or reported.counted
    )
    voters = reported.counted if reported.secret_until_closed else sum(reported.counts)
    await polls.set_counts(tx.conn, post.id, reported.shown, voters)


async def _hear_outcome(tx: Tx, post: Post, outcome: str) -> bool:
    """Whether it is the first."""
    call = await calls.by_id(tx.conn, post.id)
    if call is None or not outcome or outcome == call.outcome:
        return False
    await calls.set_outcome(tx.conn, post.id, outcome, tx.now)
    effects.changed(tx, post.id)
    return not call.outcome


async def _told_with(tx: Tx, call: Call, state: str) -> list[int]:
    """Who heard just now that another shift of the same call came to this state."""
    if call.parent_id is None:
        return []
    others = [
        shift.post_id
        for shift in await calls.shifts(tx.conn, [call.parent_id])
        if shift.post_id != call.post_id and shift.state == state
    ]
    return await notification_rows.told(tx.conn, "update", others, tx.now - TOGETHER)


async def _tell_those_who_go(tx: Tx, post: Post, but: Sequence[int] = ()) -> None:
    """Each of ours who takes part in a call of another server, or asked to, hears of each change: the word of the last one
    gives way. ``but``: who was told."""
    author = await accounts.by_id(tx.conn, post.account_id)
    assert author, "a foreign key holds it"
    concerned = await rows.of_ours(tx.conn, post.id)
    going = [account_id for account_id in concerned if account_id not in but]
    people = await accounts.by_ids(tx.conn, going)
    await notification_rows.drop(tx.conn, list(people), "update", author.id, post.id)
    await effects.tell(tx, people.values(), "update", author, post.id)


async def deleted(tx: Tx, post: Post) -> None:
    """Its host takes a call away that was on: each of ours who takes part in it, or asked to, is written to. What was said
    of it before goes with it."""
    call = await calls.by_id(tx.conn, post.id)
    over = call is None or (call.over_at is not None and call.over_at < tx.now)
    if call is None or over or call.state not in ("open", "postponed"):
        return
    author = await accounts.by_id(tx.conn, post.account_id)
    people = await accounts.by_ids(tx.conn, await rows.of_ours(tx.conn, post.id))
    assert author, "a foreign key holds it"
    for person in people.values():
        await letters.send(tx, None, person, "call_deleted", call=post.title, by=author.host)


async def known_by(tx: Tx, uri: str) -> Post | None:
    """The post of a call, by its canonical id, its card's or its companion's: all lead to one call."""
    found = await post_rows.by_uri(tx.conn, uri) or await _beside_companion(tx, uri)
    if found:
        return found
    call = await calls.by_card(tx.conn, uri)
    return await post_rows.by_id(tx.conn, call.post_id) if call else None


async def _beside_companion(tx: Tx, uri: str) -> Post | None:
    """The decision beside which a page of this id stands."""
    of_call = uri.removesuffix("/page")
    found = await post_rows.by_uri(tx.conn, of_call) if of_call != uri else None
    call = await calls.by_id(tx.conn, found.id) if found else None
    return found if call and kinds.KINDS[call.kind].shape == "question" else None
