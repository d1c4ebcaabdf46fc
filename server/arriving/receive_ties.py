"""What groups of other servers say of showing communities of ours, and of being shown (``groups/ties_elsewhere``)."""

from __future__ import annotations

from federation import activities as wire_acts
from federation.errors import Refused
from server.arriving import budgets
from server.arriving.acts import Act
from server.domain.groups import ties_elsewhere
from server.domain.tx import Tx
from server.errors import NotFound
from storage import accounts
from storage import ties_elsewhere as rows


async def offered(tx: Tx, act: Act, activity: wire_acts.OfferTie) -> None:
    """A group asks a community of ours."""
    group = await accounts.by_uri(tx.conn, activity.object)
    if group is None or not group.local:
        raise Refused("unknown_target", "There is no group of that address here.")
    await budgets.take(tx, budgets.TIES, act.by.host)
    try:
        await ties_elsewhere.asked(tx, act.by, group, activity.id)
    except NotFound as closed:  # as one that is not there
        raise Refused("unknown_target", "There is no group of that address here.") from closed


async def answered(tx: Tx, act: Act, uri: str, state: str) -> bool:
    """The Offer ``uri`` of ours is answered; False where it is none."""
    tie = await rows.by_uri(tx.conn, uri)
    if tie is None or state == "waiting":
        return False
    await ties_elsewhere.answered(tx, act.by, tie, accepted=state == "granted")
    return True


async def undo(tx: Tx, act: Act, inner: wire_acts.OfferTie) -> None:
    """By whom it is with: each of the two may have asked, and both by an Offer of their own."""
    group = await accounts.by_uri(tx.conn, inner.object)
    tie = await rows.lock(tx.conn, group.id, act.by.id) if group else None
    if tie is None:
        raise Refused("unknown_object", "There is nothing of yours here to undo.")
    await ties_elsewhere.taken_back(tx, act.by, tie)


async def undone(tx: Tx, act: Act, uri: str) -> bool:
    """The Offer ``uri`` of theirs is taken back; False where it is none."""
    tie = await rows.by_uri(tx.conn, uri)
    if tie is None or tie.ours or tie.other_id != act.by.id:
        return False
    await ties_elsewhere.taken_back(tx, act.by, tie)
    return True
