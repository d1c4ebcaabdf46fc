"""Calls to action: made by those who steer a community, answered from anywhere, counted here.

A call of ours is one canonical object by one person, with an answer card by the community. Whatever door
an answer comes through (the card's vote, a Join, a member's client, the page), it ends in ``answer``:
one row per person, places granted one at a time under the lock of the call, in order of receipt. A call
of another server keeps its places there: our members' answers go to it and wait for its word.

Counts change in the same transaction. Other servers hear of them by a job, at most every three minutes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from server import text
from server.domain import communities, distribution, effects, forms, policy, posts, quotes, wire
from server.domain.distribution import Reach
from server.domain.tx import Arrived, Tx
from server.errors import Forbidden, Invalid, NotFound
from storage import accounts, calls, follows, polls
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Call, Details, Participation
from storage.posts import Post

ANSWERS = calls.ANSWERS

STATES = ("open", "postponed", "cancelled", "closed")
ABOUT_MAX = 5000
TITLE_MIN, TITLE_MAX = 3, 200
"""What Mobilizon takes (lib/mobilizon/events/event.ex, validate_lengths)."""

TALLY_INTERVAL = timedelta(minutes=3)
REJECTED = tuple(v.reason for v in (policy.CALL_OVER, policy.CALL_CANCELLED, policy.BANNED))
"""Why a Join of another server is answered by a Reject."""
INTRODUCED = 50
"""How many open calls a new follower is told of."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an organiser fills in: four fields at most are required (kind, title, time, place)."""

    title: str
    details: Details
    about: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """What the host of a remote call says of its counts."""

    going: int
    maybe: int
    declined: int
    waiting: int
    state: str
    card_uri: str | None


async def create(
    tx: Tx, author: Account, community: Account, wanted: Wanted, *, let_through: bool = False
) -> Post:
    """A new event of a community of ours, announced to its members. Raises ``Forbidden``, ``Invalid``.

    ``let_through``: the community took it up as a proposal (``proposals``).
    """
    if not let_through:
        await communities.require_may_call(tx, community, author)
    policy.may_call(private=await communities.is_private(tx, community)).require()
    check(wanted)
    if wanted.details.starts_at <= tx.now:
        raise Invalid("The event begins in the past.", field="starts_at")
    post = await posts.publish(tx, author, _draft(tx, community, wanted))
    assert post, "a new id is never a repeat"
    call = await calls.insert(
        tx.conn, post.id, community.id, "event", wanted.details, tx.site.urls.card(post.id)
    )
    await posts.share(tx, community, post)
    members = await effects.followers(tx, community.id)
    reach = Reach(members, await distribution.instances(tx, post))
    await distribution.call(tx, author, post, call, "create", reach)
    await calls.tally_sent(tx.conn, post.id, tx.now)
    await posts.feature(tx, community, post, added=True)
    await _close_in_time(tx, call)
    return post


