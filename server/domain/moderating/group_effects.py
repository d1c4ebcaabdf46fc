"""What other servers hear of moderation: the moderator's own activity, passed on by the community.

A local moderator's activity is made and signed here; that of a remote one is passed on as it came. In a
group of another server it goes to that group, which passes it on, and to the server of whom it concerns,
as Lemmy sends it; of what others did there, its own server has said it. Servers that
read groups get it embedded, the others nothing: for them a removed thread is a boost taken back, and who
was banned is rejected as a follower.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from federation import build_moderation as build
from federation.build import announce
from federation.build_moderation import Desk
from server.domain import effects
from server.domain.tx import Arrived, Tx
from storage import accounts
from storage.accounts import Account
from storage.posts import Post

Make = Callable[[str, Desk], build.Json]


async def removed(
    tx: Tx, by: Account, community: Account, post: Post, reason: str, arrived: Arrived | None
) -> None:
    """Delete with a reason."""

    def make(uri: str, desk: Desk) -> build.Json:
        return build.removal(uri, desk, post.uri, reason)

    await _spread(tx, by, community, make, arrived, post.uri, await _author(tx, post))


async def refused(tx: Tx, by: Account, community: Account, post: Post, reason: str) -> None:
    """Delete with a reason, to the author's server alone: nobody else was shown the post."""
    author = await _author(tx, post)
    inboxes = effects.inbox_of(author)
    if not inboxes:
        return
    to, cc, public = await effects.members_of(tx, community)
    desk = Desk(by.uri, community.uri, to)
    gone = build.removal(await effects.new_id(tx), desk, post.uri, reason)
    wrapped = announce(await effects.new_id(tx), community.uri, gone, to=to, cc=cc)
    await effects.send(tx, community, wrapped, inboxes, subject=post.uri, public=public)


async def restored(
    tx: Tx, by: Account, community: Account, post: Post, reason: str, arrived: Arrived | None
) -> None:
    """Undo of the Delete; the head of a thread is boosted anew."""
    inner = await effects.new_id(tx)

    def make(uri: str, desk: Desk) -> build.Json:
        gone = build.removal(inner, desk, post.uri, reason)
        return build.undone(uri, desk, gone, reason)

    head = post if post.is_head else None
    await _spread(tx, by, community, make, arrived, post.uri, await _author(tx, post), head)


async def locked(
    tx: Tx,
    by: Account,
    community: Account,
    post: Post,
    reason: str,
    arrived: Arrived | None,
    *,
    locked: bool,
) -> None:
    """Lock, or Undo of it."""
    inner = await effects.new_id(tx)

    def make(uri: str, desk: Desk) -> build.Json:
        if locked:
            return build.lock(uri, desk, post.uri, reason)
        return build.undone(uri, desk, build.lock(inner, desk, post.uri, reason), reason)

    await _spread(tx, by, community, make, arrived, post.uri, await _author(tx, post))


async def banned(
    tx: Tx,
    by: Account,
    community: Account,
    person: Account,
    reason: str,
    arrived: Arrived | None,
    *,
    until: datetime | None,
    remove_data: bool,
) -> None:
    """Block with the community as its target."""

    def make(uri: str, desk: Desk) -> build.Json:
        return build.ban(uri, desk, person.uri, reason, until=until, remove_data=remove_data)

    await _spread(tx, by, community, make, arrived, person.uri, person)


async def unbanned(
    tx: Tx,
    by: Account,
    community: Account,
    person: Account,
    reason: str,
    arrived: Arrived | None,
    *,
    restore_data: bool,
) -> None:
    """Undo of the Block."""
    inner = await effects.new_id(tx)

    def make(uri: str, desk: Desk) -> build.Json:
        block = build.ban(inner, desk, person.uri, reason, remove_data=restore_data)
        return build.undone(uri, desk, block, reason, restore_data=restore_data)

    await _spread(tx, by, community, make, arrived, person.uri, person)


async def featured(
    tx: Tx, by: Account, community: Account, post: Post, arrived: Arrived | None, *, added: bool
) -> None:
    """Add to, or Remove from, the featured posts, as the moderator's act (Lemmy takes no other)."""
    make = _listing(post.uri, community.featured_uri, added=added)
    await _spread(tx, by, community, make, arrived, post.uri, None)


async def listed(
    tx: Tx,
    by: Account,
    community: Account,
    person: Account,
    *,
    added: bool,
    arrived: Arrived | None = None,
) -> None:
    """Add to, or Remove from, the collection of moderators."""
    make = _listing(person.uri, community.moderators_uri, added=added)
    await _spread(tx, by, community, make, arrived, person.uri, person)


def _listing(listed_uri: str, target: str | None, *, added: bool) -> Make:
    """Add to, or Remove from, a collection of the community."""

    def make(uri: str, desk: Desk) -> build.Json:
        return build.listing(uri, desk, listed_uri, target or "", added=added)

    return make


async def _spread(
    tx: Tx,
    by: Account,
    community: Account,
    make: Make,
    arrived: Arrived | None,
    subject: str,
    concerned: Account | None,
    head: Post | None = None,
) -> None:
    """To the members, and to the server of whom it ``concerned``. ``subject`` orders it."""
    also = effects.inbox_of(concerned)
    if not community.local:
        if by.local and not arrived:
            inboxes = also | effects.inbox_of(community)
            await _send(tx, by, community, make, inboxes, subject)
        return
    document = arrived.document if arrived else await _send(tx, by, community, make, {}, subject)
    await effects.announce(tx, community, document, head, also=also, subject=subject)


async def _send(
    tx: Tx, by: Account, community: Account, make: Make, inboxes: dict[str, str], subject: str
) -> build.Json:
    """The moderator's own activity, made and signed here."""
    to, _, public = await effects.members_of(tx, community)
    made = make(await effects.new_id(tx), Desk(by.uri, community.uri, to))
    return await effects.send(tx, by, made, inboxes, subject=subject, public=public)


async def _author(tx: Tx, post: Post) -> Account | None:
    return await accounts.by_id(tx.conn, post.account_id)
