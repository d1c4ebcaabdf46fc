"""Who sent a request: HTTP signatures of both kinds, read, checked, verified, and made.

``parse`` does everything that needs no key (form, coverage, host, time, the digest of the body), so
that a flood of bad requests costs no fetch. The caller then finds the key under ``Claims.key_id``,
out of its owner's own document (``keys.keys_of``). ``verify`` answers with a ``Verified``: a value
that nothing else can make, and that whatever needs a proven sender asks for. Nothing is kept here;
a request that was refused leaves no trace, and a repeat inside the time window is recognised by the
activity's id, not by the signature.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import InitVar, dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from federation import cavage, rfc9421
from federation.cavage import sign_cavage
from federation.errors import Refused
from federation.keys import ActorKey, signed_by
from federation.origin import same_origin
from federation.requests import Claims, Request, Scheme, check_host, check_times
from federation.rfc9421 import sign_rfc9421

__all__ = [
    "Claims",
    "Request",
    "Verified",
    "parse",
    "sign_cavage",
    "sign_rfc9421",
    "verify",
]

_RSA_ALGORITHMS = frozenset({None, "rsa-sha256", "hs2019", "rsa-v1_5-sha256"})
_ED25519_ALGORITHMS = frozenset({None, "hs2019", "ed25519"})
_SEAL = object()


@dataclass(frozen=True, slots=True)
class Verified:
    """A proven sender: the actor that owns the key, the key's id, and the scheme it used.

    Only ``verify`` makes one; the constructor refuses everybody else with ``TypeError``.
    """

    owner: str
    key_id: str
    scheme: Scheme
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only federation.signatures.verify makes a Verified")


def parse(request: Request, *, authorities: AbstractSet[str], now: datetime) -> Claims:
    """What the request's signature claims, after every check that needs no key.

    ``authorities`` are the values of the Host header that mean us, in lower case; ``now`` is aware.
    Raises ``Refused``; ``signature_missing`` when the request is not signed at all.
    """
    if "signature" not in request.headers:
        raise Refused("signature_missing", "The request is not signed.")
    check_host(request, frozenset(authorities))
    if "signature-input" in request.headers:
        return rfc9421.parse(request, now)
    return cavage.parse(request, now)


def verify(claims: Claims, request: Request, key: ActorKey, *, now: datetime) -> Verified:
    """The proven sender of ``request``, of which ``claims`` were parsed; ``key`` is the key that
    ``claims.key_id`` names, out of its owner's document.

    Raises ``Refused``: ``key_mismatch``, ``key_origin``, ``signature_algorithm``,
    ``signature_expired``, ``signature_date``, ``signature_wrong``. Raises ``ValueError`` for claims
    of another request, which is a mistake of the caller.
    """
    if claims.request is not request:
        raise ValueError("these claims were parsed from another request")
    if key.id != claims.key_id:
        raise Refused("key_mismatch", "The key is not the one that the signature names.")
    if not same_origin(key.id, key.owner):
        raise Refused("key_origin", "A key and its owner are of different origins.")
    # Fetching the key took time.
    check_times(claims.created, claims.expires, now)
    allowed = _RSA_ALGORITHMS if isinstance(key.public, RSAPublicKey) else _ED25519_ALGORITHMS
    if claims.algorithm not in allowed:
        raise Refused("signature_algorithm", "The algorithm does not fit the key.")
    if not any(signed_by(key.public, claims.signature, base) for base in claims.bases):
        raise Refused("signature_wrong", "The signature does not match the request.")
    return Verified(key.owner, key.id, claims.scheme, _SEAL)
