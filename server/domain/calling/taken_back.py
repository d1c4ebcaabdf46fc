"""Answers of other servers that come after they were taken back: deliveries overtake each other.

What was taken back is known by the id of the activity that gave it, for as long as the call is there: it never
counts again. An Undo names that id. A Leave names the event alone (Mobilizon's): where it finds nothing to take
back, the Join that it is about is still on its way, and the next one of the same actor within ``OVERTAKEN`` is taken
for it and refused; whoever means it asks again. An Undo by the bare id of what is not here names nothing else: it is
remembered for ``OVERTAKEN`` beside all calls, so many of one domain (``budgets.UNDONE``). Digests are kept, and no names. The actor is part of each: the id of
another's activity can be guessed, and nobody takes back what another one gave.
"""

from __future__ import annotations

from datetime import timedelta

from server import ids
from server.domain import policy
from server.domain.tx import Tx
from storage import posts as post_rows
from storage import taken_back as rows
from storage.accounts import Account

DOORS = ("join", "card")
"""What is delivered once. A reply gives its answer anew when it is changed."""
OVERTAKEN = timedelta(days=2)
"""How long a delivery may be tried again before it comes."""


async def remember(tx: Tx, post_id: int, account: Account, uri: str) -> None:
    """``account``: who gave the answer, ``uri``: of the activity that did."""
    await rows.remember(tx.conn, post_id, _activity_of(account, uri))


async def expect(tx: Tx, post_id: int, account: Account) -> None:
    """Somebody took back what has not come yet, and did not say which."""
    await rows.remember(tx.conn, post_id, _anything_of(account), tx.now + OVERTAKEN)


async def expect_by_id(tx: Tx, account: Account, uri: str) -> None:
    """As ``expect``, of an activity of theirs that they named, and not what it is about."""
    await rows.remember_early(tx.conn, _activity_of(account, uri), tx.now + OVERTAKEN)


async def require_current(tx: Tx, post_id: int, account: Account, door: str, uri: str) -> None:
    """Raises ``Forbidden`` for an answer that was taken back before it came, or came again."""
    if door not in DOORS:
        return
    named = _activity_of(account, uri)
    known = await rows.known(tx.conn, post_id, named)
    known = known or await rows.known_early(tx.conn, named, tx.now)
    known = known or await post_rows.is_buried(tx.conn, uri, account.uri)
    if known or await rows.use(tx.conn, post_id, _anything_of(account), tx.now):
        policy.TAKEN_BACK.require()


def _activity_of(account: Account, uri: str) -> bytes:
    return ids.digest(f"{uri} of {account.uri}")


def _anything_of(account: Account) -> bytes:
    return ids.digest(f"any of {account.uri}")
