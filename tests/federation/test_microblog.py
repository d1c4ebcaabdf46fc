"""A plain microblog, and other neighbours, take part in what a community of ours does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.accounts import Account
from tests.federation.instance import LOOPBACK, Instance, instance
from tests.federation.invariants import check
from tests.federation.peer import Peer, Person, peer


@pytest.fixture
async def ours(database_url: str, tmp_path: Path) -> AsyncIterator[Instance]:
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
    return await ours.community(organiser, "garden")


async def join(ours: Instance, server: Peer, who: Person, group: Account) -> None:
    """Follow a community, and forget what it said to that."""
    answer = await server.send(who, server.activity(who, "Follow", group.uri), ours.inbox)
    assert answer.status == 202
    await ours.settle()
    assert [a["type"] for a in server.of_type("Accept")] == ["Accept"]
    server.received.clear()


async def test_a_follow_is_accepted(ours: Instance, microblog: Peer, garden: Account) -> None:
    reader = microblog.person("reader")
    follow = microblog.activity(reader, "Follow", garden.uri)
    answer = await microblog.send(reader, follow, f"{garden.uri}/inbox")
    assert answer == (202, "")
    await ours.settle()
    (accept,) = microblog.of_type("Accept")
    assert accept["actor"] == garden.uri
    assert accept["object"]["id"] == follow["id"]
    assert microblog.refused == []
