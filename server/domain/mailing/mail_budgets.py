"""How many mails strangers can cause, whatever form they type an address into.

The rows name nobody: a key is a digest that only this server can make, and another one in each window.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from server.domain.mailing import sealed
from server.domain.tx import Tx
from server.errors import TooMany
from storage import budgets

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PER_ADDRESS = ((HOUR, 1), (DAY, 4))
"""Mails to one address, all forms together."""
PER_DOMAIN = ((HOUR, 200),)
"""And to the addresses of one domain: whoever owns a domain has as many addresses as they like."""


async def may_mail(tx: Tx, address: str) -> bool:
    """Count a mail to this address. False where it had enough of them; raises ``TooMany`` where its domain had."""
    plain = sealed.plain(address)
    host = plain.rpartition("@")[2]
    for window, limit in PER_DOMAIN:
        if not await _count(tx, "mails to a domain", host, window, limit):
            raise TooMany(
                "Too many people of this mail service are written to just now. Please try again in an hour.",
                retry_after=int(window.total_seconds()),
            )
    for window, limit in PER_ADDRESS:
        if not await _count(tx, "mails to an address", plain, window, limit):
            return False
    return True


async def may_write(tx: Tx, to: str, per_hour: int, per_day: int) -> bool:
    """Count a letter to a target of a contact call; False where enough went to it in this hour, or this day."""
    for window, limit in ((DAY, per_day), (HOUR, per_hour)):
        if not await _count(tx, "letters to a target", to, window, limit):
            return False
    return True


async def may_invite(tx: Tx, user_id: int, addresses: int, limit: int) -> bool:
    """Count addresses that a user brings, in whatever communities. False, and nothing, beyond the limit of a day."""
    return await _count(tx, "addresses of a user", str(user_id), DAY, limit, addresses)


async def _count(tx: Tx, rule: str, of: str, window: timedelta, limit: int, count: int = 1) -> bool:
    length = int(window.total_seconds())
    at = int(tx.now.timestamp()) // length * length
    key = sealed.secret_of(tx).digest(rule, of, at, length).hex()
    since = datetime.fromtimestamp(at, tx.now.tzinfo)
    return await budgets.take(tx.conn, rule, key, since, count, limit)
