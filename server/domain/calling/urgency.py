"""Urgent calls: one a week in each community, so that the word keeps its meaning.

What was marked counts for its week even when the mark is taken off: else it would be moved from call to call.
"""

from __future__ import annotations

from datetime import timedelta

from server.domain import effects, policy
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import NotFound
from storage import accounts, calls
from storage import communities as communities_rows
from storage.accounts import Account
from storage.calls import Call
from storage.posts import Post

WEEK = timedelta(days=7)


async def mark(tx: Tx, call: Call, *, was: bool) -> None:
    """A call of ours is made or changed; ``was``: urgent before. Raises ``Forbidden``."""
    if not call.urgent or was:
        return
    await communities_rows.hold(tx.conn, call.community_id)  # one at a time
    since = tx.now - WEEK
    others = await calls.others_urgent(tx.conn, call.community_id, call.post_id, since)
    policy.may_be_urgent(others).require()
    await calls.mark_urgent(tx.conn, call.post_id, call.community_id, tx.now)


async def strip(tx: Tx, actor: Account, post: Post) -> None:
    """Organisers and moderators take the mark off; a repeat is no event. Raises ``Forbidden``, ``NotFound``."""
    call = await calls.lock(tx.conn, post.id)
    community = await accounts.by_id(tx.conn, call.community_id) if call else None
    if community is None or not post.local:
        raise NotFound
    await communities.require_steward(tx, community, actor)
    if await calls.strip_urgent(tx.conn, post.id):
        effects.changed(tx, post.id)
        await tx.later(f"call:{post.id}", "send_tally", {"post_id": post.id}, tx.now)
