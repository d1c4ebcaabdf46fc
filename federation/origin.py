"""One reader of addresses for everything that crosses the wire.

Two programs that read one address differently are how a server is made to trust or to reach the
wrong host (Mastodon CVE-2023-42451 and the whole family of SSRF bypasses), so every id, inbox, key
and link goes through ``parse`` here before it is compared, signed or fetched. It accepts less than
a browser does: what is unusual is refused, never repaired. What it accepts has one spelling:
lower-case punycode host without a trailing dot, no default port, no fragment, a path.

FEP-fe34 compares the triple (scheme, host, port); ``Origin`` is that triple. What a server may use up is
counted for all hosts under one roof, ``domain_of``: names below a domain cost nothing (Mastodon issue 21977:
10,553 accounts on as many sub-domains).
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NamedTuple
from urllib.parse import quote

import idna
from publicsuffixlist import PublicSuffixList

from federation.errors import Refused

MAX_URL = 2_048
"""Characters. Longer addresses are not in use between servers, and break pages and indexes."""

HTTPS_PORT = 443

_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\xa0\\]")
_SHAPE = re.compile(r"https://([^/?#]*)([^#]*)(?:#.*)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::(.*))?")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
# Letters, digits and hyphens (RFC 1123 2.1). No underscore: certificate authorities may not name
# one (CA/Browser Forum ballot SC12), so no https host has one.
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# Resolvers and browsers read a host whose last label is a number as an IPv4 address, in octal,
# hexadecimal and with parts left out (WHATWG URL, "ends in a number").
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_KEEP = "".join(chr(code) for code in range(0x21, 0x7F))
_SUFFIXES = PublicSuffixList(accept_unknown=True)


class Origin(NamedTuple):
    """FEP-fe34's origin. ``host`` is canonical; an IPv6 address stands without its brackets."""

    scheme: str
    host: str
    port: int


class Url(NamedTuple):
    """An address that was read: its origin, and its path with the query as it goes on the wire."""

    origin: Origin
    path_qs: str

    @property
    def authority(self) -> str:
        """Host, plus ``:port`` when it is not the default: the Host header's value."""
        host = f"[{self.origin.host}]" if ":" in self.origin.host else self.origin.host
        return host if self.origin.port == HTTPS_PORT else f"{host}:{self.origin.port}"

    @property
    def text(self) -> str:
        """The one spelling of this address."""
        return f"{self.origin.scheme}://{self.authority}{self.path_qs}"


@lru_cache(maxsize=1024)  # documents name the same few addresses again and again
def parse(url: str) -> Url:
    """Read an absolute https address; the fragment is dropped. Raises ``Refused("bad_url")``."""
    if len(url) > MAX_URL:
        raise _bad("it is too long")
    if _UNPRINTABLE.search(url):
        raise _bad("it has spaces, control characters or a backslash")
    match = _SHAPE.fullmatch(url)
    if match is None:
        raise _bad("it is not an absolute https address")
    authority, rest = match.groups()
    host, port = _authority(authority)
    return Url(Origin("https", host, port), _path(rest))


def origin(url: str) -> Origin:
    """The origin triple of an address (FEP-fe34). Raises ``Refused("bad_url")``."""
    return parse(url).origin


def same_origin(a: str, b: str) -> bool:
    """Whether two addresses share scheme, host and port. Raises ``Refused("bad_url")``."""
    return origin(a) == origin(b)


def host_of(url: str) -> str:
    """The host of an address, plus ``:port`` when it is not 443. Raises ``Refused("bad_url")``."""
    return parse(url).authority


def canonical_host(text: str) -> str:
    """The one spelling of ``host`` or ``host:port``. Raises ``Refused("bad_url")``."""
    if any(character in "/?#" for character in text):
        raise _bad("a host has no path")
    return host_of(f"https://{text}/")


@lru_cache(maxsize=16_384)
def domain_of(host: str) -> str:
    """The registrable domain of a ``host_of``: the suffix that people register under (publicsuffix.org) and one
    label. An IP address, or a name that is itself a suffix, counts as itself, with its port."""
    name = host if host.startswith("[") else host.partition(":")[0]
    if name.startswith("[") or _NUMERIC.fullmatch(name.rpartition(".")[2]):
        return host
    return _SUFFIXES.privatesuffix(name) or host


def _bad(why: str) -> Refused:
    return Refused("bad_url", f"The address cannot be used: {why}.")


def _authority(text: str) -> tuple[str, int]:
    if "@" in text:
        raise _bad("it carries a user name")
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        raise _bad("its host is not a name")
    host, port = match.groups()
    return _host(host), HTTPS_PORT if port is None else _port(port)


def _port(text: str) -> int:
    if not _PORT.fullmatch(text) or int(text) > 0xFFFF:
        raise _bad("its port is not a number from 1 to 65535")
    return int(text)


def _host(text: str) -> str:
    if text.startswith("["):
        return _ipv6(text[1:-1])
    name = _ascii(text).removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _bad("its host is not a name")
    return _ipv4(name) if _NUMERIC.fullmatch(labels[-1]) else name


def _ascii(host: str) -> str:
    """Lower case and punycode. An ASCII name is not checked against IDNA 2008: emoji names exist."""
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except UnicodeError as error:
        raise _bad("its host is not a name") from error


def _ipv4(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except AddressValueError as error:
        raise _bad("its host is an IPv4 address in an unusual form") from error


def _ipv6(text: str) -> str:
    try:
        address = IPv6Address(text)
    except AddressValueError as error:
        raise _bad("its host is not an IPv6 address") from error
    if address.scope_id is not None:
        raise _bad("its host carries a zone")
    return str(address)


def _path(rest: str) -> str:
    path = rest if rest.startswith("/") else f"/{rest}"
    try:
        return quote(path, safe=_KEEP)
    except UnicodeError as error:  # a lone surrogate
        raise _bad("it is not Unicode text") from error
