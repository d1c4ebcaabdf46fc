"""A member of ours who moderates a group of another server: from a client, to the group, and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from storage.posts import Post
from tests.api.networked import Town, town
from tests.api.people import Member
from tests.federation.peer import PUBLIC, Json, Peer, Person, peer
from tests.federation.test_group_moderation import Group, in_shed, joined, sent, stored

__all__ = ["town"]
BECKON = "/api/beckon/v1"


@dataclass(frozen=True)
class Shed:
    """A group of a Lemmy with a post in it by somebody else, and a member of ours who weeds it."""

    town: Town
    server: Peer
    group: Group
    weeder: Member
    author: Person
    post: Post

    @property
    def path(self) -> str:
        return f"{BECKON}/communities/{self.post.community_id}"

    @property
    def uri(self) -> str:
        assert self.weeder.account
        return self.weeder.account.uri

    async def does(self, name: str, **told: object) -> int:
        answer = await self.weeder.post(f"{self.path}/posts/{self.post.id}/{name}", json=told)
        await self.town.ours.settle()
        return answer.status

    async def now(self) -> Post:
        return await stored(self.town.ours, self.post.uri)

    def said(self, kind: str, about: str) -> Json:
        """What the member is told to have done there."""
        return {
            "id": f"{self.uri}/said/1", "type": kind, "actor": self.uri, "object": about,
            "to": [PUBLIC], "cc": [self.group.uri], "audience": self.group.uri, "summary": "Enough",
        }  # fmt: skip

    async def announced(self, inner: Json) -> str:
        """What becomes of it when the group says it to its followers."""
        return await sent(self.town.ours, self.server, self.group.who, self.group.announce(inner))


@pytest.fixture
async def lemmy() -> AsyncIterator[Peer]:
    async with peer("lemmy") as made:
        yield made


@pytest.fixture
async def shed(town: Town, lemmy: Peer) -> Shed:
    weeder = await town.house.member("weeder")
    assert weeder.account
    group = await joined(town.ours, lemmy, "shed", weeder.account)
    author = lemmy.person("author", key=1)
    post = await in_shed(town.ours, group, lemmy, author)
    group.lists(weeder.account.uri)
    town.ours.clock.forward(minutes=6)
    lemmy.now = town.ours.clock.now()
    return Shed(town, lemmy, group, weeder, author, post)


@pytest.mark.parametrize(
    ("name", "kind", "state"),
    [("lock", "Lock", "locked_at"), ("remove", "Delete", "removed")],
)
async def test_it_goes_to_the_group_by_the_member_and_comes_back_as_no_event(
    shed: Shed, name: str, kind: str, state: str
) -> None:
    assert await shed.does(name, reason="Enough") == 200
    (said,) = shed.server.of_type(kind)
    assert (said["actor"], said["object"], said["summary"]) == (shed.uri, shed.post.uri, "Enough")
    assert (said["to"], said["cc"]) == ([PUBLIC], [shed.group.uri])
    assert said["audience"] == shed.group.uri
    assert said["proof"]
    assert getattr(await shed.now(), state)
    assert shed.server.of_type("Announce") == []  # that is the group's to do
    assert await shed.announced(said) == "done"
    assert await shed.town.ours.value("select count(*) from moderation_log") == 1
    back = {"lock": "unlock", "remove": "restore"}[name]
    assert await shed.does(back) == 200
    (undone,) = shed.server.of_type("Undo")
    assert (undone["object"]["type"], undone["object"]["object"]) == (kind, shed.post.uri)
    assert getattr(await shed.now(), state) is None


async def test_what_comes_back_counts_as_the_groups_word(shed: Shed) -> None:
    """As after a backup was brought back: here it was not done yet."""
    assert await shed.announced(shed.said("Lock", shed.post.uri)) == "done"
    assert (await shed.now()).locked_at
    assert shed.server.of_type("Lock") == []
    (by,) = await shed.town.ours.rows("select by_id, community_id from moderation_log")
    assert by["by_id"] == by["community_id"]


async def test_a_group_does_not_speak_of_a_member_whom_it_does_not_list(shed: Shed) -> None:
    shed.group.lists()
    assert await shed.announced(shed.said("Lock", shed.post.uri)) == "not_a_moderator"
    assert (await shed.now()).locked_at is None


async def test_what_a_member_wrote_is_no_moderation(shed: Shed) -> None:
    """A Delete by its author is known here before any group says it."""
    mine = await shed.town.ours.publish(shed.group.reader, "hello")
    assert await shed.announced(shed.said("Delete", mine.uri)) == "own_activity"
    assert await shed.town.ours.post(mine.uri)


async def test_bans_and_their_end_reach_the_group(shed: Shed) -> None:
    author = await shed.town.ours.known(shed.author.uri)
    assert author
    told = {"reason": "Loud", "expires_in": 3600, "remove_data": True}
    await shed.weeder.good("POST", f"{shed.path}/ban/{author.id}", json=told)
    await shed.town.ours.settle()
    (block,) = shed.server.of_type("Block")
    assert (block["object"], block["target"]) == (shed.author.uri, shed.group.uri)
    assert (block["removeData"], block["summary"]) == (True, "Loud")
    assert (await shed.now()).removed == "elsewhere"
    (ban,) = await shed.weeder.good("GET", f"{shed.path}/bans")
    assert ban["account"]["id"] == str(author.id)
    sent_back = {"restore_data": True}
    await shed.weeder.good("POST", f"{shed.path}/unban/{author.id}", json=sent_back)
    await shed.town.ours.settle()
    (undone,) = shed.server.of_type("Undo")
    assert (undone["object"]["type"], undone["restoreData"]) == ("Block", True)
    assert (await shed.now()).removed is None


async def test_featured_posts_and_moderators_are_the_groups_lists(shed: Shed) -> None:
    assert await shed.does("feature") == 200
    assert await shed.does("unfeature") == 200
    author = await shed.town.ours.known(shed.author.uri)
    assert author
    told = {"account_id": str(author.id), "role": "moderator"}
    await shed.weeder.good("POST", f"{shed.path}/roles", json=told)
    await shed.weeder.good("POST", f"{shed.path}/roles/{author.id}/dismiss")
    await shed.town.ours.settle()
    featured, moderators = f"{shed.group.uri}/featured", f"{shed.group.uri}/moderators"
    for kind in ("Add", "Remove"):
        listed = [(d["object"], d["target"]) for d in shed.server.of_type(kind)]
        assert listed == [(shed.post.uri, featured), (shed.author.uri, moderators)]


@pytest.mark.parametrize("name", ["lock", "unlock", "remove", "restore", "feature", "unfeature"])
async def test_who_is_not_listed_does_nothing_there(shed: Shed, name: str) -> None:
    shed.group.lists()
    assert await shed.does(name) == 403
    now = await shed.now()
    assert (now.locked_at, now.removed) == (None, None)
    told = {"account_id": str(shed.post.account_id), "role": "moderator"}
    for path in (f"ban/{shed.post.account_id}", f"unban/{shed.post.account_id}", "roles"):
        assert (await shed.weeder.post(f"{shed.path}/{path}", json=told)).status == 403
    assert (await shed.weeder.get(f"{shed.path}/bans")).status == 403
    await shed.town.ours.settle()
    assert [r.type for r in shed.server.received] == ["Follow"]


async def test_a_moderator_there_reaches_no_post_of_another_group(shed: Shed) -> None:
    other = await shed.town.ours.publish(shed.group.reader, "hello")
    path = f"{shed.path}/posts/{other.id}/remove"
    assert (await shed.weeder.post(path)).status == 404


async def test_a_group_that_cannot_be_asked_is_no_refusal(shed: Shed) -> None:
    shed.server.refuses["/users/shed/moderators"] = [503]
    assert await shed.does("lock") == 503
    assert (await shed.now()).locked_at is None
