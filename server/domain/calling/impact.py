"""What came of calls: how many answered, take part, waited, took it back, day by day; for one call and for a community.

Figures are recounted from the answers each time. Kinds are never mixed: a community that got forty signatures and
ten helpers has no fifty of anything. Likes (``support``) and boosts (``spread``) are told beside them and added to
nothing. Who looks at a call is not written down, so that nothing here says who did.

A day on which one person answered is a name for whoever was told of it. Strangers are shown days put together
until each part has ``FEW`` people, and no days of withdrawals; who steers the community sees each day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from server.domain import sight
from server.domain.calling.tallies import SETTLED
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import NotFound
from storage import accounts, attendance, calls
from storage import impact as rows
from storage.accounts import Account
from storage.calls import Call
from storage.impact import Answers, Day
from storage.posts import Post

FEW = 3
"""People in a part of the time line that strangers see, at least."""
CALLS = 1000
"""Calls of a community that are looked at, the newest first."""


@dataclass(frozen=True, slots=True)
class Period:
    """From one day to another, both included. ``withdrawn``: None where it is not told."""

    first: date
    last: date
    answered: int
    withdrawn: int | None


@dataclass(frozen=True, slots=True)
class Figures:
    """``attended``: None where nobody wrote down who came."""

    answered: int
    confirmed: int
    expressed: int
    waiting: int
    withdrawn: int
    attended: int | None
    support: int
    spread: int

    @property
    def counted(self) -> int:
        """Who takes part."""
        return self.confirmed + self.expressed


@dataclass(frozen=True, slots=True)
class OfCall:
    post: Post
    call: Call
    figures: Figures


@dataclass(frozen=True, slots=True)
class OfKind:
    """All calls of one kind and variant, added up."""

    kind: str
    variant: str
    calls: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class Impact:
    """``calls``: the newest first."""

    kinds: list[OfKind]
    calls: list[OfCall]
    days: list[Period]


async def of_call(tx: Tx, post: Post, viewer: Account | None) -> Impact:
    """Of a call of ours that the viewer sees. Raises ``NotFound`` for one that another server counts."""
    call = await calls.by_id(tx.conn, post.id)
    if call is None or not post.local:
        raise NotFound
    return await _of(tx, [post], call.community_id, viewer)


async def grown(tx: Tx, post: Post, call: Call, viewer: Account | None) -> list[Period]:
    """Since when those who take part now are with it: all parts together are who takes part. As ``Impact.days``."""
    days = await rows.grown(tx.conn, post.id)
    whole = viewer is not None and await _sees_people(tx, call.community_id, viewer)
    return all_of(days) if whole else merged(days)


async def of_community(tx: Tx, group: Account, viewer: Account | None) -> Impact:
    """Of the calls of a community of ours that the viewer sees. Raises ``NotFound`` for another server's."""
    if not group.local:
        raise NotFound
    newest = await rows.latest(tx.conn, group.id, CALLS)
    seen = await sight.posts_by_ids(tx, newest, viewer)
    return await _of(tx, [post for post in seen if post.local], group.id, viewer)


async def _of(tx: Tx, posts: Sequence[Post], community_id: int, viewer: Account | None) -> Impact:
    ids = [post.id for post in posts]
    known = await calls.by_ids(tx.conn, ids)
    answers = await rows.of_calls(tx.conn, ids, tx.now - SETTLED, by_mail=tx.site.mail)
    came = await attendance.attended(tx.conn, ids)
    each = [OfCall(p, known[p.id], _figures(p, answers[p.id], came.get(p.id))) for p in posts]
    kinds = by_kind((one.call.kind, one.call.variant, one.figures) for one in each)
    days = await rows.days(tx.conn, ids)
    whole = viewer is not None and await _sees_people(tx, community_id, viewer)
    return Impact(kinds, each, all_of(days) if whole else merged(days))


async def _sees_people(tx: Tx, community_id: int, viewer: Account) -> bool:
    """Whether the viewer may see who takes part anyway."""
    group = await accounts.by_id(tx.conn, community_id)
    return group is not None and (await communities.may_see_people(tx, group, viewer)).allowed


def _figures(post: Post, found: Answers, came: int | None) -> Figures:
    return Figures(
        found.answered, found.confirmed, found.expressed, found.waiting, found.withdrawn, came,
        post.favourites_count, post.reblogs_count,
    )  # fmt: skip


def by_kind(each: Iterable[tuple[str, str, Figures]]) -> list[OfKind]:
    """Of kind, variant and figures of each call, sums that mix no kinds, in the order of their names."""
    groups: dict[tuple[str, str], list[Figures]] = {}
    for kind, variant, figures in each:
        groups.setdefault((kind, variant), []).append(figures)
    return [
        OfKind(kind, variant, len(found), _sum(found))
        for (kind, variant), found in sorted(groups.items())
    ]


def _sum(found: Sequence[Figures]) -> Figures:
    told = [f.attended for f in found if f.attended is not None]
    return Figures(
        answered=sum(f.answered for f in found),
        confirmed=sum(f.confirmed for f in found),
        expressed=sum(f.expressed for f in found),
        waiting=sum(f.waiting for f in found),
        withdrawn=sum(f.withdrawn for f in found),
        attended=sum(told) if told else None,
        support=sum(f.support for f in found),
        spread=sum(f.spread for f in found),
    )


def all_of(days: Iterable[Day]) -> list[Period]:
    """Each day by itself."""
    return [Period(d.day, d.day, d.answered, d.withdrawn) for d in days]


def merged(days: Iterable[Day]) -> list[Period]:
    """For strangers: days put together until ``FEW`` people answered in each part; what is left at the end goes
    with the part before, and where fewer answered at all there is none."""
    parts: list[Period] = []
    gathered: list[Day] = []
    for day in days:
        gathered += [day] if day.answered else []
        if sum(d.answered for d in gathered) >= FEW:
            parts.append(_one(gathered))
            gathered = []
    if gathered and parts:
        before = parts.pop()
        rest = _one(gathered)
        parts.append(Period(before.first, rest.last, before.answered + rest.answered, None))
    return parts


def _one(days: Sequence[Day]) -> Period:
    return Period(days[0].day, days[-1].day, sum(d.answered for d in days), None)
