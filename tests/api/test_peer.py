"""Whose address is counted where proxies stand in between."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from server.peer import address

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("remote", "forwarded", "meant"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", "192.0.2.1, 10.0.0.2", "192.0.2.1"),
        ("fd00::1", "2001:db8::1", "2001:db8::1"),
        # What the client wrote itself stands on the left and counts for nothing.
        ("10.0.0.1", "198.51.100.9, 192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", "10.0.0.9, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
        # Who is no proxy of ours says nothing about others.
        ("192.0.2.1", "198.51.100.9", "192.0.2.1"),
        # What is no address is nobody's.
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "<script>", "10.0.0.1"),
    ],
)
def test_address(remote: str, forwarded: str, meant: str) -> None:
    assert address(remote, forwarded, PROXIES) == meant


def test_nobody_is_trusted_by_default() -> None:
    assert address("127.0.0.1", "192.0.2.1", ()) == "127.0.0.1"
