"""The origin of an address: scheme, host and port, by one strict reading (https only)."""

from __future__ import annotations

from urllib.parse import urlsplit

from federation.errors import Refused


def origin(url: str) -> str:
    """The canonical origin of ``url``; Refused("bad_url") unless it is a plain https address."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError as error:
        raise Refused("bad_url", "This is not an address.", cause=str(error)) from error
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        raise Refused("bad_url", "This is not an https address.")
    return f"https://{parts.hostname}:{port}"


def same_origin(a: str, b: str) -> bool:
    """Whether two addresses share scheme, host and port (FEP-fe34)."""
    return origin(a) == origin(b)


def host_of(url: str) -> str:
    """The host of ``url``, with its port where that is not 443."""
    return origin(url).removeprefix("https://").removesuffix(":443")
