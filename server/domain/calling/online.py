"""Where one takes part from afar: an address beside the place, or instead of it.

It is for whoever may see the call, and goes to other servers and calendars with it; or, where the organiser says so,
for those who have a place alone (``participants_notes.may_be_told``): then it stays here and is in no document, no
calendar and no answer to anybody else. In a shift that says nothing stands what its call says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.domain.calling import participants_notes, sources
from server.domain.tx import Tx
from server.errors import Invalid
from storage import online as rows
from storage.accounts import Account
from storage.calls import Call
from storage.online import Online
from storage.participations import Participation

KINDS = ("event", "volunteer")


@dataclass(frozen=True, slots=True)
class Shown:
    """``url``: None where it is not for the viewer; ``for_participants``: whether it is not for everybody."""

    url: str | None
    for_participants: bool


def check(kind: str, online: Online) -> None:
    """Raises ``Invalid`` naming the field. An empty address: there is none."""
    if online.url and kind not in KINDS:
        raise Invalid("Nobody comes to such a call: it is at no place.", field="online_url")
    if online.url and not sources.is_https(online.url):
        raise Invalid("The address is like https://meet.example/room.", field="online_url")


async def put(tx: Tx, post_id: int, online: Online) -> None:
    await rows.put(tx.conn, post_id, online if online.url else None)


async def hear(tx: Tx, post_id: int, url: str | None) -> None:
    """What the server of a call says of it."""
    await rows.put(tx.conn, post_id, Online(url) if url and sources.is_web(url) else None)


async def public(tx: Tx, found: Sequence[Call]) -> dict[int, str]:
    """By call, what whoever may see it may know."""
    return {i: o.url for i, o in (await _of(tx, found)).items() if not o.for_participants}


async def shown(tx: Tx, found: Sequence[Call], viewer: Account | None) -> dict[int, Shown]:
    """By call that has one, what the viewer sees of it."""
    of = await _of(tx, found)
    hidden = [call for call in found if call.post_id in of and of[call.post_id].for_participants]
    told = await participants_notes.may_be_told(tx, hidden, viewer)
    return {
        i: Shown(o.url if i in told or not o.for_participants else None, o.for_participants)
        for i, o in of.items()
    }


async def for_participant(tx: Tx, call: Call, place: Participation | None) -> str | None:
    """For who gave this answer to this call, in a message to them alone."""
    found = (await _of(tx, [call])).get(call.post_id)
    if found is None:
        return None
    told = not found.for_participants or await participants_notes.is_told(tx, call, place)
    return found.url if told else None


async def _of(tx: Tx, found: Sequence[Call]) -> Mapping[int, Online]:
    """By call, where something is said there, or in the call of which it is a shift."""
    above = {call.post_id: call.parent_id for call in found}
    said = await rows.of_calls(tx.conn, sorted({i for pair in above.items() for i in pair if i}))
    told = {i: said.get(i) or said.get(parent or 0) for i, parent in above.items()}
    return {post_id: each for post_id, each in told.items() if each}
