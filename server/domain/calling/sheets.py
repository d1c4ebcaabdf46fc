"""Calls with all that is told of them beside: loaded with a fixed number of queries, however many calls there are.

Who may see a call was asked before (``sight``). What is counted, offered and told in private is as the verbs of
each of these say it; nothing here decides anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from server.domain import sight
from server.domain.calling import (
    copies,
    next_steps,
    online,
    participants_notes,
    participations,
    questions,
    shift_roles,
    tallies,
)
from server.domain.calling.copies import Started
from server.domain.calling.counting import Range
from server.domain.calling.kinds import Answer
from server.domain.calling.next_steps import Step
from server.domain.calling.tallies import Standing
from server.domain.tx import Tx
from storage import accounts, calls, claims, milestones, outcomes, polls, posts, sources
from storage import participations as rows
from storage import shift_roles as role_rows
from storage.accounts import Account
from storage.calls import Call
from storage.claims import Claim
from storage.milestones import Milestone
from storage.participations import Participation
from storage.polls import Option
from storage.posts import Post
from storage.questions import Question
from storage.shift_roles import Role
from storage.sources import Source

Filled: TypeAlias = tuple[Role, int]
"""Who is wanted in a shift, and how many have a place as that."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One call. ``answers``: in the order of ``options``, its card; ``mine``: the viewer's, and ``line`` its place among
    those who wait; ``standing``: of a call that is counted here; ``note``: what only who takes part is told;
    ``sources``: what it rests on; ``told``: the post by which its community tells what came of it."""

    post: Post
    call: Call
    author: Account
    community: Account
    answers: tuple[Answer, ...]
    options: Sequence[Option]
    mine: Participation | None
    line: int | None
    range: Range
    standing: Standing | None
    milestones: Sequence[Milestone]
    claims: Sequence[tuple[Claim, Account]]
    shifts: Sequence[Shift]
    roles: Sequence[Filled]
    note: str | None
    questions: Sequence[Question]
    started: Started
    sources: Sequence[Source]
    next: Step | None
    online: online.Shown | None
    told: Post | None


@dataclass(frozen=True, slots=True)
class Shift:
    """Within the sheet of its call."""

    post: Post
    call: Call
    roles: Sequence[Filled]
    mine: Participation | None


@dataclass(frozen=True, slots=True)
class _Counts:
    range: Mapping[int, Range]
    standing: Mapping[int, Standing]
    milestones: Mapping[int, list[Milestone]]


@dataclass(frozen=True, slots=True)
class _Shifts:
    """By the post of a call: its shifts, the roles in it, and what the viewer said to it, or to a shift."""

    rows: Mapping[int, list[Call]]
    posts: Mapping[int, Post]
    roles: Mapping[int, list[Filled]]
    mine: Mapping[int, Participation]


async def load(tx: Tx, found: Sequence[tuple[Post, Call]], viewer: Account | None) -> list[Sheet]:
    """In their order."""
    if not found:
        return []
    ids = [post.id for post, _ in found]
    options: dict[int, list[Option]] = defaultdict(list)
    for option in await polls.options(tx.conn, ids):
        options[option.post_id].append(option)
    claimed: dict[int, list[Claim]] = defaultdict(list)
    for claim in await claims.of_calls(tx.conn, ids):
        claimed[claim.post_id].append(claim)
    people = await accounts.by_ids(tx.conn, _people(found, claimed))
    counts = await _counts(tx, found)
    shifts = await _shifts(tx, ids, viewer)
    lines = await _lines(tx, found, shifts.mine)
    named = await sources.of_calls(tx.conn, ids)
    further = await next_steps.shown(tx, ids, viewer)
    places = await online.shown(tx, [call for _, call in found], viewer)
    notes = await participants_notes.shown(tx, [call for _, call in found], viewer)
    asked = await questions.of_calls(tx, [call for _, call in found])
    started = await copies.started(tx, found, viewer)
    told = await outcomes_of(tx, [call for _, call in found], viewer)
    return [
        Sheet(
            post=post,
            call=call,
            author=people[post.account_id],
            community=people[call.community_id],
            answers=_answers(call, shifts, options[post.id]),
            options=options[post.id],
            mine=shifts.mine.get(post.id),
            line=lines.get(post.id),
            range=counts.range[post.id],
            standing=counts.standing.get(post.id),
            milestones=counts.milestones.get(post.id, []),
            claims=[(claim, people[claim.account_id]) for claim in claimed[post.id]],
            shifts=[_shift(row, shifts) for row in shifts.rows.get(post.id, ())],
            roles=shifts.roles.get(post.id, []),
            note=notes.get(post.id),
            questions=asked.get(post.id, []),
            started=started[post.id],
            sources=named.get(post.id, ()),
            next=further.get(post.id),
            online=places.get(post.id),
            told=told.get(post.id),
        )
        for post, call in found
    ]


async def outcomes_of(tx: Tx, found: Sequence[Call], viewer: Account | None) -> dict[int, Post]:
    """By call of ours, the post that tells what came of it, as far as the viewer may see it."""
    over = [call.post_id for call in found if call.outcome_at]
    told = await outcomes.of_calls(tx.conn, over) if over else {}
    seen = await sight.posts_by_ids(tx, list(told.values()), viewer) if told else []
    by_id = {post.id: post for post in seen}
    return {call_id: by_id[at] for call_id, at in told.items() if at in by_id}


def _people(
    found: Sequence[tuple[Post, Call]], claimed: Mapping[int, Sequence[Claim]]
) -> list[int]:
    of_calls = {i for post, call in found for i in (post.account_id, call.community_id)}
    return sorted(of_calls | {c.account_id for rows_ in claimed.values() for c in rows_})


async def _counts(tx: Tx, found: Sequence[tuple[Post, Call]]) -> _Counts:
    ours = [post.id for post, _ in found if post.local]
    theirs = [(post, call) for post, call in found if not post.local]
    standing = await tallies.standings(tx, ours) if ours else {}
    told = await tallies.elsewhere(tx, theirs) if theirs else {}
    reached: dict[int, list[Milestone]] = defaultdict(list)
    for milestone in await milestones.of_calls(tx.conn, ours) if ours else ():
        reached[milestone.post_id].append(milestone)
    return _Counts(told | {i: each.range for i, each in standing.items()}, standing, reached)


async def _shifts(tx: Tx, ids: Sequence[int], viewer: Account | None) -> _Shifts:
    of: dict[int, list[Call]] = defaultdict(list)
    below: list[int] = []
    for shift in await calls.shifts(tx.conn, ids):
        of[shift.parent_id or 0].append(shift)
        below.append(shift.post_id)
    known = await posts.by_ids(tx.conn, below) if below else {}
    every = [*ids, *below]
    taken = await rows.in_roles_of(tx.conn, every)
    roles: dict[int, list[Filled]] = defaultdict(list)
    for role in await role_rows.of_shifts(tx.conn, every):
        held = taken.get(role.post_id, {}).get(role.name, 0)
        roles[role.post_id].append((role, held))
    mine = await rows.of_account_many(tx.conn, viewer.id, every) if viewer else {}
    return _Shifts(of, known, roles, mine)


def _answers(call: Call, shifts: _Shifts, options: Sequence[Option]) -> tuple[Answer, ...]:
    below = shifts.rows.get(call.post_id, [])
    placed = shift_roles.placed(below) if shift_roles.may_divide(call) else {}
    return participations.offered(call, placed, options)


def _shift(row: Call, shifts: _Shifts) -> Shift:
    wanted = shifts.roles.get(row.post_id, [])
    return Shift(shifts.posts[row.post_id], row, wanted, shifts.mine.get(row.post_id))


async def _lines(
    tx: Tx, found: Sequence[tuple[Post, Call]], mine: Mapping[int, Participation]
) -> dict[int, int]:
    """Where the viewer stands in the waiting lines of calls of ours."""
    waits = [
        mine[post.id].id
        for post, _ in found
        if post.local and post.id in mine and mine[post.id].state == "waiting"
    ]
    return await rows.places_in_line(tx.conn, waits) if waits else {}
