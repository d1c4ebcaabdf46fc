"""Who is at the other end of a connection, where proxies may stand in between."""

from __future__ import annotations

from ipaddress import ip_address

from aiohttp import web

from server.config import Networks

ADDRESS: web.RequestKey[str] = web.RequestKey("address", str)
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)


def address(remote: str, forwarded_for: str, trusted: Networks) -> str:
    """The nearest address that is not one of our proxies.

    ``forwarded_for`` is read from the right, because whoever asks can write anything on its left; it is
    believed only as far as trusted proxies wrote it.
    """
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    current = remote
    while hops and _within(current, trusted):
        current = hops.pop()
    return current if _is_address(current) else remote


def _is_address(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True


def _within(value: str, networks: Networks) -> bool:
    return _is_address(value) and any(
        ip_address(value) in network
        for network in networks
        if network.version == ip_address(value).version
    )


def address_of(request: web.Request) -> str:
    """As the middleware found it; the bare connection where no middleware ran."""
    return request.get(ADDRESS) or request.remote or ""
