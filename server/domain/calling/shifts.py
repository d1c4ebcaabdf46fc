"""The shifts of a volunteer call: each a call of its own, which people take a place in.

The call itself is what followers hear of: its card offers the shifts, up to four; of more the first three, and
that another time would suit. What stands on a card never changes, so that a shift that comes later is on the
page, in the API and in calendars alone, and one that is taken away is called off, which who is in it is told.
The call lasts from the first to the last shift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from server import text
from server.domain.calling import kinds
from server.domain.calling import shift_roles as shift_role_verbs
from server.domain.posting import drafts, posts, quotes
from server.domain.tx import Tx
from server.errors import Invalid
from server.i18n import mark
from storage import calls, shift_roles
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Call, Details, NewCall
from storage.posts import Post
from storage.shift_roles import Role

SHIFTS_MAX = 40
ROLES_MAX = 10
ROLE_MAX = 60
PLACES_MAX = 10_000
ON_CARD = 3
"""How many of more than four stand on the card."""

OTHER = shift_role_verbs.OTHER
GO_ON = ("open", "postponed")


@dataclass(frozen=True, slots=True)
class Shift:
    """What an organiser says of one. ``id``: of its post, where it is there already; ``roles``: their places
    are the shift's, and ``capacity`` is not said then."""

    title: str
    starts_at: datetime | None
    ends_at: datetime | None = None
    capacity: int | None = None
    roles: tuple[Role, ...] = ()
    id: int | None = field(default=None, kw_only=True)

    @property
    def places(self) -> int | None:
        return sum(role.places for role in self.roles) if self.roles else self.capacity


def check(kind: str, shifts: Sequence[Shift]) -> None:
    """Raises ``Invalid`` naming the field."""
    if shifts and kind != "volunteer":
        raise Invalid("Only a call for volunteers has shifts.", field="shifts")
    if len(shifts) > SHIFTS_MAX:
        raise Invalid(mark("A call has at most %(most)s shifts.", most=SHIFTS_MAX), field="shifts")
    for shift in shifts:
        _check(shift)
    if len({shift.title.casefold() for shift in shifts}) < len(shifts):
        raise Invalid("Two shifts have the same title.", field="shifts")
    if OTHER.casefold() in {shift.title.casefold() for shift in shifts}:
        raise Invalid(mark("%(other)s is the title of no shift.", other=OTHER), field="shifts")


def _check(shift: Shift) -> None:
    if not 0 < len(shift.title) <= kinds.OPTION_LENGTH:
        most = kinds.OPTION_LENGTH
        raise Invalid(
            mark("The title of a shift has 1 to %(most)s characters.", most=most), field="shifts"
        )
    if shift.starts_at is None:
        raise Invalid("A shift needs a time: starts_at.", field="shifts")
    if shift.ends_at and shift.ends_at < shift.starts_at:
        raise Invalid("A shift ends before it begins.", field="shifts")
    if shift.capacity is not None and not 0 < shift.capacity <= PLACES_MAX:
        raise Invalid(mark("A shift has 1 to %(most)s places.", most=PLACES_MAX), field="shifts")
    if shift.capacity is not None and shift.roles:
        raise Invalid("The places of a shift are those of its roles.", field="shifts")
    if len(shift.roles) > ROLES_MAX:
        raise Invalid(mark("A shift has at most %(most)s roles.", most=ROLES_MAX), field="shifts")
    for role in shift.roles:
        if not 0 < len(role.name) <= ROLE_MAX or len(role.skill) > ROLE_MAX:
            raise Invalid(
                mark("The name of a role has 1 to %(most)s characters.", most=ROLE_MAX),
                field="shifts",
            )
        if not 0 < role.places <= PLACES_MAX:
            raise Invalid(mark("A role has 1 to %(most)s places.", most=PLACES_MAX), field="shifts")
    if len({role.name for role in shift.roles}) < len(shift.roles):
        raise Invalid("Two roles of a shift have the same name.", field="shifts")


def spanned(details: Details, shifts: Sequence[Shift]) -> Details:
    """The time of a call with these shifts: from the first to the last. Its places are theirs."""
    starts = [shift.starts_at for shift in shifts if shift.starts_at]
    if not starts:
        return details
    ends = [shift.ends_at or shift.starts_at for shift in shifts]
    last = max(end for end in ends if end)
    return replace(details, starts_at=min(starts), ends_at=last, capacity=None)


