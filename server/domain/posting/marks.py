"""What people do with a post: boost, like, keep, pin."""

from __future__ import annotations

from datetime import datetime

from server.domain import distribution, effects, policy
from server.domain.groups import communities
from server.domain.posting import sharing
from server.domain.tx import Arrived, Tx
from server.errors import Invalid
from storage import accounts, dislikes, follows, marks, notifications, posts
from storage.accounts import Account
from storage.posts import Post

MAX_PINNED = 5


async def boost(
    tx: Tx,
    actor: Account,
    post: Post,
    *,
    uri: str | None = None,
    at: datetime | None = None,
    visibility: str = "public",
) -> Post:
    """Boost a post; a repeat gives the boost that stands. Raises ``Forbidden``, ``Invalid``.

    ``visibility``: who is to see the boost, where the post allows more.
    """
    if visibility not in policy.BOOSTS:
        raise Invalid(
            "Validation failed: Visibility is not included in the list", field="visibility"
        )
    blocked = await follows.blocked(tx.conn, actor.id, post.account_id)
    own = actor.id == post.account_id
    policy.may_act(moved=actor.local and actor.moved_to is not None).require()
    brings = actor.is_group and actor.id == post.community_id
    policy.may_boost(post.visibility, own=own, blocked=blocked, distributes=brings).require()
    await sharing.hold_shown(tx, post)
    made = await sharing.share(tx, actor, post, uri=uri, at=at, visibility=visibility)
    if made is None:
        standing = await posts.boost_of(tx.conn, actor.id, post.id)
        assert standing, "the index that refused the new one holds it"
        return standing
    await effects.boost(tx, actor, post, made)
    author = await accounts.by_id(tx.conn, post.account_id)
    if author and actor.kind != "group":
        await effects.tell(tx, [author], "reblog", actor, post.id)
    return made


async def unboost(tx: Tx, actor: Account, post: Post) -> None:
    await sharing.hold(tx, post)
    made = await posts.boost_of(tx.conn, actor.id, post.id)
    if made:
        await effects.vanish(tx, made)
    if made and await posts.delete(tx.conn, made, tx.now):
        if actor.kind != "group":
            await posts.count_reblog(tx.conn, post.id, -1)
        await effects.undo_boost(tx, actor, post, made)
        await notifications.withdraw(tx.conn, post.account_id, "reblog", actor.id, post.id)


async def like(tx: Tx, actor: Account, post: Post, *, arrived: Arrived | None = None) -> None:
    """Favourite a post; a repeat is no event. A community of ours passes it on. Raises ``Forbidden``."""
    blocked = await follows.blocked(tx.conn, actor.id, post.account_id)
    policy.may_interact(blocked=blocked).require()
    await communities.require_part(tx, post.community_id, actor)
    await sharing.hold(tx, post)
    uri = arrived.uri if arrived else await effects.new_id(tx)
    if not await marks.favourite(tx.conn, uri, actor.id, post.id, tx.now):
        return
    await dislikes.delete(tx.conn, actor.id, post.id)
    document = await effects.like(tx, actor, post, uri) or (arrived.document if arrived else None)
    author = await accounts.by_id(tx.conn, post.account_id)
    if author:
        await effects.tell(tx, [author], "favourite", actor, post.id)
    await sharing.pass_on(tx, post, document)


async def unlike(tx: Tx, actor: Account, post: Post, *, arrived: Arrived | None = None) -> None:
    await sharing.hold(tx, post)
    uri = await marks.favourite_uri(tx.conn, actor.id, post.id)
    if not await marks.unfavourite(tx.conn, actor.id, post.id):
        return
    await notifications.withdraw(tx.conn, post.account_id, "favourite", actor.id, post.id)
    document = await effects.undo_like(tx, actor, post, uri) if uri else None
    await sharing.pass_on(tx, post, document or (arrived.document if arrived else None))


async def bookmark(tx: Tx, actor: Account, post: Post, *, kept: bool) -> None:
    """Private to the actor: nobody is told."""
    await sharing.hold(tx, post)
    if kept:
        await marks.bookmark(tx.conn, actor.id, post.id, tx.now)
    else:
        await marks.unbookmark(tx.conn, actor.id, post.id)


async def pin(tx: Tx, actor: Account, post: Post, *, added: bool) -> None:
    """Feature a post of one's own on one's profile. Raises ``Forbidden``, ``Invalid``."""
    if post.account_id != actor.id:
        policy.NOT_YOURS.require()
    if post.reblog_of_id is not None:  # it would name what not everybody may see
        raise Invalid("Validation failed: A boost cannot be pinned", field="id")
    others = [p for p in await marks.pinned(tx.conn, actor.id) if p.id != post.id]
    if added and len(others) >= MAX_PINNED:
        raise Invalid(
            "Validation failed: You have already pinned the maximum number of posts", field="id"
        )
    await feature(tx, actor, post, added=added)


async def feature(tx: Tx, owner: Account, post: Post, *, added: bool) -> None:
    """Put a post into the featured collection of a person or a community, or take it out."""
    if not post.is_public:
        raise Invalid("Validation failed: Only public posts can be pinned", field="id")
    await sharing.hold_shown(tx, post)
    changed = (
        await marks.pin(tx.conn, owner.id, post.id, tx.now)
        if added
        else await marks.unpin(tx.conn, owner.id, post.id)
    )
    if changed:
        await distribution.pin(tx, owner, post, added=added)
