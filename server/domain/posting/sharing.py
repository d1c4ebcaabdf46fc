"""A post reaches others: boosted by whom it is passed on, or embedded by the community that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from server.domain import effects, policy
from server.domain.tx import Tx
from server.errors import NotFound
from storage import accounts, posts
from storage.accounts import Account
from storage.db import next_id
from storage.posts import NewPost, Post

LATE = timedelta(days=2)
"""What is older when it arrives is history: it enters no home and notifies nobody."""


async def hold(tx: Tx, post: Post) -> Post:
    """The post as it is now. Raises ``NotFound`` where it is gone."""
    held = await posts.hold(tx.conn, post.id)
    if held is None:
        raise NotFound
    return held


async def hold_shown(tx: Tx, post: Post) -> Post:
    """As ``hold``. Raises ``Forbidden`` for a post that waits to be let into its community."""
    held = await hold(tx, post)
    if held.held:
        policy.HELD.require()
    return held


async def carry(
    tx: Tx, community: Account, document: Mapping[str, object], post: Post | None
) -> None:
    """A community of ours passes an activity on; a thread's head also as a boost, once."""
    head = post if post and post.is_head and await share(tx, community, post) else None
    await effects.announce(tx, community, document, head)


async def share(
    tx: Tx,
    actor: Account,
    post: Post,
    *,
    uri: str | None = None,
    at: datetime | None = None,
    visibility: str = "public",
) -> Post | None:
    """Write a boost and show it to the followers here. None for a repeat."""
    made = min(at or tx.now, tx.now)
    boost_id = await next_id(tx.conn, made)
    own = tx.site.urls.post(boost_id)
    boost = await posts.insert(
        tx.conn,
        NewPost(
            id=boost_id,
            uri=uri or own,
            url=uri or own,
            local=actor.local,
            account_id=actor.id,
            kind="boost",
            visibility=policy.boost_visibility(visibility, post.visibility),
            published_at=made,
            thread_id=boost_id,
            reblog_of_id=post.id,
        ),
        tx.now,
    )
    if boost:
        if actor.kind != "group":
            await posts.count_reblog(tx.conn, post.id, 1)
        if made > tx.now - LATE:
            await effects.show(tx, actor, boost)
    return boost


async def pass_on(
    tx: Tx, post: Post, document: Mapping[str, object] | None, *, gone: bool = False
) -> None:
    """What concerns a post of a community of ours reaches its members, embedded. ``gone``: it is deleted;
    of a removed post they hear nothing else."""
    if post.community_id is None or not document or post.is_call:
        return
    if post.removed and not gone:
        return
    if not post.is_shared:
        return  # what was for few people is not told to many
    community = await accounts.by_id(tx.conn, post.community_id)
    if community and community.local:
        await effects.announce(tx, community, document, None)
