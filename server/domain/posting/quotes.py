"""Quotes: who may quote what, and how a quote stands (FEP-044f).

A quote is approved by the author of what is quoted. Between our own members the policy of the post
decides when the quote is published. For a remote author a QuoteRequest leaves with the post, which waits
(``pending``) until the answer comes; a QuoteRequest to one of ours is answered at once. The approval is a
stamp: a document at the server of the quoted author, named in the quoting post, which other servers fetch.
Taking it back deletes the stamp, and the quote is ``revoked`` for good. A post that quotes without asking
(Misskey) stays ``pending`` and keeps the link in its text.

The quoted post is held before the quoting one, as in ``posts``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server import ids
from server.domain import effects, policy, sight, wire
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from storage import accounts, follows, notifications
from storage import posts as post_rows
from storage import quotes as rows
from storage.accounts import Account
from storage.posts import Post

MAX_TOLD = 200
"""Members of ours who are told that what they quote was edited."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may quote a post: words of the client API."""

    automatic: tuple[str, ...] = ()
    manual: tuple[str, ...] = ()


NOBODY = Policy()
POLICIES = {"public": Policy(("public",)), "followers": Policy(("followers",)), "nobody": NOBODY}


@dataclass(frozen=True, slots=True)
class Quoting:
    """What a post quotes; ``stamp``: the id of an approval that was verified for these two posts."""

    post: Post
    stamp: str | None = None


def policy_named(word: str, visibility: str) -> Policy:
    """A policy of the client API; what is not public is quoted by nobody else. Raises ``Invalid``."""
    if word not in POLICIES:
        raise Invalid(
            "Validation failed: Quote approval policy is not included in the list",
            field="quote_approval_policy",
        )
    return POLICIES[word] if visibility in ("public", "unlisted") else NOBODY


async def permission(tx: Tx, quoter: Account, post: Post) -> str:
    """``automatic``, ``manual``, ``unknown`` or ``denied``."""
    if await follows.blocked(tx.conn, quoter.id, post.account_id):
        return policy.DENIED
    return (await sight.quotable(tx, quoter, {}, [post]))[post.id]


async def require(tx: Tx, quoter: Account, post: Post) -> None:
    """Raises ``Forbidden`` where the author of the post does not want it quoted by this one."""
    if post.reblog_of_id is not None or await permission(tx, quoter, post) == policy.DENIED:
        policy.QUOTE_DENIED.require()


def opening(author: Account, quoting: Quoting) -> tuple[str, str | None]:
    """How a new quote stands, and its stamp. Whoever quotes themselves needs none."""
    quoted = quoting.post
    if quoted.account_id == author.id:
        return "accepted", None
    if author.local and quoted.local:
        return "accepted", _new_stamp(quoted.uri)
    if not author.local and not quoted.local and quoting.stamp:
        return "accepted", quoting.stamp
    return "pending", None


def _new_stamp(quoted_uri: str) -> str:
    """Below the quoted post; not to be guessed, as it names a post that may not be for everybody."""
    return f"{quoted_uri}{wire.STAMPS}{ids.secret()}"


async def begun(tx: Tx, author: Account, post: Post, quoted: Post, *, late: bool) -> None:
    """What follows from a new post that quotes. ``late``: it is history and notifies nobody."""
    if post.quote_state == "accepted":
        await rows.count(tx.conn, quoted.id, 1)
        if not late:
            await _tell(tx, author, post)
    elif author.local and post.visibility != "members":
        # A QuoteRequest carries the whole post; what is for members stays a link in their own text.
        await effects.request_quote(tx, author, post, quoted)


async def _tell(tx: Tx, author: Account, post: Post) -> None:
    quoted_author = await accounts.by_id(tx.conn, post.quoted_account_id or 0)
    if quoted_author and await sight.visible(tx, [post], quoted_author):
        await effects.tell(tx, [quoted_author], "quote", author, post.id)


async def changed(
    tx: Tx, author: Account, post: Post, quoting: Quoting | None, found: Policy
) -> None:
    """A later version of a remote post: its policy, a stamp that came since, or another quote."""
    await rows.set_policy(tx.conn, post.id, found.automatic, found.manual)
    state, stamp = opening(author, quoting) if quoting else (None, None)
    if (quoting.post.id if quoting else None) == post.quote_id and (
        post.quote_state != "pending" or state == "pending"
    ):
        return  # nothing new: what was refused or revoked stays so
    await ended(tx, post)
    await rows.attach(tx.conn, post.id, quoting.post if quoting else None, state, stamp)
    if quoting and state == "accepted":
        await rows.count(tx.conn, quoting.post.id, 1)


async def ended(tx: Tx, post: Post) -> None:
    """The quoting post goes, or quotes this no more."""
    if post.quote_id is not None and post.quote_state == "accepted":
        await rows.count(tx.conn, post.quote_id, -1)


