"""Communities that show each other: one asks, the other agrees, either ends it."""

from __future__ import annotations

from server.domain import policy
from server.domain.groups import letters, ties_elsewhere
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from storage import communities, ties
from storage.accounts import Account

MOST = 50


async def tie(tx: Tx, organiser: Account, group: Account, other: Account) -> bool:
    """Ask another community, or agree to what it asked; a repeat is no event. Gives whether both agree now.

    Raises ``Forbidden``, ``Invalid``.
    """
    await _require_organiser(tx, group, organiser)
    if not other.is_group or other.id == group.id:
        raise Invalid("Another community is named.", field="other_id")
    if await communities.is_private(tx.conn, group.id):
        raise Invalid("A private community is not shown elsewhere.", field="id")
    if not other.local:
        return await ties_elsewhere.ask(tx, organiser, group, other)
    made = await ties.insert(tx.conn, group.id, other.id, organiser.id, tx.now, MOST)
    both = await ties.has(tx.conn, other.id, group.id)
    if made and not both:
        for steward in await communities.stewards(tx.conn, other.id):
            if await letters.may_ring(tx, organiser, steward, "tied"):
                by = group.display_name
                await letters.send(tx, other, steward, "tied", by=by, url=group.url)
    return both and await ties.has(tx.conn, group.id, other.id)


async def untie(tx: Tx, organiser: Account, group: Account, other: Account) -> None:
    """End it on both sides, or say no. Raises ``Forbidden``, ``NotFound``."""
    await _require_organiser(tx, group, organiser)
    if other.local:
        ended = await ties.delete(tx.conn, group.id, other.id)
    else:
        ended = await ties_elsewhere.end(tx, group, other)
    if not ended:
        raise NotFound


async def _require_organiser(tx: Tx, group: Account, account: Account) -> None:
    if await communities.role(tx.conn, group.id, account.id) != "organiser":
        policy.NOT_AN_ORGANISER.require()