def on_card(shifts: Sequence[Shift]) -> tuple[str, ...]:
    """The options of the card of a call with these shifts: not less than two, as a poll has."""
    if not shifts:
        return ()
    few = len(shifts) < kinds.OPTIONS_MAX + 1
    shown = [shift.title for shift in (shifts if few else shifts[:ON_CARD])]
    return (*shown, OTHER) if not few or len(shown) < kinds.OPTIONS_MIN else tuple(shown)


async def add(
    tx: Tx,
    author: Account,
    community: Account,
    parent: Post,
    call: Call,
    shift: Shift,
    choice: int | None,
) -> tuple[Post, Call]:
    """A new shift, of which nobody has been told yet. ``choice``: its place on the card."""
    post = await posts.publish(tx, author, _draft(community, parent, shift))
    assert post, "a new id is never a repeat"
    details = _details(call, shift)
    new = NewCall(
        post.id, community.id, call.kind, "", details, None, parent_id=parent.id, choice=choice
    )
    made = await calls.insert(tx.conn, new)
    await shift_roles.put(tx.conn, post.id, shift.roles)
    return post, made


async def change(
    tx: Tx, author: Account, community: Account, parent: Post, call: Call, post: Post, shift: Shift
) -> Call:
    """Its title, time, places and roles. Raises ``Invalid`` where a role goes that somebody has."""
    await posts.edit(tx, author, post, _draft(community, parent, shift))
    changed = await calls.set_details(tx.conn, post.id, _details(call, shift))
    await set_roles(tx, changed, shift.roles)
    return changed


async def follow(tx: Tx, author: Account, community: Account, parent: Post) -> list[int]:
    """What a call says anew its shifts say too: text, language and tags. The ids of those that go on, as each
    names its call in what others are sent of it."""
    on = [row for row in await calls.shifts(tx.conn, [parent.id]) if row.state in GO_ON]
    rows = await post_rows.by_ids(tx.conn, [row.post_id for row in on])
    for row in on:
        post = rows[row.post_id]
        if _words(post) != _words(parent):
            said = Shift(post.title, row.starts_at)
            await posts.edit(tx, author, post, _draft(community, parent, said))
    return list(rows)


def _words(post: Post) -> tuple[object, ...]:
    return post.content, post.source, post.language, sorted(post.tags)


async def set_roles(tx: Tx, call: Call, roles: Sequence[Role]) -> None:
    """Raises ``Invalid``. The caller holds the lock of the call."""
    await shift_roles.put(tx.conn, call.post_id, roles)
    names = {role.name for role in roles}
    for kept in await shift_roles.of_shifts(tx.conn, [call.post_id]):
        if kept.name not in names:
            raise Invalid(
                mark("Somebody is in this shift as %(name)s.", name=kept.name), field="shifts"
            )
    await shift_role_verbs.give(tx, call)


def choices(shifts: Sequence[Shift]) -> list[int | None]:
    """The place of each on the card, as ``on_card`` lists them."""
    shown = len([title for title in on_card(shifts) if title != OTHER])
    return [at if at < shown else None for at in range(len(shifts))]


def _draft(community: Account, parent: Post, shift: Shift) -> drafts.Draft:
    answers = kinds.answers("volunteer", "")
    return drafts.Draft(
        kind="event",
        title=shift.title,
        content=parent.content,
        source=parent.source,
        language=parent.language,
        community=community,
        tags=tuple(parent.tags),
        poll=drafts.PollDraft(tuple((answer.title, 0) for answer in answers)),
        visibility=parent.visibility,
        quote_policy=quotes.policy_named("public", parent.visibility),
    )


def _details(call: Call, shift: Shift) -> Details:
    """Where its call is; when and for how many, as it says itself."""
    return Details(
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        timezone=call.timezone,
        place_name=call.place_name,
        place_address=call.place_address,
        latitude=call.latitude,
        longitude=call.longitude,
        capacity=shift.places,
        urgent=call.urgent,
        guests_max=call.guests_max,
    )


def clean(shift: Shift) -> Shift:
    """Titles and names are one line."""
    roles = [
        replace(role, name=text.one_line(role.name), skill=text.one_line(role.skill), position=at)
        for at, role in enumerate(shift.roles)
    ]
    return replace(shift, title=text.one_line(shift.title), roles=tuple(roles))
