"""What only those are told who take part in a call: the number of the legal aid, the door that is open.

It stays on the server of the call. Who has a place is shown it, and who steers the community; who waits, who
answered that they cannot come, who was banned since and everybody else are not. In a shift that says nothing of its own stands what its
call says. It is in no document that leaves: ``for_participant`` is what a receipt may quote to one person.
"""

from __future__ import annotations

from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import Forbidden
from storage import accounts, participations, shift_roles
from storage.accounts import Account
from storage.calls import Call
from storage.participations import Participation


async def for_participant(tx: Tx, call: Call, place: Participation | None) -> str | None:
    """Of this answer to this call or one of its shifts; None where there is nothing, or it is not for them."""
    granted = place is not None and place.counts and place.state == "granted"
    return await _of(tx, call) if granted else None


async def shown(tx: Tx, call: Call, viewer: Account | None) -> str | None:
    """What the viewer sees of it: in a call with shifts also who has a place in one of them."""
    note = await _of(tx, call) if viewer else None
    if viewer is None or note is None:
        return None
    if await communities.is_banned(tx, call.community_id, viewer):
        return None
    own = await participations.of_account(tx.conn, call.post_id, viewer.id)
    below = await participations.in_shifts(tx.conn, call.post_id, viewer.id)
    for place in (own, *below):
        if await for_participant(tx, call, place):
            return note
    return note if await _steers(tx, call, viewer) else None


async def _of(tx: Tx, call: Call) -> str | None:
    note = await shift_roles.note(tx.conn, call.post_id)
    if not note and call.parent_id:
        note = await shift_roles.note(tx.conn, call.parent_id)
    return note or None


async def _steers(tx: Tx, call: Call, viewer: Account) -> bool:
    community = await accounts.by_id(tx.conn, call.community_id)
    assert community, "a foreign key holds it"
    try:
        await communities.require_steward(tx, community, viewer)
    except Forbidden:
        return False
    return True
