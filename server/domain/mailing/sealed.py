"""What people write about themselves, for a community's key (server/sealing.py), and read again here.

A community gets its key pair with the first of them. Each thing is bound to its community, call and purpose.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from unicodedata import normalize

import idna

from server import sealing
from server.domain.tx import Tx
from server.errors import Unavailable
from server.i18n import mark
from server.sealing import Pair, Sealed, Secret
from storage import community_keys, instance

WRAPPED = "community key"
NOT_THE_SAME = mark(
    "This server cannot keep contact data: its secret is not the one of its database. Machines that share a"
    " database need the same BECKON_SECRET."
)


@dataclass(frozen=True, slots=True)
class Ring:
    """A community's keys, in use."""

    community_id: int
    pair: Pair = field(repr=False)

    def seal(self, plain: bytes, purpose: str, *about: int) -> bytes:
        return sealing.seal(self.pair.public, plain, purpose, self.community_id, *about)

    def open(self, sealed: bytes, purpose: str, *about: int) -> bytes:
        """Raises ``Sealed``."""
        return self.pair.open(sealed, purpose, self.community_id, *about)

    def fingerprint(self, address: str, call_id: int) -> bytes:
        """Of an address that was made ``plain``; for each call another one."""
        return self.pair.fingerprint(address, self.community_id, call_id)


def plain(address: str) -> str:
    """An address as it is compared: case, ``+tags`` and the other way to write a host (RFC 5891) name no other mailbox.
    The address itself is written to."""
    name, _, host = normalize("NFKC", address.strip()).lower().rpartition("@")
    return f"{name.partition('+')[0] or name}@{_host(host)}"


def _host(written: str) -> str:
    """In its ASCII form. What is no such host is compared as it is."""
    try:
        return idna.encode(written, uts46=True).decode("ascii")
    except idna.IDNAError:
        return written


def secret_of(tx: Tx) -> Secret:
    """Raises ``Unavailable`` where there is none."""
    if tx.site.secret is None:
        raise Unavailable("This server cannot keep contact data: it has no secret.")
    return tx.site.secret


async def ring(tx: Tx, community_id: int) -> Ring:
    """The keys of a community of ours; made when first asked for. Raises ``Unavailable``."""
    secret = secret_of(tx)
    found = await community_keys.of_community(tx.conn, community_id)
    if found is None:
        await _make(tx, secret, community_id)
        found = await community_keys.of_community(tx.conn, community_id)
    assert found, "it was just made"
    try:
        return Ring(community_id, Pair(secret.unwrap(found.wrapped, WRAPPED, community_id)))
    except Sealed as error:
        raise Unavailable(NOT_THE_SAME) from error


async def known(tx: Tx, community_id: int) -> Ring | None:
    """The same, where something was sealed before: for reading."""
    found = await community_keys.of_community(tx.conn, community_id)
    return await ring(tx, community_id) if found else None


async def _make(tx: Tx, secret: Secret, community_id: int) -> None:
    """Whoever seals with another secret than the rest would make what nobody opens."""
    if await instance.held_secret_mark(tx.conn) not in (None, secret.mark):
        raise Unavailable(NOT_THE_SAME)
    await instance.set_secret_mark(tx.conn, secret.mark)
    made = sealing.new_pair()
    wrapped = secret.wrap(made.private, WRAPPED, community_id)
    await community_keys.insert(tx.conn, community_id, made.public, wrapped, tx.now)
