"""Letters: what a community, or the server itself, has to say to one person, in words that any client shows.

A letter is a direct post by the community (or, where that is not ours, by the server's own account), so it
rings as a mention does and reaches people of other servers, too. Who causes one only asks for it here, in
their own transaction; a job writes it (``letter_writing``).
"""

from __future__ import annotations

from server.domain.tx import Tx
from storage.accounts import Account

JOB = "letter"


async def send(tx: Tx, sender: Account | None, to: Account, what: str, **facts: str | int) -> None:
    """``sender``: a community of ours; None: the server. ``what`` and ``facts``: one of
    ``letter_writing.TEXTS`` with what it names."""
    args = {"from": sender.id if sender else None, "to": to.id, "what": what, "facts": facts}
    await tx.later(f"letter:{to.id}", JOB, args, tx.now)
