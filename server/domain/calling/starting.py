"""Start this in my town: a copy of a call that is seen, in a community of one's own.

It takes what the call says (title, text, kind, answers, shifts, goal, and to whom one writes), and nothing of who
takes part or how many. Where and when is what whoever starts it says; what they do not say stays, but for the
place. Who may make a call in their community may start one there. The copy names the first call (``copies``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from server import text
from server.domain import policy
from server.domain.calling import calls, copies, decisions, drafting, kinds, questions, targets
from server.domain.calling.drafting import Wanted
from server.domain.calling.shifts import Shift
from server.domain.tx import Tx
from storage import call_copies, commitments, polls, shift_roles
from storage import calls as call_rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Call, Details
from storage.posts import Post
from storage.shift_roles import Role


async def prefilled(tx: Tx, origin: Post) -> Wanted:
    """What a copy begins with. Raises ``Forbidden`` for what is not to be started elsewhere."""
    policy.may_start(allowed=await copies.may_be_started(tx, origin)).require()
    call = await call_rows.by_id(tx.conn, origin.id)
    assert call, "it may be started"
    own = kinds.has_own_options(call.kind, call.variant)
    options = await polls.options(tx.conn, [origin.id]) if own else []
    return Wanted(
        kind=call.kind,
        variant=call.variant,
        title=text.one_line(origin.title, drafting.TITLE_MAX),
        about=(origin.source or text.plain(origin.content))[: drafting.ABOUT_MAX],
        language=origin.language,
        options=tuple(option.title for option in options),
        shifts=await _shifts(tx, call) or None,
        details=_details(call),
        questions=await questions.wanted(tx, origin.id) or None,
        rules=await decisions.rules(tx, origin) if call.kind == "decision" else None,
        secret_until_closed=call.secret_until_closed or None,
    )


def _details(call: Call) -> Details:
    return Details(
        starts_at=call.starts_at,
        ends_at=call.ends_at,
        timezone=call.timezone,
        capacity=call.capacity,
        external_url=call.external_url if kinds.KINDS[call.kind].linked else None,
        closes_at=call.closes_at,
        goal=call.goal,
        goal_metric=call.goal_metric,
        guests_max=call.guests_max,
    )


async def _shifts(tx: Tx, call: Call) -> tuple[Shift, ...]:
    """Those that take place, with who is wanted in them."""
    found = [s for s in await call_rows.shifts(tx.conn, [call.post_id]) if s.state != "cancelled"]
    ids = [shift.post_id for shift in found]
    titles = await post_rows.by_ids(tx.conn, ids)
    roles = await shift_roles.of_shifts(tx.conn, ids)
    return tuple(
        _shift(shift, titles[shift.post_id].title, [r for r in roles if r.post_id == shift.post_id])
        for shift in found
    )


def _shift(shift: Call, title: str, roles: Sequence[Role]) -> Shift:
    places = None if roles else shift.capacity
    return Shift(title, shift.starts_at, shift.ends_at, places, tuple(roles))


def moved(wanted: Wanted, starts_at: datetime) -> Wanted:
    """At another time: all that has one goes along."""
    was = wanted.details.starts_at
    if was is None:
        return wanted
    by = starts_at - was
    details = replace(
        wanted.details,
        starts_at=starts_at,
        ends_at=_later(wanted.details.ends_at, by),
        closes_at=_later(wanted.details.closes_at, by),
    )
    return replace(wanted, details=details, shifts=_moved_shifts(wanted.shifts, by))


def _moved_shifts(found: Sequence[Shift] | None, by: timedelta) -> tuple[Shift, ...] | None:
    if found is None:
        return None
    return tuple(
        replace(s, starts_at=_later(s.starts_at, by), ends_at=_later(s.ends_at, by)) for s in found
    )


def _later(at: datetime | None, by: timedelta) -> datetime | None:
    return at + by if at else None


async def start(
    tx: Tx, organiser: Account, community: Account, origin: Post, wanted: Wanted
) -> Post:
    """The copy. Raises ``Forbidden``, ``Invalid``, as ``calls.create`` does."""
    policy.may_start(allowed=await copies.may_be_started(tx, origin)).require()
    made = await calls.create(tx, organiser, community, wanted, origin=origin)
    # What is for stewards alone stays with them: a copy would show it to everybody.
    if wanted.kind == "contact" and not await targets.hides(tx, origin.id, None):
        await call_copies.copy_targets(tx.conn, origin.id, made.id)
    category = await commitments.category(tx.conn, origin.id) if wanted.kind == "need" else None
    if category:
        await commitments.put_category(tx.conn, made.id, category)
    return made
