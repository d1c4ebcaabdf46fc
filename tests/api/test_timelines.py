"""Timelines: walking their pages in either direction shows everything once; communities are lists."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.api import reading
from server.domain.posting.drafts import Draft
from tests.api.people import House, Member

POSTS = 11


@pytest.fixture
async def reader(house: House) -> Member:
    """With as many posts in every kind of timeline as there are in ``POSTS``."""
    reader = await house.member("reader")
    garden = await house.community(reader, "garden")
    for n in range(POSTS):
        post = await reader.says(f"@garden number {n} #spring")
        await reader.good("POST", f"/api/v1/statuses/{post['id']}/favourite")
        await reader.good("POST", f"/api/v1/statuses/{post['id']}/bookmark")
    return Member(house.http, house.base, garden, reader.token)


def paths(reader: Member) -> list[str]:
    return [
        "/api/v1/timelines/home",
        "/api/v1/timelines/public",
        "/api/v1/timelines/public?local=true",
        "/api/v1/timelines/tag/Spring",
        f"/api/v1/timelines/list/{reader.id}",
        f"/api/v1/accounts/{reader.id}/statuses",
        "/api/v1/favourites",
        "/api/v1/bookmarks",
    ]


async def walk(reader: Member, path: str, limit: int, rel: str) -> list[list[str]]:
    """Pages of ids, from the first, along its Link headers until an empty page."""
    pages: list[list[str]] = []
    url = f"{path}{'&' if '?' in path else '?'}limit={limit}"
    while True:
        answer = await reader.get(url)
        assert answer.status == 200
        if not answer.json:
            assert answer.links == {}
            return pages
        pages.append([s["id"] for s in answer.json])
        url = answer.links[rel]


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(limit=st.integers(1, POSTS + 3))
async def test_pages_downward_show_everything_once(reader: Member, limit: int) -> None:
    for path in paths(reader):
        whole = [s["id"] for s in await reader.good("GET", path, params={"limit": "40"})]
        assert len(whole) == POSTS, path
        pages = await walk(reader, path, limit, "next")
        assert [i for page in pages for i in page] == whole, path
        assert all(len(page) == limit for page in pages[:-1]), path


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(limit=st.integers(1, POSTS + 3))
async def test_pages_upward_show_everything_once(reader: Member, limit: int) -> None:
    """From below all ids, each page is the one just above, newest first within itself."""
    for path in paths(reader):
        whole = [s["id"] for s in await reader.good("GET", path, params={"limit": "40"})]
        start = f"{path}{'&' if '?' in path else '?'}min_id=0"
        first = await reader.get(f"{start}&limit={limit}")
        pages = [[s["id"] for s in first.json]]
        pages += await walk_from(reader, first.links["prev"])
        assert [i for page in reversed(pages) for i in page] == whole, path


async def walk_from(reader: Member, url: str) -> list[list[str]]:
    pages: list[list[str]] = []
    while True:
        answer = await reader.get(url)
        if not answer.json:
            return pages
        pages.append([s["id"] for s in answer.json])
        url = answer.links["prev"]


async def test_both_ends_of_a_page(reader: Member) -> None:
    """Newest first, whichever end a page is counted from; a cursor needs not exist."""
    path = "/api/v1/timelines/public"
    every = [s["id"] for s in await reader.good("GET", f"{path}?limit=40")]
    top, low = every[1], every[-1]

    async def page(query: str) -> list[str]:
        return [s["id"] for s in await reader.good("GET", f"{path}?limit=3&{query}")]

    assert await page(f"max_id={top}&since_id={low}") == every[2:5]
    assert await page(f"max_id={top}&min_id={low}") == every[-4:-1]
    assert await page(f"max_id={int(every[0]) + 1}&min_id=0") == every[-3:]


async def test_link_headers_are_what_clients_parse(reader: Member) -> None:
    answer = await reader.get(
        "/api/v1/timelines/public?local=true&limit=2&max_id=999999999999999999"
    )
    first, second = answer.headers["Link"].split(", ")
    assert first.endswith('; rel="next"')
    assert second.endswith('; rel="prev"')
    assert "local=true" in first
    assert "limit=2" in first
    assert f"max_id={answer.json[-1]['id']}" in first
    assert f"min_id={answer.json[0]['id']}" in second


@pytest.mark.parametrize(("limit", "count"), [("0", 1), ("-1", 11), ("x", 11), ("9999", 11)])
async def test_a_strange_limit_is_no_error(reader: Member, limit: str, count: int) -> None:
    found = await reader.good("GET", "/api/v1/timelines/public", params={"limit": limit})
    assert len(found) == count


async def test_a_page_has_twenty_posts_and_at_most_forty(house: House) -> None:
    """Phanpy asks for 80, Ivory for 100."""
    writer = await house.member("writer")
    for n in range(41):
        await writer.says(str(n))
    for limit, count in (("", 20), ("?limit=5", 5), ("?limit=80", 40), ("?limit=100", 40)):
        assert len(await writer.good("GET", f"/api/v1/timelines/home{limit}")) == count


async def test_since_id_gives_the_newest(reader: Member) -> None:
    whole = await reader.good("GET", "/api/v1/timelines/public")
    found = await reader.good("GET", f"/api/v1/timelines/public?since_id={whole[-1]['id']}&limit=3")
    assert [s["id"] for s in found] == [s["id"] for s in whole[:3]]


async def test_a_community_comes_home_as_its_boost_and_as_a_list(house: House) -> None:
    organiser = await house.member("organiser")
    member = await house.member("gardener")
    garden = await house.community(organiser, "garden")
    assert await member.good("GET", "/api/v1/lists") == []
    assert (await member.get(f"/api/v1/timelines/list/{garden.id}")).status == 404
    await member.good("POST", f"/api/v1/accounts/{garden.id}/follow")
    post = await organiser.says("@garden seeds", title="Who has seeds?")
    await organiser.says("yes", in_reply_to_id=post["id"])
    home = await member.good("GET", "/api/v1/timelines/home")
    assert [(s["account"]["id"], s["reblog"]["id"]) for s in home] == [(str(garden.id), post["id"])]
    assert home[0]["id"] != post["id"]
    lists = await member.good("GET", "/api/v1/lists")
    assert lists == [
        {"id": str(garden.id), "title": "Garden", "replies_policy": "list", "exclusive": False}
    ]
    listed = await member.good("GET", f"/api/v1/timelines/list/{garden.id}")
    assert [(s["id"], s["reblog"]) for s in listed] == [(post["id"], None)]
    assert listed[0]["content"].startswith("<p><strong>Who has seeds?</strong></p>")


async def test_a_communitys_list_cannot_be_edited(house: House) -> None:
    organiser = await house.member("organiser")
    outsider = await house.member("outsider")
    garden = await house.community(organiser, "garden")
    one = f"/api/v1/lists/{garden.id}"
    for answer in (
        await organiser.put(one, json={"title": "Mine"}),
        await organiser.delete(one),
        await organiser.post(f"{one}/accounts", json={"account_ids": ["1"]}),
        await organiser.delete(f"{one}/accounts", json={"account_ids": ["1"]}),
    ):
        assert answer.status == 422
        assert "community" in answer.json["error"]
    assert (await outsider.get(one)).status == 404
    assert (await outsider.put(one, json={"title": "Mine"})).status == 404


async def test_public_is_parted_into_local_and_remote(house: House) -> None:
    writer = await house.member("writer")
    here = await writer.says("here")
    far = await house.remote("far_writer")
    there = await house.arrives(far, "1", Draft(content="<p>there</p>"))
    picture: dict[str, Any] = {"kind": "image", "url": "https://far.example/a.png"}
    shown = await house.arrives(far, "2", Draft(content="", attachments=(picture,)))

    async def ids(query: str) -> list[str]:
        found = await house.stranger.good("GET", f"/api/v1/timelines/public?{query}")
        return [s["id"] for s in found]

    assert await ids("") == [str(shown.id), str(there.id), here["id"]]
    assert await ids("local=true") == [here["id"]]
    assert await ids("remote=1") == [str(shown.id), str(there.id)]
    assert await ids("only_media=true") == [str(shown.id)]
    assert await ids("local=false&remote=false") == await ids("")


async def test_public_shows_who_begins_or_goes_on_and_not_who_answers(house: House) -> None:
    """Half of a talk says nothing to strangers; under its tag an answer is found."""
    asker, other = await house.member("asker"), await house.member("other")
    head = await asker.says("Who has a ladder?")
    more = await asker.says("A long one.", in_reply_to_id=head["id"])
    answer = await other.says("I have. #ladder", in_reply_to_id=head["id"])
    for query in ("", "?local=true", "?min_id=0"):
        shown = await house.stranger.good("GET", f"/api/v1/timelines/public{query}")
        assert [s["id"] for s in shown] == [more["id"], head["id"]]
    tagged = await house.stranger.good("GET", "/api/v1/timelines/tag/ladder")
    assert [s["id"] for s in tagged] == [answer["id"]]


async def test_tags_are_joined_as_asked(house: House) -> None:
    writer = await house.member("writer")
    ids = {t: (await writer.says(t))["id"] for t in ("#a", "#b", "#a #b", "#a #b #c")}

    async def found(query: str) -> set[str]:
        page = await house.stranger.good("GET", f"/api/v1/timelines/tag/A?{query}")
        return {t for t, i in ids.items() if i in {s["id"] for s in page}}

    assert await found("") == {"#a", "#a #b", "#a #b #c"}
    assert await found("any[]=B") == set(ids)
    assert await found("all[]=b") == {"#a #b", "#a #b #c"}
    assert await found("all[]=b&none[]=c") == {"#a #b"}


async def test_home_is_for_members_only(house: House) -> None:
    assert (await house.stranger.get("/api/v1/timelines/home")).status == 401


async def texts_at_home(reader: Member) -> list[str]:
    """What the home of a member shows, newest first, without its markup."""
    home = await reader.good("GET", "/api/v1/timelines/home")
    return [re.sub("<[^>]*>", "", (s["reblog"] or s)["content"]) for s in home]


async def follow(reader: Member, whom: Member, **options: Any) -> None:
    await reader.good("POST", f"/api/v1/accounts/{whom.id}/follow", json=options)


async def test_who_is_followed_is_in_the_home_at_once(house: House) -> None:
    """Also again, after an end; a newcomer's client would say that there is nothing to see."""
    reader, writer = await house.member("reader"), await house.member("writer")
    await writer.says("first")
    await reader.says("mine, between")
    await writer.says("second", visibility="private")
    await follow(reader, writer)
    whole = ["second", "mine, between", "first"]
    assert await texts_at_home(reader) == whole
    await reader.good("POST", f"/api/v1/accounts/{writer.id}/unfollow")
    assert await texts_at_home(reader) == ["mine, between"]
    await follow(reader, writer)
    await follow(reader, writer)
    assert await texts_at_home(reader) == whole


