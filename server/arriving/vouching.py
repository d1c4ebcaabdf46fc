"""Whether a group of another server lets somebody moderate in it: asked of the group.

A group's signature on an Announce proves nothing of what others wrote (inbox.py). What is done to its own
space is its own word, though: to take a post that was posted to it out of it again, to lock or feature it
there, to keep somebody out. That is taken from it and from whom it lists as its moderators, and it goes no
further: a post that is not in the group is not its to judge, and nothing is deleted or changed
(``domain/moderating/group_moderation.py``). Two ways lead here:

- The group announces its moderator's activity. Its signature stands for the act; the moderator must be
  on its list, or of its own server (Lemmy's administrators are on no list).
  What one of ours did there comes back so, and counts as the group's word: whether it was ours who did it
  does not matter for the group's own space.
- A moderator sends the activity itself, as Lemmy does to the server of who is banned. Then the list alone
  counts: anybody has an account on a large server.

A vote of somebody else that it announces without a proof moves the score of its own post, and no count that
stands for people: Lemmy proves none, and shows no other number.

The list (``attributedTo`` of the group) is fetched at its own origin, kept for an hour, and asked again
for somebody who is not on it, at most every five minutes. One that cannot be had lists nobody.
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

from federation import activities, parse
from federation.errors import Gone, Refused, Unreachable
from federation.origin import host_of, same_origin
from server.arriving import budgets, receive_moderation, resolve
from server.arriving.acts import Act
from server.arriving.resolve import Net
from server.domain import sight
from server.domain.calling import calls_elsewhere
from server.domain.tx import Tx
from storage import accounts, group_readers, group_votes
from storage import group_moderation as rows
from storage.accounts import Account

FRESH = timedelta(hours=1)
RETRY = timedelta(minutes=5)
MAX_MODERATORS = 200


def _not_in_group() -> Refused:
    return Refused("not_in_group", "A group moderates what was posted to it, and nothing else.")


def _not_a_moderator() -> Refused:
    return Refused("not_a_moderator", "Only who moderates this group may do this.")


async def through(net: Net, group: Account, inner: activities.Activity) -> bool:
    """Whether a group announces moderation of its own space. False where it is something else.

    Raises ``Refused`` for an actor who does not moderate there, and for a post that is not in the group.
    """
    if not is_moderation(inner):
        return False
    async with net.work.reading() as tx:
        space = await _space(tx, inner, group)
    if space is None:
        return False
    if space.id != group.id:
        raise _not_in_group()
    if not same_origin(inner.actor, group.uri) and not await is_listed(net, group, inner.actor):
        raise _not_a_moderator()
    await _note(net, group, inner)
    return True


async def directly(net: Net, act: Act) -> Account | None:
    """The group of another server that lists the actor, where the activity moderates in it; None where
    it does not moderate, or in a community of ours, whose roles decide.

    Raises ``Refused`` for an actor who is not listed.
    """
    if not is_moderation(act.activity):
        return None
    async with net.work.reading() as tx:
        group = await _space(tx, act.activity, None)
    if group is None or group.local or group.id == act.by.id:
        return None
    if not await is_listed(net, group, act.by.uri):
        raise _not_a_moderator()
    await _note(net, group, act.activity)
    return group


async def vote(net: Net, group: Account, inner: activities.Activity) -> bool:
    """Note a vote on a post of the group, of which it tells. False where it is something else, or elsewhere.

    Raises ``Refused``, and ``OverBudget``.
    """
    match inner:
        case activities.Like(object=uri):
            value = 1
        case activities.Dislike(object=uri):
            value = -1
        case activities.Undo(inner=activities.Like(object=uri) | activities.Dislike(object=uri)):
            value = None
        case _:
            return False
    await resolve.require_open(net, host_of(inner.actor))
    async with net.work.transaction() as tx:
        post = await calls_elsewhere.known_by(tx, uri)
        if post is None or post.community_id != group.id:
            return False
        await budgets.take(tx, budgets.TOLD_VOTES, group.host)
        if not await group_votes.set_vote(tx.conn, post.id, inner.actor, value, tx.now):
            raise Refused("too_many_votes", "No more votes are noted for this post.")
    return True


def is_moderation(activity: activities.Activity) -> bool:
    """Whether it may be one; a Delete of one's own is none (``_space``)."""
    match activity:
        case activities.Undo(inner=inner) if inner:
            return isinstance(inner, activities.Delete | activities.Lock | activities.Block)
        case activities.Delete() | activities.Lock() | activities.Add() | activities.Remove():
            return True
        case activities.Block(target=target):
            return target is not None
        case _:
            return False


