"""Which addresses may be reached: our tables against Python's, and what hides inside IPv6."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from federation.guard import AddressRefused, Guard, embedded, is_public

# Global in the registry, refused by us: whole blocks are simpler to be sure of.
STRICTER = [
    ip_network(block)
    for block in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2002::/16", "224.0.0.0/4")
]

edges = st.sampled_from(
    [
        address
        for block in (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
            "172.16.0.0/12", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        )
        for network in [ip_network(block)]
        for address in (
            int(network[0]) - 1, int(network[0]), int(network[-1]), int(network[-1]) + 1,
        )
        if 0 <= address < 2**32
    ]
).map(IPv4Address)  # fmt: skip
ipv4 = st.ip_addresses(v=4) | edges
ipv6 = st.ip_addresses(v=6) | st.ip_addresses(v=6, network="2000::/3")


def is_stricter(address: IPv4Address | IPv6Address) -> bool:
    return any(address in block for block in STRICTER)


@given(ipv4)
def test_ipv4_is_what_the_registry_says(address: IPv4Address) -> None:
    assume(not is_stricter(address))
    assert is_public(address) == address.is_global


@given(ipv6)
def test_ipv6_is_never_wider_than_the_registry(address: IPv6Address) -> None:
    assume(embedded(address) == address)
    if is_public(address):
        assert address.is_global
        assert not address.is_multicast
        assert address in IPv6Network("2000::/3")


@given(ipv4, st.sampled_from(["::ffff:0:0", "64:ff9b::"]))
def test_an_embedded_address_is_judged_as_itself(address: IPv4Address, prefix: str) -> None:
    wrapped = IPv6Address(int(IPv6Address(prefix)) | int(address))
    assert is_public(wrapped) == is_public(address)


@given(ipv4, st.sampled_from(["::", "2002::", "2001::", "64:ff9b:1::"]))
def test_other_embeddings_are_never_public(address: IPv4Address, prefix: str) -> None:
    shift = 80 if prefix == "2002::" else 0
    wrapped = IPv6Address(int(IPv6Address(prefix)) | int(address) << shift)
    assert not is_public(wrapped)


@given(st.ip_addresses())
def test_ports_other_than_443_need_a_named_range(address: IPv4Address | IPv6Address) -> None:
    assert not Guard().permits(address, 8443)
    assert Guard((ip_network(address),)).permits(address, 8443) == (embedded(address) == address)


@pytest.mark.parametrize(
    ("address", "port", "permitted"),
    [
        ("8.8.8.8", 443, True),
        ("8.8.8.8", 80, False),
        ("2606:4700::1111", 443, True),
        ("64:ff9b::808:808", 443, True),
        ("127.0.0.1", 8443, True),
        ("::ffff:127.0.0.1", 8443, True),
        ("127.0.0.2", 8443, False),
        ("127.0.0.2", 443, False),
        ("fe80::1%eth0", 443, False),
    ],
)
def test_a_named_range_opens_itself_only(address: str, port: int, permitted: bool) -> None:
    guard = Guard((ip_network("127.0.0.1/32"),))
    assert guard.permits(ip_address(address), port) == permitted


def test_no_socket_is_made_for_a_refused_address() -> None:
    with pytest.raises(AddressRefused):
        Guard().socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("10.0.0.1", 443)))
