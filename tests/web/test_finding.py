"""Finding a call or a community: by kind, around a place, by a word; and nothing that is not for whoever looks."""

from __future__ import annotations

import pytest

from server.domain.groups import places
from server.domain.groups.places import Point
from storage.accounts import Account
from tests.web.house import House

MILAN, ROME = Point(45.46, 9.19), Point(41.89, 12.48)


async def at(house: House, organiser: Account, group: Account, point: Point, title: str) -> None:
    await house.call(organiser, group, title, latitude=point.latitude, longitude=point.longitude)


@pytest.fixture
async def organiser(house: House) -> Account:
    return await house.person("organiser")


async def test_calls_around_a_place(house: House, organiser: Account) -> None:
    group = await house.community(organiser)
    await at(house, organiser, group, MILAN, "Sweep the square")
    await at(house, organiser, group, ROME, "Paint the wall")
    async with house.work.transaction() as tx:
        await places.locate(tx, organiser, group, "Milan", MILAN)
    browser = await house.browser()
    everywhere = await browser.get("/calls")
    assert "Sweep the square" in everywhere.words and "Paint the wall" in everywhere.words
    for near in (f"/calls?near={group.id}&km=25", "/calls?near=me&lat=45.5&lon=9.2&km=10"):
        found = await browser.get(near)
        assert "Sweep the square" in found.words
        assert "Paint the wall" not in found.words


async def test_how_far_it_is_and_the_nearest_first(house: House, organiser: Account) -> None:
    group = await house.community(organiser)
    await at(house, organiser, group, ROME, "Paint the wall")
    await at(house, organiser, group, Point(41.89, 12.60), "Sweep the yard")
    browser = await house.browser()
    near = "/calls?near=me&lat=41.9&lon=12.6&km=50"
    soonest, nearest = await browser.get(near), await browser.get(f"{near}&sort=distance")
    for seen in (soonest, nearest):
        assert "10 km away" in seen.words or "11 km away" in seen.words
        assert "2 km away" in seen.words
    assert soonest.words.index("Paint") < soonest.words.index("Sweep")
    assert nearest.words.index("Sweep") < nearest.words.index("Paint")
    assert "away" not in (await browser.get("/calls?sort=distance")).words


async def test_calls_of_a_kind(house: House, organiser: Account) -> None:
    group = await house.community(organiser)
    await house.call(organiser, group, "Sow beans")
    browser = await house.browser()
    assert "Sow beans" in (await browser.get("/calls?kind=event")).words
    assert "Sow beans" not in (await browser.get("/calls?kind=petition")).words


@pytest.mark.parametrize(
    "query",
    [
        "kind=nonsense",
        "near=0",
        "near=me&lat=nan&lon=1",
        "near=me&lat=91&lon=0",
        "km=-1",
        "page=9999999",
    ],
)
async def test_what_cannot_be_read_is_not_asked_for(house: House, query: str) -> None:
    browser = await house.browser()
    assert (await browser.get(f"/calls?{query}")).status == 200


async def test_what_is_for_members_is_found_by_nobody_else(
    house: House, organiser: Account
) -> None:
    hidden = await house.community(
        organiser, "quiet", visibility="private", community_policy="request"
    )
    await at(house, organiser, hidden, MILAN, "Whisper in the square")
    async with house.work.transaction() as tx:
        await places.locate(tx, organiser, hidden, "Hidden hill", MILAN)
    stranger, outsider = await house.browser(), await house.browser(await house.person("outsider"))
    for browser in (stranger, outsider):
        for path in ("/calls", "/calls?near=me&lat=45.5&lon=9.2", f"/calls?near={hidden.id}"):
            seen = (await browser.get(path)).text
            assert "Whisper" not in seen
            assert "Hidden hill" not in seen
        assert "quiet" not in (await browser.get("/communities")).words
    member = await house.browser(organiser)
    assert "Whisper" in (await member.get("/calls?near=me&lat=45.5&lon=9.2")).words


async def test_communities_by_a_word(house: House, organiser: Account) -> None:
    await house.community(organiser, "garden")
    browser = await house.browser()
    assert "The shared garden" in (await browser.get("/communities?words=BERRIES")).words
    nothing = await browser.get("/communities?words=<b>%25_")
    assert "The shared garden" not in nothing.words
    assert "<b>%" not in nothing.text
