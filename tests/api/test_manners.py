"""Small things on which a client stumbles: slashes, words beside ids, caching, cursors, numbers."""

from __future__ import annotations

import re

from aiohttp.test_utils import make_mocked_request

from server.api.routes import routes
from tests.api.conftest import Running
from tests.api.people import House

STATUSES = "/api/v1/statuses"


async def test_a_slash_at_the_end_loses_nothing(house: House) -> None:
    """A redirect would lose the body and the token."""
    writer = await house.member("writer")
    made = await writer.post(f"{STATUSES}/", json={"status": "hello"}, allow_redirects=False)
    assert (made.status, made.json["content"]) == (200, "<p>hello</p>")
    one = f"{STATUSES}/{made.json['id']}/"
    edited = await writer.put(one, data={"status": "better"}, allow_redirects=False)
    assert (edited.status, edited.json["content"]) == (200, "<p>better</p>")
    assert (await writer.delete(one, allow_redirects=False)).status == 200


async def test_a_word_in_a_path_is_never_taken_for_an_id(here: Running) -> None:
    for route in routes():
        if "{" not in route.path:
            asked = make_mocked_request(route.method, route.path)
            found = (await here.app.router.resolve(asked)).route.resource
            assert found
            assert found.canonical == route.path


async def test_what_a_token_reads_is_kept_by_nobody(house: House) -> None:
    writer = await house.member("writer")
    mine = await writer.get("/api/v1/timelines/home")
    assert mine.headers["Cache-Control"] == "private, no-store"
    assert {"Authorization", "Origin"} <= set(mine.headers["Vary"].split(", "))
    same_for_all = await house.stranger.get("/api/v2/instance")
    assert same_for_all.headers["Cache-Control"] == "public, max-age=300"


async def test_every_answer_tells_what_is_left_of_the_limit(house: House) -> None:
    writer = await house.member("writer")
    for answer in (
        await writer.get("/api/v1/timelines/home"),
        await writer.get(f"{STATUSES}/1"),
        await house.stranger.get("/api/v1/timelines/public"),
    ):
        assert answer.headers["X-RateLimit-Limit"].isdigit()
        assert answer.headers["X-RateLimit-Remaining"].isdigit()
        reset = answer.headers["X-RateLimit-Reset"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", reset)


async def test_an_edit_ignores_the_key_of_a_post(house: House) -> None:
    """Tusky sends Idempotency-Key with edits too."""
    writer = await house.member("writer")
    headers = {"Idempotency-Key": "one"}
    post = (await writer.post(STATUSES, json={"status": "a"}, headers=headers)).json
    for text in ("b", "c"):
        path = f"{STATUSES}/{post['id']}"
        edited = await writer.put(path, json={"status": text}, headers=headers)
        assert edited.json["content"] == f"<p>{text}</p>"


async def test_lists_of_people_page_by_since_id(house: House) -> None:
    """Their cursors are ids of rows; a next page is told of only after a full one."""
    known = await house.member("known")
    for name in ("one", "two", "three"):
        await (await house.member(name)).good("POST", f"/api/v1/accounts/{known.id}/follow")
    path = f"/api/v1/accounts/{known.id}/followers"
    first = await known.get(f"{path}?limit=2")
    assert set(first.links) == {"next", "prev"}
    assert re.search(r"[?&]since_id=\d+$", first.links["prev"])
    assert re.search(r"[?&]max_id=\d+$", first.links["next"])
    second = await known.get(first.links["next"])
    assert [a["acct"] for a in [*first.json, *second.json]] == ["three", "two", "one"]
    assert set(second.links) == {"prev"}


async def test_notification_ids_are_exact_as_json_numbers(house: House) -> None:
    """Beyond 2^53 a JavaScript client would ask for another one."""
    known, other = await house.member("known"), await house.member("other")
    await other.good("POST", f"/api/v1/accounts/{known.id}/follow")
    told = await known.good("GET", "/api/v1/notifications")
    assert 0 < int(told[0]["id"]) < 2**53


async def test_names_of_local_people_are_bare(house: House) -> None:
    writer, known = await house.member("writer"), await house.member("known")
    far = await house.remote("far_writer")
    post = await writer.says("@known and @far_writer@far.example")
    assert {m["acct"] for m in post["mentions"]} == {"known", "far_writer@far.example"}
    assert 'class="u-url mention"' in post["content"]
    assert (await known.good("GET", f"/api/v1/accounts/{far.id}"))["acct"].endswith("@far.example")


async def test_a_boost_stands_around_the_post(house: House) -> None:
    """Also a boost of a boost is one of the post."""
    writer, fan = await house.member("writer"), await house.member("fan")
    post = await writer.says("hello")
    first = await fan.good("POST", f"{STATUSES}/{post['id']}/reblog")
    again = await writer.good("POST", f"{STATUSES}/{first['id']}/reblog")
    for boost in (first, again):
        assert (boost["reblog"]["id"], boost["reblog"]["reblog"]) == (post["id"], None)
        assert boost["id"] != post["id"]
        assert boost["media_attachments"] == boost["mentions"] == boost["tags"] == []


async def test_no_refresh_is_promised_where_none_runs(house: House) -> None:
    writer = await house.member("writer")
    post = await writer.says("hello")
    answer = await writer.get(f"{STATUSES}/{post['id']}/context")
    assert "Mastodon-Async-Refresh" not in answer.headers
