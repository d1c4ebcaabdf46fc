"""What a member keeps about others: a note for themselves, and whom they show on their profile."""

from __future__ import annotations

from server.domain.tx import Tx
from server.errors import Invalid
from server.i18n import mark
from storage import endorsements, follows, notes
from storage.accounts import Account

NOTE_MAX = 2000  # characters


async def note(tx: Tx, actor: Account, target: Account, comment: str) -> None:
    """An empty comment removes the note. Nobody else ever sees it. Raises ``Invalid``."""
    if len(comment) > NOTE_MAX:
        raise Invalid(
            mark("Validation failed: A note has at most %(most)s characters", most=NOTE_MAX),
            field="comment",
        )
    await notes.put(tx.conn, actor.id, target.id, comment.strip())


async def endorse(tx: Tx, actor: Account, target: Account) -> None:
    """Raises ``Invalid`` where the actor does not follow the target."""
    await follows.hold(tx.conn, actor.id, target.id)
    if not await follows.is_following(tx.conn, actor.id, target.id):
        raise Invalid("Validation failed: Only accounts that you follow can be featured")
    await endorsements.add(tx.conn, actor.id, target.id, tx.now)


async def unendorse(tx: Tx, actor: Account, target: Account) -> None:
    await endorsements.drop(tx.conn, actor.id, target.id)