def check(wanted: Wanted) -> None:
    """Raises ``Invalid`` naming the field."""
    details = wanted.details
    if not wanted.title.strip():
        raise Invalid("An event needs a title.", field="title")
    if not TITLE_MIN <= len(wanted.title.strip()) <= TITLE_MAX:
        raise Invalid(f"A title has {TITLE_MIN} to {TITLE_MAX} characters.", field="title")
    if len(wanted.about) > ABOUT_MAX:
        raise Invalid(f"The text has at most {ABOUT_MAX:,} characters.", field="about")
    if details.ends_at and details.ends_at < details.starts_at:
        raise Invalid("The event ends before it begins.", field="ends_at")
    if details.capacity is not None and not 0 < details.capacity <= 1_000_000:
        raise Invalid("The number of places is 1 to 1,000,000.", field="capacity")
    if (details.latitude is None) != (details.longitude is None):
        raise Invalid("Latitude and longitude go together.", field="latitude")
    if details.latitude is not None and not -90 <= details.latitude <= 90:
        raise Invalid("The latitude is between -90 and 90 degrees.", field="latitude")
    if details.longitude is not None and not -180 <= details.longitude <= 180:
        raise Invalid("The longitude is between -180 and 180 degrees.", field="longitude")
    try:
        ZoneInfo(details.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid(
            f"There is no time zone {details.timezone!r}; one is named like Europe/Rome.",
            field="timezone",
        ) from error


def _draft(tx: Tx, community: Account, wanted: Wanted) -> posts.Draft:
    return posts.Draft(
        kind="event",
        title=text.one_line(wanted.title),
        content=text.compose(wanted.about, {}, tx.site.urls.tag),
        source=wanted.about,
        language=wanted.language,
        community=community,
        tags=tuple(text.hashtags(wanted.about)),
        poll=posts.PollDraft(tuple((title, 0) for title in wire.ANSWERS)),
        quote_policy=quotes.policy_named("public", "public"),  # it is meant to be spread
    )


async def receive(
    tx: Tx,
    author: Account,
    draft: posts.Draft,
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
    await calls.insert(
        tx.conn, post.id, behind.id, "event", details, reported.card_uri, reported.state
    )
    await hear(tx, post, details, reported)
    return post


async def hear(tx: Tx, post: Post, details: Details, reported: Reported) -> None:
    """The host of a remote call tells of its time, place, state and counts."""
    await calls.set_details(tx.conn, post.id, details)
    if await calls.set_state(tx.conn, post.id, reported.state):
        await _tell_of_state(tx, post, reported.state)
    await calls.set_tally(tx.conn, post.id, reported.going, 0, reported.waiting)
    counts = (reported.going, reported.maybe, reported.declined)
    await polls.set_counts(tx.conn, post.id, counts, sum(counts))


async def answer(
    tx: Tx,
    account: Account,
    post: Post,
    said: str,
    door: str,
    *,
    uri: str | None = None,
    invited: bool = False,
) -> Participation:
    """Take part, or say that one cannot; the last answer counts. ``uri``: of a remote activity;
    ``invited``: by its organiser.

    Raises ``Forbidden`` (over, cancelled, blocked), ``NotFound`` (no call).
    """
    call = await _locked(tx, post)
    await _require_answer(tx, account, post, call)
    old = await calls.of_account(tx.conn, post.id, account.id)
    if not post.local:
        mode = call.join_mode if said == "going" else "free"
        policy.may_take_part(mode, call.external_url, invited=invited).require()
        return await _ask_host(tx, account, post, old, said, door)
    if not account.local:
        await calls.put_form(tx.conn, post.id, account.host, forms.answered(door))
    tier = "confirmed" if account.local or door == "join" else "expressed"
    if old and old.answer == said and old.state in ("granted", "waiting"):
        return await _say_again(tx, account, post, call, old, tier, door, uri)
    state = "waiting" if said == "going" and call.full else "granted"
    new = await calls.put(tx.conn, uri, post.id, account.id, said, state, tier, door, tx.now)
    await _reply(tx, post, account, new, uri)
    await _settle(tx, post, call)
    return new


async def join(tx: Tx, account: Account, post: Post, uri: str) -> None:
    """A Join of another server, which is answered in any case but by those who block each other.

    Raises ``Forbidden`` for these.
    """
    if post.kind != "event":
        await distribution.ignore_join(tx, post, account, uri)
        return
    try:
        await answer(tx, account, post, "going", "join", uri=uri)
    except Forbidden as refused:
        organiser = await accounts.by_id(tx.conn, post.account_id)
        if organiser is None or refused.reason not in REJECTED:
            raise
        await distribution.answer_join(tx, organiser, post, account, uri, "refused")


async def _say_again(
    tx: Tx,
    account: Account,
    post: Post,
    call: Call,
    old: Participation,
    tier: str,
    door: str,
    uri: str | None,
) -> Participation:
    """The same answer once more keeps its place; through a better door it is confirmed."""
    if old.tier == "expressed" and tier == "confirmed":
        await calls.confirm(tx.conn, old.id, uri, door)
        await _settle(tx, post, call)
    said = replace(old, door=door)
    await _reply(tx, post, account, said, uri)
    return said


async def _locked(tx: Tx, post: Post) -> Call:
    call = await calls.lock(tx.conn, post.id)
    if call is None:
        raise NotFound
    return call


async def _require_answer(tx: Tx, account: Account, post: Post, call: Call) -> None:
    await communities.require_part(tx, call.community_id, account)
    policy.may_answer(
        call.state,
        over=call.over_at < tx.now,
        blocked=await follows.blocked(tx.conn, account.id, call.community_id)
        or await follows.blocked(tx.conn, account.id, post.account_id),
    ).require()


async def _reply(
    tx: Tx, post: Post, account: Account, participation: Participation, uri: str | None
) -> None:
    """A Join is answered; a vote on the card cannot be (poll votes have no answer)."""
    if participation.door != "join" or participation.answer != "going":
        return
    organiser = await accounts.by_id(tx.conn, post.account_id)
    if organiser:
        await distribution.answer_join(tx, organiser, post, account, uri, participation.state)


async def _ask_host(
    tx: Tx, account: Account, post: Post, old: Participation | None, said: str, door: str
) -> Participation:
    """What was asked is not asked again before it was refused: Mobilizon takes no second Join."""
    if old and old.answer == said and old.state != "refused":
        return old
    host = await accounts.by_id(tx.conn, post.account_id)
    assert host, "a foreign key holds it"
    uri = await effects.new_id(tx)
    state = "pending" if said == "going" else "granted"
    await distribution.taking_part(tx, account, post, host, said, uri)
    return await calls.put(
        tx.conn, uri, post.id, account.id, said, state, "confirmed", door, tx.now
    )


async def withdraw(tx: Tx, account: Account, post: Post) -> None:
    """Take an answer back; a repeat is no event."""
    call = await _locked(tx, post)
    old = await calls.of_account(tx.conn, post.id, account.id)
    if old is None or not await calls.withdraw(tx.conn, old.id):
        return
    if post.local:
        await _settle(tx, post, call)
        return
    host = await accounts.by_id(tx.conn, post.account_id)
    if host:
        await distribution.taking_part(
            tx, account, post, host, "withdrawn", await effects.new_id(tx)
        )


async def _settle(tx: Tx, post: Post, call: Call) -> None:
    """Give free places to who waits, count again, and let others hear of it in a while.

    The caller holds the lock of the call.
    """
    await _fill(tx, post, call)
    due = max(tx.now, (call.tally_sent_at or tx.now - TALLY_INTERVAL) + TALLY_INTERVAL)
    await tx.later(f"call:{post.id}", "send_tally", {"post_id": post.id}, due)
    await effects.recount(tx, post.id)


async def _fill(tx: Tx, post: Post, call: Call) -> None:
    tally = await calls.recount(tx.conn, post.id)
    going = tally.confirmed + tally.expressed
    free = tally.waiting if call.capacity is None else call.capacity - going
    granted = await calls.next_waiting(tx.conn, post.id, max(free, 0)) if tally.waiting else []
    for waiting in granted:
        await calls.set_participation_state(tx.conn, waiting.id, "granted")
        await _tell_granted(tx, post, waiting)
    await _write(tx, post, await calls.recount(tx.conn, post.id) if granted else tally)


async def _tell_granted(tx: Tx, post: Post, waiting: Participation) -> None:
    account = await accounts.by_id(tx.conn, waiting.account_id)
    if account:
        await _reply(tx, post, account, replace(waiting, state="granted"), waiting.uri)


async def _write(tx: Tx, post: Post, tally: calls.Tally) -> None:
    await calls.set_tally(tx.conn, post.id, tally.confirmed, tally.expressed, tally.waiting)
    counts = (tally.confirmed + tally.expressed, tally.maybe, tally.declined)
    await polls.set_counts(tx.conn, post.id, counts, tally.people)


async def hear_answer(tx: Tx, host: Account, participation: Participation, state: str) -> None:
    """The host of a remote call grants a place, lets one wait, or refuses.

    Only its author may say so, or in an event of a group somebody of the group's server: Mobilizon's
    moderators answer for their group. ``state``: granted, waiting or refused.
    """
    post = await post_rows.by_id(tx.conn, participation.post_id)
    call = await calls.by_id(tx.conn, participation.post_id)
    if post is None or call is None or not await _answers_for(tx, host, post, call):
        policy.NOT_YOURS.require()
    await calls.set_participation_state(tx.conn, participation.id, state)


async def _answers_for(tx: Tx, host: Account, post: Post, call: Call) -> bool:
    if post.account_id == host.id:
        return True
    group = await accounts.by_id(tx.conn, call.community_id)
    return group is not None and group.is_group and group.host == host.host


async def _tell_of_state(tx: Tx, post: Post, state: str) -> None:
    """Those of ours who go are told that an event is called off or put off."""
    author = await accounts.by_id(tx.conn, post.account_id)
    if author and state in ("cancelled", "postponed"):
        going = [row.account_id for row in await calls.participants(tx.conn, post.id)]
        people = await accounts.by_ids(tx.conn, going)
        await effects.tell(tx, people.values(), "update", author, post.id)


async def send_tally(tx: Tx, post_id: int) -> None:
    """Let every host that was sent the call, or answered it, see the present counts."""
    post = await post_rows.by_id(tx.conn, post_id)
    call = await calls.lock(tx.conn, post_id)
    author = await accounts.by_id(tx.conn, post.account_id) if post else None
    if post and call and author:
        await distribution.call(tx, author, post, call, "update", await _told(tx, post, call))
        await calls.tally_sent(tx.conn, post_id, tx.now)


async def _told(tx: Tx, post: Post, call: Call) -> Reach:
    """Followers of the community and of the instance, and who answered without following either: they
    found the call elsewhere."""
    ids = await calls.answered_from_elsewhere(tx.conn, call.post_id)
    people = await accounts.by_ids(tx.conn, ids)
    members = await effects.followers(tx, call.community_id) | effects.inbox_of(*people.values())
    return Reach(members, await distribution.instances(tx, post))


async def introduce(tx: Tx, followed: Account, follower: Account) -> None:
    """A host that has just got its first member of a community is sent the calls that are still open; one
    that follows the instance, all that are public.

    So is each member whose host has no shared inbox: what others of it were sent is not theirs.
    """
    inboxes = effects.inbox_of(follower)
    as_member = followed.is_group
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
        return await calls.of_community(tx.conn, followed.id, tx.now, INTRODUCED)
    return await calls.own_upcoming(tx.conn, None, tx.now, INTRODUCED)


async def edit(
    tx: Tx, actor: Account, post: Post, *, wanted: Wanted | None = None, state: str | None = None
) -> Post:
    """Change the text, time and place, or postpone, cancel, reopen or close. Every organiser may.

    Raises ``Forbidden``, ``Invalid``, ``NotFound``. Everybody who was sent the call is told.
    """
    call = await _locked(tx, post)
    community = await accounts.by_id(tx.conn, call.community_id)
    assert community, "a foreign key holds it"
    await communities.require_steward(tx, community, actor)
    author = await accounts.by_id(tx.conn, post.account_id)
    assert author, "a foreign key holds it"
    if wanted:
        check(wanted)
        post = await posts.edit(tx, author, post, _draft(tx, community, wanted))
        call = await calls.set_details(tx.conn, post.id, wanted.details)
        await _close_in_time(tx, call)
    if state:
        await _set_state(tx, community, post, state)
    await _fill(tx, post, call)
    await send_tally(tx, post.id)
    return post


async def _set_state(tx: Tx, community: Account, post: Post, state: str) -> None:
    """What takes no answers any more is closed on its card too, and is not pinned."""
    if state not in STATES:
        raise Invalid("A call is open, postponed, cancelled or closed.", field="state")
    ended = state in ("cancelled", "closed")
    if await calls.set_state(tx.conn, post.id, state):
        await _tell_of_state(tx, post, state)
    await polls.set_end(tx.conn, post.id, None, tx.now if ended else None)
    await posts.feature(tx, community, post, added=not ended)
    effects.changed(tx, post.id)


async def _close_in_time(tx: Tx, call: Call) -> None:
    args = {"post_id": call.post_id}
    await tx.later(f"call:{call.post_id}", "close_call", args, call.over_at)


async def close(tx: Tx, post_id: int) -> datetime | None:
    """The time of a call is over: it is closed everywhere. One that was moved gives its new time."""
    post = await post_rows.by_id(tx.conn, post_id)
    call = await calls.lock(tx.conn, post_id)
    if post is None or call is None or call.state != "open":
        return None
    if call.over_at > tx.now:
        return call.over_at
    community = await accounts.by_id(tx.conn, call.community_id)
    assert community, "a foreign key holds it"
    await _set_state(tx, community, post, "closed")
    await send_tally(tx, post_id)
    return None


async def delete(tx: Tx, actor: Account, post: Post) -> None:
    """Take a call of ours away, and its card. Raises ``Forbidden``, ``NotFound``."""
    call = await _locked(tx, post)
    community = await accounts.by_id(tx.conn, call.community_id)
    author = await accounts.by_id(tx.conn, post.account_id)
    assert community, "a foreign key holds it"
    assert author, "a foreign key holds it"
    if actor.id != author.id:
        await communities.require_steward(tx, community, actor)
    await distribution.call(tx, author, post, call, "delete", await _told(tx, post, call))
    if call.card_uri:
        await post_rows.bury(tx.conn, call.card_uri, tx.now, "question")
    await posts.remove(tx, post)


async def known_by(tx: Tx, uri: str) -> Post | None:
    """The post of a call, by its canonical id or by its card's: both lead to one call."""
    found = await post_rows.by_uri(tx.conn, uri)
    if found:
        return found
    call = await calls.by_card(tx.conn, uri)
    return await post_rows.by_id(tx.conn, call.post_id) if call else None
