"""What stands beside a call, between two instances: sources, a place online, pictures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from server.decoding.made import File, Made
from server.domain import wire
from server.domain.calling import calls, next_steps, outcomes
from server.domain.calling.drafting import Wanted
from server.domain.posting import media
from storage import calls as call_rows
from storage import media as media_rows
from storage import online, sources
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Call, Details
from storage.next_steps import Next
from storage.online import Online
from storage.posts import Post
from storage.sources import Source
from tests.federation.five import Five, neighbours
from tests.federation.instance import Instance

REPORT = Source("https://town.example/report?a=1&b=2", 'What "they" said <of> it')
DETAILS = Details(None, None, "UTC")


@dataclass
class Two:
    """``home`` has a community of which somebody of ``away`` is a member."""

    both: Five
    home: Instance
    away: Instance
    keeper: Account
    group: Account

    async def make(self, wanted: Wanted) -> Post:
        async with self.home.work.transaction() as tx:
            post = await calls.create(tx, self.keeper, self.group, wanted)
        await self.both.settle()
        return post

    async def edit(self, post: Post, wanted: Wanted) -> None:
        async with self.home.work.transaction() as tx:
            await calls.edit(tx, self.keeper, post, wanted=wanted)
        await self.both.settle()

    async def copy(self, post: Post) -> tuple[Post, Call, tuple[Source, ...]]:
        found = await self.away.post(post.uri)
        assert found
        async with self.away.work.reading() as tx:
            call = await call_rows.by_id(tx.conn, found.id)
            assert call
            return found, call, tuple(await sources.of_call(tx.conn, found.id))

    async def document(self, post: Post) -> dict[str, object]:
        async with self.home.work.reading() as tx:
            return await wire.post(tx, post)


@pytest.fixture
async def two(template_url: str, tmp_path: Path) -> AsyncIterator[Two]:
    async with neighbours(template_url, tmp_path) as near:
        yield Two(near.both, near.home, near.away, near.keeper, near.group)


def petition(*named: Source) -> Wanted:
    return Wanted("Keep it", DETAILS, "It is ours.", kind="petition", sources=named)


async def test_sources_are_told_and_kept_apart_from_the_text(two: Two) -> None:
    post = await two.make(petition(REPORT))
    document = await two.document(post)
    assert 'href="https://town.example/report?a=1&amp;b=2"' in str(document["content"])
    copy, _, named = await two.copy(post)
    assert (copy.content, named) == ("<p>It is ours.</p>", (REPORT,))
    await two.edit(post, petition())
    copy, _, named = await two.copy(post)
    assert (copy.content, named) == ("<p>It is ours.</p>", ())
    assert "town.example" not in str(await two.document(post))


ROOM = "https://meet.example/room?a=1&b=2"


def meeting(two: Two, place: Online) -> Wanted:
    details = Details(two.home.clock.now() + timedelta(days=7), None, "UTC")
    return Wanted("Meeting", details, online=place)


async def test_where_one_meets_online_is_told(two: Two) -> None:
    post = await two.make(meeting(two, Online(ROOM)))
    document = await two.document(post)
    assert (document["onlineLink"], document["isOnline"]) == (ROOM, True)
    copy, _, _ = await two.copy(post)
    async with two.away.work.reading() as tx:
        assert await online.of_calls(tx.conn, [copy.id]) == {copy.id: Online(ROOM)}
    assert copy.attachments == []
    await two.edit(post, meeting(two, Online("")))
    async with two.away.work.reading() as tx:
        assert await online.of_calls(tx.conn, [copy.id]) == {}


async def test_where_only_participants_meet_is_not_on_the_wire(two: Two) -> None:
    post = await two.make(meeting(two, Online(ROOM, for_participants=True)))
    assert "meet.example" not in str(await two.document(post))
    copy, _, _ = await two.copy(post)
    async with two.away.work.reading() as tx:
        assert await online.of_calls(tx.conn, [copy.id]) == {}


async def test_the_next_step_is_known_elsewhere(two: Two) -> None:
    further = await two.make(petition())
    wanted = replace(petition(), title="And then", next=Next(further.id, None))
    post = await two.make(wanted)
    copy, _, _ = await two.copy(post)
    known, _, _ = await two.copy(further)
    async with two.away.work.reading() as tx:
        step = await next_steps.of(tx, copy.id, None)
    assert step
    assert (step.call_id, step.title) == (known.id, "Keep it")
    await two.edit(post, replace(wanted, next=Next(None, "https://union.example/join")))
    async with two.away.work.reading() as tx:
        step = await next_steps.of(tx, copy.id, None)
    assert step
    assert step.url == "https://union.example/join"
    await two.edit(post, replace(wanted, next=Next(None, None)))
    async with two.away.work.reading() as tx:
        assert await next_steps.of(tx, copy.id, None) is None


async def test_pictures_of_an_outcome_are_told(two: Two) -> None:
    post = await two.make(petition())
    async with two.home.work.transaction() as tx:
        file = await media.begin(tx, two.keeper, "image", "A full hall")
        await media_rows.expect(tx.conn, file.id, ["x.png"])
        await media.finish(tx, file.id, Made("image", File("x.png", 4, 2)))
        await calls.edit(tx, two.keeper, post, state="closed")
        await outcomes.note(tx, two.keeper, post, "We keep it.", [file.id])
    await two.both.settle()
    (sql, found) = ("select id from posts where in_reply_to_id = $1", await two.copy(post))
    async with two.away.work.reading() as tx:
        told = await post_rows.by_id(tx.conn, await two.away.value(sql, found[0].id))
    assert told
    assert told.account_id == found[1].community_id
    (shown,) = told.attachments
    assert (shown["description"], shown["media_type"]) == ("A full hall", "image/png")
    assert shown["url"].startswith(f"https://{two.home.host}/")
