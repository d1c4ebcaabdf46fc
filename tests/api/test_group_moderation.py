"""Those who steer a community, through Beckon's own API, and what is seen of what they did."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from storage.accounts import Account
from tests.api.people import House, Member

BECKON = "/api/beckon/v1"


@dataclass(frozen=True)
class Scene:
    house: House
    organiser: Member
    moderator: Member
    author: Member
    reader: Member
    garden: Account

    @property
    def path(self) -> str:
        return f"{BECKON}/communities/{self.garden.id}"

    async def act(self, by: Member, post: dict[str, Any], name: str, **sent: Any) -> int:
        path = f"{self.path}/posts/{post['id']}/{name}"
        return (await by.post(path, json=sent)).status


@pytest.fixture
async def scene(house: House) -> Scene:
    names = ("organiser", "weeder", "author", "reader")
    organiser, moderator, author, reader = [await house.member(name) for name in names]
    garden = await house.community(organiser, "garden")
    for member in (moderator, author, reader):
        await member.good("POST", f"/api/v1/accounts/{garden.id}/follow")
    sent = {"account_id": moderator.id, "role": "moderator"}
    await organiser.good("POST", f"{BECKON}/communities/{garden.id}/roles", json=sent)
    return Scene(house, organiser, moderator, author, reader, garden)


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [s["id"] for s in found] + [s["reblog"]["id"] for s in found if s["reblog"]]


async def test_a_removed_post_is_nowhere_but_with_its_author(scene: Scene) -> None:
    post = await scene.author.says("@garden a rare #seedword", title="Seeds")
    head = await scene.organiser.says("Look", in_reply_to_id=post["id"])
    one = f"/api/v1/statuses/{post['id']}"
    lists = (
        "/api/v1/timelines/home",
        "/api/v1/timelines/public",
        "/api/v1/timelines/tag/seedword",
        f"/api/v1/accounts/{scene.author.id}/statuses",
        f"/api/v1/accounts/{scene.garden.id}/statuses",
    )
    found = [await scene.reader.good("GET", path) for path in lists]
    assert all(post["id"] in ids(each) for each in found)
    assert await scene.act(scene.moderator, post, "remove", reason="Off topic") == 200
    for path in lists:
        assert post["id"] not in ids(await scene.reader.good("GET", path)), path
    for viewer in (scene.reader, scene.organiser, scene.house.stranger):
        assert (await viewer.get(one)).status == 404
    context = await scene.reader.good("GET", f"/api/v1/statuses/{head['id']}/context")
    assert context["ancestors"] == []
    query = {"q": "seedword", "type": "statuses"}
    search = await scene.reader.good("GET", "/api/v2/search", params=query)
    assert search["statuses"] == []
    mine = await scene.author.good("GET", f"/api/v1/accounts/{scene.author.id}/statuses")
    assert post["id"] in ids(mine)
    assert (await scene.author.get(one)).status == 200
    reply = {"status": "x", "in_reply_to_id": post["id"]}
    assert (await scene.author.post("/api/v1/statuses", json=reply)).status == 403
    assert await scene.act(scene.moderator, post, "restore") == 200
    found = [await scene.reader.good("GET", path) for path in lists[1:]]
    assert all(post["id"] in ids(each) for each in found)


@pytest.mark.parametrize("name", ["lock", "unlock", "remove", "restore", "feature", "unfeature"])
async def test_posts_are_for_stewards_of_their_community(scene: Scene, name: str) -> None:
    post = await scene.author.says("@garden hello")
    outside = await scene.author.says("hello")
    assert await scene.act(scene.author, post, name) == 403
    assert await scene.act(scene.house.stranger, post, name) == 401
    assert await scene.act(scene.organiser, outside, name) == 404
    long = await scene.act(scene.organiser, post, name, reason="x" * 501)
    assert long == (200 if name.endswith("feature") else 422)  # which has no reason
    assert await scene.act(scene.organiser, {"id": "1"}, name) == 404


async def test_a_locked_thread_says_so_to_who_replies(scene: Scene) -> None:
    post = await scene.author.says("@garden hello")
    first = await scene.reader.says("hi", in_reply_to_id=post["id"])
    assert await scene.act(scene.moderator, post, "lock", reason="Enough") == 200
    for parent in (post, first):
        sent = {"status": "and?", "in_reply_to_id": parent["id"]}
        answer = await scene.reader.post("/api/v1/statuses", json=sent)
        assert answer.status == 403
        assert "locked" in answer.json["error"]
    assert await scene.act(scene.moderator, post, "unlock") == 200
    await scene.reader.says("and?", in_reply_to_id=first["id"])


async def test_a_ban_is_listed_and_ends(scene: Scene) -> None:
    sent = {"expires_in": 3600, "reason": "Loud"}
    path = f"{scene.path}/ban/{scene.reader.id}"
    assert (await scene.author.post(path, json=sent)).status == 403
    await scene.moderator.good("POST", path, json=sent)
    (ban,) = await scene.moderator.good("GET", f"{scene.path}/bans")
    assert (ban["account"]["id"], ban["reason"]) == (scene.reader.id, "Loud")
    assert ban["expires_at"]
    assert (await scene.reader.get(f"{scene.path}/bans")).status == 403
    answer = await scene.reader.post("/api/v1/statuses", json={"status": "@garden hello"})
    assert (answer.status, answer.json["error"]) == (
        403,
        "You are banned from this community.",
    )
    again = await scene.reader.post(f"/api/v1/accounts/{scene.garden.id}/follow")
    assert again.status == 403
    await scene.moderator.good("POST", f"{scene.path}/unban/{scene.reader.id}")
    assert await scene.moderator.good("GET", f"{scene.path}/bans") == []
    await scene.reader.good("POST", f"/api/v1/accounts/{scene.garden.id}/follow")
    await scene.reader.says("@garden hello")


async def test_nobody_bans_their_like(scene: Scene) -> None:
    tries = ((scene.moderator, scene.organiser), (scene.moderator, scene.moderator),
             (scene.organiser, scene.organiser))  # fmt: skip
    for by, whom in tries:
        assert (await by.post(f"{scene.path}/ban/{whom.id}")).status == 403
    assert await scene.organiser.good("GET", f"{scene.path}/bans") == []
    await scene.organiser.good("POST", f"{scene.path}/ban/{scene.moderator.id}")
    assert (await scene.moderator.get(f"{scene.path}/bans")).status == 403


async def test_a_role_is_taken_and_laid_down_but_by_the_last_organiser(scene: Scene) -> None:
    roles = f"{scene.path}/roles"
    other = f"{roles}/{scene.organiser.id}/dismiss"
    assert (await scene.moderator.post(other)).status == 403
    assert (await scene.organiser.post(other)).status == 403
    sent = {"account_id": scene.organiser.id, "role": "moderator"}
    assert (await scene.organiser.post(roles, json=sent)).status == 403
    await scene.moderator.good("POST", f"{roles}/{scene.moderator.id}/dismiss")
    sent = {"account_id": scene.author.id, "role": "organiser"}
    await scene.organiser.good("POST", roles, json=sent)
    await scene.organiser.good("POST", other)
    (left,) = await scene.reader.good("GET", roles)
    assert left["account"]["id"] == scene.author.id


async def test_who_leaves_has_no_role_and_the_last_organiser_stays(scene: Scene) -> None:
    leave = f"/api/v1/accounts/{scene.garden.id}/unfollow"
    for path in (leave, f"/api/v1/accounts/{scene.garden.id}/block"):
        assert (await scene.organiser.post(path)).status == 403
    shown = f"/api/v1/accounts/relationships?id[]={scene.garden.id}"
    (relation,) = await scene.organiser.good("GET", shown)
    assert (relation["following"], relation["blocking"]) == (True, False)
    await scene.moderator.good("POST", leave)
    (left,) = await scene.reader.good("GET", f"{scene.path}/roles")
    assert left["account"]["id"] == scene.organiser.id
    await scene.moderator.good("POST", f"/api/v1/accounts/{scene.garden.id}/follow")
    assert len(await scene.reader.good("GET", f"{scene.path}/roles")) == 1
    (newest, *_) = await scene.house.stranger.good("GET", f"{scene.path}/log")
    assert (newest["action"], newest["role"]) == ("dismiss", "moderator")


async def test_the_log_names_roles_and_no_moderator(scene: Scene) -> None:
    post = await scene.author.says("@garden hello")
    await scene.act(scene.moderator, post, "remove", reason="Spam")
    await scene.act(scene.moderator, post, "remove", reason="Spam")
    log = await scene.house.stranger.good("GET", f"{scene.path}/log")
    assert [(e["action"], e["role"], e["reason"]) for e in log] == [
        ("remove", "moderator", "Spam"),
        ("appoint", "organiser", ""),
    ]
    assert (log[0]["status_id"], log[0]["account_id"]) == (post["id"], scene.author.id)
    assert scene.moderator.id not in str(log[0])
    older = await scene.reader.get(f"{scene.path}/log", params={"limit": "1"})
    assert "max_id" in older.headers["Link"]


async def test_a_community_features_few_posts_by_its_stewards(scene: Scene) -> None:
    post = await scene.author.says("@garden hello")
    assert await scene.act(scene.moderator, post, "feature") == 200
    pinned = f"/api/v1/accounts/{scene.garden.id}/statuses?pinned=true"
    assert ids(await scene.reader.good("GET", pinned)) == [post["id"]]
    assert await scene.act(scene.moderator, post, "remove") == 200
    assert await scene.reader.good("GET", pinned) == []
    assert await scene.act(scene.moderator, post, "feature") == 403


async def test_votes_are_counted_and_nobody_is_named(scene: Scene) -> None:
    post = await scene.author.says("@garden hello")
    one = f"{BECKON}/posts/{post['id']}"
    down = await scene.reader.good("POST", f"{one}/dislike")
    assert down == {"upvotes": 0, "downvotes": 1, "score": -1, "mine": "down"}
    await scene.reader.good("POST", f"/api/v1/statuses/{post['id']}/favourite")
    assert await scene.reader.good("GET", f"{one}/votes") == {
        "upvotes": 1,
        "downvotes": 0,
        "score": 1,
        "mine": "up",
    }
    await scene.reader.good("POST", f"{one}/dislike")
    status = await scene.reader.good("GET", f"/api/v1/statuses/{post['id']}")
    assert (status["favourited"], status["favourites_count"]) == (False, 0)
    assert (await scene.reader.good("POST", f"{one}/undislike"))["downvotes"] == 0
    assert (await scene.house.stranger.good("GET", f"{one}/votes"))["mine"] is None
    private = await scene.author.says("between us", visibility="direct")
    hidden = await scene.reader.post(f"{BECKON}/posts/{private['id']}/dislike")
    assert hidden.status == 404


async def test_two_organisers_do_not_leave_at_once(scene: Scene) -> None:
    """The last one is counted under a lock of the community."""
    sent = {"account_id": scene.author.id, "role": "organiser"}
    await scene.organiser.good("POST", f"{scene.path}/roles", json=sent)
    leaving = (scene.organiser, scene.author)
    answers = await asyncio.gather(
        *(who.post(f"{scene.path}/roles/{who.id}/dismiss") for who in leaving)
    )
    assert sorted(answer.status for answer in answers) == [200, 403]
