"""Communities of different servers show each other: asked, agreed and ended over the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from federation.vocab import LINKED
from server.arriving import budgets, resolve
from server.domain import wire
from server.domain.groups import community_settings, ties
from server.domain.groups.community_settings import Changes
from server.domain.moderating import host_blocks
from server.domain.moderating.host_blocks import Terms
from server.errors import Invalid, NotFound
from storage import accounts
from storage import ties as rows
from storage.accounts import Account
from tests.federation.five import Five, five
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, Person


@dataclass
class Side:
    """``other``: the group of the other server, as this one knows it."""

    at: Instance
    keeper: Account
    group: Account
    other: Account

    async def tie(self) -> bool:
        async with self.at.work.transaction() as tx:
            return await ties.tie(tx, self.keeper, self.group, self.other)

    async def untie(self) -> None:
        async with self.at.work.transaction() as tx:
            await ties.untie(tx, self.keeper, self.group, self.other)

    async def linked(self) -> list[str]:
        async with self.at.work.reading() as tx:
            return [a.uri for a in await rows.linked(tx.conn, self.group.id)]

    async def asked(self) -> list[str]:
        async with self.at.work.reading() as tx:
            return [a.uri for a in await rows.asked(tx.conn, self.group.id)]

    async def document(self) -> Json:
        async with self.at.work.reading() as tx:
            group = await accounts.by_id(tx.conn, self.group.id)
            assert group
            return await wire.actor(tx, group)


@dataclass
class Two:
    both: Five
    home: Side
    away: Side

    async def shown(self) -> tuple[list[str], list[str]]:
        await self.both.settle()
        return await self.home.linked(), await self.away.linked()

    @property
    def each_other(self) -> tuple[list[str], list[str]]:
        return [self.away.group.uri], [self.home.group.uri]


@pytest.fixture
async def two(template_url: str, tmp_path: Path) -> AsyncIterator[Two]:
    async with five(template_url, tmp_path, ["home", "away"]) as both:
        home, away = (server.here for server in both.servers)
        keepers = await home.member("keeper"), await away.member("keeper")
        garden = await home.community(keepers[0], "garden")
        hill = await away.community(keepers[1], "hill")
        yield Two(
            both,
            Side(home, keepers[0], garden, await resolve.actor(home.net, hill.uri)),
            Side(away, keepers[1], hill, await resolve.actor(away.net, garden.uri)),
        )


async def test_communities_of_two_servers_show_each_other(two: Two) -> None:
    assert not await two.home.tie()
    assert not await two.home.tie()  # a repeat is no event
    assert await two.shown() == ([], [])
    assert await two.away.asked() == [two.home.group.uri]
    assert "linked" not in await two.home.document()
    assert await two.away.tie()
    assert await two.shown() == two.each_other
    assert (await two.home.document())["linked"] == [two.away.group.uri]
    assert (await two.away.document())["linked"] == [two.home.group.uri]


@pytest.mark.parametrize("who", ["home", "away"])
async def test_either_side_ends_it(two: Two, who: str) -> None:
    """Who asked by an Undo, and who agreed by a Reject; and after it may be asked anew."""
    await two.home.tie()
    await two.both.settle()
    await two.away.tie()
    assert await two.shown() == two.each_other
    side: Side = getattr(two, who)
    await side.untie()
    assert await two.shown() == ([], [])
    with pytest.raises(NotFound):
        await side.untie()
    await side.tie()
    assert await two.shown() == ([], [])
    await (two.away if who == "home" else two.home).tie()
    assert await two.shown() == two.each_other


async def test_what_was_asked_is_refused_or_taken_back(two: Two) -> None:
    await two.home.tie()
    await two.both.settle()
    await two.away.untie()
    assert await two.shown() == ([], [])
    assert await two.away.asked() == []
    await two.home.tie()
    await two.both.settle()
    await two.home.untie()
    await two.both.settle()
    assert await two.away.asked() == []
    assert not await two.away.tie()  # nothing waits any more: this asks


async def test_who_ask_each_other_at_once_agree(two: Two) -> None:
    assert [await two.home.tie(), await two.away.tie()] == [False, False]
    assert await two.shown() == two.each_other
    await two.away.untie()
    assert await two.shown() == ([], [])


async def test_what_becomes_private_is_shown_no_more(two: Two) -> None:
    await two.home.tie()
    await two.both.settle()
    await two.away.tie()
    assert await two.shown() == two.each_other
    async with two.home.at.work.transaction() as tx:
        changes = Changes(visibility="private", policy="request")
        await community_settings.edit(tx, two.home.keeper, two.home.group, changes)
    assert await two.shown() == ([], [])
    with pytest.raises(Invalid):
        await two.home.tie()
    assert "linked" not in await two.home.document()
    await two.away.tie()  # it does not know, and hears nothing
    assert await two.shown() == ([], [])
    assert await two.home.asked() == []
    two.away.other = await resolve.actor(two.away.at.net, two.home.group.uri, refresh=True)
    with pytest.raises(Invalid):
        await two.away.tie()


async def test_a_host_that_is_suspended_is_not_shown_and_asked_nothing(two: Two) -> None:
    await two.home.tie()
    await two.both.settle()
    await two.away.tie()
    assert await two.shown() == two.each_other
    async with two.home.at.work.transaction() as tx:
        await host_blocks.block(tx, two.away.at.host, Terms(severity="suspend"))
        row = await accounts.by_id(tx.conn, two.home.other.id)
    assert await two.home.linked() == []
    assert "linked" not in await two.home.document()
    assert row
    two.home.other = row
    with pytest.raises(Invalid):
        await two.home.tie()


# What a stranger sends


def offer(by: Person, to: str, number: int = 1, **more: object) -> Json:
    relation = {"type": "Relationship", "subject": by.uri, "relationship": LINKED, "object": to}
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": f"{by.uri}/offers/{number}",
        "type": "Offer",
        "actor": by.uri,
        "to": [to],
        "object": relation | more,
    }


async def send(ours: Instance, peer: Peer, by: Person, document: Json) -> str:
    """What came of it."""
    await peer.send(by, document, ours.inbox)
    await ours.settle()
    return await ours.outcome(document["id"])


async def kept(ours: Instance) -> list[Json]:
    return await ours.rows("select state, uri, ours from ties_elsewhere")


async def test_an_offer_is_kept_once_and_taken_back_by_its_id(
    ours: Instance, microblog: Peer, garden: Account
) -> None:
    far, other = microblog.person("far", "Group"), microblog.person("other", "Group", key=1)
    for number in (1, 1, 2):
        assert await send(ours, microblog, far, offer(far, garden.uri, number)) == "done"
    last = offer(far, garden.uri, 2)["id"]
    assert await kept(ours) == [{"state": "wanted", "uri": last, "ours": False}]
    foreign = microblog.activity(other, "Undo", last)
    assert await send(ours, microblog, other, foreign) == "unknown_object"
    theirs = {**microblog.activity(other, "Undo", offer(other, garden.uri))}
    assert await send(ours, microblog, other, theirs) == "unknown_object"
    assert len(await kept(ours)) == 1
    assert await send(ours, microblog, far, microblog.activity(far, "Undo", last)) == "done"
    assert await kept(ours) == []


async def test_only_who_was_asked_answers(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    far, other = microblog.person("far", "Group"), microblog.person("other", "Group", key=1)
    group = await resolve.actor(ours.net, far.uri)
    async with ours.work.transaction() as tx:
        await ties.tie(tx, organiser, garden, group)
    await ours.settle()
    (sent,) = microblog.of_type("Offer")
    assert sent["object"]["object"] == far.uri
    for kind in ("Accept", "Reject"):
        answer = microblog.activity(other, kind, sent["id"])
        assert await send(ours, microblog, other, answer) == "foreign_answer"
    assert [row["state"] for row in await kept(ours)] == ["asked"]
    assert await send(ours, microblog, far, microblog.activity(far, "Accept", sent["id"])) == "done"
    assert [row["state"] for row in await kept(ours)] == ["agreed"]
    assert await send(ours, microblog, far, microblog.activity(far, "Reject", sent["id"])) == "done"
    assert await kept(ours) == []
    late = microblog.activity(far, "Accept", sent["id"])
    assert await send(ours, microblog, far, late) == "never_asked"


async def test_what_is_no_tie_is_refused(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    far, person = microblog.person("far", "Group"), microblog.person("somebody", key=1)
    shed = await ours.community(organiser, "shed")
    async with ours.work.transaction() as tx:
        changes = Changes(visibility="private", policy="request")
        await community_settings.edit(tx, organiser, shed, changes)
    for number, (by, to, more, why) in enumerate(
        [
            (person, garden.uri, {}, "not_a_group"),
            (far, organiser.uri, {}, "unknown_target"),
            (far, shed.uri, {}, "unknown_target"),
            (far, f"{garden.uri}0", {}, "unknown_target"),
            (far, garden.uri, {"subject": person.uri}, "foreign_relationship"),
            (far, garden.uri, {"relationship": "https://elsewhere.example/owns"}, "unknown_relationship"),
            (far, far.uri, {}, "unknown_relationship"),
        ]
    ):  # fmt: skip
        assert await send(ours, microblog, by, offer(by, to, number, **more)) == why
    assert await kept(ours) == []


async def test_the_groups_of_one_domain_ask_a_few_times_a_day(
    ours: Instance, microblog: Peer, garden: Account
) -> None:
    found = [microblog.person(f"far{n}", "Group") for n in range(budgets.TIES.limit + 2)]
    for by in found:
        await microblog.send(by, offer(by, garden.uri), ours.inbox)
    await ours.settle()
    assert len(await kept(ours)) == budgets.TIES.limit
