"""Tags: how much they are used, who follows them, and which ones a profile shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.domain.posting import tags as verbs
from server.domain.posting.drafts import Draft
from tests.api.conftest import Running
from tests.api.fields import check
from tests.api.people import House, Member

MINE = "/api/v1/featured_tags"


async def home(member: Member) -> list[str]:
    page = await member.good("GET", "/api/v1/timelines/home")
    return [(s["reblog"] or s)["content"] for s in page]


async def test_any_name_is_a_tag(house: House) -> None:
    for name in ("unheard", "Straße", "%E6%97%A5%E6%9C%AC"):
        tag = await house.stranger.good("GET", f"/api/v1/tags/{name}/")
        check(tag, "Tag")
        assert [(d["uses"], d["accounts"]) for d in tag["history"]] == [("0", "0")] * 7
        assert "following" not in tag
    for name in ("12", "a b", "x" * 101, "a%2Fb"):
        assert (await house.stranger.get(f"/api/v1/tags/{name}")).status == 404, name


async def test_a_week_of_use(house: House, here: Running) -> None:
    writer, other = await house.member("writer"), await house.member("other")
    for text in ("#spring one", "#Spring #spring two", "three"):
        await writer.says(text)
    await other.says("#spring")
    await other.says("#spring", visibility="unlisted")
    post = await other.says("#spring again")
    await writer.good("POST", f"/api/v1/statuses/{post['id']}/reblog")
    here.clock.forward(days=1)
    await other.says("#spring tomorrow")
    tag = await writer.good("GET", "/api/v1/tags/SPRING")
    used = [(d["uses"], d["accounts"]) for d in tag["history"]]
    assert used == [("1", "1"), ("4", "2"), *[("0", "0")] * 5]
    today = datetime.fromtimestamp(int(tag["history"][0]["day"]), UTC)
    assert (today.hour, today.minute) == (0, 0)
    assert int(tag["history"][1]["day"]) == int(tag["history"][0]["day"]) - 86400
    here.clock.forward(days=9)
    async with house.work.transaction() as tx:
        await verbs.forget(tx)
        assert await tx.conn.fetchval("select count(*) from tag_uses") == 0


async def test_following_brings_posts_home(house: House) -> None:
    reader, writer = await house.member("reader"), await house.member("writer")
    far = await house.remote("far_writer")
    await writer.says("#spring before")
    tag = await reader.good("POST", "/api/v1/tags/Spring/follow")
    check(tag, "Tag")
    assert (tag["name"], tag["following"], tag["featuring"]) == ("spring", True, False)
    await reader.good("POST", "/api/v1/tags/garden/follow")
    both = await writer.says("#spring #garden")
    await house.arrives(far, "1", Draft(content="<p>from afar</p>", tags=("spring",)))
    await reader.says("#spring mine")
    await writer.says("#spring", visibility="unlisted")
    await writer.says("#spring", visibility="private")
    await writer.good("POST", f"/api/v1/statuses/{both['id']}/reblog")
    found = await home(reader)
    assert len(found) == 3
    assert "mine" in found[0]
    assert "from afar" in found[1]
    assert "garden" in found[2]
    tag = await reader.good("POST", "/api/v1/tags/spring/unfollow")
    assert tag["following"] is False
    await writer.says("#spring too late")
    assert await home(reader) == found
    assert [t["name"] for t in await reader.good("GET", "/api/v1/followed_tags")] == ["garden"]


async def test_history_and_blocks_stay_out_of_homes(house: House) -> None:
    reader, blocked = await house.member("reader"), await house.member("blocked")
    blocker, quiet = await house.member("blocker"), await house.member("quiet")
    far = await house.remote("far_writer")
    await reader.good("POST", "/api/v1/tags/spring/follow")
    await reader.good("POST", f"/api/v1/accounts/{blocked.id}/block")
    await blocker.good("POST", f"/api/v1/accounts/{reader.id}/block")
    await reader.good("POST", f"/api/v1/accounts/{quiet.id}/follow")
    made = await reader.good("POST", "/api/v1/lists", json={"title": "Q", "exclusive": True})
    members = {"account_ids": [quiet.id]}
    await reader.good("POST", f"/api/v1/lists/{made['id']}/accounts", json=members)
    for writer in (blocked, blocker, quiet):
        await writer.says("#spring")
    old = datetime.now(UTC) - timedelta(days=30)
    await house.arrives(far, "1", Draft(content="<p>x</p>", tags=("spring",), published_at=old))
    assert await home(reader) == []
    async with house.work.reading() as tx:
        entries = "select count(*) from home_entries where account_id = $1"
        assert await tx.conn.fetchval(entries, int(reader.id)) == 0


async def test_a_post_stands_once(house: House) -> None:
    """By its author, by its tag and by its community."""
    reader, writer = await house.member("reader"), await house.member("writer")
    garden = await house.community(writer, "garden")
    for account in (writer.id, str(garden.id)):
        await reader.good("POST", f"/api/v1/accounts/{account}/follow")
    for name in ("spring", "seeds"):
        await reader.good("POST", f"/api/v1/tags/{name}/follow")
    await writer.says("@garden #spring #seeds")
    assert len(await home(reader)) == 1


async def test_followed_tags_come_in_pages(house: House) -> None:
    reader = await house.member("reader")
    for n in range(5):
        await reader.good("POST", f"/api/v1/tags/tag{n}/follow")
        await reader.good("POST", f"/api/v1/tags/tag{n}/follow")
    first = await reader.get("/api/v1/followed_tags?limit=3")
    rest = await reader.get(first.links["next"])
    check(first.json, ["Tag"])
    names = [t["name"] for t in (*first.json, *rest.json)]
    assert names == [f"tag{n}" for n in reversed(range(5))]
    assert "next" not in rest.links
    assert all(t["following"] for t in first.json)


async def test_a_profile_shows_tags(house: House) -> None:
    writer, other = await house.member("writer"), await house.member("other")
    await writer.says("#spring one")
    await writer.says("#spring two", visibility="unlisted")
    await writer.says("#spring three", visibility="private")
    made = await writer.good("POST", MINE, data={"name": "#Spring"})
    check(made, "FeaturedTag")
    assert (made["name"], made["statuses_count"]) == ("spring", "2")
    assert made["last_status_at"] == datetime.now(UTC).date().isoformat()
    assert await writer.good("POST", MINE, json={"name": "spring"}) == made
    assert (await writer.good("GET", "/api/v1/tags/spring"))["featuring"] is True
    for reader in (house.stranger, other):
        shown = await reader.good("GET", f"/api/v1/accounts/{writer.id}/featured_tags")
        assert shown == [made]
    assert await other.good("GET", MINE) == []
    assert (await other.delete(f"{MINE}/{made['id']}")).status == 404
    assert await writer.good("DELETE", f"{MINE}/{made['id']}") == {}
    assert await writer.good("GET", MINE) == []
    tag = await writer.good("POST", "/api/v1/tags/garden/feature")
    assert tag["featuring"] is True
    [garden] = await writer.good("GET", MINE)
    assert (garden["statuses_count"], garden["last_status_at"]) == ("0", None)
    assert (await writer.good("POST", "/api/v1/tags/garden/unfeature"))["featuring"] is False
    assert (await writer.get("/api/v1/accounts/1/featured_tags")).status == 404


async def test_what_cannot_be_featured(house: House) -> None:
    writer = await house.member("writer")
    for name in ("", "12", "a b"):
        assert (await writer.post(MINE, json={"name": name})).status == 422
    for n in range(10):
        await writer.good("POST", MINE, json={"name": f"tag{n}"})
    assert (await writer.post(MINE, json={"name": "one_more"})).status == 422
    await writer.good("POST", MINE, json={"name": "tag1"})
    assert len(await writer.good("GET", MINE)) == 10


async def test_suggestions_are_what_one_writes_about(house: House) -> None:
    writer = await house.member("writer")
    for text in ("#spring", "#spring #seeds", "#tools #seeds #spring"):
        await writer.says(text)
    await writer.says("#secret", visibility="private")
    await writer.good("POST", MINE, json={"name": "seeds"})
    found = await writer.good("GET", f"{MINE}/suggestions")
    check(found, ["Tag"])
    assert [t["name"] for t in found] == ["spring", "tools"]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/api/v1/tags/x/follow", "write:follows"),
        ("POST", "/api/v1/tags/x/unfollow", "follow"),
        ("POST", "/api/v1/tags/x/feature", "write:accounts"),
        ("POST", "/api/v1/tags/x/unfeature", "write:accounts"),
        ("POST", MINE, "write:accounts"),
        ("DELETE", f"{MINE}/1", "write:accounts"),
        ("GET", "/api/v1/followed_tags", "read:follows"),
        ("GET", MINE, "read:accounts"),
        ("GET", f"{MINE}/suggestions", "read:accounts"),
    ],
)
async def test_scopes(house: House, here: Running, method: str, path: str, scope: str) -> None:
    writer = await house.member("writer")
    sent: dict[str, Any] = {} if method == "GET" else {"json": {"name": "x"}}

    async def status(scopes: str) -> int:
        token = await here.token(writer.account, scopes)
        member = Member(house.http, house.base, writer.account, token)
        return (await member.ask(method, path, **sent)).status

    assert await status(scope) in (200, 404)
    assert await status("read:search") == 403
    app = Member(house.http, house.base, None, await here.token(None, "read write follow"))
    assert (await app.ask(method, path, **sent)).status == 422
    assert (await house.stranger.ask(method, path, **sent)).status == 401
