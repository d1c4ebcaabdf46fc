"""Whose requests are counted together."""

from __future__ import annotations

import pytest

from server.limits import neighbourhood


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "192.0.2.1", True),
        ("", "192.0.2.1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
    ],
)
def test_one_household_counts_as_one(one: str, other: str, together: bool) -> None:
    assert (neighbourhood(one) == neighbourhood(other)) is together