async def test_of_who_is_followed_comes_what_would_have_come(house: House) -> None:
    """No word to others in private, no answer to who is not followed, nothing of who is blocked."""
    reader, writer = await house.member("reader"), await house.member("writer")
    other, foe = await house.member("other"), await house.member("foe")
    await reader.good("POST", f"/api/v1/accounts/{foe.id}/block")
    theirs, bad = await other.says("of the other"), await foe.says("of the foe")
    await writer.says("@other in private", visibility="direct")
    await writer.says("@reader in private", visibility="direct")
    await writer.says("an answer", in_reply_to_id=theirs["id"])
    await writer.good("POST", f"/api/v1/statuses/{theirs['id']}/reblog")
    await writer.good("POST", f"/api/v1/statuses/{bad['id']}/reblog")
    await writer.says("auf Deutsch", language="de")
    await follow(reader, writer, languages=["en"])
    assert await texts_at_home(reader) == ["of the other", "@reader in private"]
    await reader.good("POST", f"/api/v1/accounts/{writer.id}/unfollow")
    await follow(reader, other)
    await follow(reader, writer, reblogs=False)
    assert await texts_at_home(reader) == [
        "auf Deutsch", "an answer", "@reader in private", "of the other",
    ]  # fmt: skip


async def test_who_asks_sees_nothing_before_the_yes(house: House) -> None:
    reader, writer = await house.member("reader"), await house.member("writer", locked=True)
    await writer.says("for followers", visibility="private")
    await follow(reader, writer)
    assert await texts_at_home(reader) == []
    await writer.good("POST", f"/api/v1/follow_requests/{reader.id}/authorize")
    assert await texts_at_home(reader) == ["for followers"]


