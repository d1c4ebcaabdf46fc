"""What is not for somebody is 404 for them, on every route that names a post."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.api.people import House, Member


@dataclass(frozen=True)
class Scene:
    house: House
    author: Member
    friend: Member
    outsider: Member


@pytest.fixture
async def scene(house: House) -> Scene:
    author = await house.member("author")
    friend = await house.member("friend")
    outsider = await house.member("outsider")
    await friend.good("POST", f"/api/v1/accounts/{author.id}/follow")
    return Scene(house, author, friend, outsider)


READS = ("", "/context", "/source", "/history", "/favourited_by", "/reblogged_by")
ACTS = ("/reblog", "/unreblog", "/favourite", "/unfavourite", "/bookmark", "/unbookmark",
        "/pin", "/unpin")  # fmt: skip


@pytest.mark.parametrize("visibility", ["private", "direct"])
async def test_every_route_hides_it_from_others(scene: Scene, visibility: str) -> None:
    post = await scene.author.says("secret word", visibility=visibility)
    one = f"/api/v1/statuses/{post['id']}"
    for path in READS:
        assert (await scene.outsider.get(one + path)).status == 404, path
    for path in READS:
        expected = 401 if path == "/source" else 404
        assert (await scene.house.stranger.get(one + path)).status == expected, path
    for path in ACTS:
        answer = await scene.outsider.post(one + path)
        assert (answer.status, answer.json) == (404, {"error": "Record not found"}), path
    assert (await scene.outsider.put(one, json={"status": "x"})).status == 404
    assert (await scene.outsider.delete(one)).status == 404
    reply = {"status": "x", "in_reply_to_id": post["id"]}
    assert (await scene.outsider.post("/api/v1/statuses", json=reply)).status == 404


@pytest.mark.parametrize("visibility", ["private", "direct"])
async def test_no_list_of_posts_holds_it(scene: Scene, visibility: str) -> None:
    poll = {"options": ["a", "b"], "expires_in": 600}
    post = await scene.author.says("secret #word", visibility=visibility, poll=poll)
    outsider = scene.outsider
    for path in (
        "/api/v1/timelines/public",
        "/api/v1/timelines/tag/word",
        "/api/v1/timelines/home",
        f"/api/v1/accounts/{scene.author.id}/statuses",
        f"/api/v1/statuses?id[]={post['id']}",
    ):
        assert await outsider.good("GET", path) == [], path
    found = await outsider.good("GET", "/api/v2/search", params={"q": post["url"]})
    assert found == {"accounts": [], "statuses": [], "hashtags": []}
    assert (await outsider.get(f"/api/v1/polls/{post['id']}")).status == 404
    vote = await outsider.post(f"/api/v1/polls/{post['id']}/votes", json={"choices": [0]})
    assert vote.status == 404


async def test_followers_see_what_is_for_followers(scene: Scene) -> None:
    post = await scene.author.says("for you", visibility="private")
    assert (await scene.friend.get(f"/api/v1/statuses/{post['id']}")).status == 200
    home = await scene.friend.good("GET", "/api/v1/timelines/home")
    assert [s["id"] for s in home] == [post["id"]]
    boost = await scene.friend.post(f"/api/v1/statuses/{post['id']}/reblog")
    assert boost.status == 403


async def test_who_is_mentioned_sees_a_direct_post(scene: Scene) -> None:
    post = await scene.author.says("@outsider psst", visibility="direct")
    assert (await scene.outsider.get(f"/api/v1/statuses/{post['id']}")).status == 200
    assert (await scene.friend.get(f"/api/v1/statuses/{post['id']}")).status == 404
    told = await scene.outsider.good("GET", "/api/v1/notifications?include_filtered=true")
    assert [(n["type"], n["status"]["id"]) for n in told] == [("mention", post["id"])]


async def test_an_own_boost_of_a_private_post_stays_among_followers(scene: Scene) -> None:
    post = await scene.author.says("for followers", visibility="private")
    boost = await scene.author.good("POST", f"/api/v1/statuses/{post['id']}/reblog")
    for viewer in (scene.outsider, scene.house.stranger):
        assert (await viewer.get(f"/api/v1/statuses/{boost['id']}")).status == 404
        listed = await viewer.good("GET", f"/api/v1/accounts/{scene.author.id}/statuses")
        assert listed == []
    assert (await scene.friend.get(f"/api/v1/statuses/{boost['id']}")).status == 200


async def test_a_boost_is_seen_by_those_whom_the_member_chose(scene: Scene) -> None:
    """By the word with the act, else by the default of their posts; and by no more than the post is."""
    rows = [
        await scene.outsider.says("one"),
        await scene.outsider.says("two", visibility="unlisted"),
    ]
    one, two = (f"/api/v1/statuses/{row['id']}" for row in rows)
    quiet = await scene.author.good("POST", f"{one}/reblog", json={"visibility": "private"})
    assert quiet["visibility"] == "private"
    assert (await scene.friend.get(f"/api/v1/statuses/{quiet['id']}")).status == 200
    assert (await scene.outsider.get(f"/api/v1/statuses/{quiet['id']}")).status == 404
    assert await scene.outsider.good("GET", f"{one}/reblogged_by") == []
    loud = await scene.author.good("POST", f"{two}/reblog", json={"visibility": "public"})
    assert loud["visibility"] == "unlisted"
    for wrong in ("direct", "everybody"):
        refused = await scene.friend.post(f"{one}/reblog", json={"visibility": wrong})
        assert refused.status == 422
    privacy = {"source": {"privacy": "private"}}
    await scene.friend.good("PATCH", "/api/v1/accounts/update_credentials", json=privacy)
    assert (await scene.friend.good("POST", f"{one}/reblog"))["visibility"] == "private"


async def test_a_hidden_part_of_a_thread_is_left_out(scene: Scene) -> None:
    head = await scene.author.says("head")
    await scene.author.says("aside", in_reply_to_id=head["id"], visibility="direct")
    shown = await scene.author.says("open", in_reply_to_id=head["id"])
    around = await scene.outsider.good("GET", f"/api/v1/statuses/{head['id']}/context")
    assert [s["id"] for s in around["descendants"]] == [shown["id"]]


async def test_who_is_blocked_sees_nothing(scene: Scene) -> None:
    post = await scene.author.says("public")
    await scene.author.good("POST", f"/api/v1/accounts/{scene.outsider.id}/block")
    one = f"/api/v1/statuses/{post['id']}"
    assert (await scene.outsider.get(one)).status == 404
    assert (await scene.outsider.post(f"{one}/favourite")).status == 404
    assert await scene.outsider.good("GET", "/api/v1/timelines/public") == []


async def test_whom_i_block_is_in_no_timeline_of_mine(scene: Scene) -> None:
    post = await scene.outsider.says("noise")
    await scene.friend.good("POST", f"/api/v1/statuses/{post['id']}/reblog")
    await scene.author.good("POST", f"/api/v1/accounts/{scene.friend.id}/follow")
    await scene.author.good("POST", f"/api/v1/accounts/{scene.outsider.id}/block")
    assert await scene.author.good("GET", "/api/v1/timelines/public") == []
    profile = f"/api/v1/accounts/{scene.outsider.id}/statuses"
    assert [s["id"] for s in await scene.author.good("GET", profile)] == [post["id"]]


async def test_a_narrow_token_may_not_do_more(scene: Scene) -> None:
    token = await scene.house.sign_in(scene.author.account, "read:lists")
    narrow = Member(scene.house.http, scene.house.base, scene.author.account, token)
    assert (await narrow.get("/api/v1/lists")).status == 200
    assert (await narrow.get("/api/v1/timelines/home")).status == 403
    assert (await narrow.post("/api/v1/statuses", json={"status": "x"})).status == 403
