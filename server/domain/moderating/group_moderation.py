"""What those who steer a community do in it: lock, remove, ban, feature.

*Locked*: a post, and all below it, takes no more replies, whoever asks. In a community of ours that holds
for everybody; in a group of another server for our members (``communities.require_reply``).

*Removed*: a post leaves its community, and comes back when that is undone, so its row stays. It is the
author's own still: only the author sees it here, and can edit or delete it. What a community of ours
removed nobody else sees on this server, by any route (``sight``). A group of another server speaks for
its own space alone: who follows the author has the post from the author, and goes on seeing it. Neither
changes a copy elsewhere; servers that read groups hear of it, for the others the community takes its
boost back. A call is not removed but cancelled: people rely on its word.

*Banned*: somebody may not post, reply, vote, answer a call, edit what is there, or join again, until the
ban ends by the clock or is lifted. In a community of ours membership and role end with it. ``remove_data``
removes all that they posted there, and an unban can restore it.

Every act is written in a log that everybody may read and that names who acted by their role.

In a group of another server a member of ours who moderates it does the same: it is written here at once,
and told to the group, whose word it is.

A ``Steward`` is the proof that somebody may: of a community of ours by their role (``steward``), of a
group of another server because that group says so (``vouched``). Every verb refuses a post that is not
in the steward's own community.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.domain import effects, policy
from server.domain.calling import participations
from server.domain.groups import communities
from server.domain.members import follows
from server.domain.moderating import group_effects, notices
from server.domain.posting import marks, sharing
from server.domain.tx import Arrived, Tx
from server.errors import Invalid, NotFound
from server.i18n import joined, mark
from storage import accounts, timelines
from storage import communities as community_rows
from storage import follows as follow_rows
from storage import group_moderation as rows
from storage import hold_rules as hold_rows
from storage import marks as mark_rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.posts import Post

REASON_MAX = 500
MAX_FEATURED = 20
TAKEN_BACK = 50
"""Boosts that a community takes back, of all that a ban removes; the others are not seen either."""


@dataclass(frozen=True, slots=True)
class Steward:
    """Somebody who has the say in a community. Made by ``steward`` and ``vouched`` alone."""

    account: Account
    community: Account
    role: str


@dataclass(frozen=True, slots=True)
class Ban:
    """``until``: None without end. ``remove_data``: with all that they posted there."""

    until: datetime | None = None
    reason: str = ""
    remove_data: bool = False


async def steward(tx: Tx, community: Account, account: Account) -> Steward:
    """Raises ``Forbidden`` for who has no role in this community of ours, or is banned from it."""
    role = await community_rows.role(tx.conn, community.id, account.id)
    policy.may_steer(role).require()
    await communities.require_part(tx, community.id, account)
    assert role, "nobody else steers"
    return Steward(account, community, role)


def vouched(group: Account, account: Account) -> Steward:
    """A moderator of a group of another server; the caller has proven that the group says so."""
    return Steward(account, group, "moderator")


async def appoint(tx: Tx, by: Steward, person: Account, *, added: bool) -> None:
    """Ask a group of another server to list somebody as its moderator, or to do so no more.

    Whom it lists is known from the group alone (vouching.py), and asked for anew.
    """
    await rows.forget(tx.conn, by.community.id)
    await group_effects.listed(tx, by.account, by.community, person, added=added)


# Posts


async def lock(
    tx: Tx, by: Steward, post: Post, reason: str = "", *, arrived: Arrived | None = None
) -> None:
    """No more replies; a repeat is no event. Raises ``Forbidden``, ``Invalid``, ``NotFound``."""
    await _set_locked(tx, by, post, reason, arrived, locked=True)


async def unlock(
    tx: Tx, by: Steward, post: Post, reason: str = "", *, arrived: Arrived | None = None
) -> None:
    """Raises as ``lock``."""
    await _set_locked(tx, by, post, reason, arrived, locked=False)


async def _set_locked(
    tx: Tx, by: Steward, post: Post, reason: str, arrived: Arrived | None, *, locked: bool
) -> None:
    held = await _held(tx, by, post, reason)
    if (held.locked_at is not None) == locked:
        return
    await rows.set_locked(tx.conn, held.id, tx.now if locked else None)
    await log(tx, by, "lock" if locked else "unlock", reason, post=held)
    await group_effects.locked(tx, by.account, by.community, held, reason, arrived, locked=locked)


async def remove(
    tx: Tx, by: Steward, post: Post, reason: str = "", *, arrived: Arrived | None = None
) -> None:
    """Take a post out of its community; a repeat is no event. Raises as ``lock``."""
    held = await _held(tx, by, post, reason)
    if held.removed:
        return
    if held.is_call:
        raise Invalid("A call is cancelled, not removed.", field="id")
    await _take_out(tx, by.community, held)
    await rows.set_removed(tx.conn, held.id, _where(by))
    await log(tx, by, "remove", reason, post=held)
    await _tell_removed(tx, by, held, reason)
    await group_effects.removed(tx, by.account, by.community, held, reason, arrived)


async def _tell_removed(tx: Tx, by: Steward, post: Post, reason: str) -> None:
    author = await accounts.by_id(tx.conn, post.account_id)
    if author and author.id != by.account.id:
        words = joined(
            mark("Your post was removed from @%(handle)s.", handle=by.community.handle),
            _because(reason),
            _appeal(by),
        )
        about = [post.id]
        await notices.tell(tx, by.community, author, "delete_statuses", words, about, by_mail=True)


def _because(reason: str) -> str:
    if not reason:
        return mark("No reason was given.")
    return mark("The reason given: %(reason)s", reason=reason)


def _appeal(by: Steward) -> str:
    return mark("You may ask once for it to be looked at again.") if by.community.local else ""


async def _take_out(tx: Tx, community: Account, post: Post) -> None:
    """Its boost by the community goes, its place among the featured, and open clients see it go."""
    await effects.vanish(tx, post)
    await marks.unboost(tx, community, post)
    if post.id in await _pinned(tx, community):
        await marks.feature(tx, community, post, added=False)


async def _pinned(tx: Tx, community: Account) -> set[int]:
    return {post.id for post in await mark_rows.pinned(tx.conn, community.id)}


async def restore(
    tx: Tx, by: Steward, post: Post, reason: str = "", *, arrived: Arrived | None = None
) -> None:
    """Put a removed post back; a repeat is no event. Raises as ``lock``."""
    held = await _held(tx, by, post, reason)
    if held.held:
        policy.HELD.require()
    if not held.removed:
        return
    await rows.set_removed(tx.conn, held.id, None)
    if held.is_head:
        await sharing.share(tx, by.community, held, at=held.published_at)
    await log(tx, by, "restore", reason, post=held)
    await group_effects.restored(tx, by.account, by.community, held, reason, arrived)


async def feature(
    tx: Tx, by: Steward, post: Post, *, added: bool, arrived: Arrived | None = None
) -> None:
    """Put a post above the others of its community, or back among them. Raises as ``lock``."""
    held = await _held(tx, by, post, "")
    if held.removed and added:
        policy.REMOVED.require()
    pinned = await _pinned(tx, by.community)
    if (held.id in pinned) == added:
        return
    if added and by.community.local and len(pinned) >= MAX_FEATURED:
        raise Invalid("A community features few posts: take one out first.", field="id")
    await marks.feature(tx, by.community, held, added=added)
    await log(tx, by, "feature" if added else "unfeature", "", post=held)
    await group_effects.featured(tx, by.account, by.community, held, arrived, added=added)


async def _held(tx: Tx, by: Steward, post: Post, reason: str) -> Post:
    """The post as it is now, in the steward's own community."""
    _check(reason)
    held = await post_rows.hold(tx.conn, post.id)
    if held is None or held.is_deleted:
        raise NotFound
    if held.community_id != by.community.id:
        policy.NOT_IN_COMMUNITY.require()
    return held


