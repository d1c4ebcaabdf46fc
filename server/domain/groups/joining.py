"""Joining a community of ours with all that it asks: its norms accepted, its questions answered, a link shown.

A plain follow (any client, any server) joins, too, or asks to: then nothing was accepted and nothing answered,
and whoever decides sees that. Answers are for those who steer, until they have decided, and for ``KEEP`` at most.

A *link* is a member's own. It counts how many joined by it, and keeps nothing of who: not even the member whose
link it is can learn that here. One made by somebody who steers lets in, as long as they steer; one of any other
member shows the way and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from server import ids
from server.domain import policy
from server.domain.members import follows
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import accounts, communities, community_links, joins
from storage import follows as follow_rows
from storage.accounts import Account
from storage.communities import Community
from storage.community_links import Link
from storage.follows import Follow

KEEP = timedelta(days=30)
ANSWER_MAX = 500
MAX_LINKS = 20
MAX_USES = 100
MAX_DAYS = 90


@dataclass(frozen=True, slots=True)
class Wish:
    """``answers``: in the order of the questions. ``norms``: they were read, and are accepted."""

    answers: Sequence[str] = ()
    norms: bool = False
    code: str = ""


async def join(tx: Tx, member: Account, group: Account, wish: Wish) -> Follow:
    """Join, or ask to; again adds what was not said before. Raises ``Forbidden``, ``Invalid``, ``NotFound``."""
    await follow_rows.hold(tx.conn, member.id, group.id)
    row = await communities.by_id(tx.conn, group.id)
    if row is None:
        return await follows.follow(tx, member, group)
    link = await _shown(tx, group, wish.code) if wish.code else None
    if row.norms and not wish.norms:
        raise Invalid("Please read the norms of this community and accept them.", field="norms")
    admitted = link is not None and await _admits(tx, link)
    answers = _answers(row, wish, asked=row.policy == "request" and not admitted)
    known = await follow_rows.between(tx.conn, member.id, group.id)
    made = await follows.follow(tx, member, group, admitted=admitted)
    # Who is let in and waits for a place has used the link: else one for a single person would fill the line.
    if link and not known and (made.accepted_at or admitted):
        await community_links.use(tx.conn, link.id)
        link = None
    await _keep(tx, made, answers, link, norms=bool(row.norms))
    return made


async def _keep(
    tx: Tx, made: Follow, answers: Sequence[str], link: Link | None, *, norms: bool
) -> None:
    """Of who is in already only the word on the norms."""
    pending = made.accepted_at is None
    if pending or norms:
        await joins.keep(
            tx.conn, made.id, made.target_id,
            answers if pending else (), link.id if link and pending else None,
            tx.now if norms else None, tx.now,
        )  # fmt: skip


def _answers(row: Community, wish: Wish, *, asked: bool) -> list[str]:
    """Raises ``Invalid`` where a question is left open, or an answer is too long."""
    if not asked or not row.questions:
        return []
    given = [answer.strip() for answer in wish.answers]
    if len(given) != len(row.questions) or not all(given):
        raise Invalid("Please answer every question of this community.", field="answers")
    if max(map(len, given)) > ANSWER_MAX:
        raise Invalid(
            mark("An answer has at most %(most)s characters.", most=ANSWER_MAX), field="answers"
        )
    return given


async def accepts_norms(tx: Tx, member: Account, group: Account) -> bool | None:
    """Whether a member has accepted the norms as they are now; None where there are none, or no member."""
    row = await communities.by_id(tx.conn, group.id)
    made = await follow_rows.between(tx.conn, member.id, group.id)
    if row is None or not row.norms or made is None:
        return None
    kept = await joins.by_follow(tx.conn, made.id)
    if kept is None or kept.norms_at is None:
        return False
    return row.norms_at is None or kept.norms_at >= row.norms_at


async def place(tx: Tx, member: Account, group: Account) -> int | None:
    """The member's place in line; None for who does not wait for one."""
    made = await follow_rows.between(tx.conn, member.id, group.id)
    return await joins.place(tx.conn, made.id) if made and not made.accepted_at else None


# Links


@dataclass(frozen=True, slots=True)
class Made:
    link: Link
    code: str


async def make_link(
    tx: Tx, member: Account, group: Account, uses: int = 20, days: int = 14
) -> Made:
    """A new link of a member's own; the code is shown this once. Raises ``Forbidden``, ``Invalid``."""
    row = await communities.by_id(tx.conn, group.id)
    role = await communities.role(tx.conn, group.id, member.id)
    belongs = await follow_rows.is_following(tx.conn, member.id, group.id)
    policy.may_link(row.policy if row else "", member=belongs, role=role).require()
    if not 0 < uses <= MAX_USES or not 0 < days <= MAX_DAYS:
        raise Invalid(
            mark(
                "A link is for 1 to %(most)s people and 1 to %(max_days)s days.",
                most=MAX_USES,
                max_days=MAX_DAYS,
            ),
            field="uses",
        )
    if await community_links.count(tx.conn, member.id, tx.now) >= MAX_LINKS:
        raise Invalid("You have many links already: take one back first.", field="uses")
    code = ids.secret()
    ends = tx.now + timedelta(days=days)
    link = await community_links.insert(
        tx.conn, group.id, member.id, ids.digest(code), uses, ends, tx.now, admits=role is not None
    )
    return Made(link, code)


async def revoke(tx: Tx, member: Account, link_id: int) -> None:
    """Raises ``NotFound``, for those of others too."""
    if not await community_links.delete(tx.conn, link_id, member.id):
        raise NotFound


async def behind(tx: Tx, code: str) -> Account:
    """The community to which a good link leads. Raises ``NotFound``."""
    link = await community_links.good(tx.conn, ids.digest(code), tx.now)
    group = await accounts.by_id(tx.conn, link.community_id) if link else None
    if group is None or group.is_hidden:
        raise NotFound
    return group


async def _shown(tx: Tx, group: Account, code: str) -> Link:
    link = await community_links.good(tx.conn, ids.digest(code), tx.now)
    if link is None or link.community_id != group.id:
        raise Invalid("This link is not good any more. Please ask for a new one.", field="code")
    return link


async def _admits(tx: Tx, link: Link) -> bool:
    role = await communities.role(tx.conn, link.community_id, link.account_id)
    return link.admits and role is not None


async def clean(tx: Tx) -> None:
    """Once a day: answers that nobody looked at in time, and links that are over."""
    await joins.forget(tx.conn, tx.now - KEEP)
    await community_links.forget(tx.conn, tx.now)
