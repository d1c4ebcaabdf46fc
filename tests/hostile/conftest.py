"""Peers that mean harm, and an instance that has to stand them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from storage.accounts import Account
from tests.api.conftest import here, house, strict
from tests.federation.instance import Instance
from tests.federation.peer import Peer, peer
from tests.federation.worlds import garden, microblog, organiser, ours
from tests.hostile.places import Scene, Trap

__all__ = ["attacker", "garden", "here", "house", "microblog", "organiser", "ours", "strict"]


@pytest.fixture
async def attacker() -> AsyncIterator[Peer]:
    """A server of its own, beside the ``microblog`` whose people it would like to be."""
    async with peer("mastodon") as made:
        yield made


@pytest.fixture
async def scene(ours: Instance, attacker: Peer, organiser: Account) -> Scene:
    """The attacker's mallory, and a trap that has not sprung."""
    made = Scene(ours, attacker, attacker.person("mallory"), organiser, Trap())
    attacker.gives = made.trap
    return made
