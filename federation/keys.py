"""Keys: made, written, read, and taken out of actor documents.

RSA signs HTTP requests (every neighbour verifies it); Ed25519 makes proofs on documents (FEP-8b32).
The algorithm follows from the kind of the key alone, never from what a message says about itself
(RFC 9421 7.3.6). Everything else, and RSA under 2048 bits, is refused. Keys of others are read by
``keys_of`` only from the document of the actor that owns them: a key document that names somebody
else as its owner proves nothing (Fedify CVE-2026-96625).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from federation import multibase
from federation.errors import Refused
from federation.origin import origin, same_origin

PrivateKey = RSAPrivateKey | Ed25519PrivateKey
PublicKey = RSAPublicKey | Ed25519PublicKey

MIN_RSA_BITS, MAX_RSA_BITS = 2048, 8192
MAX_PEM = 4096  # characters; RSA-8192 has about 1,500
MAX_KEYS = 16  # of one actor

# Multicodec prefixes (varint) of public keys: ed25519-pub 0xed, rsa-pub 0x1205.
_ED25519, _RSA = b"\xed\x01", b"\x85\x24"
_PEM = re.compile(
    r"\s*-----BEGIN ((?:RSA )?PUBLIC KEY)-----[A-Za-z0-9+/=\s]+-----END \1-----\s*", re.ASCII
)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key of ours, with the id under which others find its public half."""

    key_id: str
    private: PrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class ActorKey:
    """A public key that an actor's own document lists: its id, the actor's id, the key."""

    id: str
    owner: str
    public: PublicKey


def generate_rsa() -> RSAPrivateKey:
    """A new RSA-2048 key for HTTP signatures."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def generate_ed25519() -> Ed25519PrivateKey:
    """A new Ed25519 key for proofs."""
    return Ed25519PrivateKey.generate()


def private_pem(key: PrivateKey) -> str:
    """PKCS #8 PEM without encryption: what the database keeps."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode("ascii")


def public_pem(key: PublicKey) -> str:
    """SubjectPublicKeyInfo PEM: the ``publicKeyPem`` of an actor."""
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode("ascii")


@lru_cache(maxsize=1024)
def load_private(pem: str) -> PrivateKey:
    """A key of ours from its PEM, kept in memory.

    OpenSSL's validation of an RSA key takes 31 ms and is skipped: ``generate_rsa`` made this key.
    Raises ``ValueError`` if the stored text is not one of our keys.
    """
    key = serialization.load_pem_private_key(
        pem.encode("ascii"), None, unsafe_skip_rsa_key_validation=True
    )
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise ValueError("a stored private key is neither RSA nor Ed25519")
    return key


def load_public(pem: object) -> PublicKey:
    """Somebody's public key from PEM (SPKI, or PKCS #1 as some peers write it).

    Raises ``Refused``: ``key_malformed``, ``key_kind`` (neither RSA nor Ed25519), ``key_weak``.
    """
    if not isinstance(pem, str) or len(pem) > MAX_PEM or _PEM.fullmatch(pem) is None:
        raise Refused("key_malformed", "A public key is not a PEM public key.")
    return _load_public(pem)


@lru_cache(maxsize=4096)
def _load_public(pem: str) -> PublicKey:
    try:
        key = serialization.load_pem_public_key(pem.strip().encode("ascii"))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Refused("key_malformed", "A public key is malformed.", cause=str(error)) from None
    return _checked(key)


def _checked(key: object) -> PublicKey:
    if isinstance(key, Ed25519PublicKey):
        return key
    if not isinstance(key, RSAPublicKey):
        raise Refused("key_kind", "Only RSA and Ed25519 keys are accepted.")
    exponent = key.public_numbers().e
    # An exponent beyond 32 bits only makes every verification slow.
    if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS or not 3 <= exponent < 2**32:
        raise Refused("key_weak", "An RSA key needs 2048 to 8192 bits and a usual exponent.")
    return key


