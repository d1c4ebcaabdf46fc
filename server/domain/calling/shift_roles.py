"""Which place in a shift somebody gets, and which shifts the card of a volunteer call offers.

A shift may want several kinds of people, each with its own places and its own waiting list. Who does not say
which, as nobody can who comes from Mobilizon or votes on a card, gets one that asks no skill if there is any,
and a free one before one to wait for. A place is free where nobody waits for it (``guests.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.domain import policy
from server.domain.calling import guests
from server.domain.calling.kinds import HELPING, Answer
from server.domain.tx import Tx
from server.errors import Invalid
from server.i18n import mark
from storage import calls, participations, shift_roles
from storage.calls import Call
from storage.participations import Participation
from storage.polls import Option
from storage.shift_roles import Role

MAYBE = HELPING[1]
OTHER = mark("Another time")
"""The option of a card that offers not all shifts."""

GONE = "gone."


@dataclass(frozen=True, slots=True)
class Place:
    """``role``: None where there are none; ``free``: it can be had at once."""

    role: str | None
    free: bool


def choose(
    roles: Sequence[Role], taken: Mapping[str, int], wanted: str | None, places: int = 1
) -> Role:
    """The role of this name; without one as this module says. ``places``: how many are needed. Raises ``Invalid``
    where there is no such role."""
    if wanted is None:
        return min(
            roles,
            key=lambda r: (bool(r.skill), taken.get(r.name, 0) + places > r.places, r.position),
        )
    found = next((role for role in roles if role.name == wanted), None)
    if found is None:
        names = ", ".join(role.name for role in roles)
        raise Invalid(mark("A role in this shift is one of: %(names)s.", names=names), field="role")
    return found


async def place(
    tx: Tx, call: Call, old: Participation | None, wanted: str | None, places: int = 1
) -> Place:
    """Where who answers now gets a place, or waits for one. ``old``: what they said before, whose role they
    keep if they name none; ``places``: for them and whom they bring. Raises ``Invalid`` (no such role),
    ``Forbidden`` (more places than there are)."""
    held = old if old and old.counts and old.state in ("granted", "waiting") else None
    has_place = held is not None and held.state == "granted"
    roles = await shift_roles.of_shifts(tx.conn, [call.post_id])
    if not roles:
        if wanted:
            raise Invalid("There are no roles in this call.", field="role")
        if held is None:
            policy.may_seat(places, call.capacity).require()
        room = await _room(tx, call)
        return Place(None, free=has_place or room is None or places <= room)
    taken = await _taken(tx, call, roles)
    role = choose(roles, taken, wanted or (held.role if held else None), places)
    same = held is not None and held.role == role.name
    if not same:
        policy.may_seat(places, role.places).require()
    fits = taken[role.name] + places <= role.places
    return Place(role.name, free=(same and has_place) or fits)


async def room(tx: Tx, call: Call, role: str | None) -> int | None:
    """How many places are free for who asks now; none while somebody waits for them. None: no limit."""
    if role is None:
        return await _room(tx, call)
    roles = await shift_roles.of_shifts(tx.conn, [call.post_id])
    taken = await _taken(tx, call, roles)
    return next(max(r.places - taken[r.name], 0) for r in roles if r.name == role)


async def _room(tx: Tx, call: Call) -> int | None:
    if call.capacity is None:
        return None
    line = await participations.next_waiting(tx.conn, call.post_id, 1, places=call.capacity)
    return 0 if line else max(call.capacity - call.taken, 0)


async def _taken(tx: Tx, call: Call, roles: Sequence[Role]) -> dict[str, int]:
    """Of each role; all of them where somebody waits for it."""
    taken = await participations.in_roles(tx.conn, call.post_id)
    waited_for = await participations.waited_for(tx.conn, call.post_id)
    return {
        role.name: role.places if role.name in waited_for else taken.get(role.name, 0)
        for role in roles
    }


async def require_known(tx: Tx, call: Call, wanted: str | None) -> None:
    """Of a call of another server, whose host gives the places. Raises ``Invalid``."""
    if wanted:
        await place(tx, call, None, wanted)


async def granted(tx: Tx, call: Call, taken: int, waiting: int) -> list[Participation]:
    """Who waits and gets a place now, in order of receipt, in each role. ``taken``: places of the call."""
    if not waiting:
        return []
    roles = await shift_roles.of_shifts(tx.conn, [call.post_id])
    if not roles and call.capacity is None:
        return await participations.next_waiting(tx.conn, call.post_id, waiting)
    if not roles:
        return await _in_turn(tx, call, None, call.capacity or 0, taken)
    in_roles = await participations.in_roles(tx.conn, call.post_id)
    found: list[Participation] = []
    for role in roles:
        found += await _in_turn(tx, call, role.name, role.places, in_roles.get(role.name, 0))
    return found


async def _in_turn(
    tx: Tx, call: Call, role: str | None, places: int, taken: int
) -> list[Participation]:
    free = max(places - taken, 0)
    line = await participations.next_waiting(tx.conn, call.post_id, free, role, places)
    return guests.in_turn(line, free)


async def give(tx: Tx, call: Call) -> None:
    """A shift got roles: who was in it before has one too, as if they had named none, in order of receipt."""
    roles = await shift_roles.of_shifts(tx.conn, [call.post_id])
    if not roles:
        return
    taken = await participations.in_roles(tx.conn, call.post_id)
    for row in await participations.without_role(tx.conn, call.post_id):
        role = choose(roles, taken, None, row.places)
        await participations.set_role(tx.conn, row.id, role.name)
        if row.state == "granted":
            taken[role.name] = taken.get(role.name, 0) + row.places


async def on_card(tx: Tx, call: Call) -> dict[int, int]:
    """The shifts that the card of a volunteer call offers: by the place there, the id of the shift's post.

    Empty for every other call, and where the shifts came later: a card never changes.
    """
    return placed(await calls.shifts(tx.conn, [call.post_id])) if may_divide(call) else {}


def may_divide(call: Call) -> bool:
    """Whether it is of those that have shifts."""
    return call.kind == "volunteer" and call.parent_id is None


def placed(shifts: Sequence[Call]) -> dict[int, int]:
    """As ``on_card``, of all shifts of a call."""
    return {shift.choice: shift.post_id for shift in shifts if shift.choice is not None}


def answers(options: Sequence[Option], shifts: Mapping[int, int]) -> tuple[Answer, ...]:
    """What can be answered on such a card: a shift by its id, and that none of these suits. A shift that is
    deleted, or has not come from its server yet, has a key that nobody can say (``is_there``)."""
    return tuple(
        Answer(str(shifts[o.position]), o.title, counts=True)
        if o.position in shifts
        else Answer(MAYBE.key if o.title == OTHER else f"{GONE}{o.position}", o.title)
        for o in options
    )


def is_there(answer: Answer) -> bool:
    return not answer.key.startswith(GONE)


def divided(call: Call, options: Sequence[Option]) -> bool:
    """Whether the card of a call offered shifts, of which none is here any more, or yet."""
    if not may_divide(call):
        return False
    titles = {option.title for option in options}
    return len(titles) != len(HELPING) or (
        call.card_uri is not None and not titles & {answer.title for answer in HELPING}
    )
