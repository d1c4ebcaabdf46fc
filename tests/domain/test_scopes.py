"""A token does what its words say and nothing else (refuse by default)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.members import scopes
from server.errors import BadRequest


@pytest.mark.parametrize(
    ("granted", "needed", "good"),
    [
        ("read", "read:statuses", True),
        ("read:statuses", "read:statuses", True),
        ("follow", "write:follows", True),
        ("follow", "read:blocks", True),
        ("admin:read", "admin:read:reports", True),
        ("read:statuses", "read", False),
        ("read:statuses", "read:accounts", False),
        ("read", "write:statuses", False),
        ("write", "read:statuses", False),
        ("follow", "write:statuses", False),
        ("read", "admin:read", False),
        ("read", "push", False),
        ("read write follow push", "admin:write", False),
    ],
)
def test_covers(granted: str, needed: str, good: bool) -> None:
    assert scopes.covers(granted.split(), needed) is good


@given(st.sampled_from(scopes.KNOWN), st.sampled_from(scopes.KNOWN))
def test_what_is_within_gives_no_more(wanted: str, registered: str) -> None:
    """A token that an app may ask for covers nothing that the app's registration does not."""
    if scopes.within([wanted], [registered]):
        for needed in scopes.KNOWN:
            assert scopes.covers([registered], needed) or not scopes.covers([wanted], needed)


def test_keeps_the_order_and_drops_repeats() -> None:
    assert scopes.parse("write read+read  push") == ["write", "read", "push"]
    assert scopes.parse("") == ["read"]


@pytest.mark.parametrize("given", ["everything", "read write:all", "READ", "read,write"])
def test_refuses_unknown_words(given: str) -> None:
    with pytest.raises(BadRequest):
        scopes.parse(given)
