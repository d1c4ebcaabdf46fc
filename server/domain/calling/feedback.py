"""What those who took part say when a call is over: what was good, what could be better, would they come again.

Who took part may say it once, for ``OPEN_FOR`` after the end; of a call with shifts about the whole. What is said is
kept without its author, with no time finer than the day, and in no order. That somebody said something is known by
a fingerprint alone, made with the community's key: it answers "did this person", and cannot be asked "who did".

The organisers read it, and who writes is told so before (``audience.of_feedback``). They see what was said on earlier
days, as who looks after each would know whose words are new; and nothing of it until ``ENOUGH`` people wrote, or, since
few may ever do, until ``PATIENCE`` has passed. Those who speak for an office or a firm see nothing, as of all that people
who take part say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.domain import policy
from server.domain.calling import audience, contacts
from server.domain.groups import communities
from server.domain.mailing import sealed
from server.domain.tx import Tx
from server.errors import Conflict, Invalid, NotFound
from server.i18n import mark
from storage import accounts, calls, feedback, participations, polls
from storage import contacts as contact_rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Call
from storage.feedback import Feedback
from storage.participations import Participation
from storage.posts import Post

TEXT_MAX = 1000
AGAIN = ("yes", "maybe", "no")
ENOUGH = 3
PATIENCE = timedelta(days=14)
OPEN_FOR = timedelta(days=60)
SHOWN_MAX = 1000


@dataclass(frozen=True, slots=True)
class Said:
    """As it was typed. ``again``: one of ``AGAIN``, or empty."""

    good: str = ""
    better: str = ""
    again: str = ""


@dataclass(frozen=True, slots=True)
class Giver:
    """Somebody who may say something of a call, and the mark by which it is known that they did."""

    post: Post
    call: Call
    mark: bytes


@dataclass(frozen=True, slots=True)
class Heard:
    """``said``: None until the organisers may read it."""

    people: int
    said: list[Feedback] | None


async def member(tx: Tx, account: Account, post: Post) -> Giver:
    """Of an account that took part, in the call or one of its shifts. Raises ``Forbidden``, ``NotFound``."""
    post, call = await _whole(tx, post)
    own = await participations.of_account(tx.conn, post.id, account.id)
    below = await participations.in_shifts(tx.conn, post.id, account.id)
    there = any(_took_part(place) for place in (own, *below))
    banned = await communities.is_banned(tx, call.community_id, account)
    return await _giver(tx, post, call, f"account {account.id}", took_part=there and not banned)


async def behind(tx: Tx, place: Participation | None) -> Giver:
    """Of the answer that a secret link is about: of an account elsewhere, or by e-mail. Raises as ``member``."""
    found = await post_rows.by_id(tx.conn, place.post_id) if place else None
    if place is None or found is None:
        raise NotFound
    account = await accounts.by_id(tx.conn, place.account_id or 0)
    if account:
        return await member(tx, account, found)
    post, call = await _whole(tx, found)
    return await _giver(tx, post, call, await _address(tx, place), took_part=_took_part(place))


async def _address(tx: Tx, place: Participation) -> str:
    """Whose answer by e-mail it is: who is in two shifts has one address, and is one."""
    contact = await contact_rows.by_id(tx.conn, place.contact_id or 0)
    call = await calls.by_id(tx.conn, place.post_id)
    person = await contacts.read(tx, contact, call) if contact and call else None
    return f"address {sealed.plain(person.address)}" if person else f"contact {place.contact_id}"


def _took_part(place: Participation | None) -> bool:
    return place is not None and place.counts and place.state == "granted"


async def _whole(tx: Tx, post: Post) -> tuple[Post, Call]:
    """A call of ours; for a shift the call that it is of. Raises ``NotFound``."""
    call = await calls.by_id(tx.conn, post.id)
    if call and call.parent_id:
        above = await post_rows.by_id(tx.conn, call.parent_id)
        assert above, "a foreign key holds it"
        return await _whole(tx, above)
    if call is None or not post.local:
        raise NotFound
    return post, call


async def _giver(tx: Tx, post: Post, call: Call, who: str, *, took_part: bool) -> Giver:
    since = await over_since(tx, call)
    policy.may_give_feedback(
        took_part=took_part,
        over=since is not None,
        late=since is not None and since + OPEN_FOR < tx.now,
    ).require()
    ring = await sealed.ring(tx, call.community_id)
    return Giver(post, call, ring.fingerprint(who, post.id))


def is_asked(tx: Tx, call: Call) -> bool:
    """Whether this server can keep it, and there is something to say of the call."""
    return tx.site.secret is not None and call.state != "cancelled"


async def over_since(tx: Tx, call: Call) -> datetime | None:
    """None for what is not over, or did not take place."""
    if call.state == "closed":
        poll = (await polls.by_ids(tx.conn, [call.post_id])).get(call.post_id)
        return poll.closed_at if poll and poll.closed_at else call.over_at or tx.now
    over = call.state == "open" and call.over_at is not None and call.over_at <= tx.now
    return call.over_at if over else None


async def has_given(tx: Tx, giver: Giver) -> bool:
    return await feedback.has_given(tx.conn, giver.post.id, giver.mark)


async def give(tx: Tx, giver: Giver, said: Said) -> None:
    """Say it. Raises ``Invalid`` naming the field, ``Conflict`` for who did so before."""
    cleaned = Feedback(said.good.strip(), said.better.strip(), said.again or None, tx.now.date())
    _check(cleaned)
    if not await feedback.remember(tx.conn, giver.post.id, giver.mark, cleaned.said_on):
        raise Conflict("You said something about this already.")
    await feedback.insert(tx.conn, giver.post.id, cleaned)


def _check(said: Feedback) -> None:
    if not (said.good or said.better or said.again):
        raise Invalid("What was good, and what could be better?", field="good")
    for name, typed in (("good", said.good), ("better", said.better)):
        if len(typed) > TEXT_MAX:
            raise Invalid(mark("It has at most %(most)s characters.", most=TEXT_MAX), field=name)
    if said.again not in (None, *AGAIN):
        raise Invalid(
            mark("Would you come again: %(known)s.", known=", ".join(AGAIN)), field="again"
        )


async def heard(tx: Tx, actor: Account, post: Post) -> Heard:
    """For those who steer the community. Raises ``Forbidden``, ``NotFound``."""
    post, call = await _whole(tx, post)
    community = await accounts.by_id(tx.conn, call.community_id)
    assert community, "a foreign key holds it"
    await communities.require_people(tx, community, actor)
    people = await feedback.count(tx.conn, post.id, tx.now.date())
    since = await over_since(tx, call)
    patient = since is not None and since + PATIENCE <= tx.now
    if people < ENOUGH and not patient:
        return Heard(people, None)
    return Heard(people, await feedback.of_call(tx.conn, post.id, tx.now.date(), SHOWN_MAX))


async def readers(tx: Tx, call: Call, *, member: bool) -> str:
    """Who will read it, in a sentence. ``member``: they are signed in; else the name of what is private stays out."""
    post = await post_rows.by_id(tx.conn, call.post_id)
    if not member and post and post.visibility == "members":
        return audience.of_feedback(audience.Place(tx.site.urls.domain, "this call"))
    community = await accounts.by_id(tx.conn, call.community_id)
    assert community, "a foreign key holds it"
    return audience.of_feedback(audience.place(tx.site.urls.domain, community))
