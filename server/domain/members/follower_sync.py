"""Keeping who follows whom the same on both sides (FEP-8fcf).

With what is for followers only, its sender's server says by a digest who of ours it takes for followers.
Where we know it otherwise, that may be because an Accept or an Undo is still under way, so the answer waits
some minutes; then their list is read (server/jobs/follower_sync.py) and, if it is still the one that was
announced, obeyed: who is not in it does not follow, who is in it and only asked is accepted, and who never
asked takes it back. Once an hour and sender at most, so that nobody has us work by lying.
"""

from __future__ import annotations

from datetime import timedelta

from server.domain import effects
from server.domain.members import follows
from server.domain.tx import Tx
from storage import accounts, follower_sync
from storage import follows as follow_rows
from storage.accounts import Account
from storage.follower_sync import Check

JOB = "synchronize_followers"
DELAY = timedelta(minutes=5)
PAUSE = timedelta(hours=1)
LISTED_MAX = 10_000
"""Followers at one host up to which they are compared: a list of them is under 1 MiB."""
AT_ONCE = 500
UNDONE_AT_ONCE = 100


async def digest_for(tx: Tx, account_id: int, host: str) -> str | None:
    """Of those at a host who follow one of ours; None where they are too many to be listed."""
    count, found = await follower_sync.counted(tx.conn, account_id, host)
    return found if count <= LISTED_MAX else None


async def listed_for(tx: Tx, account: Account, host: str) -> list[str]:
    return await follower_sync.uris(tx.conn, account.id, host, LISTED_MAX)


async def agrees(tx: Tx, sender: Account, digest: str) -> bool:
    """Whether a remote sender's digest is that of those of ours who follow it."""
    return (await follower_sync.counted(tx.conn, sender.id, ""))[1] == digest


async def heard(tx: Tx, sender: Account, url: str, digest: str) -> None:
    """It does not agree: to be looked at, when nothing can be under way any more."""
    known = await follower_sync.hear(tx.conn, sender.id, url, digest, tx.now)
    due = tx.now + DELAY
    if known.checked_at:
        due = max(due, known.checked_at + PAUSE)
    await tx.later(f"followers:{sender.id}", JOB, {"account_id": sender.id}, due)


async def to_check(tx: Tx, account_id: int) -> tuple[Account, Check] | None:
    """None where both sides agree by now."""
    sender = await accounts.by_id(tx.conn, account_id)
    known = await follower_sync.check(tx.conn, account_id)
    if sender is None or known is None or await agrees(tx, sender, known.digest):
        return None
    return sender, known


async def begun(tx: Tx, sender: Account) -> None:
    await follower_sync.checked(tx.conn, sender.id, tx.now)


async def obey(tx: Tx, sender: Account, known: Check, listed: list[str]) -> None:
    """``listed``: the ids of those of ours whom the sender takes for followers."""
    for follow in await follower_sync.unlisted(tx.conn, sender.id, listed, known.heard_at, AT_ONCE):
        follower = await accounts.by_id(tx.conn, follow.follower_id)
        if follower:
            await follows.unfollow(tx, follower, sender)
    ours = await follower_sync.unknown(tx.conn, sender.id, listed, UNDONE_AT_ONCE)
    for account in (await accounts.by_ids(tx.conn, ours)).values():
        await _answer(tx, account, sender)


async def _answer(tx: Tx, account: Account, sender: Account) -> None:
    asked = await follow_rows.between(tx.conn, account.id, sender.id)
    if asked:
        await follows.accept(tx, sender, asked, account)  # its Accept was lost
    else:
        await effects.undo_follow(tx, account, sender, await effects.new_id(tx))
