"""Proofs on documents: FEP-8b32 with the cryptosuite eddsa-jcs-2022.

The proof travels inside the document, so an activity can be passed on by somebody else (a Group's
Announce) and still be its author's. Signed are SHA-256 of the proof's options and SHA-256 of the
document without its proof, both in canonical form (RFC 8785), so what counts is the parsed value and
not its spelling. A proof makes a leaked document provable: only public ones are given one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from federation import multibase
from federation.errors import Refused
from federation.jcs import canonical
from federation.keys import ActorKey, SigningKey, sign, signed_by
from federation.origin import same_origin
from federation.requests import CLOCK_WINDOW

CRYPTOSUITE = "eddsa-jcs-2022"
CONTEXT = "https://w3id.org/security/data-integrity/v2"

Document = Mapping[str, object]


def add_proof(document: Document, key: SigningKey, now: datetime) -> dict[str, object]:
    """The document with a proof by ``key``, an Ed25519 key (``ValueError`` otherwise).

    The options repeat the document's ``@context`` (vc-di-eddsa 3.3.1); readers that take the
    context from the document instead, as Fedify does, come to the same bytes.
    """
    if not isinstance(key.private, Ed25519PrivateKey):
        raise ValueError("a proof needs an Ed25519 key")
    unsecured = _unsecured(document)
    options: dict[str, object] = {
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "verificationMethod": key.key_id,
        "proofPurpose": "assertionMethod",
        "created": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    if "@context" in unsecured:
        options["@context"] = unsecured["@context"]
    value = multibase.encode(sign(key.private, signed_bytes(unsecured, options)))
    return {**unsecured, "proof": {**options, "proofValue": value}}


def proof_key_id(document: Document) -> str | None:
    """The key that the document's proof names, or None when there is no proof that we can read.

    Of several proofs the first in our cryptosuite counts; ``verify_proof`` looks at the same one.
    """
    proof = _find(document)
    method = proof.get("verificationMethod") if proof else None
    return method if isinstance(method, str) else None


def verify_proof(document: Document, key: ActorKey, now: datetime) -> None:
    """Returns when the document was signed by ``key``, the key of the document's own actor.

    Raises ``Refused``: ``proof_missing``, ``proof_purpose``, ``proof_key``, ``proof_owner``,
    ``proof_created``, ``proof_expired``, ``proof_context``, ``proof_malformed``, ``proof_wrong``.
    """
    proof = _find(document)
    if proof is None:
        raise Refused("proof_missing", "The document has no proof that we can read.")
    if proof.get("proofPurpose") != "assertionMethod":
        raise Refused("proof_purpose", "The proof was made for another purpose.")
    # A proof bound to a domain or challenge was made for another occasion (vc-data-integrity 4.5).
    if "domain" in proof or "challenge" in proof:
        raise Refused("proof_purpose", "The proof was made for another purpose.")
    _check_key(document, proof, key)
    _check_times(proof, now)
    _check_signature(document, proof, key)


def _find(document: Document) -> Document | None:
    value = document.get("proof")
    proofs = cast(list[object], value) if isinstance(value, list) else [value]
    for proof in proofs:
        if isinstance(proof, Mapping):
            found = cast(Document, proof)
            if (
                found.get("type") == "DataIntegrityProof"
                and found.get("cryptosuite") == CRYPTOSUITE
            ):
                return found
    return None


def _check_key(document: Document, proof: Document, key: ActorKey) -> None:
    if proof.get("verificationMethod") != key.id or not isinstance(key.public, Ed25519PublicKey):
        raise Refused("proof_key", "The proof names another key.")
    if _owner(document) != key.owner or not same_origin(key.id, key.owner):
        raise Refused("proof_owner", "The proof's key does not belong to the document's actor.")
    document_id = document.get("id")
    if document_id is not None and not (
        isinstance(document_id, str) and same_origin(document_id, key.owner)
    ):
        raise Refused("proof_owner", "The document's id is of another origin than its actor.")


def _owner(document: Document) -> object:
    """The actor of an activity, the author of an object, or the actor itself (FEP-fe34)."""
    actor, author = document.get("actor"), document.get("attributedTo")
    if actor is not None:
        return _id(actor)
    return _id(author) if author is not None else document.get("id")


def _id(value: object) -> object:
    return cast(Document, value).get("id") if isinstance(value, Mapping) else value


def _check_times(proof: Document, now: datetime) -> None:
    # No lower bound: a proof is kept and passed on for as long as its document is.
    created = _time(proof.get("created"))
    if created - now > CLOCK_WINDOW:
        raise Refused("proof_created", "The proof was created in the future.")
    if "expires" in proof and _time(proof["expires"]) < now:
        raise Refused("proof_expired", "The proof has expired.")


def _time(value: object) -> datetime:
    try:
        time = datetime.fromisoformat(cast(str, value))
    except (TypeError, ValueError):
        raise Refused("proof_malformed", "A time of the proof is missing or malformed.") from None
    if time.tzinfo is None:
        raise Refused("proof_malformed", "A time of the proof has no zone.")
    return time


def _check_signature(document: Document, proof: Document, key: ActorKey) -> None:
    unsecured = _unsecured(document)
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    attempts = [options]
    if "@context" in options:
        _check_context(unsecured.get("@context"), options["@context"])
        unsecured["@context"] = options["@context"]
    elif "@context" in unsecured:
        # Fedify hashes the document's context with the options without writing it there; older
        # proofs (the FEP's own test vector) have none in the options at all.
        attempts.append({**options, "@context": unsecured["@context"]})
    signature = multibase.decode(proof.get("proofValue"))
    if not any(
        signed_by(key.public, signature, signed_bytes(unsecured, attempt)) for attempt in attempts
    ):
        raise Refused("proof_wrong", "The proof does not match the document.")


def _check_context(ours: object, signed: object) -> None:
    """vc-di-eddsa 3.3.2: the document's contexts begin with those of the proof."""
    document, proof = _listed(ours), _listed(signed)
    if document[: len(proof)] != proof:
        raise Refused("proof_context", "The document's context differs from the proof's.")


def _listed(value: object) -> list[object]:
    return cast(list[object], value) if isinstance(value, list) else [value]


def _unsecured(document: Document) -> dict[str, object]:
    # An LD signature is added beside a proof and after it, so it is not part of what was signed.
    return {name: value for name, value in document.items() if name not in {"proof", "signature"}}


def signed_bytes(unsecured: Document, options: Document) -> bytes:
    """What is signed (vc-di-eddsa 3.3.4): the digests of the options and of the document."""
    return b"".join(hashlib.sha256(canonical(part)).digest() for part in (options, unsecured))