async def test_who_joins_a_community_finds_its_posts_at_home(house: House) -> None:
    founder, reader = await house.member("founder"), await house.member("reader")
    garden = await house.community(founder, "garden")
    await founder.says("@garden the first bed is dug")
    await follow(reader, Member(house.http, house.base, garden))
    assert await texts_at_home(reader) == ["@garden the first bed is dug"]


LOUD = 45
"""More than the longest page."""


@pytest.fixture
async def beside_somebody_loud(house: House) -> tuple[Member, list[str], list[str]]:
    """A reader who muted somebody after a flood; the paths; what is to be seen on each, newest first."""
    reader, quiet = await house.member("reader"), await house.member("quiet")
    loud = await house.remote("loud")
    for id_ in (quiet.id, str(loud.id)):
        await reader.good("POST", f"/api/v1/accounts/{id_}/follow")
    async with house.work.transaction() as tx:
        await tx.conn.execute("update follows set accepted_at = now()")
    made = await reader.good("POST", "/api/v1/lists", json={"title": "All"})
    members = {"account_ids": [quiet.id, str(loud.id)]}
    await reader.good("POST", f"/api/v1/lists/{made['id']}/accounts", json=members)
    seen: list[str] = []
    for n in range(3):
        seen.append((await quiet.says(f"{n} #tea"))["id"])
        for m in range(LOUD):
            await house.arrives(loud, f"{n}-{m}", Draft(content="<p>#tea</p>", tags=("tea",)))
    seen.append((await quiet.says("last #tea"))["id"])
    await reader.good("POST", f"/api/v1/accounts/{loud.id}/mute")
    ways = ["home", "public", "tag/tea", f"list/{made['id']}"]
    return reader, [f"/api/v1/timelines/{way}" for way in ways], seen[::-1]


