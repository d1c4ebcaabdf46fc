"""What only those are told who take part in a call: the number of the legal aid, the door that is open.

It stays on the server of the call. Who has a place is shown it, and who steers the community; who waits, who
answered that they cannot come, who was banned since and everybody else are not. In a shift that says nothing of its own stands what its
call says. It is in no document that leaves: ``for_participant`` is what a receipt may quote to one person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server.domain.tx import Tx
from storage import calls, communities, group_moderation, participations, shift_roles
from storage.accounts import Account
from storage.calls import Call
from storage.participations import Participation


async def for_participant(tx: Tx, call: Call, place: Participation | None) -> str | None:
    """Of this answer to this call or one of its shifts; None where there is nothing, or it is not for them."""
    return (await _notes(tx, [call])).get(call.post_id) if await is_told(tx, call, place) else None


async def is_told(tx: Tx, call: Call, place: Participation | None) -> bool:
    """Whether what is private of a call is for who gave this answer, in a message to them alone."""
    if place is None or not has_place(place):
        return False
    group = [call.community_id]
    return place.account_id is None or not await group_moderation.banned_from(
        tx.conn, place.account_id, group, tx.now
    )


def has_place(place: Participation | None) -> bool:
    return place is not None and place.counts and place.state == "granted"


async def shown(tx: Tx, found: Sequence[Call], viewer: Account | None) -> dict[int, str]:
    """What the viewer sees of it, by call: in a call with shifts also who has a place in one of them. Five
    statements, however many calls there are."""
    if viewer is None:
        return {}
    notes = await _notes(tx, found)
    told = await may_be_told(tx, [call for call in found if call.post_id in notes], viewer)
    return {post_id: note for post_id, note in notes.items() if post_id in told}


async def may_be_told(tx: Tx, found: Sequence[Call], viewer: Account | None) -> set[int]:
    """The ids of those of these calls whose private parts are for the viewer."""
    if viewer is None or not found:
        return set()
    groups = sorted({call.community_id for call in found})
    banned = await group_moderation.banned_from(tx.conn, viewer.id, groups, tx.now)
    steered = await communities.steered_by(tx.conn, viewer.id, groups)
    taking_part = await _taking_part(tx, sorted(call.post_id for call in found), viewer)
    return {
        call.post_id
        for call in found
        if call.community_id not in banned
        and (call.community_id in steered or call.post_id in taking_part)
    }


async def _taking_part(tx: Tx, ids: Sequence[int], viewer: Account) -> set[int]:
    """Those of these calls in which, or in a shift of which, the viewer has a place."""
    of = {shift.post_id: shift.parent_id for shift in await calls.shifts(tx.conn, ids)}
    mine = await participations.of_account_many(tx.conn, viewer.id, [*ids, *of])
    has = {post_id for post_id, place in mine.items() if has_place(place)}
    return has | {parent for post_id in has if (parent := of.get(post_id))}


async def _notes(tx: Tx, found: Sequence[Call]) -> Mapping[int, str]:
    """By call, where something is said there, or in the call of which it is a shift."""
    parents = {call.post_id: call.parent_id for call in found}
    notes = await shift_roles.notes(
        tx.conn, sorted({i for pair in parents.items() for i in pair if i})
    )
    told = {i: notes.get(i) or notes.get(parent or 0, "") for i, parent in parents.items()}
    return {post_id: note for post_id, note in told.items() if note}