def _check(reason: str) -> None:
    if len(reason) > REASON_MAX:
        raise Invalid(
            mark("A reason has at most %(most)s characters.", most=REASON_MAX), field="reason"
        )


def _where(by: Steward) -> str:
    return "here" if by.community.local else "elsewhere"


# People


async def ban(
    tx: Tx, by: Steward, person: Account, wanted: Ban, *, arrived: Arrived | None = None
) -> None:
    """Keep somebody out; again sets the end and the reason anew.

    Raises ``Forbidden`` for a person of the same rank or above, ``Invalid`` for an end that is past.
    """
    _check(wanted.reason)
    if wanted.until and wanted.until <= tx.now:
        raise Invalid("A ban ends in the future.", field="until")
    if person.id == by.account.id:
        policy.NOT_ONESELF.require()
    community = by.community
    of = await community_rows.role(tx.conn, community.id, person.id)
    policy.may_ban(by.role, of).require()
    has_part = await _has_part(tx, community, person)
    if wanted.remove_data:
        await _remove_all(tx, by, person)
    await rows.ban(
        tx.conn, community.id, person.id, wanted.until, wanted.reason, by.account.id, tx.now
    )
    if community.local:
        await expel(tx, community, person)
    await log(tx, by, "ban", wanted.reason, account=person)
    words = joined(_banned(community, wanted.until), _because(wanted.reason), _appeal(by))
    await notices.tell(tx, community, person, "none", words, by_mail=has_part)
    await group_effects.banned(
        tx,
        by.account,
        community,
        person,
        wanted.reason,
        arrived,
        until=wanted.until,
        remove_data=wanted.remove_data,
    )