async def _space(tx: Tx, activity: activities.Activity, group: Account | None) -> Account | None:
    """The group in which an activity moderates; None where it does not, or what it is about is unknown.

    ``group``: who announces it, if one does; its collections need no other name.
    """
    if isinstance(activity, activities.Undo) and activity.inner:
        return await _space(tx, activity.inner, group)
    if isinstance(activity, activities.Block):
        found = await accounts.by_uri(tx.conn, activity.target) if activity.target else None
        return found if found and found.is_group else None
    if isinstance(activity, activities.Add | activities.Remove):
        if group and activity.target in (group.featured_uri, group.moderators_uri):
            return group
        return await receive_moderation.group_of(tx, activity, activity.target)
    if isinstance(activity, activities.Delete | activities.Lock):
        return await _space_of_post(tx, activity, group)
    return None


async def _space_of_post(
    tx: Tx, activity: activities.Delete | activities.Lock, group: Account | None
) -> Account | None:
    post = await calls_elsewhere.known_by(tx, activity.object)
    author = await accounts.by_id(tx.conn, post.account_id) if post else None
    if post is None or author is None:
        return None
    if isinstance(activity, activities.Delete) and author.uri == activity.actor:
        return None  # the author's own
    if group and post.community_id != group.id:
        raise _not_in_group()
    return await accounts.by_id(tx.conn, post.community_id) if post.community_id else None


async def listed(net: Net, act: Act, uri: str, target: str) -> None:
    """What an Add adds is made known: a post, or a moderator to be."""
    async with net.work.reading() as tx:
        group = await receive_moderation.group_of(tx, act.activity, target)
    if group and target == group.moderators_uri:
        await resolve.actor(net, uri)
    else:
        await resolve.post(net, uri)


async def _note(net: Net, group: Account, activity: activities.Activity) -> None:
    """A changed list is asked anew."""
    changes = isinstance(activity, activities.Add | activities.Remove)
    if changes and activity.target == group.moderators_uri:
        async with net.work.transaction() as tx:
            await rows.forget(tx.conn, group.id)


async def is_listed(net: Net, group: Account, uri: str) -> bool:
    """Whether a group of another server names an actor as its moderator.

    Raises ``Unreachable`` where it may say so later.
    """
    async with net.work.reading() as tx:
        known = await rows.moderators(tx.conn, group.id)
    now = net.work.clock.now()
    if known and now - known.fetched_at < (FRESH if uri in known.uris else RETRY):
        return uri in known.uris
    uris = await _fetched(net, group)
    async with net.work.transaction() as tx:
        await rows.remember(tx.conn, group.id, uris, tx.now)
    return uri in uris


async def ask_for_reader(net: Net, group_id: int, reader: Account) -> None:
    """Ask a private group of another server whether somebody who wants a post of ours in it is of it, as Lemmy
    asks: at its own origin, once in some minutes. Nobody is, where it does not say so.
    """
    async with net.work.reading() as tx:
        group = await accounts.by_id(tx.conn, group_id)
        since = tx.now - sight.GOOD_FOR
        known = await group_readers.reads(tx.conn, group_id, reader.id, since)
    if known is not None or group is None or group.local or reader.local or not group.locked:
        return
    said = await _says(net, group, reader)
    async with net.work.transaction() as tx:
        await group_readers.remember(tx.conn, group_id, reader.id, tx.now, reads=said)


async def _says(net: Net, group: Account, reader: Account) -> bool:
    address = group.followers_uri
    if address is None or not same_origin(address, group.uri) or "?" in address:
        return False
    try:
        async with net.work.transaction() as tx:
            await budgets.take(tx, budgets.READERS, reader.host)
        asked = f"{address}?is_follower={quote(reader.uri, safe='')}"
        await resolve.own_document(net, asked, group.uri)
    except (Gone, Refused, Unreachable):
        return False
    return True


async def _fetched(net: Net, group: Account) -> list[str]:
    """The first page. Raises ``Unreachable`` where it may come later."""
    address = group.moderators_uri
    if address is None or not same_origin(address, group.uri):
        return []
    try:
        found = await resolve.own_document(net, address, group.uri)
        listed = parse.parse_collection(found, limit=MAX_MODERATORS)
    except (Gone, Refused):
        return []
    page = listed.first_page
    items = listed.items or (page.items if page else ())
    return [item for item in items if isinstance(item, str)]
