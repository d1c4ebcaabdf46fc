"""Which addresses of the network this server may open a connection to.

The question is asked where the socket is made, for each address that is about to be tried: a
literal in the URL, an answer of the resolver, the target of a redirect all end there. So a name
that is looked up twice and answers differently (DNS rebinding, Fedify CVE-2024-39687) gains
nothing, because what was checked is what is connected to.

The tables are ours rather than ``ipaddress.is_global``, whose answers differ between versions of
Python. They are the IANA special-purpose registries (RFC 6890), read strictly: whole blocks are
refused even where a corner of one is global. Whoever runs a test network names its ranges
(``allow_networks``); there is no switch that turns the guard off.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)
from typing import Any

from federation.origin import HTTPS_PORT

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]
"""What getaddrinfo gives for one address; its last part starts with the address and the port."""

_IPV4_SPECIAL = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network; 0.0.0.0 reaches loopback on Linux
        "10.0.0.0/8",
        "100.64.0.0/10",  # behind a carrier's NAT
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, and the metadata service of clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",
    )
)
_IPV6_GLOBAL = IPv6Network("2000::/3")  # all that IANA has given out for unicast
_IPV6_SPECIAL = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries an IPv4 address, private ones too; withdrawn (RFC 7526)
        "3fff::/20",
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


class AddressRefused(OSError):  # noqa: N818 - named as the verdict it is
    """Raised where the socket would be made. Always the same text: the connector keeps it then."""

    def __init__(self) -> None:
        super().__init__("the address may not be reached from here")


@dataclass(frozen=True, slots=True)
class Guard:
    """Decides by address and port, and makes the sockets."""

    allow_networks: tuple[Network, ...] = ()

    def permits(self, address: Address, port: int) -> bool:
        """Public addresses on port 443; any port inside the ranges that the operator named."""
        plain = embedded(address)
        if any(plain in network for network in self.allow_networks):
            return True
        return port == HTTPS_PORT and is_public(plain)

    def socket(self, info: AddressInfo) -> socket.socket:
        """A socket for the address it was asked for, and no other. Raises ``AddressRefused``."""
        family, kind, protocol, _, (host, port, *_) = info
        if not self.permits(ip_address(host), port):
            raise AddressRefused
        return socket.socket(family, kind, protocol)


def embedded(address: Address) -> Address:
    """The IPv4 address inside a mapped (RFC 4291) or NAT64 (RFC 6052) one; else the address.

    NAT64 is what a server without IPv4 of its own reaches the IPv4 fediverse by.
    """
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address


def is_public(address: Address) -> bool:
    """Whether an address is global unicast, after what it embeds was taken out."""
    plain = embedded(address)
    if isinstance(plain, IPv4Address):
        return not any(plain in block for block in _IPV4_SPECIAL)
    return plain in _IPV6_GLOBAL and not any(plain in block for block in _IPV6_SPECIAL)
