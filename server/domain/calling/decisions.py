"""Decisions of a community: the rule, the reasons, how objections were met, and the record that is left.

The rule is set before anybody answers and stays: nobody moves the bar once the votes are known. A reason goes with
the answer for which it was given, and with it alone. The record keeps what those said who were not followed; it
names nobody, unless the call said that votes are open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from server.domain import effects
from server.domain.calling import ballots, deciding, participations
from server.domain.calling.ballots import Cast, Round
from server.domain.calling.deciding import Given, Result, Rules
from server.domain.calling.kinds import Answer
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import accounts, calls, decisions, follows
from storage import participations as rows
from storage.accounts import Account
from storage.calls import Call
from storage.decisions import Reason
from storage.participations import Participation
from storage.posts import Post
from storage.timelines import Page

REASON_MAX = 2000


@dataclass(frozen=True, slots=True)
class Record:
    """``given``: in the order of ``answers``, nothing while it is secret; ``people``: who gave the reasons, of an open
    vote alone; ``points``: of each answer, of a vote by score; ``rounds``: of a ranked one; neither while it is secret."""

    rules: Rules
    answers: tuple[Answer, ...]
    given: tuple[Given, ...]
    result: Result
    reasons: list[Reason]
    people: dict[int, Account]
    points: tuple[int, ...] | None = None
    rounds: tuple[Round, ...] = ()


def _decision(call: Call | None) -> Call:
    if call is None or call.kind != "decision":
        raise NotFound
    return call


def checked(reason: str) -> str:
    """Raises ``Invalid`` for one that is too long."""
    said = reason.strip()
    if len(said) > REASON_MAX:
        raise Invalid(
            mark("A reason has at most %(most)s characters.", most=REASON_MAX), field="reason"
        )
    return said


async def rules(tx: Tx, post: Post) -> Rules:
    """As the call says, or none."""
    found = await decisions.rules(tx.conn, post.id)
    return Rules(found.quorum, found.threshold, found.open_votes) if found else Rules()


async def set_rules(tx: Tx, actor: Account, post: Post, wanted: Rules) -> None:
    """For stewards, before the first answer. Raises ``Forbidden``, ``Invalid``, ``NotFound``."""
    call = _decision(await participations.locked(tx, post))
    await _require_steward(tx, actor, post, call)
    await put_rules(tx, post, wanted)


async def put_rules(tx: Tx, post: Post, wanted: Rules) -> None:
    """Of a decision that the caller holds; the same once more is no event. Raises ``Invalid``."""
    deciding.check(wanted)
    if wanted == await rules(tx, post):
        return
    if await rows.given(tx.conn, post.id):
        raise Invalid("People have answered by the rule that there is.", field="quorum")
    await decisions.put_rules(tx.conn, post.id, wanted.quorum, wanted.threshold, wanted.open_votes)


async def _require_steward(tx: Tx, actor: Account, post: Post, call: Call) -> None:
    community = await accounts.by_id(tx.conn, call.community_id)
    if community is None or not post.local:
        raise NotFound
    await communities.require_steward(tx, community, actor)


async def answer(
    tx: Tx,
    account: Account,
    post: Post,
    said: str,
    door: str,
    reason: str,
    fields: Sequence[str] | None = None,
    ballot: Sequence[int] | None = None,
) -> Participation:
    """As ``participations.answer``, with a reason; only decisions take one. Raises the same."""
    _decision(await calls.by_id(tx.conn, post.id))
    why = checked(reason)
    row = await participations.answer(
        tx, account, post, said, door, message=why, fields=fields, ballot=ballot
    )
    await decisions.put_reason(tx.conn, row.id, why)
    return row


async def note_reason(tx: Tx, account: Account, post: Post, said: str) -> None:
    """What came with a Join from elsewhere; of no meaning beside other calls."""
    call = await calls.by_id(tx.conn, post.id)
    row = await rows.of_account(tx.conn, post.id, account.id)
    why = said.strip()[:REASON_MAX]
    if why and row and row.state == "granted" and call and call.kind == "decision":
        await decisions.put_reason(tx.conn, row.id, why)


async def resolve(tx: Tx, actor: Account, post: Post, objection_id: int, how: str) -> None:
    """Write down how an objection was met. Raises ``Forbidden``, ``Invalid``, ``NotFound``."""
    call = _decision(await participations.locked(tx, post))
    await _require_steward(tx, actor, post, call)
    said = checked(how)
    if not said:
        raise Invalid("Say how the objection was met.", field="resolution")
    if call.hides_counts:
        raise Invalid("What people said is shown once it is closed.", field="resolution")
    if not await decisions.resolve(tx.conn, post.id, objection_id, said, tx.now):
        raise NotFound
    effects.changed(tx, post.id)


async def record(tx: Tx, post: Post, viewer: Account | None, page: Page) -> Record:
    """Of a decision that is counted here, for who may see its community. Names of an open vote are for
    members, and only of those who answered here, where the rule can be read first. ``page``: of the reasons.
    Raises ``NotFound``."""
    call = _decision(await calls.by_id(tx.conn, post.id))
    if not post.local:
        raise NotFound
    by = await rules(tx, post)
    offered = await participations.answers(tx, call)
    if call.hides_counts:
        return Record(by, offered, (), Result("secret"), [], {})
    counts = await rows.given(tx.conn, post.id)
    given = tuple(Given(a.key, counts.get(at, 0)) for at, a in enumerate(offered))
    open_ = await decisions.objections(tx.conn, post.id)
    reasons = await decisions.reasons(tx.conn, post.id, *page.bounds, page.limit)
    people = await _people(tx, call, reasons, viewer) if by.open_votes else {}
    casts = await _casts(tx, call, len(offered))
    found = deciding.result(call.variant, given, open_, by, casts)
    record = Record(by, offered, given, found, reasons, people)
    if call.variant == ballots.SCORE:
        return replace(record, points=ballots.totals(casts, len(offered)))
    if call.variant == ballots.RANKED:
        return replace(record, rounds=ballots.run_off(casts, len(offered)).rounds)
    return record


async def _casts(tx: Tx, call: Call, options: int) -> list[Cast]:
    """What was answered, as ballots; none where the call is not answered so."""
    if not ballots.takes(call.variant):
        return []
    found = await decisions.votes(tx.conn, call.post_id)
    return [
        Cast(
            tuple(v.ballot) if v.ballot else ballots.of_choice(call.variant, options, v.choice),
            v.people,
        )
        for v in found
    ]


async def ballot(
    tx: Tx, post: Post, scores: Mapping[str, int] | None, ranking: Sequence[str] | None
) -> tuple[int, ...] | None:
    """A ballot as a client says it, by the keys of the options; None where it says none. Raises ``Invalid``,
    ``NotFound``."""
    if scores is None and ranking is None:
        return None
    call = _decision(await calls.by_id(tx.conn, post.id))
    if (scores is None) == (call.variant == ballots.SCORE) or (ranking is None) == (
        call.variant == ballots.RANKED
    ):
        raise Invalid("This call is not answered so.", field="scores" if scores else "ranking")
    keys = [each.key for each in await participations.answers(tx, call)]
    if scores is not None:
        return ballots.of_scores(scores, keys)
    return ballots.of_ranking(ranking or (), keys)


async def _people(
    tx: Tx, call: Call, reasons: Sequence[Reason], viewer: Account | None
) -> dict[int, Account]:
    if viewer is None or not await follows.is_following(tx.conn, viewer.id, call.community_id):
        return {}
    found = await accounts.by_ids(tx.conn, [r.account_id for r in reasons if r.account_id])
    return {id_: who for id_, who in found.items() if who.local}
