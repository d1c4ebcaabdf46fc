"""How many mails people can cause, whatever form they type an address into.

A mail to an address goes where none of these had enough: the network from which it was asked, the form, the mail
service, the address itself. A mail service is a million people, so that its bound is only the last stop. Whether an
address had enough is not said to who typed it; of the others they are told to come back.

Windows move: in no hour, whenever it begins, are more than the bound of an hour. Each mail is a row with its time. Its
key names nobody: a digest that only this server can make, and another one in each fixed stretch of the window's
length, so that rows of different days cannot be put together. A moving window lies in two such stretches. Who counts
the same waits for their turn, so that two at once do not both see the last place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from server.domain.mailing import sealed
from server.domain.tx import Tx
from server.errors import TooMany
from server.i18n import mark
from storage import mail_counts

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
"""No window is longer."""
Limits = tuple[tuple[timedelta, int], ...]
PER_ADDRESS: Limits = ((HOUR, 1), (DAY, 4))
"""Mails to one address, all forms together."""
PER_NETWORK: Limits = ((HOUR, 60), (DAY, 600))
"""Asked for from one neighbourhood: a household, an office, or the customers who share an address."""
PER_FORM: Limits = ((HOUR, 1000),)
"""Through the form of one call, or of one community."""
PER_DOMAIN: Limits = ((HOUR, 5000),)
"""To the addresses of one mail service: whoever owns a domain has as many addresses as they like."""

PER_COMMUNITY: Limits = ((DAY, 5),)
PER_USER: Limits = ((DAY, 10),)
"""Mails to one user about what stewards decided."""


@dataclass(frozen=True, slots=True)
class Asked:
    """By whom a mail is caused. ``form``: which one, of which call or community; ``source``: the network address of who
    filled it in, None where no stranger did."""

    form: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """In each window of this length at most ``limit``."""

    rule: str
    of: str
    window: timedelta
    limit: int


async def may_mail(tx: Tx, address: str, asked: Asked) -> bool:
    """Count a mail to this address. False where it had enough of them; raises ``TooMany`` where the network, the form or
    the mail service had. What a network asks for in vain counts for it all the same."""
    name, _, host = sealed.plain(address).rpartition("@")
    await _take_turns(tx, "mails to addresses")
    if asked.source is not None:
        network = bounds("from a network", network_of(asked.source), PER_NETWORK)
        await _require(tx, network, "from your network")
        await _count(tx, network)
    form = bounds("by a form", asked.form, PER_FORM)
    await _require(tx, form, "here")
    domain = bounds("to a domain", host, PER_DOMAIN)
    await _require(tx, domain, "to people of this mail service")
    mailbox = f"{name.replace('.', '')}@{host}"  # some services ignore dots (as barriers.canonical)
    own = bounds("to an address", mailbox, PER_ADDRESS)
    if await _full(tx, own):
        return False
    await _count(tx, [*form, *domain, *own])
    return True


def network_of(address: str) -> str:
    """The neighbourhood of an address: a /24 of IPv4, a /64 of IPv6 (one household, RFC 6177)."""
    try:
        found = ip_address(address)
        if isinstance(found, IPv6Address) and found.ipv4_mapped:
            found = found.ipv4_mapped
        return str(ip_network((str(found), 24 if found.version == 4 else 64), strict=False))
    except ValueError:
        return address


async def wait_to_write(tx: Tx, address: str, wanted: Sequence[Bound]) -> datetime | None:
    """Count a letter to a target of a contact call; where it would be one too many, nothing is counted, and this gives
    when to ask again."""
    await _take_turns(tx, f"letters to {address}")
    again = await _full(tx, wanted)
    if again is None:
        await _count(tx, wanted)
    return again


async def may_warn(tx: Tx, user_id: int, community_id: int) -> bool:
    """Count a mail that tells a user what the stewards of a community decided. False, and nothing, where it is one too
    many: they are told in their client all the same."""
    of_one = bounds("warnings of a community", f"{user_id} {community_id}", PER_COMMUNITY)
    of_all = bounds("warnings", str(user_id), PER_USER)
    await _take_turns(tx, f"warnings of user {user_id}")
    if await _full(tx, [*of_one, *of_all]):
        return False
    await _count(tx, [*of_one, *of_all])
    return True


async def may_invite(tx: Tx, user_id: int, addresses: int, limit: int) -> bool:
    """Count addresses that a user brings, in whatever communities. False, and nothing, beyond the limit of a day."""
    await _take_turns(tx, f"addresses of user {user_id}")
    wanted = bounds("addresses of a user", str(user_id), ((DAY, limit),))
    if await _full(tx, wanted, addresses):
        return False
    await _count(tx, wanted, addresses)
    return True


def bounds(rule: str, of: str, limits: Limits) -> list[Bound]:
    return [Bound(rule, of, window, limit) for window, limit in limits]


async def _require(tx: Tx, wanted: Sequence[Bound], where: str) -> None:
    again = await _full(tx, wanted)
    if again:
        raise TooMany(
            mark(
                "Too many mails were asked for %(where)s just now. Please try again later.",
                where=where,
            ),
            retry_after=max(1, int((again - tx.now).total_seconds())),
        )


async def _full(tx: Tx, wanted: Sequence[Bound], count: int = 1) -> datetime | None:
    """When to ask again, where one of these has no room for so many."""
    for bound in wanted:
        keys = [_key(tx, bound, back) for back in (0, 1)]
        used = await mail_counts.used(tx.conn, keys, tx.now - bound.window)
        if used.count + count > bound.limit:
            return (used.since or tx.now) + bound.window
    return None


async def _count(tx: Tx, wanted: Sequence[Bound], count: int = 1) -> None:
    for bound in wanted:
        await mail_counts.add(tx.conn, _key(tx, bound, 0), tx.now, count)


def _key(tx: Tx, bound: Bound, back: int) -> str:
    """Of the fixed stretch in which we are, or so many before."""
    length = int(bound.window.total_seconds())
    stretch = int(tx.now.timestamp()) // length - back
    return sealed.secret_of(tx).digest(bound.rule, bound.of, stretch, length).hex()


async def _take_turns(tx: Tx, what: str) -> None:
    await mail_counts.take_turns(tx.conn, sealed.secret_of(tx).digest(what).hex())
