"""Passing a call on, through Beckon's own API."""

from __future__ import annotations

from datetime import timedelta

from storage.calls import Details
from tests.api.people import House

BASE = "/api/beckon/v1"


async def test_a_call_has_a_text_for_any_messenger(house: House) -> None:
    organiser = await house.member("organiser")
    garden = await house.community(organiser, "garden")
    starts = house.work.clock.now() + timedelta(days=7)
    details = Details(starts, None, "UTC", place_name="Mill Bridge " * 30)
    post = await house.call(organiser, garden, details, "Plant trees")
    told = await house.stranger.good("GET", f"{BASE}/calls/{post.id}/share")
    assert len(told["text"]) <= 300
    lines = told["text"].splitlines()
    assert (lines[0], lines[-1]) == ("Plant trees", post.url)
    assert told["url"] == post.url
    assert told["qr_url"] == f"{post.url}/qr.svg"
    state = {"state": "cancelled"}
    await organiser.good("PUT", f"{BASE}/calls/{post.id}", json=state)
    told = await house.stranger.good("GET", f"{BASE}/calls/{post.id}/share")
    assert told["text"].splitlines()[1].startswith("Cancelled. ")


async def test_what_may_not_be_seen_is_not_passed_on(house: House) -> None:
    organiser = await house.member("organiser")
    garden = await house.community(organiser, "garden")
    starts = house.work.clock.now() + timedelta(days=7)
    post = await house.call(organiser, garden, Details(starts, None, "UTC"), "Plant trees")
    async with house.work.transaction() as tx:
        await tx.conn.execute("update posts set visibility = 'members' where id = $1", post.id)
    assert (await house.stranger.get(f"{BASE}/calls/{post.id}/share")).status == 404
    assert (await house.stranger.get(f"{BASE}/calls/1/share")).status == 404
    assert (await organiser.get(f"{BASE}/calls/{post.id}/share")).status == 200
