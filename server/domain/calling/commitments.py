"""Needs and offers: what is promised, and whether it came true; and which of them find each other.

Who says "help" may say with what, and how much of it. That is a promise; the organisers accept or decline it, and
say when it was kept. Who is declined takes no part, until they promise anew. Who takes the answer back cancels the promise, and with it goes what they said. A need finds
the open offers of its category, near it, in its own community and in those to which that is linked; and the other
way round.

People of other servers promise by an Offer of an agreement (FEP-0837), which ends in the same verb; the stewards'
steps are told to them. What our members promise elsewhere is such an Offer too: the server of the call says
what became of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from server.domain import distribution, effects, wire_calls
from server.domain.calling import line, participations, taken_back
from server.domain.distribution import Promised
from server.domain.groups import communities
from server.domain.groups import places as near
from server.domain.tx import Tx
from server.errors import Forbidden, Invalid, NotFound
from server.i18n import mark
from storage import accounts, calls, commitments, ties
from storage import participations as participation_rows
from storage.accounts import Account
from storage.calls import Call
from storage.commitments import Commitment, Open, Sought
from storage.participations import Participation
from storage.posts import Post

CATEGORIES = ("space", "transport", "tools", "food", "care", "money", "law", "language", "media",
              "work", "other")  # fmt: skip
STEPS = {
    "accept": ("promised", "accepted"),
    "decline": ("promised", "declined"),
    "fulfil": ("accepted", "fulfilled"),
}
"""Step → the state before and after it."""
SAID_MAX = 500
QUANTITY_MAX = 1_000_000
MOST = 500
"""Commitments listed of one call."""
MATCHES = 20
NEAR_KM = 50


def _need(call: Call | None) -> Call:
    if call is None or call.kind != "need":
        raise NotFound
    return call


async def _steered(tx: Tx, actor: Account, post: Post, call: Call) -> None:
    community = await accounts.by_id(tx.conn, call.community_id)
    if community is None or not post.local:
        raise NotFound
    await communities.require_steward(tx, community, actor)


async def categorise(tx: Tx, actor: Account, post: Post, category: str) -> None:
    """For stewards. Raises ``Forbidden``, ``Invalid``, ``NotFound``."""
    call = _need(await participations.locked(tx, post))
    await _steered(tx, actor, post, call)
    await commitments.put_category(tx.conn, post.id, known(category))
    effects.changed(tx, post.id)
    await line.let_hear(tx, call)


def known(category: str) -> str:
    """Raises ``Invalid`` for none of them."""
    if category not in CATEGORIES:
        raise Invalid(
            mark("A category is one of: %(known)s.", known=", ".join(CATEGORIES)), field="category"
        )
    return category


async def promise(
    tx: Tx, actor: Account, post: Post, quantity: int, said: str, *, uri: str | None = None
) -> None:
    """Help with something. It is the answer "help" too. ``uri``: of an Offer from elsewhere.

    Raises as an answer does, and ``Invalid``, before anything is written.
    """
    call = _need(await participations.locked(tx, post))
    if uri:
        await taken_back.require_current(tx, post.id, actor, "join", uri)
    if not 1 <= quantity <= QUANTITY_MAX:
        raise Invalid(mark("A quantity is 1 to %(most)s.", most=QUANTITY_MAX), field="quantity")
    if len(said) > SAID_MAX:
        raise Invalid(mark("It has at most %(most)s characters.", most=SAID_MAX), field="text")
    await _require_room(tx, actor, post, quantity)
    if not post.local:
        await _promise_elsewhere(tx, actor, post, call, quantity, said.strip())
        return
    door = "client" if actor.local else "join"
    row = await participations.answer(tx, actor, post, "help", door)
    await commitments.put(tx.conn, row.id, quantity, said.strip(), tx.now, uri)


async def _require_room(tx: Tx, actor: Account, post: Post, quantity: int) -> None:
    old = await commitments.of_person(tx.conn, post.id, actor.id)
    if old and old.state == "fulfilled":
        raise Invalid("What was promised before was fulfilled.", field="quantity")
    missing = await commitments.missing(tx.conn, post.id, actor.id) if post.local else None
    if missing is not None and quantity > missing:
        raise Invalid(
            mark("No more than %(what)s are still wanted.", what=max(missing, 0)), field="quantity"
        )


async def _promise_elsewhere(
    tx: Tx, actor: Account, post: Post, call: Call, quantity: int, said: str
) -> None:
    host = await accounts.by_id(tx.conn, post.account_id)
    assert host, "a foreign key holds it"
    row = await participations.ask_elsewhere(tx, actor, post, "help")
    await commitments.put(tx.conn, row.id, quantity, said, tx.now)
    await distribution.offer(tx, actor, post, host, row.uri or "", quantity, said)


@dataclass(frozen=True, slots=True)
class Offered:
    """What an Offer from elsewhere promises. ``quantity``: None where it is no whole number; ``category``: as the
    id of a resource, empty where it says none; ``in_return``: it asks for something."""

    uri: str
    quantity: int | None
    unit: str
    conforms_to: str
    in_return: bool
    said: str


async def offered(tx: Tx, by: Account, post: Post, offer: Offered) -> None:
    """Somebody of another server promises something. What is not taken is answered by a Reject that says why,
    but for who is blocked. Raises ``Forbidden`` for these, and ``NotFound`` where it is no need."""
    _need(await participations.locked(tx, post))
    try:
        await promise(tx, by, post, await _readable(tx, post, offer), offer.said, uri=offer.uri)
    except (Forbidden, Invalid) as refused:
        told = isinstance(refused, Invalid) or refused.reason in participations.REJECTED
        if not told:
            raise
        promised = Promised(0, by, offer.uri, offer.quantity or 0)
        await distribution.answer_offer(tx, post, promised, accepted=False, why=refused.sentence)


async def _readable(tx: Tx, post: Post, offer: Offered) -> int:
    """How much is promised. Raises ``Invalid``."""
    if offer.unit != "one" or offer.quantity is None:
        raise Invalid("What is promised is a whole number of the unit one.", field="quantity")
    if offer.in_return:
        raise Invalid("Nothing is given in return.", field="reciprocal")
    category = await commitments.category(tx.conn, post.id) or ""
    if offer.conforms_to and offer.conforms_to != wire_calls.resource(category):
        raise Invalid("That is not what this call is about.", field="category")
    return offer.quantity


async def heard(
    tx: Tx, by: Account, given: Participation, state: str, agreement: str | None
) -> None:
    """The server of a call elsewhere says what became of a promise of ours: accepted, declined, fulfilled.

    The caller knows that ``by`` may say so.
    """
    who = await accounts.by_id(tx.conn, given.account_id or 0)
    if who and await commitments.heard(tx.conn, given.id, state, agreement, tx.now):
        await effects.tell(tx, [who], "update", by, given.post_id)


async def hear_category(tx: Tx, post: Post, category: str) -> None:
    """What a need of another server is about, where that is a word of ours."""
    if category in CATEGORIES:
        await commitments.put_category(tx.conn, post.id, category)


async def step(tx: Tx, actor: Account, post: Post, commitment_id: int, name: str) -> None:
    """One of ``STEPS``, by a steward; who promised hears of it. Raises ``Forbidden``, ``Invalid``, ``NotFound``."""
    call = _need(await participations.locked(tx, post))
    await _steered(tx, actor, post, call)
    found = await commitments.by_id(tx.conn, post.id, commitment_id)
    if found is None:
        raise NotFound
    before, after = STEPS[name]
    if not await commitments.set_state(tx.conn, commitment_id, before, after, tx.now):
        raise Invalid(
            mark("It is %(state)s, not %(before)s.", state=found.state, before=before),
            field="state",
        )
    who = await accounts.by_id(tx.conn, found.account_id or 0)
    if who:
        await effects.tell(tx, [who], "update", actor, post.id)
        await _tell_elsewhere(tx, who, post, found, name)
    if name == "decline":
        await _refuse(tx, who, post, call, found)
    else:
        await line.let_hear(tx, call)


async def _refuse(
    tx: Tx, who: Account | None, post: Post, call: Call, declined: Commitment
) -> None:
    """Who is not needed takes no part: their place goes to who waits, and they are counted no more. A Join of theirs
    is answered anew."""
    row = await participation_rows.by_id(tx.conn, declined.id)
    if row is None or row.state not in participations.HELD:
        return
    await participation_rows.set_participation_state(tx.conn, row.id, "refused")
    if who:
        await line.reply(tx, post, who, replace(row, state="refused"), row.uri)
    await line.settle(tx, post, call)


async def _tell_elsewhere(tx: Tx, who: Account, post: Post, found: Commitment, name: str) -> None:
    promised = Promised(found.id, who, found.uri, found.quantity)
    if name == "fulfil":
        await distribution.confirm(tx, post, promised)
    else:
        await distribution.answer_offer(tx, post, promised, accepted=name == "accept")


async def of_call(tx: Tx, viewer: Account, post: Post) -> list[Commitment]:
    """All of them for stewards; one's own for everybody else. Raises ``NotFound``."""
    call = _need(await calls.by_id(tx.conn, post.id))
    community = await accounts.by_id(tx.conn, call.community_id)
    if community is None:
        raise NotFound
    may = await communities.may_see_people(tx, community, viewer) if post.local else None
    all_ = may is not None and may.allowed
    return await commitments.of_call(tx.conn, post.id, None if all_ else viewer.id, MOST)


async def matches(tx: Tx, post: Post) -> list[Open]:
    """To a need the open offers, to an offer the open needs. Raises ``NotFound``."""
    call = _need(await calls.by_id(tx.conn, post.id))
    linked = await ties.linked(tx.conn, call.community_id)
    around = None
    if call.latitude is not None and call.longitude is not None:
        around = near.around(near.Point(call.latitude, call.longitude), NEAR_KM)
    sought = Sought(
        variant="" if call.variant else "offer",
        category=await commitments.category(tx.conn, post.id) or "other",
        communities=[call.community_id, *(group.id for group in linked)],
        around=around,
    )
    return await commitments.still_open(tx.conn, sought, tx.now, MATCHES)
