"""The one reader of URLs on the wire: what an address's origin is, in one canonical form.

Ids, keys and owners are compared by origin, the triple of scheme, host and port (FEP-fe34). Two
readers that disagree about a host are an impersonation (Mastodon CVE-2023-42451), so whatever could
be read in two ways is refused here, and every other module of this floor asks this one. Whether a
port or an address may be connected to is another question, answered where connections are made.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import NamedTuple

import idna

from federation.errors import Refused

MAX_URL = 2048
DEFAULT_PORTS = {"https": 443, "http": 80}

# RFC 3986 appendix B, without the parts that are refused: every URL here is absolute.
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)(?:[/?#].*)?", re.DOTALL)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:@]+)(?::([1-9][0-9]{0,4}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")


class Origin(NamedTuple):
    """Scheme, host and port in canonical form; equal exactly when the origins are equal."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """Host, and the port unless it is the scheme's own: what a Host header carries."""
        return self.host if self.port == DEFAULT_PORTS[self.scheme] else f"{self.host}:{self.port}"


def origin(url: object, *, schemes: tuple[str, ...] = ("https",)) -> Origin:
    """The canonical origin of an absolute URL.

    Raises ``Refused`` (reason ``url_...``) for anything that is not an absolute URL of one of
    ``schemes``, or that different readers read differently: userinfo, a backslash, spaces and
    control characters, a percent sign in the host, an odd IPv4 address, a malformed port.
    """
    if not isinstance(url, str) or not url:
        raise Refused("url_missing", "An address is missing.")
    if len(url) > MAX_URL:
        raise Refused("url_long", "An address is too long.")
    found = _origin(url)
    if found.scheme not in schemes:
        raise Refused("url_scheme", "An address has a scheme that is not accepted.")
    return found


def same_origin(*urls: str) -> bool:
    """Whether all addresses share scheme, host and port (FEP-fe34). Raises like ``origin``."""
    return len({origin(url) for url in urls}) == 1


def without_fragment(url: str) -> str:
    """The document that an address lies in."""
    return url.partition("#")[0]


@lru_cache(maxsize=8192)
def _origin(url: str) -> Origin:
    # A browser reads "\" as "/", other readers as part of the host; both kinds exist among peers.
    if not url.isprintable() or " " in url or "\\" in url:
        raise Refused("url_character", "An address holds a character that is not allowed.")
    match = _URL.fullmatch(url)
    if match is None:
        raise Refused("url_malformed", "An address is malformed.")
    scheme = match[1].lower()
    if scheme not in DEFAULT_PORTS:
        raise Refused("url_scheme", "An address has a scheme that is not accepted.")
    host, port = _split(match[2])
    return Origin(scheme, canonical_host(host), port or DEFAULT_PORTS[scheme])


def _split(authority: str) -> tuple[str, int | None]:
    if "@" in authority:
        raise Refused("url_userinfo", "An address holds a user name.")
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise Refused("url_authority", "An address has a malformed host or port.")
    port = int(match[2]) if match[2] else None
    if port is not None and port > 65535:
        raise Refused("url_authority", "An address has a malformed host or port.")
    return match[1], port


def canonical_host(host: str) -> str:
    """A host name in lower case and punycode, without the root's dot; an IP address normalised."""
    if host.startswith("["):
        return f"[{_ip(host[1:-1], ipaddress.IPv6Address)}]"
    name = _punycode(host.removesuffix("."))
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused("url_host", "An address has a malformed host.")
    # WHATWG URL: a host whose last label is a number is an IPv4 address, in whatever disguise.
    if labels[-1].isdigit() or re.fullmatch(r"0x[0-9a-f]*", labels[-1]):
        return _ip(name, ipaddress.IPv4Address)
    return name


def _ip(text: str, kind: type[ipaddress.IPv4Address] | type[ipaddress.IPv6Address]) -> str:
    try:
        return str(kind(text))
    except ValueError as error:
        raise Refused("url_host", "An address has a malformed host.", cause=str(error)) from None


def _punycode(host: str) -> str:
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise Refused("url_host", "An address has a malformed host.", cause=str(error)) from None
