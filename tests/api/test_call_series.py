"""Calls that repeat, through Beckon's own API, and in the calendar of their community."""

from __future__ import annotations

from typing import Any

from tests.api.people import House, Member

BASE = "/api/beckon/v1"
SUPPER = {
    "title": "Supper for all", "starts_at": "2035-03-01T18:30", "ends_at": "2035-03-01T20:30",
    "timezone": "Europe/Rome", "place": {"name": "The kitchen"}, "rule": "FREQ=WEEKLY;BYDAY=TH",
}  # fmt: skip


async def made(house: House) -> tuple[Member, str, Any]:
    organiser = await house.member("organiser")
    kitchen = await house.community(organiser, "kitchen")
    path = f"{BASE}/communities/{kitchen.id}/series"
    return organiser, path, await organiser.good("POST", path, json=SUPPER)


async def test_a_series_is_three_ordinary_calls(house: House) -> None:
    organiser, path, series = await made(house)
    assert (series["title"], series["state"], series["rule"]) == (
        "Supper for all", "running", "FREQ=WEEKLY;BYDAY=TH",
    )  # fmt: skip
    starts = [call["starts_at"][:16] for call in series["calls"]]
    assert starts == ["2035-03-01T17:30", "2035-03-08T17:30", "2035-03-15T17:30"]
    assert await house.stranger.good("GET", path) == [series]
    later = {**SUPPER, "starts_at": "2035-03-01T19:00", "ends_at": "2035-03-01T21:00"}
    changed = await organiser.good("PUT", f"{BASE}/series/{series['id']}", json=later)
    assert [call["starts_at"][11:16] for call in changed["calls"]] == ["18:00"] * 3
    assert [c["id"] for c in changed["calls"]] == [c["id"] for c in series["calls"]]
    async with house.http.get(f"{house.base}/@kitchen.ics") as answer:
        assert (await answer.text()).count("BEGIN:VEVENT") == 3
    assert (await organiser.good("DELETE", f"{BASE}/series/{series['id']}")) == {}
    call = await organiser.good("GET", f"{BASE}/calls/{series['calls'][0]['id']}")
    assert call["state"] == "cancelled"
    assert await house.stranger.good("GET", path) == []


async def test_only_stewards_make_what_repeats(house: House) -> None:
    organiser, path, series = await made(house)
    member = await house.member("member")
    one = f"{BASE}/series/{series['id']}"
    assert (await member.post(path, json=SUPPER)).status == 403
    assert (await member.put(one, json=SUPPER)).status == 403
    assert (await member.post(f"{one}/confirm")).status == 403
    assert (await member.delete(one)).status == 403
    assert (await organiser.post(path, json={**SUPPER, "rule": "FREQ=HOURLY"})).status == 422
    assert (await organiser.post(f"{one}0/confirm")).status == 404
    assert (await organiser.good("POST", f"{one}/confirm"))["state"] == "running"
