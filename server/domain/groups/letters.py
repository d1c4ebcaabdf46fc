"""Letters: what a community, or the server itself, has to say to one person, in words that any client shows.

A letter is a direct post by the community (or, where that is not ours, by the server's own account), so it
rings as a mention does and reaches people of other servers, too. Who causes one only asks for it here, in
their own transaction; a job writes it (``letter_writing``).
"""

from __future__ import annotations

from server.domain.tx import Tx
from storage import budgets
from storage.accounts import Account

JOB = "letter"


async def send(tx: Tx, sender: Account | None, to: Account, what: str, **facts: str | int) -> None:
    """``sender``: a community of ours; None: the server. ``what`` and ``facts``: one of
    ``letter_writing.TEXTS`` with what it names."""
    args = {"from": sender.id if sender else None, "to": to.id, "what": what, "facts": facts}
    await tx.later(f"letter:{to.id}", JOB, args, tx.now)


async def may_ring(tx: Tx, by: Account, to: Account, what: str) -> bool:
    """Whether ``by`` (a user of ours, as whatever person and for whatever community; or a community) causes such a
    letter for the first time today. Who asks again is not refused, and rings no more."""
    midnight = tx.now.replace(hour=0, minute=0, second=0, microsecond=0)
    who = f"user {by.user_id}" if by.user_id else f"account {by.id}"
    key = f"{who}/{to.id}/{what}"
    return await budgets.take(tx.conn, "letters", key, midnight, 1, 1)
