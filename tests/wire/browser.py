"""The receiving end of web push, from RFC 8291, RFC 8188 and their drafts; it shares no code with ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def hkdf(salt: bytes, ikm: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 for one block: extract, then expand."""
    prk = hmac.digest(salt, ikm, hashlib.sha256)
    return hmac.digest(prk, info + b"\1", hashlib.sha256)[:length]


def fields(header: str) -> dict[str, str]:
    return dict(part.strip().split("=", 1) for part in header.split(";"))


@dataclass(frozen=True)
class Browser:
    private: ec.EllipticCurvePrivateKey
    auth: bytes

    @classmethod
    def new(cls) -> Self:
        return cls(ec.generate_private_key(ec.SECP256R1()), os.urandom(16))

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def keys(self) -> dict[str, str]:
        """As a browser's PushSubscription.toJSON() gives them."""
        return {
            name: base64.urlsafe_b64encode(value).rstrip(b"=").decode()
            for name, value in (("p256dh", self.public), ("auth", self.auth))
        }

    def _secret(self, sender: bytes) -> bytes:
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        return self.private.exchange(ec.ECDH(), theirs)

    def decrypt(self, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Raises ``InvalidTag`` for what is not for us."""
        if headers["Content-Encoding"] == "aes128gcm":
            return self._aes128gcm(body)
        assert headers["Content-Encoding"] == "aesgcm"
        salt = unbase64(fields(headers["Encryption"])["salt"])
        return self._aesgcm(body, salt, unbase64(fields(headers["Crypto-Key"])["dh"]))

    def _aes128gcm(self, body: bytes) -> bytes:
        salt, size, length = body[:16], int.from_bytes(body[16:20]), body[20]
        sender, record = body[21 : 21 + length], body[21 + length :]
        assert len(record) <= size, "one record"
        info = b"WebPush: info\0" + self.public + sender
        ikm = hkdf(self.auth, self._secret(sender), info, 32)
        key = hkdf(salt, ikm, b"Content-Encoding: aes128gcm\0", 16)
        nonce = hkdf(salt, ikm, b"Content-Encoding: nonce\0", 12)
        padded = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\0")
        assert padded[-1:] == b"\2", "the last record ends with 2 (RFC 8188, 2)"
        return padded[:-1]

    def _aesgcm(self, body: bytes, salt: bytes, sender: bytes) -> bytes:
        ikm = hkdf(self.auth, self._secret(sender), b"Content-Encoding: auth\0", 32)
        context = b"P-256\0\0\x41" + self.public + b"\0\x41" + sender
        key = hkdf(salt, ikm, b"Content-Encoding: aesgcm\0" + context, 16)
        nonce = hkdf(salt, ikm, b"Content-Encoding: nonce\0" + context, 12)
        padded = AESGCM(key).decrypt(nonce, body, None)
        start = 2 + int.from_bytes(padded[:2])
        assert not any(padded[2:start]), "padding is zeros"
        return padded[start:]
