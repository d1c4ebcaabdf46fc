"""Writing, showing, editing and deleting posts as clients do, and every refusal on the way."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import aiohttp
import pytest

from storage.calls import Details
from tests.api.people import House, Member
from tests.samples import picture

STATUSES = "/api/v1/statuses"


@pytest.fixture
async def writer(house: House) -> Member:
    return await house.member("writer")


async def test_a_post_says_what_was_sent(writer: Member) -> None:
    post = await writer.says(
        "Hello #Spring", visibility="unlisted", spoiler_text="plants", language="it"
    )
    assert post["content"].startswith("<p>Hello <a href=")
    assert 'class="mention hashtag"' in post["content"]
    assert [t["name"] for t in post["tags"]] == ["spring"]
    assert (post["visibility"], post["spoiler_text"], post["sensitive"]) == (
        "unlisted", "plants", True,
    )  # fmt: skip
    assert (post["language"], post["application"]["name"]) == ("it", "Test app")
    assert await writer.good("GET", f"{STATUSES}/{post['id']}") == post


async def test_multipart_and_query_say_the_same_as_json(writer: Member) -> None:
    form = aiohttp.FormData(quote_fields=False)
    fields = [("status", "which?"), ("poll[expires_in]", "600"), ("poll[multiple]", "1")]
    for name, value in (*fields, ("poll[options][]", "one"), ("poll[options][]", "two")):
        form.add_field(name, value, content_type="text/plain")
    post = await writer.good("POST", STATUSES, data=form)
    assert [o["title"] for o in post["poll"]["options"]] == ["one", "two"]
    assert post["poll"]["multiple"] is True
    quiet = await writer.good("POST", f"{STATUSES}?status=hi&visibility=private")
    assert quiet["visibility"] == "private"


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "Text can't be blank"),
        ({"status": "  "}, "Text can't be blank"),
        ({"status": "x" * 5001}, "character limit"),
        ({"status": "x", "visibility": "local"}, "Visibility"),
        ({"status": "x", "media_ids": ["1"]}, "not there"),
        ({"status": "x", "poll": {"options": ["a"], "expires_in": 600}}, "poll"),
        ({"status": "x", "poll": {"options": ["a", "a"], "expires_in": 600}}, "differ"),
        ({"status": "x", "poll": {"options": ["a", "b"]}}, "expires_in"),
        ({"status": "x", "poll": {"options": ["a", "b"], "expires_in": 1}}, "5 minutes"),
    ],
)
async def test_what_cannot_be_posted_is_refused(
    writer: Member, sent: dict[str, Any], sentence: str
) -> None:
    answer = await writer.post(STATUSES, json=sent)
    assert answer.status == 422
    assert sentence in answer.json["error"]
    assert await writer.good("GET", "/api/v1/timelines/home") == []


async def test_a_reply_to_nothing_is_refused(writer: Member) -> None:
    answer = await writer.post(STATUSES, json={"status": "x", "in_reply_to_id": "1"})
    assert (answer.status, answer.json) == (404, {"error": "Record not found"})


async def test_a_repeated_request_posts_once(writer: Member) -> None:
    headers = {"Idempotency-Key": "one"}
    answers = await asyncio.gather(
        *(writer.post(STATUSES, json={"status": "once"}, headers=headers) for _ in range(5))
    )
    assert {a.status for a in answers} == {200}
    assert len({a.json["id"] for a in answers}) == 1
    assert len(await writer.good("GET", "/api/v1/timelines/home")) == 1


async def test_keys_of_others_are_others(house: House, writer: Member) -> None:
    other = await house.member("other")
    headers = {"Idempotency-Key": "one"}
    first = await writer.post(STATUSES, json={"status": "a"}, headers=headers)
    second = await other.post(STATUSES, json={"status": "b"}, headers=headers)
    assert first.json["id"] != second.json["id"]


async def test_an_edit_keeps_what_was_there(house: House, writer: Member) -> None:
    post = await writer.says("first", spoiler_text="warned")
    one = f"{STATUSES}/{post['id']}"
    edited = await writer.good("PUT", one, json={"status": "second", "spoiler_text": ""})
    assert (edited["content"], edited["spoiler_text"]) == ("<p>second</p>", "")
    assert edited["edited_at"]
    history = await house.stranger.good("GET", f"{one}/history")
    assert [h["content"] for h in history] == ["<p>first</p>", "<p>second</p>"]
    source = await writer.good("GET", f"{one}/source")
    assert source == {"id": post["id"], "text": "second", "spoiler_text": ""}


async def test_an_edit_keeps_a_titled_posts_title_and_summary(house: House, writer: Member) -> None:
    garden = await house.community(writer, "garden")
    sent = {"title": "A plan", "spoiler_text": "In short", "community_id": str(garden.id)}
    post = await writer.says("The text", **sent)
    assert post["spoiler_text"] == ""
    one = f"{STATUSES}/{post['id']}"
    edited = await writer.good("PUT", one, json={"status": "Better", "spoiler_text": ""})
    assert edited["content"] == "<p><strong>A plan</strong></p><p>Better</p>"
    async with house.work.reading() as tx:
        assert await tx.conn.fetchval("select summary from posts where uri = $1", post["uri"]) == (
            "In short"
        )


async def test_who_may_not_edit_or_delete(house: House, writer: Member) -> None:
    other = await house.member("other")
    post = await writer.says("mine")
    one = f"{STATUSES}/{post['id']}"
    for answer in (await other.put(one, json={"status": "stolen"}), await other.delete(one)):
        assert answer.status == 403
    for answer in (
        await house.stranger.put(one, json={"status": "stolen"}),
        await house.stranger.delete(one),
        await house.stranger.post(STATUSES, json={"status": "x"}),
    ):
        assert answer.status == 401
    assert (await writer.good("GET", one))["content"] == "<p>mine</p>"


async def test_a_polls_options_never_change(writer: Member) -> None:
    poll = {"options": ["a", "b"], "expires_in": 600}
    post = await writer.says("which?", poll=poll)
    changed = {"status": "which?!", "poll": {"options": ["a", "c"], "expires_in": 600}}
    assert (await writer.put(f"{STATUSES}/{post['id']}", json=changed)).status == 422
    same = {"status": "which?!", "poll": poll}
    assert (await writer.put(f"{STATUSES}/{post['id']}", json=same)).status == 200


async def test_what_is_deleted_comes_back_as_text(house: House, writer: Member) -> None:
    post = await writer.says("to redraft #now")
    one = f"{STATUSES}/{post['id']}"
    gone = await writer.good("DELETE", one)
    assert (gone["text"], gone["id"]) == ("to redraft #now", post["id"])
    assert (await writer.get(one)).status == 404
    assert (await writer.delete(one)).status == 404
    assert (await writer.good("GET", "/api/v1/accounts/verify_credentials"))["statuses_count"] == 0
    assert await house.stranger.good("GET", "/api/v1/timelines/public") == []


async def test_deleting_ones_boost_takes_it_back(house: House, writer: Member) -> None:
    other = await house.member("other")
    post = await writer.says("good")
    boost = await other.good("POST", f"{STATUSES}/{post['id']}/reblog")
    await other.good("DELETE", f"{STATUSES}/{boost['id']}")
    seen = await other.good("GET", f"{STATUSES}/{post['id']}")
    assert (seen["reblogs_count"], seen["reblogged"]) == (0, False)


async def test_a_thread_has_parents_before_children(house: House, writer: Member) -> None:
    head = await writer.says("head")
    a = await writer.says("a", in_reply_to_id=head["id"])
    b = await writer.says("b", in_reply_to_id=head["id"])
    below_a = await writer.says("below a", in_reply_to_id=a["id"])
    around = await house.stranger.good("GET", f"{STATUSES}/{head['id']}/context")
    assert [s["id"] for s in around["descendants"]] == [a["id"], below_a["id"], b["id"]]
    around = await house.stranger.good("GET", f"{STATUSES}/{below_a['id']}/context")
    assert [s["id"] for s in around["ancestors"]] == [head["id"], a["id"]]
    assert around["descendants"] == []
    assert below_a["in_reply_to_account_id"] == writer.id


async def test_several_at_once(house: House, writer: Member) -> None:
    posts = [await writer.says(str(n)) for n in range(3)]
    hidden = await writer.says("hidden", visibility="private")
    wanted = [posts[2]["id"], "999", hidden["id"], posts[0]["id"], "x"]
    found = await house.stranger.good("GET", STATUSES, params={"id[]": wanted})
    assert [s["id"] for s in found] == [posts[2]["id"], posts[0]["id"]]


async def test_a_call_is_edited_on_its_page_only(house: House, writer: Member) -> None:
    garden = await house.community(writer, "garden")
    soon = datetime.now(UTC) + timedelta(days=1)
    call = await house.call(writer, garden, Details(soon, None, "UTC"), "Dig")
    answer = await writer.put(f"{STATUSES}/{call.id}", json={"status": "x"})
    assert answer.status == 422
    assert "its own page" in answer.json["error"]
    assert (await writer.delete(f"{STATUSES}/{call.id}")).status == 200
    assert (await writer.get(f"/api/beckon/v1/calls/{call.id}")).status == 404


async def test_a_poll_or_a_quote_needs_no_words_when_it_is_edited_either(
    house: House, writer: Member
) -> None:
    poll = {"options": ["a", "b"], "expires_in": 3600}
    asked = await writer.says("", poll=poll)
    quoting = await writer.says("", quoted_status_id=asked["id"])
    for post in (asked, quoting):
        sent = {"status": "", "spoiler_text": "long", "poll": poll if post is asked else None}
        edited = await writer.good("PUT", f"/api/v1/statuses/{post['id']}", json=sent)
        assert edited["spoiler_text"] == "long"
        assert (edited["poll"] is None, edited["quote"] is None) == (post is quoting, post is asked)
    file = await writer.good("POST", "/api/v1/media", data={"file": BytesIO(picture())})
    sent = {"status": "x", "media_ids": [file["id"]]}
    assert (await writer.put(f"/api/v1/statuses/{asked['id']}", json=sent)).status == 422


async def test_a_language_alone_can_be_set_right(writer: Member) -> None:
    post = await writer.says("Guten Tag", language="en")
    sent = {"status": "Guten Tag", "language": "de"}
    edited = await writer.good("PUT", f"/api/v1/statuses/{post['id']}", json=sent)
    assert edited["language"] == "de"


async def test_a_boost_has_no_words_to_edit(house: House, writer: Member) -> None:
    """It would get some, and other servers an Update of what is no post."""
    post = await writer.says("mine")
    other = await house.member("booster")
    boost = await other.good("POST", f"/api/v1/statuses/{post['id']}/reblog")
    one = f"/api/v1/statuses/{boost['id']}"
    before = await other.good("GET", one)
    assert (await other.put(one, json={"status": "taken over"})).status == 403
    assert await other.good("GET", one) == before


async def test_a_boost_is_not_pinned(house: House, writer: Member) -> None:
    other = await house.member("booster")
    post = await writer.says("mine")
    boost = await other.good("POST", f"/api/v1/statuses/{post['id']}/reblog")
    assert (await other.post(f"/api/v1/statuses/{boost['id']}/pin")).status == 403


async def test_no_more_are_pinned_than_the_instance_says(writer: Member) -> None:
    told = await writer.good("GET", "/api/v2/instance")
    most = told["configuration"]["accounts"]["max_pinned_statuses"]
    posts = [await writer.says(f"{n}") for n in range(most + 1)]
    for post in posts[:most] * 2:
        await writer.good("POST", f"/api/v1/statuses/{post['id']}/pin")
    assert (await writer.post(f"/api/v1/statuses/{posts[-1]['id']}/pin")).status == 422
    await writer.good("POST", f"/api/v1/statuses/{posts[0]['id']}/unpin")
    await writer.good("POST", f"/api/v1/statuses/{posts[-1]['id']}/pin")