async def tell_of_edit(tx: Tx, author: Account, post: Post) -> None:
    """Whoever of ours quotes a post is told that it was edited, with their own post."""
    quoting = await rows.local_of_post(tx.conn, post.id, MAX_TOLD)
    people = await accounts.by_ids(tx.conn, sorted({p.account_id for p in quoting}))
    for row in quoting:
        await effects.tell(tx, [people[row.account_id]], "quoted_update", author, row.id)


# Asking and answering


async def asked(
    tx: Tx, by: Account, quoting: Post, quoted: Post, uri: str, *, quoted_uri: str
) -> None:
    """A remote author asks to quote a post of ours: answered at once, and a repeat in the same way.

    ``quoted_uri``: as it was asked for, of a call that of its card too, whose community then answers.
    """
    quoting = await _hold(tx, quoting, quoted)
    owner = await wire.quoted_as(tx, quoted_uri, quoted)
    stamp = quoting.quote_stamp
    if quoting.quote_state == "pending" and await permission(tx, by, quoted) == policy.AUTOMATIC:
        stamp = _new_stamp(quoted_uri)
        await _accept(tx, quoting, stamp)
        await _tell(tx, by, quoting)
    elif quoting.quote_state == "pending":
        await rows.set_state(tx.conn, quoting.id, "rejected")
    await effects.answer_quote(tx, owner, by, quoting, quoted_uri, uri, stamp)


async def _hold(tx: Tx, quoting: Post, quoted: Post | None = None) -> Post:
    """The quoting post as it is now, held after the one it quotes. Raises ``NotFound``."""
    above = quoted.id if quoted else quoting.quote_id
    await post_rows.hold_many(tx.conn, [quoting.id, *([above] if above else [])])
    held = await post_rows.by_id(tx.conn, quoting.id)
    if held is None or held.quote_id is None:
        raise NotFound
    return held


async def _accept(tx: Tx, quoting: Post, stamp: str | None) -> None:
    await rows.set_state(tx.conn, quoting.id, "accepted", stamp)
    await rows.count(tx.conn, quoting.quote_id or 0, 1)


async def approved(tx: Tx, quoting: Post, stamp: str) -> None:
    """The remote author lets one of ours quote: all who have the post are sent the stamp."""
    quoting = await _hold(tx, quoting)
    if quoting.quote_state != "pending":
        return
    await _accept(tx, quoting, stamp)
    author, new = await accounts.by_id(tx.conn, quoting.account_id), await _again(tx, quoting)
    if author:
        await effects.publish_edit(tx, author, new)


async def refused(tx: Tx, quoting: Post) -> None:
    """The author of what is quoted says no, or no longer."""
    quoting = await _hold(tx, quoting)
    if quoting.quote_state == "accepted":
        await ended(tx, quoting)
        await rows.set_state(tx.conn, quoting.id, "revoked")
    elif quoting.quote_state == "pending":
        await rows.set_state(tx.conn, quoting.id, "rejected")


async def _again(tx: Tx, post: Post) -> Post:
    found = await post_rows.by_id(tx.conn, post.id)
    assert found, "it is held"
    return found


async def revoke(tx: Tx, author: Account, quoted: Post, quoting: Post) -> None:
    """Take an approval back. Raises ``Forbidden``, and ``NotFound`` where there is none."""
    if quoted.account_id != author.id:
        policy.NOT_YOURS.require()
    quoting = await _hold(tx, quoting, quoted)
    if quoting.quote_id != quoted.id or quoting.quote_state != "accepted":
        raise NotFound
    await refused(tx, quoting)
    await notifications.withdraw(tx.conn, author.id, "quote", quoting.account_id, quoting.id)
    if quoting.quote_stamp:
        await effects.revoke_quote(tx, author, quoting, quoted)


async def set_policy(tx: Tx, author: Account, post: Post, word: str) -> None:
    """Who may quote the post from now on; what was approved stays. Raises ``Forbidden``, ``Invalid``."""
    if post.account_id != author.id:
        policy.NOT_YOURS.require()
    found = policy_named(word, post.visibility)
    await post_rows.hold_many(tx.conn, [post.id])
    if await rows.set_policy(tx.conn, post.id, found.automatic, found.manual):
        await effects.publish_edit(tx, author, await _again(tx, post))


async def set_default(tx: Tx, account: Account, word: str) -> Account:
    """Who may quote what a member posts from now on, unless a post says another. Raises ``Invalid``."""
    policy_named(word, "public")
    return await accounts.set_quote_policy(tx.conn, account.id, word)


def held_by(post: Post, quoting: Quoting | None) -> Sequence[int]:
    """What an edit of a post holds before it."""
    return [i for i in (post.quote_id, quoting.post.id if quoting else None) if i is not None]
