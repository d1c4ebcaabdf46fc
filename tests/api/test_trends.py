"""Trends: only what several people here are fond of, in public, and only for a while."""

from __future__ import annotations

from typing import Any

import pytest

from server.domain.members.accounts import edit_profile
from server.domain.posting import marks
from server.domain.posting.drafts import Draft
from storage import posts
from tests.api.conftest import Running
from tests.api.fields import check
from tests.api.people import House, Member

TAGS, POSTS = "/api/v1/trends/tags", "/api/v1/trends/statuses"


async def people(house: House, count: int = 4) -> list[Member]:
    return [await house.member(f"person{n}") for n in range(count)]


async def names(house: House, path: str = TAGS) -> list[str]:
    found = await house.stranger.good("GET", path)
    check(found, ["Tag"])
    return [tag["name"] for tag in found]


async def like(post: Any, *others: Member, act: str = "favourite") -> None:
    for other in others:
        await other.good("POST", f"/api/v1/statuses/{post['id']}/{act}")


async def shown(reader: Member) -> list[str]:
    found = await reader.good("GET", POSTS)
    check(found, ["Status"])
    return [status["id"] for status in found]


async def test_a_tag_of_several_people(house: House, here: Running) -> None:
    everybody = await people(house)
    for one in everybody[:3]:
        await one.says("#spring")
    for one in everybody:
        await one.says("#garden #garden")
        await one.says("#quiet", visibility="unlisted")
    for _ in range(5):
        await everybody[0].says("#alone")
    assert await names(house) == await names(house, "/api/v1/trends/") == ["garden", "spring"]
    found = await everybody[0].good("GET", TAGS)
    assert found[0]["history"][0]["accounts"] == "4"
    assert found[0]["following"] is False
    here.clock.forward(days=4)
    assert await names(house) == []


async def test_no_server_makes_a_trend_alone(house: House, here: Running) -> None:
    for n in range(5):
        far = await house.remote(f"far{n}")
        await house.arrives(far, "1", Draft(content="<p>x</p>", tags=("buy",)))
    assert await names(house) == []
    reader = await house.member("reader")
    await reader.says("#buy nothing")
    here.clock.forward(minutes=6)
    assert await names(house) == ["buy"]


async def test_a_ranking_is_kept_for_minutes(house: House, here: Running) -> None:
    assert await names(house) == []
    for one in await people(house):
        await one.says("#spring")
    assert await names(house) == []
    here.clock.forward(minutes=6)
    assert await names(house) == ["spring"]


async def test_pages_by_offset(house: House) -> None:
    for one in await people(house, 3):
        await one.says("#one #two #three #four #five")
    first = await house.stranger.get(f"{TAGS}?limit=2")
    assert first.links.keys() == {"next"}
    second = await house.stranger.get(first.links["next"])
    third = await house.stranger.get(second.links["next"])
    found = [tag["name"] for page in (first, second, third) for tag in page.json]
    assert found == sorted(["one", "two", "three", "four", "five"])
    assert third.links.keys() == {"prev"}
    assert "limit=2" in third.links["prev"]
    assert "offset=2" in third.links["prev"]
    assert (await house.stranger.good("GET", f"{TAGS}?offset=99")) == []
    assert len(await house.stranger.good("GET", f"{TAGS}?offset=-1&limit=x")) == 5


async def test_a_post_that_several_like(house: House) -> None:
    writer, *others = await people(house)
    liked, boosted = await writer.says("liked"), await writer.says("boosted")
    few = await writer.says("few")
    await like(liked, *others)
    await like(boosted, *others, act="reblog")
    await like(boosted, *others)
    await like(few, writer, *others[:2])
    assert await shown(house.stranger) == await shown(writer) == [boosted["id"], liked["id"]]
    await others[0].good("POST", f"/api/v1/accounts/{writer.id}/block")
    assert await shown(others[0]) == []


async def test_an_old_post_is_no_trend(house: House, here: Running) -> None:
    writer, *others = await people(house)
    post = await writer.says("old")
    here.clock.forward(days=4)
    await like(post, *others)
    assert await shown(house.stranger) == []


@pytest.mark.parametrize(
    "how", [{"visibility": "unlisted"}, {"sensitive": True}, {"spoiler_text": "careful"}]
)
async def test_what_was_not_meant_for_all_is_no_trend(house: House, how: dict[str, Any]) -> None:
    writer, *others = await people(house)
    post = await writer.says("hello", **how)
    await like(post, *others)
    assert await shown(house.stranger) == []


async def test_who_does_not_want_to_be_found_is_not(house: House) -> None:
    writer, *others = await people(house)
    post = await writer.says("hello")
    await like(post, *others)
    assert writer.account
    async with house.work.transaction() as tx:
        await edit_profile(tx, writer.account, discoverable=False)
    assert await shown(house.stranger) == []


async def test_other_servers_have_no_vote(house: House) -> None:
    writer = await house.member("writer")
    post = await writer.says("hello")
    for n in range(4):
        far = await house.remote(f"far{n}")
        async with house.work.transaction() as tx:
            row = await posts.by_id(tx.conn, int(post["id"]))
            assert row
            await marks.like(tx, far, row)
    assert await shown(house.stranger) == []


async def test_links_are_not_ranked(house: House) -> None:
    assert await house.stranger.good("GET", "/api/v1/trends/links") == []
    path = "/api/v1/timelines/link?url=https://news.example/"
    assert await house.stranger.good("GET", path) == []
