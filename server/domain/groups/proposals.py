"""Proposals: what a member would like their community to do, until it is done, or not.

    idea → trial → review → accepted or declined

An *idea* is a call that nobody made yet. It is let through by the community's own rule: ``open`` (at once),
``seconded`` (by so many other members), or ``approved`` (by an organiser or moderator, who may also let through
under the other rules). Then it is a *trial*: the call is made, and its author is who proposed it. When it was tried,
its author or a steward puts it up for *review* with a word on how it went, and the stewards keep it (accepted) or
do not. An idea may be declined, with a reason, and withdrawn by its author.

The call is kept as plain JSON (``plain``, ``read``) and checked when it is proposed and again when it is made: its
time may be past by then, and it stays an idea.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import orjson
import structlog
from pydantic import TypeAdapter, ValidationError

from server import text
from server.domain import policy
from server.domain.calling import calls, drafting, own_calls, pictures
from server.domain.calling.drafting import Wanted
from server.domain.groups import communities, letters
from server.domain.tx import Tx
from server.errors import BeckonError, Invalid, NotFound
from server.i18n import mark
from storage import accounts, persons
from storage import communities as community_rows
from storage import follows as follow_rows
from storage import proposals as rows
from storage.accounts import Account
from storage.proposals import Proposal

log = structlog.get_logger()

MOVES: Mapping[str, frozenset[str]] = {
    "idea": frozenset({"trial", "declined", "withdrawn"}),
    "trial": frozenset({"review"}),
    "review": frozenset({"accepted", "declined"}),
    "accepted": frozenset(),
    "declined": frozenset(),
    "withdrawn": frozenset(),
}
"""From which state to which."""
BY_AUTHOR = frozenset({"review", "withdrawn"})
NOTE_MAX = 500
OPEN_MAX = 10
"""Ideas that one member may have at once."""
_CODEC = TypeAdapter(Wanted)


def plain(wanted: Wanted) -> dict[str, Any]:
    """The call as plain JSON."""
    return cast("dict[str, Any]", orjson.loads(_CODEC.dump_json(wanted)))


def read(kept: Mapping[str, Any]) -> Wanted:
    """The call of ``plain``. Raises ``Invalid`` for one of an older shape."""
    try:
        return _CODEC.validate_json(orjson.dumps(kept))
    except ValidationError as error:
        raise Invalid("This proposal has to be made anew.", cause=str(error)) from error


async def propose(tx: Tx, member: Account, group: Account, wanted: Wanted) -> Proposal:
    """A new idea; where calls are open to all members it is tried at once, unless
    a rule catches it (``own_calls``). Raises ``Forbidden``, ``Invalid``."""
    if not await follow_rows.is_following(tx.conn, member.id, group.id):
        policy.NOT_A_MEMBER_HERE.require()
    await communities.require_part(tx, group.id, member)
    drafting.check(wanted)
    pictures.refuse_for_later(wanted.media_ids)
    await rows.take_turns(tx.conn, member.id)
    if await rows.open_of(tx.conn, member.id) >= OPEN_MAX:
        raise Invalid(mark("You have %(most)s open ideas already.", most=OPEN_MAX), field="title")
    title = text.one_line(wanted.title)
    made = await rows.insert(
        tx.conn, group.id, member.id, wanted.kind, title, plain(wanted), tx.now
    )
    community = await community_rows.by_id(tx.conn, group.id)
    if community is None or community.proposals != "open":
        return made
    return made if await own_calls.is_caught(tx, group, member, wanted) else await _try(tx, made)


async def second(tx: Tx, member: Account, proposal_id: int, *, added: bool) -> Proposal:
    """Carry an idea of somebody else, or do so no more; the last one needed lets it through.

    Raises ``Forbidden``, ``Invalid``, ``NotFound``.
    """
    held = await _held(tx, proposal_id)
    if not await follow_rows.is_following(tx.conn, member.id, held.community_id):
        policy.NOT_A_MEMBER_HERE.require()
    if member.id == held.account_id:
        policy.NOT_ONESELF.require()
    if held.state != "idea":
        raise Invalid("Only what is an idea still is seconded.", field="state")
    if not added:
        await rows.unsecond(tx.conn, held.id, member.id)
        return held
    if await persons.carries(tx.conn, held.id, member.id):
        policy.COUNTED_ONCE.require()
    await rows.second(tx.conn, held.id, member.id, tx.now)
    return await _try_quietly(tx, held) if await _passes(tx, held, None) else held


async def _try_quietly(tx: Tx, held: Proposal) -> Proposal:
    """What cannot be made (its time is past) stays an idea, and the second counts all the same."""
    try:
        async with tx.conn.transaction():
            return await _try(tx, held)
    except BeckonError as refused:
        log.info("proposal.not_tried", proposal=held.id, why=str(refused))
        return held


async def change(tx: Tx, actor: Account, proposal_id: int, state: str, note: str = "") -> Proposal:
    """Take a proposal to its next state. Raises ``Forbidden``, ``Invalid``, ``NotFound``."""
    held = await _held(tx, proposal_id)
    role = await community_rows.role(tx.conn, held.community_id, actor.id)
    if len(note) > NOTE_MAX:
        raise Invalid(mark("A note has at most %(most)s characters.", most=NOTE_MAX), field="note")
    if state not in MOVES[held.state]:
        raise Invalid(
            mark(
                "What is in the state %(state)s does not become %(wanted)s.",
                state=held.state,
                wanted=state,
            ),
            field="state",
        )
    if state == "trial":
        policy.may_let_through(*await _rule(tx, held), role=role).require()
        return await _try(tx, held, note)
    own = actor.id == held.account_id
    if not (own and state in BY_AUTHOR) and (role is None or state == "withdrawn"):
        (policy.NOT_YOURS if state == "withdrawn" else policy.NOT_A_STEWARD).require()
    changed = await rows.set_state(tx.conn, held.id, state, note.strip(), tx.now)
    if state == "declined":
        await _tell(tx, changed, "declined", note=changed.note)
    return changed


async def _held(tx: Tx, proposal_id: int) -> Proposal:
    held = await rows.hold(tx.conn, proposal_id)
    if held is None:
        raise NotFound
    return held


async def _rule(tx: Tx, held: Proposal) -> tuple[str, int, int]:
    """The community's rule, how many carry the proposal, and how many have to."""
    community = await community_rows.by_id(tx.conn, held.community_id)
    if community is None:
        raise NotFound
    return community.proposals, len(await rows.seconds(tx.conn, held.id)), community.seconds


async def _passes(tx: Tx, held: Proposal, role: str | None) -> bool:
    return policy.may_let_through(*await _rule(tx, held), role=role).allowed


async def _try(tx: Tx, held: Proposal, note: str = "") -> Proposal:
    """Make the call, as the proposer's own."""
    people = await accounts.by_ids(tx.conn, [held.account_id, held.community_id])
    author, group = people[held.account_id], people[held.community_id]
    post = await calls.create(tx, author, group, read(held.wanted), let_through=True)
    tried = await rows.set_state(tx.conn, held.id, "trial", note.strip(), tx.now, post.id)
    await _tell(tx, tried, "trial", url=post.url)
    return tried


async def _tell(tx: Tx, proposal: Proposal, what: str, **facts: str) -> None:
    people = await accounts.by_ids(tx.conn, [proposal.account_id, proposal.community_id])
    group, author = people[proposal.community_id], people[proposal.account_id]
    await letters.send(tx, group, author, what, idea=proposal.title, **facts)
