"""Who may not sign up, whatever they type: kept by administrators, and asked by ``sign_up`` alone.

A domain stands for all below it. An address is compared in its canonical form, in which the dots and
``+tags`` that mail services ignore are left out; only a digest of it is kept. A network that must not sign
up is refused, one that needs approval waits for a moderator also where others need not.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from ipaddress import ip_address, ip_network

from server.domain.moderating import staff_log
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import barriers
from storage.barriers import Email, EmailDomain, Network
from storage.db import UniqueViolation
from storage.users import User

SEVERITIES = ("sign_up_requires_approval", "sign_up_block")
DOMAIN_MAX = 253
COMMENT_MAX = 1000
TAKEN = mark("Validation failed: it has already been taken")


def canonical(email: str) -> str:
    """The digest of an address without what mail services ignore in it."""
    name, _, host = email.strip().lower().rpartition("@")
    plain = name.partition("+")[0].replace(".", "")
    return hashlib.sha256(f"{plain}@{host}".encode()).hexdigest()


def parents(domain: str) -> list[str]:
    """``a.b.example`` and all above it."""
    labels = domain.lower().strip(".").split(".")
    return [".".join(labels[at:]) for at in range(len(labels))]


async def refuses_email(tx: Tx, email: str) -> bool:
    if await barriers.any_email_domain(tx.conn, parents(email.rpartition("@")[2])):
        return True
    return await barriers.email_of(tx.conn, canonical(email)) is not None


async def severity(tx: Tx, address: str) -> str | None:
    """The hardest of ``SEVERITIES`` that holds for an address of the network, or None."""
    try:
        ip_address(address)
        plain = address.partition("%")[0]
    except ValueError:
        return None
    found = await barriers.severities(tx.conn, plain, tx.now)
    return max(found, key=SEVERITIES.index, default=None)


async def block_email_domain(tx: Tx, domain: str, by: User | None = None) -> EmailDomain:
    """Raises ``Invalid``."""
    wanted = domain.strip().lower().removeprefix("@").strip(".")
    if not wanted or len(wanted) > DOMAIN_MAX or any(c.isspace() or c in "@/" for c in wanted):
        raise Invalid("Validation failed: Domain is not a valid domain name", field="domain")
    made = await barriers.add_email_domain(tx.conn, wanted, tx.now)
    if made is None:
        raise Invalid(TAKEN, field="domain")
    await staff_log.note(tx, by, "bar_add", about=wanted)
    return made


async def block_email(tx: Tx, email: str, digest: str, by: User | None = None) -> Email:
    """By the address, or by the digest of its canonical form. Raises ``Invalid``."""
    wanted = canonical(email) if email else digest.lower()
    if len(wanted) != 64 or set(wanted) - set("0123456789abcdef"):
        raise Invalid("Validation failed: Canonical email hash is invalid", field="email")
    made = await barriers.add_email(tx.conn, wanted)
    if made is None:
        raise Invalid(TAKEN, field="email")
    await staff_log.note(tx, by, "bar_add", about=wanted[:12])
    return made


def _network(value: str) -> str:
    try:
        return str(ip_network(value.strip(), strict=False))
    except ValueError as error:
        raise Invalid("Validation failed: IP is invalid", field="ip") from error


def _check(severity: str, comment: str) -> None:
    if severity not in SEVERITIES:
        raise Invalid(
            mark("The severity is one of %(known)s here.", known=", ".join(SEVERITIES)),
            field="severity",
        )
    if len(comment) > COMMENT_MAX:
        raise Invalid(
            mark("A comment has at most %(most)s characters.", most=COMMENT_MAX), field="comment"
        )


async def block_network(
    tx: Tx,
    ip: str,
    severity: str,
    comment: str,
    expires_at: datetime | None,
    by: User | None = None,
) -> Network:
    """Raises ``Invalid``."""
    _check(severity, comment)
    made = await barriers.add_network(tx.conn, _network(ip), severity, comment, expires_at, tx.now)
    if made is None:
        raise Invalid(TAKEN, field="ip")
    await staff_log.note(tx, by, "bar_add", about=made.network, reason=comment)
    return made


async def change_network(
    tx: Tx,
    old: Network,
    ip: str,
    severity: str,
    comment: str,
    expires_at: datetime | None,
    by: User | None = None,
) -> Network:
    """Raises ``Invalid``."""
    _check(severity, comment)
    await staff_log.note(tx, by, "bar_change", about=old.network, reason=comment)
    try:
        async with tx.conn.transaction():
            return await barriers.change_network(
                tx.conn, old.id, _network(ip), severity, comment, expires_at
            )
    except UniqueViolation as error:
        raise Invalid(TAKEN, field="ip") from error


async def lift_email_domain(tx: Tx, block_id: int, by: User | None = None) -> None:
    """Raises ``NotFound``."""
    row = await barriers.email_domain(tx.conn, block_id)
    if row is None:
        raise NotFound
    await barriers.drop_email_domain(tx.conn, row.id)
    await staff_log.note(tx, by, "bar_lift", about=row.domain)


async def lift_email(tx: Tx, block_id: int, by: User | None = None) -> None:
    """Raises ``NotFound``."""
    row = await barriers.email(tx.conn, block_id)
    if row is None:
        raise NotFound
    await barriers.drop_email(tx.conn, row.id)
    await staff_log.note(tx, by, "bar_lift", about=row.digest[:12])


async def lift_network(tx: Tx, block_id: int, by: User | None = None) -> None:
    """Raises ``NotFound``."""
    row = await barriers.network(tx.conn, block_id)
    if row is None:
        raise NotFound
    await barriers.drop_network(tx.conn, row.id)
    await staff_log.note(tx, by, "bar_lift", about=row.network)
