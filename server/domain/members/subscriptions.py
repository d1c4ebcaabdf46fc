"""The secret address by which a member's calendar program reads what is theirs.

Calendar programs and feed readers sign in nowhere, so the address itself is the proof: 256 random bits, of
which a digest is kept. It is shown once; a new one makes the old one void. It reads as its member and does
nothing else: what they may see no more, because they left a community, is gone from it at the same moment.
"""

from __future__ import annotations

from server import ids
from server.domain.tx import Tx
from server.errors import NotFound
from storage import subscriptions
from storage.accounts import Account


async def renew(tx: Tx, owner: Account) -> str:
    """A new secret for the owner; the one before is good no more."""
    made = ids.secret()
    await subscriptions.put(tx.conn, owner.id, ids.digest(made), tx.now)
    return made


async def holder(tx: Tx, secret: str) -> Account:
    """Whose secret this is. Raises ``NotFound``: it never was, was renewed, or they are shut out."""
    found = await subscriptions.holder(tx.conn, ids.digest(secret))
    if found is None or found.is_hidden:
        raise NotFound
    return found
