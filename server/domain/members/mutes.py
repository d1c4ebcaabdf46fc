"""Muting an account or a conversation: only who mutes learns of it, and it takes nothing away.

What a muted account posts goes on being put into homes and is left out when they are read, so that the
end of a mute brings it back; a mute may end by itself. A muted conversation stays to be read: it is only
not told of.
"""

from __future__ import annotations

from datetime import timedelta

from server.domain import policy
from server.domain.tx import Tx
from storage import mutes
from storage.accounts import Account
from storage.posts import Post


async def mute(
    tx: Tx,
    actor: Account,
    target: Account,
    *,
    notifications: bool = True,
    duration: timedelta | None = None,
) -> None:
    """Hide an account in all feeds, and in notifications too unless told otherwise.

    ``duration``: None is until it is taken back. A second mute replaces the first. Raises ``Forbidden``.
    """
    if actor.id == target.id:
        policy.NOT_ONESELF.require()
    await mutes.put(
        tx.conn,
        actor.id,
        target.id,
        tx.now,
        notifications=notifications,
        expires_at=tx.now + duration if duration else None,
    )


async def unmute(tx: Tx, actor: Account, target: Account) -> None:
    await mutes.delete(tx.conn, actor.id, target.id)


async def mute_thread(tx: Tx, actor: Account, post: Post) -> None:
    """Not to be told any more of what happens in the conversation around a post."""
    await mutes.mute_thread(tx.conn, actor.id, post.thread_id, tx.now)


async def unmute_thread(tx: Tx, actor: Account, post: Post) -> None:
    await mutes.unmute_thread(tx.conn, actor.id, post.thread_id)
