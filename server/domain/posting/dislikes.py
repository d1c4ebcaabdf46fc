"""Votes against a post, as the threadiverse has them: one per account, and never beside a favourite.

They are counted and shown as a number in Beckon's own API; nobody is told of them, and no list says whose
they are. A Like takes the place of a Dislike of the same account, and the other way round, without an
Undo in between, as Lemmy sends them.
"""

from __future__ import annotations

from server.domain import effects, policy
from server.domain.groups import communities
from server.domain.posting import sharing
from server.domain.tx import Arrived, Tx
from server.errors import NotFound
from storage import dislikes, follows, marks, notifications
from storage import posts as post_rows
from storage.accounts import Account
from storage.posts import Post


async def dislike(tx: Tx, actor: Account, post: Post, *, arrived: Arrived | None = None) -> None:
    """A repeat is no event. A community of ours passes it on. Raises ``Forbidden``, ``NotFound``."""
    blocked = await follows.blocked(tx.conn, actor.id, post.account_id)
    policy.may_interact(blocked=blocked).require()
    await communities.require_part(tx, post.community_id, actor)
    await _hold(tx, post)
    uri = arrived.uri if arrived else await effects.new_id(tx)
    if not await dislikes.insert(tx.conn, uri, actor.id, post.id, tx.now):
        return
    if await marks.unfavourite(tx.conn, actor.id, post.id):
        await notifications.withdraw(tx.conn, post.account_id, "favourite", actor.id, post.id)
    document = await effects.dislike(tx, actor, post, uri)
    await sharing.pass_on(tx, post, document or (arrived.document if arrived else None))


async def undislike(tx: Tx, actor: Account, post: Post, *, arrived: Arrived | None = None) -> None:
    """Take it back; a repeat is no event. Raises ``NotFound``."""
    await _hold(tx, post)
    uri = await dislikes.uri(tx.conn, actor.id, post.id)
    if not await dislikes.delete(tx.conn, actor.id, post.id):
        return
    document = await effects.undo_dislike(tx, actor, post, uri) if uri else None
    await sharing.pass_on(tx, post, document or (arrived.document if arrived else None))


async def _hold(tx: Tx, post: Post) -> None:
    if await post_rows.hold(tx.conn, post.id) is None:
        raise NotFound
