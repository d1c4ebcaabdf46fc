"""Announcements: shown to members, dismissed, reacted to."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest

from server.domain.moderating import announcements
from server.domain.moderating.announcements import is_emoji
from server.errors import Invalid
from tests.api.conftest import Running
from tests.api.fields import check
from tests.api.people import House, Member

PATH = "/api/v1/announcements"


@pytest.fixture
async def reader(house: House) -> Member:
    return await house.member("reader")


async def announce(house: House, said: str, **more: object) -> str:
    async with house.work.transaction() as tx:
        made = await announcements.announce(tx, said, **more)  # pyright: ignore[reportArgumentType]
    return str(made.id)


async def test_members_are_told(house: House, here: Running, reader: Member) -> None:
    ends = here.clock.now() + timedelta(hours=1)
    first = await announce(house, "Maintenance at <ten>", ends_at=ends)
    second = await announce(house, "We meet #outside")
    shown = await reader.good("GET", PATH)
    check(shown, ["Announcement"])
    assert [a["id"] for a in shown] == [second, first]
    assert shown[1]["content"] == "<p>Maintenance at &lt;ten&gt;</p>"
    assert [t["name"] for t in shown[0]["tags"]] == ["outside"]
    assert (await house.stranger.get(PATH)).status == 401
    here.clock.forward(hours=2)
    assert [a["id"] for a in await reader.good("GET", PATH)] == [second]
    assert (await reader.post(f"{PATH}/{first}/dismiss")).status == 404


async def test_one_is_dismissed_for_oneself(house: House, reader: Member) -> None:
    one = await announce(house, "Hello")
    for _ in range(2):
        assert await reader.good("POST", f"{PATH}/{one}/dismiss") == {}
    other = await house.member("other")
    assert (await reader.good("GET", PATH))[0]["read"] is True
    assert (await other.good("GET", PATH))[0]["read"] is False
    assert (await reader.post(f"{PATH}/999/dismiss")).status == 404


async def test_members_react(house: House, reader: Member) -> None:
    one, other = await announce(house, "Hello"), await house.member("other")
    path = f"{PATH}/{one}/reactions/{quote('🌱')}"
    for member in (reader, reader, other):
        assert await member.good("PUT", path) == {}
    await other.good("PUT", f"{PATH}/{one}/reactions/{quote('❤️')}")
    (shown,) = await reader.good("GET", PATH)
    check([shown], ["Announcement"])
    assert shown["reactions"] == [
        {"name": "🌱", "count": 2, "me": True},
        {"name": "❤️", "count": 1, "me": False},
    ]
    assert await reader.good("DELETE", path) == {}
    await reader.good("DELETE", path)
    (shown,) = await reader.good("GET", PATH)
    assert shown["reactions"][0] == {"name": "🌱", "count": 1, "me": False}


async def test_reactions_that_are_refused(house: House, reader: Member) -> None:
    one = await announce(house, "Hello")
    for name in ("a", "blobcat", "🌱" * 13, "<b>", "1"):
        assert (await reader.put(f"{PATH}/{one}/reactions/{quote(name)}")).status == 422
    assert (await reader.put(f"{PATH}/999/reactions/{quote('🌱')}")).status == 404
    kinds = "🌱🌲🌳🌴🌵🌷🌸🌹🌺"
    answers = [await reader.put(f"{PATH}/{one}/reactions/{quote(kind)}") for kind in kinds]
    assert [a.status for a in answers] == [200] * 8 + [422]
    other = await house.member("other")
    assert (await other.put(f"{PATH}/{one}/reactions/{quote('🌱')}")).status == 200


@pytest.mark.parametrize("name", ["🌱", "❤️", "👩‍🌾", "🇮🇹", "1️⃣", "👍🏽", "#⃣"])
def test_emoji(name: str) -> None:
    assert is_emoji(name)


@pytest.mark.parametrize("name", ["", "x", "é", "12", "+", "❤️x", "\u200d", " ", "a\u20e3"])
def test_no_emoji(name: str) -> None:
    assert not is_emoji(name)


async def test_what_cannot_be_announced(house: House, here: Running) -> None:
    now = here.clock.now()
    async with house.work.transaction() as tx:
        for said in (" ", "x" * 5001):
            with pytest.raises(Invalid):
                await announcements.announce(tx, said)
        with pytest.raises(Invalid):
            await announcements.announce(tx, "x", now, now - timedelta(hours=1))
