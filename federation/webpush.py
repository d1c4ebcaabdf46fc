"""Web push: one message to one browser or telephone, so that its push service can neither read nor make it.

The receiver gave us an address at its push service, a public key and a secret. Each message is encrypted
for them with a key pair made for it alone: ``aes128gcm`` (RFC 8291 over RFC 8188), or the draft before it,
``aesgcm`` (draft-ietf-webpush-encryption-04), which the apps for iOS still decrypt. The two differ in
how the keys are derived and in where salt and key are written: before the ciphertext, or in headers.

Who sends is told to the push service by a signed token (VAPID, RFC 8292; the draft has another header).
A service takes 4096 bytes (RFC 8030, 7.2): ``MAX_PLAIN`` is what is left for the message.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

import orjson
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from federation.errors import Refused
from federation.origin import parse

RECORD = 4096
MAX_PLAIN = 3993  # RFC 8291, 4: 4096 less the header (86), the delimiter (1) and the tag (16)
TOKEN_LIFE = timedelta(hours=12)  # RFC 8292, 2: at most 24 hours
DEADLINE = 10.0  # seconds for one attempt
_CURVE = ec.SECP256R1()


@dataclass(frozen=True, slots=True)
class Receiver:
    """``public``: its P-256 point, 65 bytes; ``auth``: its secret, 16 bytes; ``standard``: RFC 8291."""

    endpoint: str
    public: bytes
    auth: bytes = field(repr=False)
    standard: bool


@dataclass(frozen=True, slots=True)
class Message:
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sender:
    """The key pair of this server, and whom a push service may write to (``mailto:`` or ``https:``)."""

    private: ec.EllipticCurvePrivateKey = field(repr=False)
    contact: str


def check(receiver: Receiver) -> None:
    """Raises ``Refused`` for an address that is no https address, or a key that is none."""
    parse(receiver.endpoint)
    if len(receiver.auth) != 16:
        raise Refused("bad_key", "The secret (auth) has 16 bytes.")
    if len(receiver.public) != 65:
        raise Refused("bad_key", "The key (p256dh) is an uncompressed point of P-256.")
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, receiver.public)
    except ValueError as error:
        raise Refused("bad_key", "The key (p256dh) is no point of P-256.") from error


def load_private(pem: str) -> ec.EllipticCurvePrivateKey:
    """Of a key of ours, which was generated as one of P-256."""
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    return cast("ec.EllipticCurvePrivateKey", key)


def message(
    plain: bytes, receiver: Receiver, sender: Sender, now: datetime, *, ttl: int, urgency: str
) -> Message:
    """What is sent to the push service by POST. ``ttl``: seconds that it may wait there.

    Raises ``Refused`` for what is too large, or goes nowhere.
    """
    if len(plain) > MAX_PLAIN:
        raise Refused("too_large", f"A push message has at most {MAX_PLAIN} bytes.")
    own, salt = ec.generate_private_key(_CURVE), os.urandom(16)
    encrypt = aes128gcm if receiver.standard else aesgcm
    headers = {"TTL": str(ttl), "Urgency": urgency}
    headers |= _authorization(receiver, sender, now)
    if receiver.standard:
        headers["Content-Encoding"] = "aes128gcm"
    else:
        headers["Content-Encoding"] = "aesgcm"
        headers["Encryption"] = f"salt={encode(salt)}"
        key = f"dh={encode(point(own))}"
        headers["Crypto-Key"] = f"{key};{headers['Crypto-Key']}"
    return Message(encrypt(plain, receiver, own, salt), headers)


def aes128gcm(
    plain: bytes, receiver: Receiver, own: ec.EllipticCurvePrivateKey, salt: bytes
) -> bytes:
    """RFC 8291, 3.4, and RFC 8188, 2: one record, which is the last."""
    public = point(own)
    info = b"WebPush: info\0" + receiver.public + public
    secret = _derive(_agree(own, receiver), receiver.auth, info, 32)
    key = _derive(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + RECORD.to_bytes(4) + len(public).to_bytes(1) + public
    return header + AESGCM(key).encrypt(nonce, plain + b"\2", None)


def aesgcm(plain: bytes, receiver: Receiver, own: ec.EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """draft-ietf-webpush-encryption-04 over draft-ietf-httpbis-encryption-encoding-03; no padding."""
    secret = _derive(_agree(own, receiver), receiver.auth, b"Content-Encoding: auth\0", 32)
    parties = (len(key).to_bytes(2) + key for key in (receiver.public, point(own)))
    context = b"P-256\0" + b"".join(parties)
    key = _derive(secret, salt, b"Content-Encoding: aesgcm\0" + context, 16)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\0" + context, 12)
    return AESGCM(key).encrypt(nonce, b"\0\0" + plain, None)


def _agree(own: ec.EllipticCurvePrivateKey, receiver: Receiver) -> bytes:
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, receiver.public)
    return own.exchange(ec.ECDH(), theirs)


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869, with SHA-256."""
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def _authorization(receiver: Receiver, sender: Sender, now: datetime) -> dict[str, str]:
    """RFC 8292, 3; before it the key stood in Crypto-Key (draft-ietf-webpush-vapid-01)."""
    token, key = _token(receiver, sender, now), encode(point(sender.private))
    if receiver.standard:
        return {"Authorization": f"vapid t={token}, k={key}"}
    return {"Authorization": f"WebPush {token}", "Crypto-Key": f"p256ecdsa={key}"}


def _token(receiver: Receiver, sender: Sender, now: datetime) -> str:
    """A JWT signed with ES256 (RFC 7515, RFC 7518 3.4: the two numbers side by side)."""
    claims = {
        "aud": f"https://{parse(receiver.endpoint).authority}",
        "exp": int((now + TOKEN_LIFE).timestamp()),
        "sub": sender.contact,
    }
    parts = ({"typ": "JWT", "alg": "ES256"}, claims)
    signed = ".".join(encode(orjson.dumps(part)) for part in parts)
    pair = decode_dss_signature(sender.private.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{encode(b''.join(number.to_bytes(32) for number in pair))}"


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half, uncompressed: 65 bytes."""
    return key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def encode(value: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Either alphabet of base64, padded or not; empty for what is neither (clients send them all)."""
    plain = text.strip().rstrip("=").replace("+", "-").replace("/", "_").replace(" ", "-")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return b""
