"""Fixtures of the tests that meet peers: import them by name in a conftest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.accounts import Account
from tests.federation.instance import LOOPBACK, Instance, instance
from tests.federation.invariants import check
from tests.federation.peer import Peer, peer


@pytest.fixture
async def ours(database_url: str, tmp_path: Path) -> AsyncIterator[Instance]:
    """An instance that may reach loopback; afterwards its data must be whole."""
    async with instance(database_url, tmp_path, LOOPBACK) as made:
        yield made
        await check(made)


@pytest.fixture
async def microblog() -> AsyncIterator[Peer]:
    async with peer("mastodon") as made:
        yield made


@pytest.fixture
async def organiser(ours: Instance) -> Account:
    return await ours.member("organiser")


@pytest.fixture
async def garden(ours: Instance, organiser: Account) -> Account:
    """An open community."""
    return await ours.community(organiser, "garden")
