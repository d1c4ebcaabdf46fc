"""Keys and refusals, for the tests of what stands on the wire."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from federation.errors import Refused
from federation.keys import ActorKey, SigningKey, generate_ed25519, generate_rsa

ACTOR = "https://remote.example/users/1"
RefusedWith = Callable[[str], pytest.RaisesExc[Refused]]


@pytest.fixture(scope="session")
def refused() -> RefusedWith:
    """``with refused("reason"):`` passes when exactly this refusal is raised."""
    return lambda reason: pytest.raises(Refused, check=lambda error: error.reason == reason)


@pytest.fixture(scope="session")
def now() -> datetime:
    return datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def rsa_key() -> SigningKey:
    return SigningKey(f"{ACTOR}#main-key", generate_rsa())


@pytest.fixture(scope="session")
def ed25519_key() -> SigningKey:
    return SigningKey(f"{ACTOR}#ed25519-key", generate_ed25519())


@pytest.fixture(scope="session")
def rsa_public(rsa_key: SigningKey) -> ActorKey:
    return ActorKey(rsa_key.key_id, ACTOR, rsa_key.private.public_key())


@pytest.fixture(scope="session")
def ed25519_public(ed25519_key: SigningKey) -> ActorKey:
    return ActorKey(ed25519_key.key_id, ACTOR, ed25519_key.private.public_key())
