"""Which posts a viewer may see: gathers the facts for ``policy.may_see``, for many posts at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from server.domain import policy
from server.domain.tx import Tx
from server.errors import NotFound
from storage import accounts, follows, posts
from storage.accounts import Account
from storage.follows import Relation
from storage.posts import Post


async def visible(
    tx: Tx, found: Iterable[Post], viewer: Account | None, *, feed: bool = False
) -> list[Post]:
    """The posts that the viewer (None: a stranger) may see, in the given order.

    ``feed``: as in ``page``.
    """
    candidates = list(found)
    relations = await _relations(tx, candidates, viewer)
    hidden = _hidden(relations, feed=feed)
    seen = await _visible(tx, candidates, viewer, relations, feed=feed)
    return [p for p in seen if p.account_id not in hidden]


def _hidden(relations: Mapping[int, Relation], *, feed: bool) -> set[int]:
    return {r.account_id for r in relations.values() if r.silenced and feed}


async def _relations(
    tx: Tx, candidates: Sequence[Post], viewer: Account | None
) -> Mapping[int, Relation]:
    """Of the viewer to each author."""
    if viewer is None or not candidates:
        return {}
    return await follows.relations(
        tx.conn, viewer.id, sorted({p.account_id for p in candidates}), tx.now
    )


async def _visible(
    tx: Tx,
    candidates: Sequence[Post],
    viewer: Account | None,
    relations: Mapping[int, Relation],
    *,
    feed: bool = False,
) -> list[Post]:
    followed = {r.account_id for r in relations.values() if r.following}
    blocked = {r.account_id for r in relations.values() if r.blocked_by}
    mentioned = await _concerned(tx, candidates, viewer) if viewer else set[int]()
    authors = sorted({p.account_id for p in candidates})
    barred = await accounts.barred_among(tx.conn, authors) if authors else []
    suspended = {b.id for b in barred if b.suspended}
    limited = {b.id for b in barred} - followed if feed else set[int]()
    viewer_id = viewer.id if viewer else None
    return [
        p
        for p in candidates
        if policy.may_see(
            p.visibility,
            p.account_id,
            viewer_id,
            followed=followed,
            mentioned=p.id in mentioned,
            blocked=blocked,
            suspended=suspended,
            limited=limited,
        )
    ]


async def _concerned(tx: Tx, candidates: Sequence[Post], viewer: Account) -> set[int]:
    """Posts that mention the viewer, or quote them: whoever is quoted may see by what."""
    narrow = [p for p in candidates if p.visibility in ("private", "direct")]
    if not narrow:
        return set()
    rows = await posts.mentions(tx.conn, [p.id for p in narrow])
    mentioned = {row.post_id for row in rows if row.account_id == viewer.id}
    return mentioned | {p.id for p in narrow if p.quoted_account_id == viewer.id}


async def standing(tx: Tx, viewer: Account | None, found: Sequence[Post]) -> dict[int, str]:
    """How quoted posts stand for the viewer, by id: ``accepted`` (shown), or ``blocked_account`` and its
    like (shown when asked for); what may not be seen is left out."""
    relations = await _relations(tx, found, viewer)
    seen = await _visible(tx, found, viewer, relations)
    return {p.id: _standing(relations.get(p.account_id)) for p in seen}


def _standing(relation: Relation | None) -> str:
    if relation is None or not relation.silenced:
        return "accepted"
    if relation.blocking:
        return "blocked_account"
    return "blocked_domain" if relation.domain_blocking else "muted_account"


async def quotable(tx: Tx, viewer: Account | None, found: Sequence[Post]) -> dict[int, str]:
    """Whether the viewer may quote these posts (``policy.may_quote``), by id."""
    open_to = {"followers", "following"}
    asked = [p for p in found if open_to.intersection([*p.quote_automatic, *p.quote_manual])]
    relations = await _relations(tx, asked, viewer)
    return {p.id: _quotable(p, viewer, relations.get(p.account_id)) for p in found}


def _quotable(post: Post, viewer: Account | None, relation: Relation | None) -> str:
    if viewer is None:
        return policy.DENIED
    return policy.may_quote(
        post.visibility,
        own=post.account_id == viewer.id,
        blocked=relation is not None and (relation.blocking or relation.blocked_by),
        follows=relation is not None and relation.following,
        followed=relation is not None and relation.followed_by,
        automatic=post.quote_automatic,
        manual=post.quote_manual,
    )


async def post(tx: Tx, post_id: int, viewer: Account | None) -> Post:
    """One post. Raises ``NotFound`` where it is not there or not to be seen: the same answer."""
    row = await posts.by_id(tx.conn, post_id)
    if row is None or not await visible(tx, [row], viewer):
        raise NotFound
    return row


async def subject(tx: Tx, post_id: int, viewer: Account | None) -> Post:
    """The post that an act means: of a boost, what is boosted. Raises ``NotFound``."""
    row = await post(tx, post_id, viewer)
    return row if row.reblog_of_id is None else await post(tx, row.reblog_of_id, viewer)


async def group(tx: Tx, community_id: int) -> Account:
    """A group that exists. Raises ``NotFound``."""
    row = await accounts.by_id(tx.conn, community_id)
    if row is None or not row.is_group:
        raise NotFound
    return row


async def posts_by_ids(tx: Tx, ids: Sequence[int], viewer: Account | None) -> list[Post]:
    """In the order of ``ids``; what is gone or not to be seen is left out."""
    rows = await posts.by_ids(tx.conn, ids)
    return await visible(tx, [rows[i] for i in ids if i in rows], viewer)


@dataclass(frozen=True, slots=True)
class Shown:
    """Posts in order, and by id what the boosts among them boost."""

    posts: list[Post]
    boosted: dict[int, Post]


async def page(tx: Tx, ids: Sequence[int], viewer: Account | None, *, feed: bool = False) -> Shown:
    """A page of posts in the order of ``ids``. A boost is seen where both it and its post are.

    ``feed``: leave out also whom the viewer blocks or mutes, hosts that the viewer blocks, and whom the
    instance limits and the viewer does not follow, as timelines, threads and search do and a profile
    does not.
    """
    rows = list((await posts.with_boosted(tx.conn, ids)).values())
    relations = await _relations(tx, rows, viewer)
    seen = {p.id: p for p in await _visible(tx, rows, viewer, relations, feed=feed)}
    hidden = _hidden(relations, feed=feed)
    shown = [seen[i] for i in ids if i in seen and _whole(seen[i], seen, hidden)]
    boosted = {p.reblog_of_id for p in shown}
    return Shown(shown, {i: p for i, p in seen.items() if i in boosted})


def _whole(post: Post, seen: Mapping[int, Post], hidden: set[int]) -> bool:
    inner = post if post.reblog_of_id is None else seen.get(post.reblog_of_id)
    return inner is not None and not hidden & {post.account_id, inner.account_id}