def _banned(community: Account, until: datetime | None) -> str:
    if until is None:
        return mark("You are banned from @%(handle)s.", handle=community.handle)
    return mark(
        "You are banned from @%(handle)s until %(until)s UTC.",
        handle=community.handle,
        until=f"{until:%d %B %Y, %H:%M}",
    )


async def _has_part(tx: Tx, community: Account, person: Account) -> bool:
    """Whether somebody belongs to it, wants to, or has posted there."""
    if await follow_rows.between(tx.conn, person.id, community.id):
        return True
    return await hold_rows.shown(tx.conn, community.id, person.id, 1) > 0


async def expel(tx: Tx, community: Account, person: Account) -> None:
    """Role and membership end, as does an invitation; a request to join is refused, and places in its calls go to
    others. Our member's home forgets the community.

    Who is just about to join is waited for, and goes again; who comes later finds the ban (``follows``).
    """
    await participations.leave(tx, person, community)  # calls are locked before their community
    await follow_rows.hold(tx.conn, community.id, person.id)
    await community_rows.revoke(tx.conn, community.id, person.id)
    await community_rows.end_invite(tx.conn, community.id, person.id)
    if await follow_rows.between(tx.conn, person.id, community.id):
        await follows.remove_follower(tx, community, person)
    if person.local:
        await timelines.forget(tx.conn, person.id, community.id)


async def _remove_all(tx: Tx, by: Steward, person: Account) -> None:
    gone = await rows.remove_all(tx.conn, by.community.id, person.id, _where(by))
    for post in gone[-TAKEN_BACK:]:
        await _take_out(tx, by.community, post)


async def unban(
    tx: Tx,
    by: Steward,
    person: Account,
    reason: str = "",
    *,
    restore_data: bool = False,
    arrived: Arrived | None = None,
) -> None:
    """Lift a ban; where there is none it is no event. ``restore_data``: all of theirs that was removed."""
    _check(reason)
    if not await rows.unban(tx.conn, by.community.id, person.id):
        return
    if restore_data:
        await _restore_all(tx, by, person)
    await log(tx, by, "unban", reason, account=person)
    await group_effects.unbanned(
        tx, by.account, by.community, person, reason, arrived, restore_data=restore_data
    )


async def _restore_all(tx: Tx, by: Steward, person: Account) -> None:
    back: Sequence[Post] = await rows.restore_all(tx.conn, by.community.id, person.id)
    for post in back[-TAKEN_BACK:]:
        if post.is_head:
            await sharing.share(tx, by.community, post, at=post.published_at)


async def log(
    tx: Tx,
    by: Steward,
    action: str,
    reason: str,
    *,
    post: Post | None = None,
    account: Account | None = None,
) -> None:
    """Everybody may read it."""
    met = account.id if account else (post.account_id if post else None)
    await rows.write(
        tx.conn,
        by.community.id,
        action,
        by.role,
        by.account.id,
        tx.now,
        post_id=post.id if post else None,
        account_id=met,
        reason=reason,
    )
