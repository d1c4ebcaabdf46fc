"""HTTP signatures as most of the fediverse still speaks them: draft-cavage-http-signatures-12.

A parameter list in the Signature header names a key, the headers covered, and the signature over
``name: value`` lines. Peers differ in small things, each cited where it is allowed for.
"""

from __future__ import annotations

import base64
import re
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
    format_http_date,
    from_base64,
    http_date,
    moment,
    sha256_base64,
    signed_too,
)

# hs2019 means "look at the key" (draft 12, E.2); GoToSocial writes it over rsa-sha256.
ALGORITHMS = frozenset({None, "rsa-sha256", "hs2019", "ed25519"})
MAX_HEADER = 8192
MAX_COVERED = 32

_PARAMETER = re.compile(
    r'[ \t]*([A-Za-z]{1,32})[ \t]*=[ \t]*(?:"([^"\\]*)"|([0-9]{1,12}))[ \t]*(,|\Z)'
)
_DIGEST = re.compile(r"[ \t]*([A-Za-z0-9-]{1,32})=([A-Za-z0-9+/]{1,128}={0,2})[ \t]*")
_PSEUDO = frozenset({"(request-target)", "(created)", "(expires)"})


def parse(request: Request, now: datetime) -> Claims:
    """The claims of a draft-cavage Signature header, checked as far as possible without a key."""
    parameters = _parameters(request.headers["signature"])
    covered = _covered(parameters, request)
    created, expires = _times(parameters, covered)
    check_times(created, expires, now)
    if "date" in covered:
        check_times(http_date(request.headers.get("date")), None, now)
    if request.needs_digest or "digest" in request.headers:
        _check_body(request)
    return Claims(
        scheme="cavage",
        key_id=checked_key_id(parameters["keyId"]),
        algorithm=_algorithm(parameters),
        covered=covered,
        created=created,
        expires=expires,
        signature=from_base64(parameters["signature"], "signature_malformed"),
        bases=_bases(request, covered, parameters),
        request=request,
    )


def sign_cavage(
    request: Request, key: SigningKey, now: datetime, *, with_query: bool = True
) -> dict[str, str]:
    """The headers to add to ``request`` (whose ``host`` is set): Date, Digest, Signature.

    ``with_query=False`` signs the path alone, for a peer that answered 401 to the other way.
    """
    added = {"Date": format_http_date(now)}
    if request.needs_digest:
        added["Digest"] = f"SHA-256={sha256_base64(request.body)}"
    headers = {**request.headers, **{name.lower(): value for name, value in added.items()}}
    digest = ["digest"] if request.needs_digest else []
    covered = ("(request-target)", "host", "date", *digest, *signed_too(request))
    target = request.path_qs if with_query else request.path
    signature = sign(key.private, _base(request.method, target, covered, headers, {}))
    algorithm = "rsa-sha256" if isinstance(key.private, RSAPrivateKey) else "hs2019"
    added["Signature"] = (
        f'keyId="{key.key_id}",algorithm="{algorithm}",headers="{" ".join(covered)}",'
        f'signature="{base64.b64encode(signature).decode("ascii")}"'
    )
    return added


def _malformed(cause: str) -> Refused:
    return Refused("signature_malformed", "The Signature header is malformed.", cause=cause)


def _parameters(header: str) -> dict[str, str]:
    if len(header) > MAX_HEADER:
        raise _malformed("too long")
    parameters: dict[str, str] = {}
    position, more = 0, True
    while more:
        match = _PARAMETER.match(header, position)
        if match is None:
            raise _malformed(f"at {position}")
        name = match[1]
        if name in parameters:  # draft 12, 2.2; two keyIds were CVE material (Mastodon 4.5.5)
            raise Refused("signature_duplicate", "The Signature header repeats a parameter.")
        parameters[name] = match[3] if match[2] is None else match[2]
        position, more = match.end(), match[4] == ","
    if missing := {"keyId", "signature", "headers"} - parameters.keys():
        raise _malformed(f"without {min(missing)}")
    return parameters


def _algorithm(parameters: dict[str, str]) -> str | None:
    algorithm = parameters.get("algorithm")
    if algorithm not in ALGORITHMS:
        raise Refused("signature_algorithm", "The signature's algorithm is not accepted.")
    return algorithm


def _covered(parameters: dict[str, str], request: Request) -> tuple[str, ...]:
    covered = tuple(parameters["headers"].lower().split(" "))
    if len(set(covered)) != len(covered) or len(covered) > MAX_COVERED:
        raise _malformed("covered headers")
    wanted = {"(request-target)", "host", *(["digest"] if request.needs_digest else [])}
    if not wanted <= set(covered) or not {"date", "(created)"} & set(covered):
        raise Refused(
            "signature_coverage",
            "The signature must cover (request-target), host, date, and the digest of a body.",
        )
    if any(name not in _PSEUDO and name not in request.headers for name in covered):
        raise Refused("signature_header_missing", "The signature covers a header that is absent.")
    return covered


def _times(
    parameters: dict[str, str], covered: tuple[str, ...]
) -> tuple[datetime | None, datetime | None]:
    # Draft 12, 2.3: (created) and (expires) do not exist for the older algorithms.
    if parameters.get("algorithm") == "rsa-sha256" and {"(created)", "(expires)"} & set(covered):
        raise _malformed("(created) with rsa-sha256")
    return _time(parameters, covered, "created"), _time(parameters, covered, "expires")


def _time(parameters: dict[str, str], covered: tuple[str, ...], name: str) -> datetime | None:
    text = parameters.get(name)
    if text is None:
        if f"({name})" in covered:
            raise _malformed(f"({name}) without {name}")
        return None
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise _malformed(name)
    return moment(int(text))


def _check_body(request: Request) -> None:
    digests: dict[str, str] = {}
    for item in request.headers["digest"].split(",")[:8]:
        match = _DIGEST.fullmatch(item)
        if match is None or match[1].lower() in digests:
            raise Refused("digest_malformed", "The Digest header is malformed.")
        digests[match[1].lower()] = match[2]
    if "sha-256" not in digests:
        raise Refused("digest_algorithm", "The Digest header needs SHA-256.")
    check_digest(from_base64(digests["sha-256"], "digest_malformed"), request.body, "sha256")


def _bases(
    request: Request, covered: tuple[str, ...], parameters: dict[str, str]
) -> tuple[bytes, ...]:
    host = request.headers["host"]
    # Gancio signs the host without its port.
    hosts = dict.fromkeys((host, re.sub(r":[0-9]+\Z", "", host)))
    return tuple(
        _base(request.method, target, covered, {**request.headers, "host": name}, parameters)
        for target in request.targets
        for name in hosts
    )


def _base(
    method: str,
    target: str,
    covered: tuple[str, ...],
    headers: dict[str, str],
    parameters: dict[str, str],
) -> bytes:
    pseudo = {
        "(request-target)": f"{method.lower()} {target}",
        "(created)": parameters.get("created", ""),
        "(expires)": parameters.get("expires", ""),
    }
    values = {**headers, **pseudo}
    return "\n".join(f"{name}: {values[name].strip()}" for name in covered).encode(
        "utf-8", "surrogateescape"
    )
