"""What becomes of posts that wait: they are let through, refused with a reason, or run out of time.

Let through, a post comes out as if it were new: it is counted, shown, sent, and passed on by its community
as it came, with its author's last change behind it. Whoever is banned meanwhile is not let through, nor is
a reply to what was locked or removed.

Refused, it stays with its author alone, who is told why, and may still be let through (after an appeal)
until ``KEEP`` is over; then it is deleted. Its server, where it is another, is told by the Delete that
servers which read groups know. Nobody decides within ``KEEP``: then time refuses it.
"""

from __future__ import annotations

from datetime import datetime

from server.domain import effects, policy
from server.domain.calling import replies
from server.domain.groups import communities
from server.domain.moderating import group_effects, notices
from server.domain.moderating.group_moderation import REASON_MAX, Steward, log
from server.domain.moderating.hold_rules import JOB, KEEP
from server.domain.posting import posts
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import joined, mark
from storage import accounts, group_moderation
from storage import held_posts as rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.held_posts import Held
from storage.posts import Post

UNDECIDED = mark("Nobody decided in time.")


async def let_through(tx: Tx, by: Steward, post_id: int, reason: str = "") -> None:
    """Raises ``NotFound`` for what does not wait in this community; ``Forbidden`` where its author, or what
    it answers, has no place there any more."""
    _check(reason)
    row, post, author = await _held(tx, by.community, post_id)
    await _require_place(tx, by.community, author, post)
    await group_moderation.set_removed(tx.conn, post.id, None)
    await rows.drop(tx.conn, post.id)
    post = await _now(tx, post)
    await posts.let_out(tx, author, by.community, post, row.document)
    if row.changed and post.is_shared:
        await effects.announce(tx, by.community, row.changed, None)
    await log(tx, by, "approve", reason, post=post)
    words = mark(
        "Your post to @%(handle)s was let in: everybody there sees it now.",
        handle=by.community.handle,
    )
    await notices.tell(tx, by.community, author, "none", words, [post.id])


async def _now(tx: Tx, post: Post) -> Post:
    found = await post_rows.by_id(tx.conn, post.id)
    assert found, "its row is held"
    return found


async def _require_place(tx: Tx, community: Account, author: Account, post: Post) -> None:
    if await communities.is_banned(tx, community.id, author):
        policy.BANNED_AUTHOR.require()
    parent = await post_rows.by_id(tx.conn, post.in_reply_to_id) if post.in_reply_to_id else None
    if parent:
        await communities.require_reply(tx, community, author, parent)


async def refuse(tx: Tx, by: Steward, post_id: int, reason: str) -> None:
    """A repeat is no event. Raises ``Invalid`` without a reason, ``NotFound`` as ``let_through``."""
    if not reason.strip():
        raise Invalid("Say why: its author is told.", field="reason")
    _check(reason)
    row, post, author = await _held(tx, by.community, post_id)
    if row.refused_at:
        return
    await rows.refused(tx.conn, post.id, tx.now)
    await tx.later(f"held:{post.id}", JOB, {"post_id": post.id}, tx.now + KEEP)
    await log(tx, by, "refuse", reason, post=post)
    await group_effects.refused(tx, by.account, by.community, post, reason)
    await _tell_refused(tx, by.community, author, post, reason, appeal=True)


async def _tell_refused(
    tx: Tx, community: Account, author: Account, post: Post, reason: str, *, appeal: bool
) -> None:
    words = joined(
        mark("Your post to @%(handle)s was not let in.", handle=community.handle),
        mark("The reason given: %(reason)s", reason=reason),
        mark("You may ask once for it to be looked at again.") if appeal else "",
    )
    about = [post.id]
    await notices.tell(tx, community, author, "delete_statuses", words, about, by_mail=appeal)


async def _held(tx: Tx, community: Account, post_id: int) -> tuple[Held, Post, Account]:
    """Held with what it answers, in the order of all verbs."""
    found = await post_rows.by_id(tx.conn, post_id)
    if found:
        await replies.hold_parent(tx, found)
    above = [i for i in (found.in_reply_to_id, found.quote_id) if i] if found else []
    await post_rows.hold_many(tx.conn, above)
    post = await post_rows.hold(tx.conn, post_id)
    row = await rows.by_post(tx.conn, post_id)
    if post is None or row is None or row.community_id != community.id:
        raise NotFound
    author = await accounts.by_id(tx.conn, post.account_id)
    assert author, "a foreign key holds it"
    return row, post, author


async def expire(tx: Tx, post_id: int) -> datetime | None:
    """Its time is over: what waits is refused, what was refused is deleted. Gives the time to come back."""
    row = await rows.by_post(tx.conn, post_id)
    if row is None:
        return None
    due = (row.refused_at or row.held_at) + KEEP
    if due > tx.now:
        return due
    community = await accounts.by_id(tx.conn, row.community_id)
    assert community, "a foreign key holds it"
    row, post, author = await _held(tx, community, post_id)
    if row.refused_at:
        await posts.remove(tx, post)
        return None
    await rows.refused(tx.conn, post.id, tx.now)
    await _tell_refused(tx, community, author, post, UNDECIDED, appeal=False)
    return tx.now + KEEP


def _check(reason: str) -> None:
    if len(reason) > REASON_MAX:
        raise Invalid(
            mark("A reason has at most %(most)s characters.", most=REASON_MAX), field="reason"
        )
