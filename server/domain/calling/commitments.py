"""Needs and offers: what is promised, and whether it came true; and which of them find each other.

Who says "help" may say with what, and how much of it. That is a promise; the organisers accept or decline it, and
say when it was kept. Who takes the answer back cancels the promise, and with it goes what they said. A need finds
the open offers of its category, near it, in its own community and in those to which that is linked; and the other
way round.
"""

from __future__ import annotations

from server.domain import effects
from server.domain.calling import participations
from server.domain.groups import communities
from server.domain.groups import places as near
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from storage import accounts, calls, commitments, ties
from storage.accounts import Account
from storage.calls import Call
from storage.commitments import Commitment, Open, Sought
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
    await _steered(tx, actor, post, _need(await participations.locked(tx, post)))
    await commitments.put_category(tx.conn, post.id, known(category))
    effects.changed(tx, post.id)


def known(category: str) -> str:
    """Raises ``Invalid`` for none of them."""
    if category not in CATEGORIES:
        raise Invalid(f"A category is one of: {', '.join(CATEGORIES)}.", field="category")
    return category


async def promise(tx: Tx, actor: Account, post: Post, quantity: int, said: str) -> None:
    """Help with something. It is the answer "help" too. Raises as an answer does, and ``Invalid``."""
    _need(await participations.locked(tx, post))
    if not post.local:
        raise NotFound
    if not 1 <= quantity <= QUANTITY_MAX:
        raise Invalid(f"A quantity is 1 to {QUANTITY_MAX:,}.", field="quantity")
    if len(said) > SAID_MAX:
        raise Invalid(f"It has at most {SAID_MAX} characters.", field="text")
    row = await participations.answer(tx, actor, post, "help", "client")
    if not await commitments.put(tx.conn, row.id, quantity, said.strip(), tx.now):
        raise Invalid("What was promised before was fulfilled.", field="quantity")


async def step(tx: Tx, actor: Account, post: Post, commitment_id: int, name: str) -> None:
    """One of ``STEPS``, by a steward; who promised hears of it. Raises ``Forbidden``, ``Invalid``, ``NotFound``."""
    await _steered(tx, actor, post, _need(await participations.locked(tx, post)))
    found = await commitments.by_id(tx.conn, post.id, commitment_id)
    if found is None:
        raise NotFound
    before, after = STEPS[name]
    if not await commitments.set_state(tx.conn, commitment_id, before, after, tx.now):
        raise Invalid(f"It is {found.state}, not {before}.", field="state")
    who = await accounts.by_id(tx.conn, found.account_id or 0)
    if who:
        await effects.tell(tx, [who], "update", actor, post.id)


async def of_call(tx: Tx, viewer: Account, post: Post) -> list[Commitment]:
    """All of them for stewards; one's own for everybody else. Raises ``NotFound``."""
    call = _need(await calls.by_id(tx.conn, post.id))
    community = await accounts.by_id(tx.conn, call.community_id)
    if community is None or not post.local:
        raise NotFound
    all_ = (await communities.may_see_people(tx, community, viewer)).allowed
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
