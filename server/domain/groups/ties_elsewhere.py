"""A community of ours and a group of another server that show each other.

One asks by an ``Offer`` of a ``Relationship``, the other accepts or rejects it; whose Offer it was takes it back by an
``Undo``, and the other ends it by a late ``Reject``. Both sides keep the tie by the id of that Offer. Where both asked
at once, both have agreed. What is private is neither asked for nor asked, and says of itself what a group says that
is not there.
"""

from __future__ import annotations

from server.domain import effects, policy
from server.domain.groups import letters
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import accounts, communities
from storage import ties_elsewhere as rows
from storage.accounts import Account
from storage.ties_elsewhere import Tie

MOST = 50
"""Of one community, asked for by it; and as many that others ask for."""


async def ask(tx: Tx, organiser: Account, group: Account, other: Account) -> bool:
    """Ask a group of another server, or agree to what it asked; a repeat is no event. Gives whether both agree
    now. Raises ``Invalid``."""
    if other.locked or other.suspended_at:
        raise Invalid("That community is not shown elsewhere.", field="other_id")
    tie = await rows.lock(tx.conn, group.id, other.id)
    if tie is None:
        uri = await effects.new_id(tx)
        made = Tie(group.id, other.id, "asked", uri, True, organiser.id, tx.now)
        if not await rows.insert(tx.conn, made, MOST):
            raise Invalid(
                mark("A community asks at most %(most)s others.", most=MOST), field="other_id"
            )
        await effects.offer_tie(tx, group, other, uri)
        return False
    if tie.state == "wanted":
        await effects.answer_tie(tx, group, other, tie.uri, accepted=True)
        await _agree(tx, group, tie)
    return tie.state != "asked"


async def end(tx: Tx, group: Account, other: Account) -> bool:
    """On both sides, or say no. False where there was nothing."""
    tie = await rows.lock(tx.conn, group.id, other.id)
    if tie is None:
        return False
    if tie.ours:
        await effects.undo_tie(tx, group, other, tie.uri)
    else:
        await effects.answer_tie(tx, group, other, tie.uri, accepted=False)
    await _drop(tx, group, tie)
    return True


async def end_all(tx: Tx, group: Account) -> None:
    """The community is not for everybody any more."""
    found = await rows.of(tx.conn, group.id)
    others = await accounts.by_ids(tx.conn, [tie.other_id for tie in found])
    for tie in found:
        await end(tx, group, others[tie.other_id])


async def asked(tx: Tx, by: Account, group: Account, uri: str) -> None:
    """A group of another server asks. ``uri``: of its Offer. Raises ``NotFound``, ``Forbidden``."""
    row = await communities.by_id(tx.conn, group.id) if group.local else None
    if row is None or row.visibility == "private":
        raise NotFound
    if by.local or not by.is_group or by.locked:
        policy.NOT_A_GROUP.require()
    tie = await rows.lock(tx.conn, group.id, by.id)
    if tie is None:
        made = Tie(group.id, by.id, "wanted", uri, False, None, tx.now)
        if not await rows.insert(tx.conn, made, MOST):
            policy.MANY_ASK.require()
        await _tell(tx, by, group)
    elif tie.state == "asked":
        await _agree(tx, group, tie)
    elif tie.uri != uri and not tie.ours:
        await rows.renew(tx.conn, tie, uri)
        if tie.state == "agreed":
            await effects.answer_tie(tx, group, by, uri, accepted=True)


async def answered(tx: Tx, by: Account, tie: Tie, *, accepted: bool) -> None:
    """The other side accepts what we asked, or rejects it, now or later. Raises ``Forbidden``."""
    group = await _ours(tx, by, tie)
    if not tie.ours:
        policy.NOT_ASKED.require()
    if not accepted:
        await _drop(tx, group, tie)
    elif tie.state == "asked":
        await _agree(tx, group, tie)


async def taken_back(tx: Tx, by: Account, tie: Tie) -> None:
    """The other side undoes its Offer. Raises ``Forbidden``."""
    await _drop(tx, await _ours(tx, by, tie), tie)


async def _ours(tx: Tx, by: Account, tie: Tie) -> Account:
    """Our side of it."""
    if tie.other_id != by.id:
        policy.NOT_ASKED.require()
    return (await accounts.by_ids(tx.conn, [tie.community_id]))[tie.community_id]


async def _agree(tx: Tx, group: Account, tie: Tie) -> None:
    await rows.agree(tx.conn, tie, tx.now)
    await effects.profile(tx, group)


async def _drop(tx: Tx, group: Account, tie: Tie) -> None:
    await rows.delete(tx.conn, tie)
    if tie.state == "agreed":
        await effects.profile(tx, group)


async def _tell(tx: Tx, by: Account, group: Account) -> None:
    for steward in await communities.stewards(tx.conn, group.id):
        if await letters.may_ring(tx, by, steward, "tied"):
            facts = {"by": by.display_name or by.handle, "url": by.url}
            await letters.send(tx, group, steward, "tied", **facts)