@pytest.mark.parametrize("limit", [1, 2, 3, 20])
async def test_a_page_is_full_where_there_is_enough_to_show(
    beside_somebody_loud: tuple[Member, list[str], list[str]], limit: int
) -> None:
    """Clients stop at an empty page: what was muted must not look like the end."""
    reader, ways, seen = beside_somebody_loud
    for path in ways:
        pages = await walk(reader, path, limit, "next")
        assert [i for page in pages for i in page] == seen, path
        assert all(len(page) == limit for page in pages[:-1]), path
        first = await reader.get(f"{path}?min_id=0&limit={limit}")
        pages = [[s["id"] for s in first.json]]
        pages += await walk_from(reader, first.links["prev"])
        assert [i for page in reversed(pages) for i in page] == seen, path
        assert all(len(page) == limit for page in pages[:-1]), path
        since = await reader.good("GET", f"{path}?since_id={seen[-1]}&limit={limit}")
        assert [s["id"] for s in since] == seen[:-1][:limit], path


async def test_reading_on_has_an_end(
    house: House, beside_somebody_loud: tuple[Member, list[str], list[str]], monkeypatch: Any
) -> None:
    """Beyond it the page may be empty, and its Link header leads on."""
    monkeypatch.setattr(reading, "ROUNDS", 1)
    reader, (_, public, *_), seen = beside_somebody_loud
    answer = await reader.get(f"{public}?limit=20&max_id={seen[0]}")
    assert answer.json == []
    found: list[str] = []
    while "next" in answer.links:
        answer = await reader.get(answer.links["next"])
        found += [s["id"] for s in answer.json]
    assert found == seen[1:]


@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_what_was_marked_stands_in_the_order_of_marking(house: House, limit: int) -> None:
    """However old the posts are; and no page skips one."""
    writer, reader = await house.member("writer"), await house.member("reader")
    posts = [(await writer.says(f"{n}"))["id"] for n in range(5)]
    marked = [posts[n] for n in (2, 0, 4, 1)]
    for post in marked:
        await reader.good("POST", f"/api/v1/statuses/{post}/favourite")
        await reader.good("POST", f"/api/v1/statuses/{post}/bookmark")
    for path in ("/api/v1/favourites", "/api/v1/bookmarks"):
        pages = await walk(reader, path, limit, "next")
        assert [i for page in pages for i in page] == marked[::-1], path
        first = await reader.get(f"{path}?min_id=0&limit={limit}")
        pages = [[s["id"] for s in first.json]]
        pages += await walk_from(reader, first.links["prev"])
        assert [i for page in reversed(pages) for i in page] == marked[::-1], path


@pytest.mark.parametrize(
    ("act", "who"), [("favourite", "favourited_by"), ("reblog", "reblogged_by")]
)
async def test_who_marked_stands_in_that_order_too(house: House, act: str, who: str) -> None:
    people = [await house.member(f"reader{n}") for n in range(4)]
    post = (await people[0].says("liked"))["id"]
    acted = [people[n] for n in (2, 0, 3, 1)]
    for member in acted:
        await member.good("POST", f"/api/v1/statuses/{post}/{act}")
    url, found = f"/api/v1/statuses/{post}/{who}?limit=1", list[str]()
    while url:
        answer = await people[0].get(url)
        found += [a["id"] for a in answer.json]
        url = answer.links.get("next", "")
    assert found == [m.id for m in acted[::-1]]
