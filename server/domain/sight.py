"""Which posts a viewer may see: gathers the facts for ``policy.may_see``, for many posts at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from server.domain import policy
from server.domain.tx import Tx
from server.errors import NotFound
from storage import accounts, communities, follows, group_readers, posts, regards
from storage.accounts import Account
from storage.posts import Post
from storage.regards import Regard

GOOD_FOR = timedelta(minutes=5)
"""What a group of another server said of who reads it."""

Known: TypeAlias = dict[int, Regard]
"""What was asked of authors for one viewer and one answer: nobody is asked about twice."""


async def visible(
    tx: Tx,
    found: Iterable[Post],
    viewer: Account | None,
    *,
    feed: bool = False,
    known: Known | None = None,
) -> list[Post]:
    """The posts that the viewer (None: a stranger) may see, in the given order.

    ``feed``: as in ``page``. ``known``: is used and completed.
    """
    candidates = list(found)
    regards = await _regards(tx, candidates, viewer, known)
    seen = await _visible(tx, candidates, viewer, regards, feed=feed)
    return [p for p in seen if not (feed and regards[p.account_id].silenced)]


async def _regards(
    tx: Tx, candidates: Iterable[Post], viewer: Account | None, known: Known | None
) -> Known:
    """Between the viewer and each author. One statement, where one is not known yet."""
    known = {} if known is None else known
    unknown = {p.account_id for p in candidates} - known.keys()
    if unknown:
        viewer_id = viewer.id if viewer else None
        known |= await regards.of(tx.conn, viewer_id, sorted(unknown), tx.now)
    return known


async def _visible(
    tx: Tx, candidates: Sequence[Post], viewer: Account | None, known: Known, *, feed: bool = False
) -> list[Post]:
    concerned = await _concerned(tx, candidates, viewer) if viewer else set[int]()
    joined = await _joined(tx, candidates, viewer) if viewer else set[int]()
    return [
        p
        for p in candidates
        if p.account_id in known  # else the account went meanwhile
        and _may_see(
            p,
            viewer,
            known[p.account_id],
            concerned=p.id in concerned,
            member=p.community_id in joined,
            feed=feed,
        )
    ]


def _may_see(
    post: Post,
    viewer: Account | None,
    regard: Regard,
    *,
    concerned: bool,
    member: bool,
    feed: bool,
) -> bool:
    if post.is_deleted:
        return False
    return policy.may_see(
        post.visibility,
        own=viewer is not None and viewer.id == post.account_id,
        followed=regard.following,
        concerned=concerned,
        blocked=regard.blocked_by,
        suspended=regard.suspended,
        limited=feed and regard.limited,
        removed=_removed(post, regard),
        member=member,
    )


def _removed(post: Post, regard: Regard) -> bool:
    """What a community of ours removed, or holds, is shown to its author alone. A group of another server speaks for
    its own space: who follows the author has the post from the author (group_moderation)."""
    return post.removed in ("here", "held") or (
        post.removed == "elsewhere" and not regard.following
    )


async def _joined(tx: Tx, candidates: Sequence[Post], viewer: Account) -> set[int]:
    """The communities for whose members some of these posts are, as far as the viewer is one."""
    ids = {p.community_id for p in candidates if p.visibility == "members" and p.community_id}
    return await follows.followed_among(tx.conn, viewer.id, sorted(ids)) if ids else set()


async def _concerned(tx: Tx, candidates: Sequence[Post], viewer: Account) -> set[int]:
    """Posts that mention the viewer, or quote them: whoever is quoted may see by what."""
    narrow = [
        p for p in candidates if p.visibility in ("private", "direct") and p.account_id != viewer.id
    ]
    if not narrow:
        return set()
    rows = await posts.mentions(tx.conn, [p.id for p in narrow])
    mentioned = {row.post_id for row in rows if row.account_id == viewer.id}
    return mentioned | {p.id for p in narrow if p.quoted_account_id == viewer.id}


async def standing(
    tx: Tx, viewer: Account | None, known: Known, found: Sequence[Post]
) -> dict[int, str]:
    """How quoted posts stand for the viewer, by id: ``accepted`` (shown), or ``blocked_account`` and its
    like (shown when asked for); what may not be seen is left out. ``known``: as in ``visible``."""
    regards = await _regards(tx, found, viewer, known)
    seen = await _visible(tx, found, viewer, regards)
    return {p.id: _standing(regards[p.account_id]) for p in seen}


def _standing(regard: Regard) -> str:
    if not regard.silenced:
        return "accepted"
    if regard.blocking:
        return "blocked_account"
    return "blocked_domain" if regard.domain_blocking else "muted_account"


async def quotable(
    tx: Tx, viewer: Account | None, known: Known, found: Sequence[Post]
) -> dict[int, str]:
    """Whether the viewer may quote these posts (``policy.may_quote``), by id. ``known``: as above."""
    if viewer is None:
        return {p.id: policy.DENIED for p in found}
    regards = await _regards(tx, found, viewer, known)
    return {p.id: _quotable(p, viewer, regards.get(p.account_id)) for p in found}


def _quotable(post: Post, viewer: Account, regard: Regard | None) -> str:
    if regard is None:
        return policy.DENIED  # the account went meanwhile
    return policy.may_quote(
        post.visibility,
        own=post.account_id == viewer.id,
        blocked=regard.blocking or regard.blocked_by,
        follows=regard.following,
        followed=regard.followed_by,
        automatic=post.quote_automatic,
        manual=post.quote_manual,
    )


async def post(tx: Tx, post_id: int, viewer: Account | None) -> Post:
    """One post. Raises ``NotFound`` where it is not there or not to be seen: the same answer."""
    row = await posts.by_id(tx.conn, post_id)
    if row is None or not await visible(tx, [row], viewer):
        raise NotFound
    return row


async def fetched(tx: Tx, found: Iterable[Post], reader: Account | None) -> list[Post]:
    """The posts that another server may fetch: what everybody may see, and for ``reader``, who is proven
    to ask, what is for the members of a community of ours that it reads for.

    Who asks for a person has to be a member. Who asks for a whole server has members there: that it shows
    the post to nobody else is its part, as it is ours for what we fetch.
    """
    candidates = list(found)
    seen = {p.id for p in await visible(tx, candidates, None)}
    if reader:
        seen |= await _told(tx, [p for p in candidates if p.visibility == "members"], reader)
    return [p for p in candidates if p.id in seen]


async def _told(tx: Tx, closed: Sequence[Post], reader: Account) -> set[int]:
    """Which of the posts for members a server or person elsewhere reads."""
    ids = {p.community_id for p in closed if p.community_id}
    read = {i for i in ids if await _reads(tx, i, reader)}
    regards = await _regards(tx, closed, reader, None)
    return {
        p.id
        for p in closed
        if p.community_id in read
        and p.account_id in regards
        and _may_see(p, reader, regards[p.account_id], concerned=False, member=True, feed=False)
    }


async def _reads(tx: Tx, community_id: int, reader: Account) -> bool:
    """A group of another server was asked before (server/arriving/vouching.py)."""
    if await communities.reads(tx.conn, community_id, reader.id):
        return True
    since = tx.now - GOOD_FOR
    return await group_readers.reads(tx.conn, community_id, reader.id, since) is True


async def still(tx: Tx, post: Post, ids: Sequence[int]) -> list[int]:
    """Who of these accounts may be told what becomes of a post that they once saw: of one for members, who is a
    member now."""
    if post.visibility != "members" or post.community_id is None:
        return list(ids)
    members = await follows.followers_among(tx.conn, post.community_id, ids)
    return [i for i in ids if i in members]


async def subject(tx: Tx, post_id: int, viewer: Account | None) -> Post:
    """The post that an act means: of a boost, what is boosted. Raises ``NotFound``."""
    row = await post(tx, post_id, viewer)
    return row if row.reblog_of_id is None else await post(tx, row.reblog_of_id, viewer)


async def group(tx: Tx, community_id: int, viewer: Account | None) -> Account:
    """A group that exists, for the viewer. Raises ``NotFound``."""
    row = await accounts.by_id(tx.conn, community_id)
    if row is None or not row.is_group:
        raise NotFound
    return await require_known(tx, row, viewer)


async def knowable(
    tx: Tx, found: Sequence[Account], viewer: Account | None, *, listed: bool = False
) -> list[Account]:
    """Without the communities of ours of which the viewer may not know (``policy.may_know_of``)."""
    groups = [a.id for a in found if a.local and a.is_group]
    closed = {c.account_id: c for c in await communities.closed(tx.conn, groups)} if groups else {}
    ids = sorted(closed)
    belongs = await communities.belongs(tx.conn, viewer.id, ids) if viewer and ids else set[int]()
    return [
        a
        for a in found
        if a.id not in closed
        or policy.may_know_of(
            closed[a.id].visibility,
            closed[a.id].policy,
            belongs=a.id in belongs,
            stranger=viewer is None,
            listed=listed,
        )
    ]


async def require_known(tx: Tx, account: Account, viewer: Account | None) -> Account:
    """Raises ``NotFound`` for a community of which the viewer may not know."""
    if not await knowable(tx, [account], viewer):
        raise NotFound
    return account


async def secluded(tx: Tx, ids: Iterable[int], viewer: Account | None) -> set[int]:
    """Which of these accounts are private communities of ours that the viewer has not joined: whoever is in
    them is not told, neither from their side nor from that of a member, nor to a guest before they join."""
    closed = await communities.closed(tx.conn, sorted(set(ids)))
    private = {c.account_id for c in closed if c.visibility == "private"}
    if not private or viewer is None:
        return private
    return private - await follows.followed_among(tx.conn, viewer.id, sorted(private))


async def posts_by_ids(
    tx: Tx, ids: Sequence[int], viewer: Account | None, known: Known | None = None
) -> list[Post]:
    """In the order of ``ids``; what is gone or not to be seen is left out."""
    rows = await posts.by_ids(tx.conn, ids)
    return await visible(tx, [rows[i] for i in ids if i in rows], viewer, known=known)


@dataclass(frozen=True, slots=True)
class Shown:
    """Posts in order, by id what the boosts among them boost, and what is known of all authors."""

    posts: list[Post]
    boosted: dict[int, Post]
    known: Known


async def page(tx: Tx, ids: Sequence[int], viewer: Account | None, *, feed: bool = False) -> Shown:
    """A page of posts in the order of ``ids``. A boost is seen where both it and its post are.

    ``feed``: leave out also whom the viewer blocks or mutes, hosts that the viewer blocks, and whom the
    instance limits and the viewer does not follow, as timelines, threads and search do and a profile
    does not.
    """
    rows = list((await posts.with_boosted(tx.conn, ids)).values())
    known = await _regards(tx, rows, viewer, None)
    seen = {p.id: p for p in await _visible(tx, rows, viewer, known, feed=feed)}
    hidden = {i for i, regard in known.items() if regard.silenced and feed}
    shown = [seen[i] for i in ids if i in seen and _whole(seen[i], seen, hidden)]
    boosted = {p.reblog_of_id for p in shown}
    return Shown(shown, {i: p for i, p in seen.items() if i in boosted}, known)


def _whole(post: Post, seen: Mapping[int, Post], hidden: set[int]) -> bool:
    inner = post if post.reblog_of_id is None else seen.get(post.reblog_of_id)
    return inner is not None and not hidden & {post.account_id, inner.account_id}
