"""What our members post to a private group of another server, and who of a third one may read it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from server.arriving import budgets, resolve
from server.domain.members import follows
from storage.posts import Post
from tests.federation.instance import Instance
from tests.federation.members import get
from tests.federation.peer import AS, Peer, Person, peer
from tests.federation.test_group_moderation import sent


@dataclass
class Shed:
    """A private group of a Lemmy with a post of ours in it. ``of_it``: who it says is of it."""

    ours: Instance
    server: Peer
    uri: str
    post: Post
    of_it: set[str] = field(default_factory=set[str])
    asked: list[str] = field(default_factory=list[str])

    async def gives(self, request: web.Request) -> web.StreamResponse | None:
        """As Lemmy answers ``followers?is_follower=``."""
        if not request.path.endswith("/followers"):
            return None
        who = request.query.get("is_follower", "")
        self.asked.append(who)
        if who not in self.of_it:
            return web.Response(status=404)
        found = {"@context": AS, "id": f"{self.uri}/followers", "type": "Collection"}
        return web.json_response(found, content_type="application/activity+json")


@pytest.fixture
async def third() -> AsyncIterator[Peer]:
    async with peer("beckon") as made:
        yield made


@pytest.fixture
async def shed(ours: Instance) -> AsyncIterator[Shed]:
    async with peer("lemmy") as server:
        who = server.person("shed", "Group")
        server.serve({**who.document(), "manuallyApprovesFollowers": True})
        member, group = await ours.member("member"), await resolve.actor(ours.net, who.uri)
        async with ours.work.transaction() as tx:
            await follows.follow(tx, member, group)
        await ours.settle()
        accept = server.activity(who, "Accept", server.of_type("Follow")[-1], to=[member.uri])
        assert await sent(ours, server, who, accept) == "done"
        post = await ours.publish(member, "the key is under the pot", community=group)
        assert post.visibility == "members"
        made = Shed(ours, server, who.uri, post)
        server.gives = made.gives
        yield made


async def status(shed: Shed, third: Peer, by: Person | None) -> int:
    return (await get(third, shed.post.uri, by)).status


async def test_who_is_of_the_group_reads_and_the_group_is_asked_once(
    shed: Shed, third: Peer
) -> None:
    member = third.person("neighbour")
    shed.of_it.add(member.uri)
    for _ in range(2):
        answer = await get(third, shed.post.uri, member)
        assert answer.status == 200
        assert "under the pot" in answer.json["content"]
    assert shed.asked == [member.uri]


async def test_nobody_else_does(shed: Shed, third: Peer) -> None:
    outsider = third.person("outsider")
    for _ in range(2):
        assert await status(shed, third, outsider) == 404
    assert shed.asked == [outsider.uri]
    assert await status(shed, third, None) == 404
    assert shed.asked == [outsider.uri]


async def test_who_leaves_reads_some_minutes_longer(shed: Shed, third: Peer) -> None:
    member = third.person("neighbour")
    shed.of_it.add(member.uri)
    assert await status(shed, third, member) == 200
    shed.of_it.clear()
    shed.ours.clock.forward(minutes=4)
    assert await status(shed, third, member) == 200
    shed.ours.clock.forward(minutes=2)
    assert await status(shed, third, member) == 404


async def test_a_group_that_is_away_lets_nobody_in(shed: Shed, third: Peer) -> None:
    member = third.person("neighbour")
    shed.of_it.add(member.uri)
    shed.server.down = True
    assert await status(shed, third, member) == 404


async def test_only_the_groups_own_origin_is_asked(shed: Shed, third: Peer) -> None:
    """A group that lists its followers elsewhere sends us nowhere."""
    member = third.person("neighbour")
    elsewhere = third.url("/users/neighbour")
    await shed.ours.value(
        "update accounts set followers_uri = $1 where uri = $2", elsewhere, shed.uri
    )
    before = third.asked("/users/neighbour")
    assert await status(shed, third, member) == 404
    assert shed.asked == []
    assert third.asked("/users/neighbour") == before + 1  # its key


async def test_what_a_domain_may_have_asked_has_an_end(shed: Shed, third: Peer) -> None:
    member = third.person("neighbour")
    shed.of_it.add(member.uri)
    async with shed.ours.work.transaction() as tx:
        await budgets.take(tx, budgets.READERS, third.host, count=budgets.READERS.limit)
    assert await status(shed, third, member) == 404
    assert shed.asked == []
