"""Who is invited on another server gets a letter besides, which any client shows."""

from __future__ import annotations

from typing import Any

import pytest

from server.arriving import resolve
from server.domain.groups import communities, community_settings
from server.domain.groups.community_settings import Changes
from storage import outbox
from storage.accounts import Account
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer


async def invite(ours: Instance, organiser: Account, group: Account, peer: Peer) -> list[Json]:
    """The letters that came."""
    guest = await resolve.actor(ours.net, peer.person("guest").uri)
    async with ours.work.transaction() as tx:
        await communities.invite(tx, organiser, group, guest)
    await ours.settle()
    assert len(peer.of_type("Invite")) == 1
    return [sent["object"] for sent in peer.of_type("Create")]


async def test_an_invitation_comes_as_a_letter_too(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    (letter,) = await invite(ours, organiser, garden, microblog)
    assert (letter["attributedTo"], letter["to"]) == (
        garden.uri,
        [microblog.person("guest").uri],
    )
    assert letter.get("cc", []) == []
    assert garden.url in letter["content"]
    assert "invites you to join" in letter["content"]


@pytest.mark.parametrize("policy", ["request", "invited"])
async def test_of_a_private_community_it_holds_its_name_and_its_address(
    ours: Instance, microblog: Peer, organiser: Account, policy: Any
) -> None:
    shed = await ours.community(organiser, "shed")
    async with ours.work.transaction() as tx:
        said = Changes(
            title="The shed", purpose="Secret plans", visibility="private", policy=policy
        )
        await community_settings.edit(tx, organiser, shed, said)
    shed = (await ours.known(shed.uri)) or shed
    (letter,) = await invite(ours, organiser, shed, microblog)
    assert letter["to"] == [microblog.person("guest").uri]
    assert "The shed" in letter["content"]
    assert shed.url in letter["content"]
    for word in ("Secret", organiser.username, organiser.uri):
        assert word not in str(letter)


async def test_who_reads_invitations_gets_no_letter(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    async with ours.work.transaction() as tx:
        await outbox.describe(tx.conn, microblog.host, "beckon", "1", 5, tx.now)
    assert await invite(ours, organiser, garden, microblog) == []
