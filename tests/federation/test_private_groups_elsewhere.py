"""Three servers: a private group of one of them, with a member of ours and one of a third."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from server.arriving import resolve
from server.domain import sight
from server.domain.members import follows
from storage.accounts import Account
from storage.posts import Post
from tests.federation.instance import Instance
from tests.federation.members import get
from tests.federation.peer import PUBLIC, Json, Peer, Person, peer


@dataclass
class Shed:
    """A private group of a Lemmy; ``reader`` is our member, ``far`` one of the microblog."""

    ours: Instance
    lemmy: Peer
    microblog: Peer
    who: Person
    group: Account
    reader: Account
    far: Person

    @property
    def among(self) -> list[str]:
        return [self.who.uri, f"{self.who.uri}/followers"]

    async def says(self, peer: Peer, by: Person, document: Json) -> str:
        await peer.send(by, document, self.ours.inbox)
        await self.ours.settle()
        return await self.ours.outcome(document["id"])

    async def passes_on(self, inner: Json) -> str:
        wrapped = self.lemmy.activity(self.who, "Announce", inner, to=self.among[1:])
        return await self.says(self.lemmy, self.who, wrapped)

    def note(self, by: Person, **more: object) -> Json:
        said = {"to": self.among, "cc": [], "audience": self.who.uri}
        return self.microblog.note(by, "<p>I have a ladder</p>", [], **said | more)


@pytest.fixture
async def lemmy() -> AsyncIterator[Peer]:
    async with peer("lemmy") as made:
        yield made


@pytest.fixture
async def shed(ours: Instance, lemmy: Peer, microblog: Peer) -> Shed:
    reader = await ours.member("reader")
    who, far = lemmy.person("shed", "Group"), microblog.person("far", key=1)
    lemmy.serve({**who.document(), "manuallyApprovesFollowers": True})
    group = await resolve.actor(ours.net, who.uri)
    async with ours.work.transaction() as tx:
        await follows.follow(tx, reader, group)
    await ours.settle()
    made = Shed(ours, lemmy, microblog, who, group, reader, far)
    (asked,) = lemmy.of_type("Follow")
    accept = lemmy.activity(who, "Accept", asked, to=[reader.uri])
    assert await made.says(lemmy, who, accept) == "done"
    return made


@pytest.fixture
async def post(shed: Shed) -> Post:
    made = await shed.ours.publish(
        shed.reader, "Who has a ladder?", title="A", community=shed.group
    )
    await shed.ours.settle()
    assert made.visibility == "members"
    return made


async def seen(shed: Shed, post: Post, viewer: Account | None) -> bool:
    async with shed.ours.work.reading() as tx:
        return bool(await sight.visible(tx, [post], viewer))


async def test_what_ours_post_goes_to_the_group_alone(shed: Shed, post: Post) -> None:
    (create,) = shed.lemmy.of_type("Create")
    assert create["to"] == shed.among
    assert PUBLIC not in str(create).replace("'automatic'", "")
    assert shed.microblog.received == []
    assert "proof" not in create
    site = shed.lemmy.person("site", "Application", key=2)
    assert (await get(shed.lemmy, post.uri, site)).status == 200
    assert (await get(shed.microblog, post.uri, shed.far)).status == 404


async def test_members_elsewhere_answer_like_and_vote(shed: Shed, post: Post) -> None:
    note = shed.note(shed.far, inReplyTo=post.uri)
    assert await shed.passes_on(shed.microblog.create(shed.far, note)) == "done"
    found = await shed.ours.post(note["id"])
    assert found
    assert (found.in_reply_to_id, found.visibility) == (post.id, "members")
    assert await seen(shed, found, shed.reader)
    assert not await seen(shed, found, await shed.ours.member("stranger"))
    like = shed.microblog.activity(shed.far, "Like", post.uri, to=[shed.reader.uri])
    assert await shed.says(shed.microblog, shed.far, like) == "done"


async def test_nobody_carries_it_out(shed: Shed, post: Post) -> None:
    outsider = shed.microblog.person("outsider", key=2)
    boost = shed.microblog.activity(outsider, "Announce", post.uri, cc=[shed.reader.uri])
    assert await shed.says(shed.microblog, outsider, boost) != "done"
    other = shed.lemmy.person("other", "Group", key=2)
    boost = shed.lemmy.activity(other, "Announce", post.uri, cc=[shed.reader.uri])
    assert await shed.says(shed.lemmy, other, boost) != "done"
    ask = shed.microblog.activity(
        outsider, "QuoteRequest", post.uri, instrument=f"{outsider.uri}/1"
    )
    assert await shed.says(shed.microblog, outsider, ask) != "done"
    widened = shed.note(outsider, inReplyTo=post.uri, to=[PUBLIC], cc=[shed.reader.uri])
    await shed.says(shed.microblog, outsider, shed.microblog.create(outsider, widened))
    assert not await seen(shed, post, None)
    assert not await seen(shed, post, await shed.ours.known(outsider.uri))
    assert await shed.ours.value("select count(*) from posts where kind = 'boost'") == 0
    for path in ("", "/context", "/replies", "/activity"):
        assert (await get(shed.microblog, f"{post.uri}{path}", outsider)).status == 404


async def test_who_left_reads_no_more(shed: Shed, post: Post) -> None:
    note = shed.note(shed.far, inReplyTo=post.uri)
    assert await shed.passes_on(shed.microblog.create(shed.far, note)) == "done"
    found = await shed.ours.post(note["id"])
    assert found
    async with shed.ours.work.transaction() as tx:
        await follows.unfollow(tx, shed.reader, shed.group)
    assert not await seen(shed, found, shed.reader)
    assert await seen(shed, post, shed.reader), "one's own"
