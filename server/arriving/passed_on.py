"""What a group passes on: by a proof, by the word of its origin, or, of its own space, by its own."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

import structlog

from federation import activities, parse, proofs
from federation.errors import Gone, Refused, Unreachable
from federation.origin import same_origin
from server.arriving import receive, resolve, vouching
from server.arriving.acts import Act
from server.arriving.resolve import Net
from server.domain.tx import Arrived
from storage import accounts
from storage import posts as post_rows
from storage.accounts import Account

log = structlog.get_logger()


async def act_of(net: Net, activity: activities.Activity, arrived: Arrived) -> Act:
    if isinstance(activity, activities.Delete) and activity.is_self:
        return Act(await _leaving(net, activity.actor), activity, arrived)
    return Act(await resolve.actor(net, activity.actor), activity, arrived)


async def _leaving(net: Net, uri: str) -> Account:
    """Who deletes themselves: as we knew them, for nothing may be left to be asked of their server."""
    async with net.work.reading() as tx:
        known = await accounts.by_uri(tx.conn, uri)
    if known is None:
        raise Gone(uri)
    return known


async def unwrap(net: Net, outer: Act, announce: activities.Announce) -> Act | None:
    """A group's Announce of an activity: the signature of the group distributes, it proves nothing.

    The inner activity counts by its own proof; else what it is about is asked of its origin.
    """
    assert announce.embedded, "the caller looked"
    group = outer.by
    inner = parse.parse_activity(announce.embedded)
    if net.work.site.urls.is_ours(inner.actor):
        return await _own(net, outer, inner)
    if await vouching.through(net, group, inner):
        act = await act_of(net, inner, Arrived(inner.id, announce.embedded))
        return replace(act, through=group, vouched=group)
    if not await proven(net, announce.embedded, inner.actor):
        return await _ask_origin(net, outer, inner)
    _require_for_groups(inner)
    if isinstance(inner, activities.Update) and await _may_be_old(net, inner):
        return await _ask_origin(net, outer, inner)
    act = await act_of(net, inner, Arrived(inner.id, announce.embedded))
    return replace(act, through=group)


def _require_for_groups(inner: activities.Activity) -> None:
    """A proof never ends, so a group could repeat for ever what somebody once did and took back: only
    what stands in threads is taken from it, and never an answer, a vote, a follow or a boost."""
    match inner:
        case activities.Create(votes=()) | activities.Update() | activities.Delete():
            return
        case activities.Like() | activities.Dislike():
            return
        case activities.Undo(inner=activities.Like() | activities.Dislike()):
            return
        case _:
            raise Refused("not_for_groups", "Groups do not pass on what this is.")


async def _may_be_old(net: Net, update: activities.Update) -> bool:
    """Whether an Update does not say when it was made, and a later one may be known."""
    post = await resolve.known_post(net, update.object)
    dated = update.post is not None and update.post.updated is not None
    return post is not None and post.edited_at is not None and not dated


async def _own(net: Net, outer: Act, inner: activities.Activity) -> Act | None:
    """A community of another server has taken what one of ours wrote: its members here see it. What one of
    ours did as its moderator is the group's own word now."""
    if await vouching.through(net, outer.by, inner):
        said = Arrived(inner.id, outer.arrived.document)
        return Act(outer.by, inner, said, through=outer.by, vouched=outer.by)
    post = (
        await resolve.known_post(net, inner.object)
        if isinstance(inner, activities.Create)
        else None
    )
    if post is None or not post.local or post.community_id != outer.by.id:
        raise Refused("own_activity", "We know what we did ourselves.")
    return _as_boost(outer, post)


def _as_boost(outer: Act, post: post_rows.Post) -> Act | None:
    """The Announce of an activity, seen as what it means for home: a boost of a thread's head."""
    boosted = activities.Announce(
        id=outer.activity.id,
        actor=outer.activity.actor,
        object=post.uri,
        published=outer.activity.published,
    )
    return replace(outer, activity=boosted) if post.is_head else None


async def proven(net: Net, document: Mapping[str, object], actor_uri: str) -> bool:
    """Whether the actor's own proof stands on a document. One that fails is none: the origin decides."""
    try:
        key_id = proofs.proof_key_id(document)
        if key_id is None or not same_origin(key_id, actor_uri):
            return False
        key = await resolve.key(net, key_id)
        proofs.verify_proof(document, key, net.work.clock.now())
    except (Refused, Gone) as refusal:
        log.info("inbox.proof_refused", reason=str(refusal), actor=actor_uri)
        return False
    return key.owner == actor_uri


async def _ask_origin(net: Net, outer: Act, inner: activities.Activity) -> Act | None:
    """Without a proof: fetch what was created or changed; believe a Delete where it is gone."""
    match inner:
        case activities.Create(object=uri) if not inner.votes:
            post = await resolve.post(net, uri)
        case activities.Update(object=uri, person=None):
            post = await _fetched_again(net, uri)
        case activities.Delete(object=uri):
            await _confirm_gone(net, uri, outer.by)
            return None
        case _ if await vouching.vote(net, outer.by, inner):
            return None
        case _:
            raise Refused("unproven", "A group passed on what nobody proved.")
    return _as_boost(outer, post) if post else None


async def _fetched_again(net: Net, uri: str) -> post_rows.Post | None:
    found = await resolve.document(net, uri)
    value = parse.parse_object(found)
    if not isinstance(value, resolve.Post) or value.id != uri:
        raise Refused("not_a_post", "This is not a post.")
    by = await resolve.actor(net, value.attributed_to)
    update = activities.Update(id=f"{uri}#fetched", actor=by.uri, object=uri, post=value)
    async with net.work.transaction() as tx:
        await receive.apply(tx, Act(by, update, Arrived(uri, {})))
    return None


async def confirm_left(net: Net, account: Account) -> None:
    """An actor is gone when its origin says so too: somebody else may have its key by now.

    Raises ``Unreachable`` while it is there: servers differ in what they do first, so it is asked again.
    """
    with suppress(Gone):
        found = await resolve.document(net, account.uri)
        if found.get("type") != "Tombstone":
            raise Unreachable("still_there", "The actor is still there.")


async def _confirm_gone(net: Net, uri: str, group: Account) -> None:
    post = await resolve.known_post(net, uri)
    if post is None or post.local:
        raise Refused("unknown_object", "There is nothing of others here to delete.")
    ours = post.visibility == "members" and post.community_id == group.id
    if not post.is_public and not ours:
        # To a request of the instance it looks gone while it is there.
        raise Refused("not_public", "Its author has to say so.")
    try:
        found = await resolve.document(net, uri)
    except Gone:
        found = {"type": "Tombstone"}
    if found.get("type") != "Tombstone":
        raise Refused("not_gone", "Its origin still has it.")
    async with net.work.transaction() as tx:
        await receive.gone(tx, uri)
