"""HTTP Message Signatures (RFC 9421), the part that the fediverse uses.

Signature-Input names the covered components under one label, Signature carries the bytes under the
same label, Content-Digest (RFC 9530) binds the body. More than one label is refused, as Mastodon
does: a second signature only invites two readers to check different ones.
"""

from __future__ import annotations

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from federation.errors import Refused
from federation.keys import SigningKey, sign
from federation.requests import (
    Claims,
    Request,
    check_digest,
    check_times,
    checked_key_id,
    moment,
    sha256_base64,
    signed_too,
)
from federation.structured import (
    Bare,
    InnerList,
    byte_sequence,
    read_byte_sequences,
    read_signature_inputs,
)

LABEL = "sig1"
ALGORITHMS = frozenset({None, "rsa-v1_5-sha256", "ed25519"})
MAX_COVERED = 32
DERIVED = frozenset(
    {"@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query"}
)


def parse(request: Request, now: datetime) -> Claims:
    """The claims of a message signature, checked as far as possible without a key."""
    found, signature = _one_label(request)
    parameters = found.parameters
    created, expires = _time(parameters, "created"), _time(parameters, "expires")
    if created is None:
        raise Refused("signature_created", "The signature must say when it was created.")
    check_times(created, expires, now)
    _check_coverage(found.items, request)
    if request.needs_digest or "content-digest" in request.headers:
        _check_body(request.headers["content-digest"], request.body)
    return Claims(
        scheme="rfc9421",
        key_id=checked_key_id(_text(parameters, "keyid") or ""),
        algorithm=_algorithm(parameters),
        covered=found.items,
        created=created,
        expires=expires,
        signature=signature,
        bases=tuple(signature_base(request, target, found) for target in request.targets),
        request=request,
    )


def sign_rfc9421(request: Request, key: SigningKey, now: datetime) -> dict[str, str]:
    """The headers to add to ``request`` (whose ``host`` is set, and ``content-type`` for a body):
    Content-Digest, Signature-Input, Signature. What is covered is what Mastodon demands."""
    added: dict[str, str] = {}
    items = ["@method", "@target-uri"]
    if request.needs_digest:
        added["Content-Digest"] = f"sha-256=:{sha256_base64(request.body)}:"
        items.append("content-digest")
    if "content-type" in request.headers:
        items.append("content-type")
    items += signed_too(request)
    headers = {**request.headers, **{name.lower(): value for name, value in added.items()}}
    algorithm = "rsa-v1_5-sha256" if isinstance(key.private, RSAPrivateKey) else "ed25519"
    quoted = " ".join(f'"{item}"' for item in items)
    text = f'({quoted});created={int(now.timestamp())};keyid="{key.key_id}";alg="{algorithm}"'
    to_sign = Request(request.method, request.path_qs, headers, request.body)
    base = signature_base(to_sign, request.path_qs, InnerList(tuple(items), {}, text))
    added["Signature-Input"] = f"{LABEL}={text}"
    added["Signature"] = f"{LABEL}={byte_sequence(sign(key.private, base))}"
    return added


def signature_base(request: Request, target: str, found: InnerList) -> bytes:
    """The bytes that are signed (RFC 9421 2.5), with ``target`` as the path and query.

    The signature's parameters are repeated as they were written, never as we would write them.
    """
    lines = [f'"{item}": {_component(request, target, item)}' for item in found.items]
    return "\n".join([*lines, f'"@signature-params": {found.text}']).encode(
        "utf-8", "surrogateescape"
    )


def _component(request: Request, target: str, name: str) -> str:
    if not name.startswith("@"):
        return request.headers[name].strip()
    authority = request.headers["host"].lower().removesuffix(":443")
    path, _, query = target.partition("?")
    return {
        "@method": request.method,
        # Every server of the fediverse is reached by https, whatever its proxy speaks to us.
        "@target-uri": f"https://{authority}{target}",
        "@authority": authority,
        "@scheme": "https",
        "@request-target": target,
        "@path": path or "/",
        "@query": f"?{query}",
    }[name]


def _one_label(request: Request) -> tuple[InnerList, bytes]:
    inputs = read_signature_inputs(request.headers["signature-input"])
    signatures = read_byte_sequences(request.headers.get("signature", ""))
    if len(inputs) != 1 or inputs.keys() != signatures.keys():
        raise Refused("signature_labels", "A request must carry exactly one signature.")
    (label,) = inputs
    return inputs[label], signatures[label]


def _text(parameters: dict[str, Bare], name: str) -> str | None:
    value = parameters.get(name)
    if value is not None and not isinstance(value, str):
        raise Refused("signature_malformed", "A parameter of the signature is malformed.")
    return value


def _time(parameters: dict[str, Bare], name: str) -> datetime | None:
    value = parameters.get(name)
    if value is None:
        return None
    if isinstance(value, str | bool):
        raise Refused("signature_malformed", "A time of the signature is malformed.")
    return moment(value)


def _algorithm(parameters: dict[str, Bare]) -> str | None:
    algorithm = _text(parameters, "alg")
    if algorithm not in ALGORITHMS:
        raise Refused("signature_algorithm", "The signature's algorithm is not accepted.")
    return algorithm


def _check_coverage(items: tuple[str, ...], request: Request) -> None:
    covered = set(items)
    if len(covered) != len(items) or len(items) > MAX_COVERED:
        raise Refused("signature_duplicate", "The signature covers a component twice.")
    for name in items:
        if name.startswith("@") and name not in DERIVED:
            raise Refused("signature_component", "The signature covers an unknown component.")
        if not name.startswith("@") and name not in request.headers:
            raise Refused(
                "signature_header_missing", "The signature covers a header that is absent."
            )
    where = "@target-uri" in covered or (
        "@authority" in covered and bool({"@path", "@request-target"} & covered)
    )
    if "@method" not in covered or not where:
        raise Refused("signature_coverage", "The signature must cover @method and @target-uri.")
    if request.needs_digest and "content-digest" not in covered:
        raise Refused("signature_coverage", "The signature must cover the content-digest.")


def _check_body(field: str, body: bytes) -> None:
    digests = read_byte_sequences(field)
    if not {"sha-256", "sha-512"} & digests.keys():
        raise Refused("digest_algorithm", "The Content-Digest needs sha-256 or sha-512.")
    if "sha-256" in digests:
        check_digest(digests["sha-256"], body, "sha256")
    if "sha-512" in digests:
        check_digest(digests["sha-512"], body, "sha512")
