"""Calls to action: made by those who steer a community, changed, put off, called off, and closed.

A call of ours is one canonical object by one person, with an answer card by the community. Which kinds there
are stands in ``server/domain/calling/kinds.py``, taking part in ``server/domain/calling/participations.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from server import text
from server.domain import distribution, effects
from server.domain.calling import (
    call_notices,
    copies,
    decisions,
    drafting,
    kinds,
    line,
    next_steps,
    online,
    own_calls,
    participations,
    pictures,
    questions,
    reminders,
    shifts,
    sources,
    urgency,
)
from server.domain.calling.shifts import Shift
from server.domain.distribution import Reach
from server.domain.groups import communities
from server.domain.posting import drafts, marks, posts, quotes, sharing
from server.domain.tx import Tx
from server.errors import Invalid
from storage import accounts, calls, follows, polls, shift_roles
from storage import participations as rows
from storage import posts as post_rows
from storage import sources as source_rows
from storage.accounts import Account
from storage.calls import Call, NewCall
from storage.posts import Post

STATES = ("open", "postponed", "cancelled", "closed")
ENDED = ("cancelled", "closed")


TOLD = {
    "postponed": "postponed",
    "cancelled": "cancelled",
    "cancelled open": "reopened",
    "postponed open": "reopened",
}
"""What those who take part are told of a new state, or of one after another (``call_notices``)."""

ASK_OUTCOME = "ask_outcome"
ASKED_AFTER = (timedelta(days=3), timedelta(days=10))
"""When the organisers of a call that was closed are asked what came of it (``outcomes.py``)."""
DECIDED_IN = timedelta(days=14)
INTRODUCED = 50
"""How many open calls a new follower is told of."""


async def create(
    tx: Tx,
    author: Account,
    community: Account,
    wanted: drafting.Wanted,
    *,
    let_through: bool = False,
    origin: Post | None = None,
) -> Post:
    """A new call of a community of ours, announced to its members. Raises ``Forbidden``, ``Invalid``.

    ``let_through``: the community took it up as a proposal (``proposals``). ``origin``: the call that it was
    started from (``starting``), whose host is told.
    """
    made = await make(tx, author, community, wanted, let_through=let_through, origin=origin)
    post, _ = made[0]
    await sharing.share(tx, community, post)
    for told, row in made:
        await _announce(tx, author, community, told, row)
    await _pin(tx, community, post, added=True)
    return post


async def make(
    tx: Tx,
    author: Account,
    community: Account,
    wanted: drafting.Wanted,
    *,
    let_through: bool = False,
    origin: Post | None = None,
) -> list[tuple[Post, Call]]:
    """A call with its shifts, of which nobody has been told yet. Takes and raises what ``create`` does."""
    if not let_through:
        await communities.require_may_call(tx, community, author)
        await own_calls.require(tx, community, author, wanted)
    wanted = _whole(_with_end(tx, wanted))
    drafting.check(wanted)
    drafting.require_ahead(tx, wanted.details)
    closed = await communities.is_private(tx, community)
    draft = _draft(tx, community, wanted, "members" if closed else "public")
    draft = replace(draft, attachments=await pictures.choose(tx, author, wanted.media_ids))
    post = await posts.publish(tx, author, draft)
    assert post, "a new id is never a repeat"
    card_uri = tx.site.urls.card(post.id)
    new = NewCall(post.id, community.id, wanted.kind, wanted.variant, wanted.details, card_uri)
    new = replace(
        new,
        may_be_started=wanted.may_be_started is not False,
        secret_until_closed=wanted.secret_until_closed is True,
    )
    call = await calls.insert(tx.conn, new)
    if origin:
        await copies.note(tx, post, call, origin.uri)
    await urgency.mark(tx, call, was=False)
    await _set_beside(tx, author, post, wanted)
    await questions.put(tx, post, wanted.questions)
    made = await _add_shifts(tx, author, community, post, call, wanted.shifts or ())
    for row in (call, *(shift for _, shift in made)):
        await _plan(tx, row)
    return [(post, call), *made]


async def _pin(tx: Tx, community: Account, post: Post, *, added: bool) -> None:
    """What is for members alone is pinned nowhere."""
    if post.is_public:
        await marks.feature(tx, community, post, added=added)


async def _announce(tx: Tx, author: Account, community: Account, post: Post, call: Call) -> None:
    members = await effects.followers(tx, community.id) | await copies.host_of_origin(tx, post)
    reach = Reach(members, await distribution.instances(tx, post))
    await distribution.call(tx, author, post, call, "create", reach)
    await calls.tally_sent(tx.conn, post.id, tx.now)


def _whole(wanted: drafting.Wanted) -> drafting.Wanted:
    """With its shifts cleaned, and the time that they span."""
    if not wanted.shifts:
        return wanted
    cleaned = tuple(shifts.clean(shift) for shift in wanted.shifts)
    details = shifts.spanned(wanted.details, cleaned)
    return replace(wanted, shifts=cleaned, details=details)


async def _add_shifts(
    tx: Tx, author: Account, community: Account, post: Post, call: Call, wanted: Sequence[Shift]
) -> list[tuple[Post, Call]]:
    places = zip(wanted, shifts.choices(wanted), strict=True)
    return [
        await shifts.add(tx, author, community, post, call, shift, choice)
        for shift, choice in places
    ]


async def _set_beside(tx: Tx, author: Account, post: Post, wanted: drafting.Wanted) -> None:
    """What has a table of its own, where it was said."""
    if wanted.note is not None:
        await shift_roles.set_note(tx.conn, post.id, wanted.note.strip())
    if wanted.sources is not None:
        await source_rows.put(tx.conn, post.id, sources.cleaned(wanted.sources))
    if wanted.online is not None:
        await online.put(tx, post.id, wanted.online)
    if wanted.next is not None:
        await next_steps.put(tx, author, post, wanted.next)
    if wanted.rules is not None:
        await decisions.put_rules(tx, post, wanted.rules)


def _with_end(tx: Tx, wanted: drafting.Wanted, before: datetime | None = None) -> drafting.Wanted:
    """A decision ends, as PieFed takes no Question without: when it did, or in two weeks, unless it says."""
    if wanted.kind != "decision" or wanted.details.closes_at:
        return wanted
    end = before or tx.now + DECIDED_IN
    return replace(wanted, details=replace(wanted.details, closes_at=end))


def _draft(tx: Tx, community: Account, wanted: drafting.Wanted, visibility: str) -> drafts.Draft:
    offered = kinds.answers(wanted.kind, wanted.variant, [text.one_line(o) for o in wanted.options])
    titles = shifts.on_card(wanted.shifts or ()) or [answer.title for answer in offered]
    return drafts.Draft(
        kind="event" if kinds.KINDS[wanted.kind].shape == "event" else "call",
        title=text.one_line(wanted.title),
        content=text.compose(wanted.about, {}, tx.site.urls.tag),
        source=wanted.about,
        language=wanted.language,
        community=community,
        tags=tuple(text.hashtags(wanted.about)),
        poll=drafts.PollDraft(tuple((title, 0) for title in titles)),
        visibility=visibility,
        quote_policy=quotes.policy_named("public", visibility),  # it is meant to be spread
    )


async def send_tally(tx: Tx, post_id: int) -> None:
    """Let every host that was sent the call, or answered it, see the present counts."""
    post = await post_rows.by_id(tx.conn, post_id)
    call = await calls.lock(tx.conn, post_id)
    author = await accounts.by_id(tx.conn, post.account_id) if post else None
    if post and call and author and not post.is_deleted:
        await distribution.call(tx, author, post, call, "update", await reach(tx, post, call))
        await calls.tally_sent(tx.conn, post_id, tx.now)


async def reach(tx: Tx, post: Post, call: Call) -> Reach:
    """Followers of the community and of the instance, and who answered without following either: they
    found the call elsewhere. Where the last follower has left or is banned, the server still shows what it was
    sent. What is for members goes to them alone."""
    if post.visibility == "members":
        return Reach(await effects.followers(tx, call.community_id))
    ids = await rows.answered_from_elsewhere(tx.conn, call.post_id)
    people = await accounts.by_ids(tx.conn, ids)
    members = await effects.followers(tx, call.community_id) | effects.inbox_of(*people.values())
    members |= await copies.host_of_origin(tx, post)
    others = await distribution.instances(tx, post)
    reached = {*members.values(), *others.values()}
    shown = await calls.inboxes(tx.conn, post.id)
    left = {inbox: host for inbox, host in shown.items() if host not in reached}
    return Reach(members | left, others)


async def introduce(tx: Tx, followed: Account, follower: Account) -> None:
    """A host that has just got its first member of a community is sent the calls that are still open; one
    that follows the instance, all that are public.

    So is each member whose host has no shared inbox: what others of it were sent is not theirs.
    """
    inboxes = effects.inbox_of(follower)
    as_member = followed.is_group
    if as_member and not await follows.is_following(tx.conn, follower.id, followed.id):
        return
    reach = Reach(inboxes) if as_member else Reach({}, inboxes)
    alone = as_member and follower.shared_inbox is None
    for call in await _to_introduce(tx, followed):
        sent = await calls.forms(tx.conn, call.post_id)
        post = await post_rows.by_id(tx.conn, call.post_id)
        author = await accounts.by_id(tx.conn, post.account_id) if post else None
        fresh = alone or follower.host not in sent
        if post and author and call.state != "cancelled" and fresh:
            await distribution.call(tx, author, post, call, "create", reach)


async def _to_introduce(tx: Tx, followed: Account) -> list[Call]:
    if followed.is_group:
        return await calls.of_community(tx.conn, followed.id, tx.now, INTRODUCED, shifts=True)
    return await calls.own_upcoming(tx.conn, None, tx.now, INTRODUCED)


async def edit(
    tx: Tx,
    actor: Account,
    post: Post,
    *,
    wanted: drafting.Wanted | None = None,
    state: str | None = None,
    why: str = "",
) -> Post:
    """Change the text, time and place, or postpone, cancel, reopen or close. Every organiser may. ``why``: told with
    the word that it is put off or called off.

    Raises ``Forbidden``, ``Invalid``, ``NotFound``. Everybody who was sent the call is told.
    """
    call = await participations.locked(tx, post)
    community = await accounts.by_id(tx.conn, call.community_id)
    assert community, "a foreign key holds it"
    await communities.require_steward(tx, community, actor)
    author = await accounts.by_id(tx.conn, post.account_id)
    assert author, "a foreign key holds it"
    if wanted:
        await pictures.hand_over(tx, actor, author, wanted.media_ids, post)
        before = [call, *await calls.shifts(tx.conn, [post.id])]
        post, call = await _rewrite(tx, author, community, post, call, wanted)
        if state in (None, before[0].state):
            await _tell_of_change(tx, before)
    if state:
        await set_state(tx, community, post, state, why)
    await line.fill(tx, post, call)
    await send_tally(tx, post.id)
    if call.parent_id:
        await _span(tx, call.parent_id)
    return post


async def _tell_of_change(tx: Tx, before: Sequence[Call]) -> None:
    """``before``: the call, then its shifts. Who is in these is told of another place once, by the call; of
    another time by each shift that has one."""
    now = await calls.by_ids(tx.conn, [call.post_id for call in before])
    was, shifts_ = before[0], before[1:]
    told = shifts_ if shifts_ and _where(was) == _where(now[was.post_id]) else [was]
    for old in told:
        new = now[old.post_id]
        if new.revision > old.revision and new.state == old.state:
            await call_notices.send(tx, old.post_id, "changed")


def _where(call: Call) -> tuple[object, ...]:
    return call.timezone, call.place_name, call.place_address


async def _rewrite(
    tx: Tx, author: Account, community: Account, post: Post, call: Call, wanted: drafting.Wanted
) -> tuple[Post, Call]:
    wanted = _whole(_with_end(tx, wanted, call.closes_at))
    drafting.check(wanted)
    if (wanted.kind, wanted.variant) != (call.kind, call.variant):
        raise Invalid("A call stays of its kind.", field="kind")
    if wanted.shifts and call.parent_id:
        raise Invalid("A shift has no shifts.", field="shifts")
    if await shift_roles.of_shifts(tx.conn, [post.id]):
        wanted = replace(wanted, details=replace(wanted.details, capacity=call.capacity))
    divided = bool(await calls.shifts(tx.conn, [post.id]))
    if divided and not wanted.shifts:
        spans = replace(
            wanted.details, starts_at=call.starts_at, ends_at=call.ends_at, capacity=None
        )
        wanted = replace(wanted, details=spans)
    draft = _draft(tx, community, wanted, post.visibility)
    shown = await pictures.choose(tx, author, wanted.media_ids, post)
    await _set_secret(tx, call, wanted)
    post = await posts.edit(tx, author, post, replace(draft, attachments=shown))
    was = call.urgent
    call = await calls.set_details(tx.conn, post.id, wanted.details)
    await urgency.mark(tx, call, was=was)
    await _set_beside(tx, author, post, wanted)
    if not call.parent_id:
        await questions.put(tx, post, wanted.questions)
    if wanted.may_be_started is not None:
        await calls.set_may_be_started(tx.conn, post.id, may=wanted.may_be_started)
    await _plan(tx, call)
    await calls.set_guests_of_shifts(tx.conn, post.id, call.guests_max)
    await calls.set_urgent_of_shifts(tx.conn, post.id, urgent=call.urgent)
    if wanted.shifts is not None:
        await _edit_shifts(tx, author, community, post, call, wanted.shifts)
        await _span(tx, post.id)
    told = set(await calls.place_shifts(tx.conn, post.id))
    if wanted.shifts is None:
        told |= set(await shifts.follow(tx, author, community, post))
    for shift in sorted(told):
        await send_tally(tx, shift)
    return post, call


async def _set_secret(tx: Tx, call: Call, wanted: drafting.Wanted) -> None:
    """As the rule of a decision, it is said before anybody answers. Raises ``Invalid``."""
    if wanted.secret_until_closed in (None, call.secret_until_closed):
        return
    if await rows.given(tx.conn, call.post_id):
        raise Invalid(
            "People have answered by the rule that there is.", field="secret_until_closed"
        )
    await calls.set_secret(tx.conn, call.post_id, secret=wanted.secret_until_closed is True)


async def _edit_shifts(
    tx: Tx, author: Account, community: Account, post: Post, call: Call, wanted: Sequence[Shift]
) -> None:
    """What is not named any more is called off, and what is new is on no card."""
    there = {shift.post_id: shift for shift in await calls.shifts(tx.conn, [post.id])}
    rows = await post_rows.by_ids(tx.conn, list(there))
    for shift in wanted:
        if shift.id is None:
            made = await shifts.add(tx, author, community, post, call, shift, None)
            await _plan(tx, made[1])
            await _announce(tx, author, community, *made)
        elif shift.id not in there:
            raise Invalid("This call has no such shift.", field="shifts")
        else:
            row = await shifts.change(tx, author, community, post, call, rows[shift.id], shift)
            await line.fill(tx, rows[shift.id], row)
            await _plan(tx, row)
            await send_tally(tx, shift.id)
    for gone in there.keys() - {shift.id for shift in wanted}:
        await set_state(tx, community, rows[gone], "cancelled")
        await send_tally(tx, gone)


async def _span(tx: Tx, post_id: int) -> None:
    """A volunteer call lasts from its first to its last shift."""
    post = await post_rows.by_id(tx.conn, post_id)
    call = await calls.lock(tx.conn, post_id)
    if post and call and await calls.span(tx.conn, post_id):
        found = await calls.by_id(tx.conn, post_id)
        assert found, "it is held"
        await _plan(tx, found)
        await send_tally(tx, post_id)


async def set_state(tx: Tx, community: Account, post: Post, state: str, why: str = "") -> None:
    """As ``_turn``; shifts go with their call, but for those that ended before it did. Who is in them is told by
    the call."""
    if state not in STATES:
        raise Invalid("A call is open, postponed, cancelled or closed.", field="state")
    shifts_ = await _going_along(tx, post)
    before = await calls.by_id(tx.conn, post.id)
    assert before, "it is held"
    if before.secret_until_closed and before.state == "closed" != state:
        raise Invalid("Its counts are known: it stays closed.", field="state")
    await _turn(tx, post, state)
    if before.state != state:
        await _tell_of(tx, post, before, state, call_notices.reason(why))
    for shift in shifts_:
        await _turn(tx, shift, state)
        await line.fill(tx, shift, await participations.locked(tx, shift))
        await send_tally(tx, shift.id)
    if before.parent_id is None:
        await _pin(tx, community, post, added=state not in ENDED)


async def _turn(tx: Tx, post: Post, state: str) -> None:
    """What takes no answers any more is closed on its card too; what is open again closes at its end."""
    await calls.set_state(tx.conn, post.id, state)
    call = await calls.by_id(tx.conn, post.id)
    assert call, "it is held"
    await polls.set_end(tx.conn, post.id, call.closes_at, tx.now if state in ENDED else None)
    await line.reveal(tx, call)
    if state == "open":
        await _plan(tx, call)
    effects.changed(tx, post.id)


async def _going_along(tx: Tx, post: Post) -> list[Post]:
    """The shifts of a call that are on, and those that ended in the moment in which it did."""
    found = await calls.shifts(tx.conn, [post.id])
    ids = [shift.post_id for shift in found]
    ends = await polls.by_ids(tx.conn, [post.id, *ids])
    posts_ = await post_rows.by_ids(tx.conn, ids)
    ended_at = ends[post.id].closed_at
    return [
        posts_[shift.post_id]
        for shift in found
        if shift.state not in ENDED or ends[shift.post_id].closed_at == ended_at
    ]


async def _tell_of(tx: Tx, post: Post, before: Call, state: str, why: str) -> None:
    """What follows from a new state of a call of ours for those who take part, and for its organisers, who are
    not asked of each shift."""
    told = TOLD.get(state) or TOLD.get(f"{before.state} {state}")
    if told:
        said = why if told in ("postponed", "cancelled") else ""
        await call_notices.send(tx, post.id, told, said=said)
    if state == "closed" and before.parent_id is None:
        args = {"post_id": post.id, "closed_at": tx.now.isoformat()}
        for after in ASKED_AFTER:
            await tx.later(f"outcome:{post.id}:{after.days}", ASK_OUTCOME, args, tx.now + after)


async def _plan(tx: Tx, call: Call) -> None:
    """What is to be done when its time comes: those who come are reminded, and it is closed at the end that it
    has; clients show one that answers have."""
    await reminders.plan(tx, call)
    if call.closes_at and call.state not in ENDED:
        await polls.set_end(tx.conn, call.post_id, call.closes_at, None)
    if call.over_at:
        args = {"post_id": call.post_id}
        await tx.later(f"call:{call.post_id}", "close_call", args, call.over_at)


async def close(tx: Tx, post_id: int) -> datetime | None:
    """The time of a call is over: it is closed everywhere. One that was moved gives its new time."""
    post = await post_rows.by_id(tx.conn, post_id)
    call = await calls.lock(tx.conn, post_id)
    if post is None or call is None or call.state != "open":
        return None
    if call.over_at is None or call.over_at > tx.now:
        return call.over_at
    community = await accounts.by_id(tx.conn, call.community_id)
    assert community, "a foreign key holds it"
    await set_state(tx, community, post, "closed")
    await send_tally(tx, post_id)
    return None
