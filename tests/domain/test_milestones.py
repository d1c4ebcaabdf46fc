"""Milestones of a goal: reached once, and announced by the community, at most once a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pytest

from server.domain.calling import calls, milestones, participations
from server.domain.calling.drafting import Wanted
from storage import milestones as rows
from storage.accounts import Account
from storage.calls import Details
from storage.posts import Post
from tests.domain.conftest import World


@dataclass
class Circle:
    world: World
    organiser: Account
    group: Account

    async def petition(self, goal: int | None, title: str = "Keep the allotments") -> Post:
        details = Details(None, None, "UTC", goal=goal)
        async with self.world.work.transaction() as tx:
            wanted = Wanted(title, details, kind="petition")
            return await calls.create(tx, self.organiser, self.group, wanted)

    async def sign(self, post: Post, *who: Account) -> None:
        for person in who:
            async with self.world.work.transaction() as tx:
                await participations.answer(tx, person, post, "sign", "page")

    async def crowd(self, number: int) -> list[Account]:
        return [await self.world.person(f"signer{n}") for n in range(number)]

    async def look(self, post: Post) -> datetime | None:
        async with self.world.work.transaction() as tx:
            return await milestones.look(tx, post.id)

    async def reached(self, post: Post) -> list[int]:
        async with self.world.work.reading() as tx:
            return [m.percent for m in await rows.of_call(tx.conn, post.id)]

    async def said(self) -> list[str]:
        """What the community itself posted, oldest first."""
        async with self.world.work.reading() as tx:
            found = await tx.conn.fetch(
                "select source from posts where account_id = $1 and reblog_of_id is null order by id",
                self.group.id,
            )
        return [row["source"] for row in found]


@pytest.fixture
async def circle(world: World) -> Circle:
    organiser = await world.person("organiser")
    return Circle(world, organiser, await world.community("allotments", organiser))


async def test_what_is_reached_is_said_once_by_the_community(circle: Circle) -> None:
    post = await circle.petition(goal=4)
    first, *others = await circle.crowd(4)
    await circle.look(post)
    assert await circle.said() == []
    await circle.sign(post, first)
    assert await circle.look(post) is None
    (said,) = await circle.said()
    assert said.startswith("Keep the allotments\n\nA quarter of the goal is reached.")
    assert "At least 1 of 4 people." in said
    assert said.endswith(post.url)
    await circle.look(post)
    assert len(await circle.said()) == 1
    assert await circle.reached(post) == [25]
    assert others


async def test_followers_elsewhere_are_sent_a_note_that_they_can_boost(circle: Circle) -> None:
    from server.domain.members import follows

    reader = await circle.world.stranger("reader", "blog.example")
    async with circle.world.work.transaction() as tx:
        await follows.asked(tx, reader, circle.group, "https://blog.example/follows/1")
    post = await circle.petition(goal=1)
    await circle.sign(post, *await circle.crowd(1))
    await circle.look(post)
    async with circle.world.work.reading() as tx:
        sent = await circle.world.sent(tx)
    notes = [d for d in sent if isinstance(d["object"], dict) and d["object"]["type"] == "Note"]
    (note,) = notes
    assert (note["type"], note["actor"]) == ("Create", circle.group.uri)
    assert "https://www.w3.org/ns/activitystreams#Public" in note["object"]["to"]  # type: ignore[index]
    assert note["_inboxes"] == ["https://blog.example/inbox"]


async def test_members_see_it_in_their_home(circle: Circle) -> None:
    post = await circle.petition(goal=1)
    await circle.sign(post, *await circle.crowd(1))
    await circle.look(post)
    async with circle.world.work.reading() as tx:
        found = await tx.conn.fetchval(
            "select count(*) from home_entries h join posts p on p.id = h.post_id"
            " where h.account_id = $1 and p.source like '%The goal is reached%'",
            circle.organiser.id,
        )
    assert found == 1


async def test_one_announcement_a_day_and_the_highest_speaks(circle: Circle) -> None:
    post, other = await circle.petition(goal=4), await circle.petition(goal=4, title="Plant trees")
    crowd = await circle.crowd(4)
    await circle.sign(post, crowd[0])
    await circle.look(post)
    now = circle.world.clock.now()
    await circle.sign(post, *crowd[1:])
    again = await circle.look(post)
    assert again and again == now + milestones.BETWEEN
    await circle.sign(other, crowd[0])
    assert await circle.look(other) == again  # of the same community
    assert len(await circle.said()) == 1
    assert await circle.reached(post) == [25, 50, 75, 100]
    circle.world.clock.forward(days=1)
    assert await circle.look(post) is None
    assert "The goal is reached." in (await circle.said())[1]
    assert len(await circle.said()) == 2


async def test_taking_it_back_takes_no_milestone_back(circle: Circle) -> None:
    post = await circle.petition(goal=1)
    (signer,) = await circle.crowd(1)
    await circle.sign(post, signer)
    await circle.look(post)
    async with circle.world.work.transaction() as tx:
        await participations.withdraw(tx, signer, post)
    await circle.look(post)
    await circle.sign(post, signer)
    await circle.look(post)
    assert len(await circle.said()) == 1


async def test_without_a_goal_or_cancelled_nothing_is_said(circle: Circle) -> None:
    post, other = await circle.petition(goal=None), await circle.petition(goal=1)
    (signer,) = await circle.crowd(1)
    for call in (post, other):
        await circle.sign(call, signer)
    async with circle.world.work.transaction() as tx:
        await calls.edit(tx, circle.organiser, other, state="cancelled")
    for call in (post, other):
        await circle.look(call)
    assert await circle.said() == []
    async with circle.world.work.reading() as tx:
        kinds = await tx.conn.fetch("select args from jobs where kind = 'milestones'")
    assert len(kinds) == 1


async def test_votes_of_one_server_announce_no_goal(circle: Circle) -> None:
    """What counts is the lower bound, with its caps."""
    post = await circle.petition(goal=100)
    for number in range(60):
        voter = await circle.world.stranger(f"v{number}", "farm.example")
        async with circle.world.work.transaction() as tx:
            await participations.answer(tx, voter, post, "sign", "card")
    await circle.look(post)
    assert await circle.reached(post) == []
