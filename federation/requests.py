"""A signed HTTP request as values: the request itself, and what its signature claims.

Shared by both signature schemes. Everything here works on the bytes and texts that arrived; nothing
is normalised but the case of header names.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from types import MappingProxyType
from typing import Literal

from federation.errors import Refused
from federation.origin import origin

# Mastodon's window: a tighter one breaks peers with wrong clocks. Ids are kept for longer than it,
# so that a replay inside the window is a repeat.
CLOCK_WINDOW = timedelta(hours=12)
# A second value of any of these is somebody's attempt to have two readers see two requests.
SINGLE_HEADERS = frozenset(
    {"host", "date", "digest", "content-digest", "content-type", "content-length"}
    | {"signature", "signature-input"}
)

Scheme = Literal["cavage", "rfc9421"]


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked: method in upper case, path with query as on the request line, the headers by
    lower-case name (several values joined by ``", "``), and the body's raw bytes."""

    method: str
    path_qs: str
    headers: Mapping[str, str]
    body: bytes = b""

    @classmethod
    def received(
        cls, method: str, path_qs: str, fields: Iterable[tuple[str, str]], body: bytes = b""
    ) -> Request:
        """From header fields as they came. Raises ``Refused``: ``header_twice``, and
        ``header_malformed`` for a line break, which would add a line to what is signed."""
        headers: dict[str, str] = {}
        for name, value in fields:
            low = name.lower()
            if "\n" in value or "\r" in value:
                raise Refused("header_malformed", f"The {name} header holds a line break.")
            if low in headers and low in SINGLE_HEADERS:
                raise Refused("header_twice", f"The {name} header was sent twice.")
            headers[low] = f"{headers[low]}, {value}" if low in headers else value
        return cls(method.upper(), path_qs, MappingProxyType(headers), body)

    @property
    def needs_digest(self) -> bool:
        """Whether the body must be covered: always, unless a GET or HEAD without one."""
        return self.method not in {"GET", "HEAD"} or bool(self.body)

    @property
    def path(self) -> str:
        """The path without its query."""
        return self.path_qs.partition("?")[0]

    @property
    def targets(self) -> tuple[str, ...]:
        """Path and query, then the path alone: peers disagree whether the query is signed."""
        return (self.path_qs, self.path) if "?" in self.path_qs else (self.path_qs,)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a signature says, after every check that needs no key. Made by ``signatures.parse``.

    ``bases`` are the byte strings one of which must have been signed; times are in UTC.
    """

    scheme: Scheme
    key_id: str
    algorithm: str | None
    covered: tuple[str, ...]
    created: datetime | None
    expires: datetime | None
    signature: bytes
    bases: tuple[bytes, ...]
    request: Request


def signed_too(request: Request) -> list[str]:
    """Headers that mean nothing unless they are signed (FEP-8fcf)."""
    return [name for name in ("collection-synchronization",) if name in request.headers]


def checked_key_id(text: str) -> str:
    """A key's id, which must be an https address. Raises ``Refused`` (``signature_key_id``)."""
    try:
        origin(text)
    except Refused as refusal:
        raise Refused(
            "signature_key_id", "The key's id must be an https address.", cause=refusal.reason
        ) from None
    return text


def check_host(request: Request, authorities: frozenset[str]) -> None:
    """The request must be meant for us. Raises ``Refused`` (``signature_host``)."""
    if request.headers.get("host", "").lower().removesuffix(":443") not in authorities:
        raise Refused("signature_host", "The signed host is not this server.")


def check_times(created: datetime | None, expires: datetime | None, now: datetime) -> None:
    """Raises ``Refused``: ``signature_date`` outside the window, ``signature_expired``."""
    if created is not None and abs(now - created) > CLOCK_WINDOW:
        raise Refused("signature_date", "The signature's time is more than 12 hours from ours.")
    if expires is not None and expires < now:
        raise Refused("signature_expired", "The signature has expired.")


def moment(seconds: int) -> datetime:
    """Seconds since 1970 as a time. Raises ``Refused`` (``signature_malformed``)."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise Refused("signature_malformed", "A time of the signature is malformed.") from None


_IMF_DATE = re.compile(
    r"[A-Z][a-z]{2}, \d\d? [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (GMT|UTC|[+-]0000)"
)


def http_date(text: str | None) -> datetime:
    """The time of a Date header (RFC 9110 5.6.7). Raises ``Refused`` (``signature_date``)."""
    if text is None or _IMF_DATE.fullmatch(text) is None:
        raise Refused("signature_date", "The Date header is missing or malformed.")
    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC)
    except ValueError:
        raise Refused("signature_date", "The Date header is missing or malformed.") from None


def format_http_date(now: datetime) -> str:
    """A time as a Date header carries it."""
    return format_datetime(now.astimezone(UTC), usegmt=True)


def sha256_base64(body: bytes) -> str:
    """The digest of a body, as the Digest and Content-Digest headers write it."""
    return base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")


def from_base64(text: str, reason: str) -> bytes:
    """Strict base64. Raises ``Refused`` with ``reason``."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(reason, "A value is not valid base64.") from None


def check_digest(claimed: bytes, body: bytes, algorithm: Literal["sha256", "sha512"]) -> None:
    """The digest is computed again on the raw bytes. Raises ``Refused`` (``digest_mismatch``)."""
    if not hmac.compare_digest(claimed, hashlib.new(algorithm, body).digest()):
        raise Refused("digest_mismatch", "The digest does not match the body.")