def multikey(key: Ed25519PublicKey) -> str:
    """``publicKeyMultibase`` of FEP-521a: ``z6Mk...``."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return multibase.encode(_ED25519 + raw)


def from_multikey(text: object) -> PublicKey:
    """The key of a ``publicKeyMultibase``. Raises ``Refused`` like ``load_public``."""
    data = multibase.decode(text)
    try:
        if data.startswith(_ED25519):
            return Ed25519PublicKey.from_public_bytes(data[2:])
        if data.startswith(_RSA):
            # rsa-pub holds a PKCS #1 RSAPublicKey, which the DER reader accepts as it is.
            return _checked(serialization.load_der_public_key(data[2:]))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Refused("key_malformed", "A public key is malformed.", cause=str(error)) from None
    raise Refused("key_kind", "Only RSA and Ed25519 keys are accepted.")


def sign(key: PrivateKey, data: bytes) -> bytes:
    """RSASSA-PKCS1-v1_5 with SHA-256, or Ed25519, by the kind of the key."""
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(data)
    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def signed_by(key: PublicKey, signature: bytes, data: bytes) -> bool:
    """Whether ``signature`` is this key's over ``data``; an Ed25519 S >= L fails (RFC 8032 5.1.7)."""
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, data)
        else:
            key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def keys_of(document: Mapping[str, object]) -> tuple[ActorKey, ...]:
    """The keys that an actor's own document lists under ``publicKey`` and ``assertionMethod``.

    ``document`` must have been fetched from its ``id``: this function cannot know. A bare
    reference to a key kept elsewhere, and a key of a kind we do not speak, are left out. A key that
    names another owner, or lies at another origin, makes the whole document refused
    (``key_owner``, ``key_origin``), and so does the same id with two different keys.
    """
    owner = document.get("id")
    if not isinstance(owner, str):
        raise Refused("actor_id", "An actor's document has no id.")
    origin(owner)
    found = [
        *(_pem_key(entry, owner) for entry in _entries(document.get("publicKey"))),
        *(_multikey(entry, owner) for entry in _entries(document.get("assertionMethod"))),
    ]
    return _distinct(key for key in found if key is not None)


def _entries(value: object) -> list[Mapping[str, object]]:
    entries = cast(list[object], value) if isinstance(value, list) else [value]
    if len(entries) > MAX_KEYS:
        raise Refused("key_count", "An actor lists too many keys.")
    return [cast(Mapping[str, object], entry) for entry in entries if isinstance(entry, Mapping)]


def _pem_key(entry: Mapping[str, object], owner: str) -> ActorKey:
    key_id = _owned(entry, owner, "owner")
    return ActorKey(key_id, owner, load_public(entry.get("publicKeyPem")))


def _multikey(entry: Mapping[str, object], owner: str) -> ActorKey | None:
    kinds = entry.get("type")
    if kinds != "Multikey" and not (isinstance(kinds, list) and "Multikey" in kinds):
        return None
    key_id = _owned(entry, owner, "controller")
    # Nobody in the fediverse lets a Multikey end yet; one that ends or has ended is not used.
    if "revoked" in entry or "expires" in entry:
        return None
    try:
        return ActorKey(key_id, owner, from_multikey(entry.get("publicKeyMultibase")))
    except Refused as refusal:
        if refusal.reason == "key_kind":  # for example P-256, for other readers
            return None
        raise


def _owned(entry: Mapping[str, object], owner: str, term: str) -> str:
    key_id = entry.get("id")
    if not isinstance(key_id, str):
        raise Refused("key_id", "A key has no id.")
    if entry.get(term) != owner:
        raise Refused("key_owner", "A key names another owner than the actor that lists it.")
    if not same_origin(key_id, owner):
        raise Refused("key_origin", "A key and its owner are of different origins.")
    return key_id


def _distinct(keys: Iterable[ActorKey]) -> tuple[ActorKey, ...]:
    by_id: dict[str, ActorKey] = {}
    for key in keys:
        if by_id.setdefault(key.id, key).public != key.public:
            raise Refused("key_twice", "An actor lists two keys under one id.")
    return tuple(by_id.values())
