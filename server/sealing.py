"""What keeps contact data unreadable to whoever has only the database.

Two keys stand before it. The **secret** of the instance (server/keeper.py) is never in the database. Each
community has a key **pair**; its private half is in the database, wrapped by the secret. What somebody
writes about themselves is sealed for the community's public half, and bound to where it belongs: moved
to another row, another call or another purpose it does not open. A stolen copy of the database holds
nothing that can be read, and who destroys a community's pair destroys all that was sealed for it.

``seal`` is HPKE in its base mode (RFC 9180): X25519, HKDF-SHA256, ChaCha20-Poly1305. What a thing is bound
to is the ``info`` of 5.1. Everything begins with a byte that says how it was made, so that another way can
come beside this one. Pure: nothing here reads a file, a clock or a table.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

VERSION = b"\x01"
SECRET_BYTES = 32
NONCE_BYTES = 12
LENGTH_BYTES = 4
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


class Sealed(Exception):  # noqa: N818 - the state of what was given
    """It does not open: another key, another place, or it was changed. Says no more, on purpose."""


def _bound(*parts: str | int) -> bytes:
    """The parts so that no two lists of parts are the same bytes."""
    encoded = [str(part).encode() for part in parts]
    return b"".join(len(part).to_bytes(LENGTH_BYTES) + part for part in encoded)


@dataclass(frozen=True, slots=True)
class Secret:
    """The secret of an instance: 32 random bytes that its database never holds."""

    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) != SECRET_BYTES:
            msg = f"a secret has {SECRET_BYTES} bytes"
            raise ValueError(msg)

    def digest(self, purpose: str, *parts: str | int) -> bytes:
        """32 bytes that only who has the secret can make again; of each purpose other ones."""
        return hmac.digest(self._key(purpose), _bound(*parts), "sha256")

    @property
    def mark(self) -> bytes:
        """Tells this secret from others, and nothing about it: the database may have it."""
        return self.digest("mark")

    def wrap(self, plain: bytes, *about: str | int) -> bytes:
        """``plain``, unreadable without the secret, and of use for ``about`` alone."""
        nonce = os.urandom(NONCE_BYTES)
        cipher = ChaCha20Poly1305(self._key("wrap"))
        return VERSION + nonce + cipher.encrypt(nonce, plain, _bound(*about))

    def unwrap(self, wrapped: bytes, *about: str | int) -> bytes:
        """Raises ``Sealed``."""
        nonce, rest = wrapped[1 : 1 + NONCE_BYTES], wrapped[1 + NONCE_BYTES :]
        if wrapped[:1] != VERSION or len(nonce) != NONCE_BYTES:
            raise Sealed
        try:
            return ChaCha20Poly1305(self._key("wrap")).decrypt(nonce, rest, _bound(*about))
        except InvalidTag as error:
            raise Sealed from error

    def _key(self, purpose: str) -> bytes:
        return hmac.digest(self.value, b"beckon/1/" + purpose.encode(), "sha256")


@dataclass(frozen=True, slots=True)
class Pair:
    """The keys of a community. ``private``: 32 bytes (RFC 7748)."""

    private: bytes = field(repr=False)

    @property
    def public(self) -> bytes:
        return X25519PrivateKey.from_private_bytes(self.private).public_key().public_bytes_raw()

    def open(self, sealed: bytes, *about: str | int) -> bytes:
        """What ``seal`` was given. Raises ``Sealed``."""
        if sealed[:1] != VERSION:
            raise Sealed
        key = X25519PrivateKey.from_private_bytes(self.private)
        try:
            return _SUITE.decrypt(sealed[1:], key, _bound(*about))
        except (InvalidTag, ValueError) as error:  # too short to be one
            raise Sealed from error

    def fingerprint(self, address: str, *about: str | int) -> bytes:
        """The same 32 bytes for the same address and place; for another place, unlike them in all."""
        key = hmac.digest(self.private, b"beckon/1/fingerprint", "sha256")
        return hmac.digest(key, _bound(*about, address), "sha256")


def new_pair() -> Pair:
    return Pair(X25519PrivateKey.generate().private_bytes_raw())


def seal(public: bytes, plain: bytes, *about: str | int) -> bytes:
    """``plain`` for whoever has the private half. ``about``: where it belongs, and what it is for."""
    return VERSION + _SUITE.encrypt(
        plain, X25519PublicKey.from_public_bytes(public), _bound(*about)
    )
