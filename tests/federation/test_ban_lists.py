"""Shared ban lists: published, followed from another community and another instance, accepted or dismissed."""

from __future__ import annotations

import pytest

from server.arriving import resolve
from server.domain.groups import communities
from server.domain.moderating import ban_lists, group_moderation
from server.domain.moderating.group_moderation import Ban, Steward
from server.domain.tx import Tx
from server.errors import Forbidden, Invalid, NotFound
from storage import ban_lists as rows
from storage.accounts import Account
from storage.ban_lists import BanList, Proposal
from tests.federation.instance import Instance
from tests.federation.members import get
from tests.federation.peer import AS, PUBLIC, Json, Peer
from tests.federation.test_group_moderation import lemmy

__all__ = ["lemmy"]


async def steward(tx: Tx, garden: Account, organiser: Account) -> Steward:
    return await group_moderation.steward(tx, garden, organiser)


async def shares(ours: Instance, by: Account, group: Account, banned: Account) -> None:
    async with ours.work.transaction() as tx:
        who = await steward(tx, group, by)
        await group_moderation.ban(tx, who, banned, Ban(None, "Spam"))
        await ban_lists.share(tx, who, shared=True)


async def follows(ours: Instance, by: Account, group: Account, source: Account) -> BanList:
    async with ours.work.transaction() as tx:
        return await ban_lists.follow(tx, await steward(tx, group, by), source)


async def proposed(ours: Instance, group: Account) -> list[Proposal]:
    async with ours.work.reading() as tx:
        return await rows.proposed(tx.conn, group.id, 2**63 - 1, 0, 100)


@pytest.fixture
async def allotment(ours: Instance, organiser: Account) -> Account:
    return await ours.community(organiser, "allotment")


@pytest.fixture
async def loud(ours: Instance) -> Account:
    return await ours.member("loud")


async def test_a_list_proposes_and_a_steward_decides(
    ours: Instance, organiser: Account, garden: Account, allotment: Account, loud: Account
) -> None:
    await shares(ours, organiser, allotment, loud)
    await follows(ours, organiser, garden, allotment)
    await ours.settle()
    (row,) = await proposed(ours, garden)
    assert (row.uri, row.reason) == (loud.uri, "Spam")
    banned = "select reason from community_bans where community_id = $1"
    assert await ours.rows(banned, garden.id) == []
    async with ours.work.transaction() as tx:
        await ban_lists.accept(tx, await steward(tx, garden, organiser), row.id, loud)
    assert await ours.value(banned, garden.id) == "From the list of @allotment: Spam"
    assert await proposed(ours, garden) == []
    async with ours.work.transaction() as tx:
        with pytest.raises(NotFound):
            await ban_lists.dismiss(tx, await steward(tx, garden, organiser), row.id)


async def test_what_is_dismissed_is_not_proposed_again(
    ours: Instance, organiser: Account, garden: Account, allotment: Account, loud: Account
) -> None:
    await shares(ours, organiser, allotment, loud)
    await follows(ours, organiser, garden, allotment)
    await ours.settle()
    (row,) = await proposed(ours, garden)
    async with ours.work.transaction() as tx:
        await ban_lists.dismiss(tx, await steward(tx, garden, organiser), row.id)
    ours.clock.forward(days=1)
    await ours.settle()
    assert await proposed(ours, garden) == []


async def test_who_is_taken_off_a_list_is_proposed_no_more(
    ours: Instance, organiser: Account, garden: Account, allotment: Account, loud: Account
) -> None:
    await shares(ours, organiser, allotment, loud)
    await follows(ours, organiser, garden, allotment)
    await ours.settle()
    async with ours.work.transaction() as tx:
        by = await steward(tx, allotment, organiser)
        await group_moderation.unban(tx, by, loud)
    assert len(await proposed(ours, garden)) == 1
    ours.clock.forward(days=1)
    await ours.settle()
    assert await proposed(ours, garden) == []


async def test_only_a_public_community_shares_and_only_its_stewards(
    ours: Instance, organiser: Account, garden: Account, loud: Account
) -> None:
    async with ours.work.transaction() as tx:
        shed = await communities.create(
            tx, organiser, "shed", "Shed", community_policy="request", visibility="private"
        )
        with pytest.raises(Forbidden):
            await ban_lists.share(tx, await steward(tx, shed, organiser), shared=True)
        with pytest.raises(NotFound):
            await ban_lists.shared(tx, shed)
        with pytest.raises(Forbidden):
            await steward(tx, garden, loud)
        by = await steward(tx, garden, organiser)
        for source in (shed, garden, loud):
            with pytest.raises(Invalid):
                await ban_lists.follow(tx, by, source)


async def test_a_shared_list_is_read_by_everybody_and_another_is_not_there(
    ours: Instance, lemmy: Peer, organiser: Account, garden: Account, loud: Account
) -> None:
    assert (await get(lemmy, f"{garden.uri}/bans")).status == 404
    await shares(ours, organiser, garden, loud)
    (entry,) = (await get(lemmy, f"{garden.uri}/bans")).json["orderedItems"]
    assert (entry["type"], entry["actor"]) == ("Block", garden.uri)
    assert (entry["object"], entry["target"]) == (loud.uri, garden.uri)
    assert entry["summary"] == "Spam"


def listed(server: Peer, group: Account, *entries: Json) -> None:
    """The list of a community of another server."""
    uri = f"{group.uri}/bans"
    server.serve({"@context": AS, "id": uri, "type": "OrderedCollection", "orderedItems": entries})


async def test_a_list_of_another_server_counts_for_its_own_community(
    ours: Instance, lemmy: Peer, organiser: Account, garden: Account
) -> None:
    elsewhere = lemmy.person("meadow", kind="Group")
    group = await resolve.actor(ours.net, elsewhere.uri)
    spam = lemmy.person("spam")
    good = {"type": "Block", "actor": group.uri, "target": group.uri, "object": spam.uri}
    other = {**good, "object": lemmy.person("other").uri}
    listed(
        lemmy,
        group,
        {**good, "id": f"{group.uri}/bans#1", "summary": "Spam", "to": [PUBLIC]},
        {**other, "id": f"{group.uri}/bans#2", "target": garden.uri},
        {**other, "id": f"{group.uri}/bans#3", "type": "Like"},
    )
    await follows(ours, organiser, garden, group)
    await ours.settle()
    assert [row.uri for row in await proposed(ours, garden)] == [spam.uri]


async def test_what_cannot_be_read_says_so_and_keeps_what_stands(
    ours: Instance, lemmy: Peer, organiser: Account, garden: Account
) -> None:
    elsewhere = lemmy.person("meadow", kind="Group")
    group = await resolve.actor(ours.net, elsewhere.uri)
    made = await follows(ours, organiser, garden, group)
    await ours.settle()
    async with ours.work.reading() as tx:
        row = await rows.by_id(tx.conn, made.id)
    assert row
    assert row.failure
    assert await proposed(ours, garden) == []
