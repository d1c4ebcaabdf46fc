"""Live updates above the others: a steward pins a post with a client, and every neighbour sees it as it can.

Mastodon features of an actor only what that actor wrote (app/lib/activitypub/activity/add.rb, add_featured): of a
community's that is the card of a call. Its clients here, Lemmy and whoever reads the collection see all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from server.domain.groups import communities
from storage.accounts import Account
from tests.api.networked import Town, town
from tests.api.people import Member
from tests.federation.peer import Peer, peer
from tests.federation.test_group_moderation import announced, follow

__all__ = ["town"]

BECKON = "/api/beckon/v1/communities"


@pytest.fixture
async def lemmy() -> AsyncIterator[Peer]:
    async with peer("lemmy") as made:
        yield made


@pytest.fixture
async def mastodon() -> AsyncIterator[Peer]:
    async with peer("mastodon") as made:
        yield made


@pytest.fixture
async def organiser(town: Town) -> Member:
    return await town.house.member("organiser")


@pytest.fixture
async def garden(town: Town, organiser: Member) -> Account:
    assert organiser.account
    async with town.ours.work.transaction() as tx:
        return await communities.create(tx, organiser.account, "garden", "The garden")


def pinning(garden: Account, post: str, act: str) -> str:
    return f"{BECKON}/{garden.id}/posts/{post}/{act}"


async def pinned(who: Member, garden: Account) -> list[str]:
    """As a Mastodon client shows them on the profile of the community."""
    path = f"/api/v1/accounts/{garden.id}/statuses?pinned=true"
    return [status["id"] for status in await who.good("GET", path)]


async def test_a_live_update_is_pinned_and_taken_down(
    town: Town, organiser: Member, garden: Account, lemmy: Peer
) -> None:
    await follow(town.ours, lemmy, lemmy.person("member"), garden)
    passer = await town.house.member("passer")
    said = await organiser.says("@garden The march has reached the bridge", title="Live")
    act = pinning(garden, said["id"], "feature")
    assert (await passer.post(act)).status == 403
    await organiser.good("POST", act)
    await town.ours.settle()
    for who in (passer, organiser, town.house.stranger):
        assert await pinned(who, garden) == [said["id"]]
    assert (await lemmy.fetch(f"{garden.uri}/featured"))["orderedItems"] == [said["uri"]]
    (added,) = announced(lemmy, "Add")
    assert organiser.account
    assert (added["actor"], added["object"]) == (organiser.account.uri, said["uri"])
    assert added["target"] == garden.featured_uri
    await organiser.good("POST", pinning(garden, said["id"], "unfeature"))
    await town.ours.settle()
    assert await pinned(passer, garden) == []
    assert [a["object"] for a in announced(lemmy, "Remove")] == [said["uri"]]


async def test_what_mastodon_features_is_the_communitys_own(
    town: Town, organiser: Member, garden: Account, mastodon: Peer
) -> None:
    """An open call stands in the collection as its card, which the community wrote, and is announced so."""
    await follow(town.ours, mastodon, mastodon.person("reader"), garden)
    assert organiser.account
    call = await town.ours.event(organiser.account, garden, "The march")
    await town.ours.settle()
    (added,) = mastodon.of_type("Add")
    assert (added["actor"], added["target"]) == (garden.uri, garden.featured_uri)
    card = await mastodon.fetch(added["object"])
    assert card["attributedTo"] == garden.uri
    assert await pinned(organiser, garden) == [str(call.id)]
