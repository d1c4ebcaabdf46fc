"""Which posts a viewer may see: gathers the facts for ``policy.may_see``, for many posts at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from server.domain import policy
from server.domain.tx import Tx
from server.errors import NotFound
from storage import follows, posts
from storage.accounts import Account
from storage.posts import Post


async def visible(tx: Tx, found: Iterable[Post], viewer: Account | None) -> list[Post]:
    """The posts that the viewer (None: a stranger) may see, in the given order."""
    candidates = list(found)
    authors = {p.account_id for p in candidates}
    followed: set[int] = set()
    blocked: set[int] = set()
    mentioned: set[int] = set()
    if viewer:
        relations = await follows.relations(tx.conn, viewer.id, sorted(authors))
        followed = {r.account_id for r in relations.values() if r.following}
        blocked = {r.account_id for r in relations.values() if r.blocked_by}
        mentioned = await _mentioned(tx, candidates, viewer)
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
        )
    ]


async def _mentioned(tx: Tx, candidates: Sequence[Post], viewer: Account) -> set[int]:
    narrow = [p.id for p in candidates if p.visibility in ("private", "direct")]
    if not narrow:
        return set()
    rows = await posts.mentions(tx.conn, narrow)
    return {row.post_id for row in rows if row.account_id == viewer.id}


async def post(tx: Tx, post_id: int, viewer: Account | None) -> Post:
    """One post. Raises ``NotFound`` where it is not there or not to be seen: the same answer (C1)."""
    row = await posts.by_id(tx.conn, post_id)
    if row is None or not await visible(tx, [row], viewer):
        raise NotFound
    return row


async def posts_by_ids(tx: Tx, ids: Sequence[int], viewer: Account | None) -> list[Post]:
    """In the order of ``ids``; what is gone or not to be seen is left out."""
    rows = await posts.by_ids(tx.conn, ids)
    return await visible(tx, [rows[i] for i in ids if i in rows], viewer)
