"""What happens around a call, through Beckon's own API: outcomes, messages, reminders."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from storage.calls import Details
from tests.api.conftest import Running
from tests.api.people import House, Member
from tests.api.working import run_jobs

BASE = "/api/beckon/v1"


@pytest.fixture
async def cast(house: House) -> tuple[Member, Member, str]:
    """An organiser, somebody who comes, and the call's id."""
    organiser, member = await house.member("organiser"), await house.member("member")
    garden = await house.community(organiser, "garden")
    starts = house.work.clock.now() + timedelta(days=7)
    post = await house.call(organiser, garden, Details(starts, None, "UTC"), "Plant trees")
    await member.good("POST", f"{BASE}/calls/{post.id}/answer", json={"answer": "going"})
    return organiser, member, str(post.id)


async def letters(who: Member) -> list[str]:
    told = await who.good("GET", "/api/v1/notifications?types[]=mention")
    return [n["status"]["content"] for n in told if n["status"]["visibility"] == "direct"]


async def test_an_outcome_is_on_the_call_and_on_its_status(
    here: Running, cast: tuple[Member, Member, str]
) -> None:
    organiser, member, call = cast
    early = await organiser.post(f"{BASE}/calls/{call}/outcome", json={"outcome": "Done"})
    assert early.status == 403
    here.clock.forward(days=8)
    said = {"outcome": "Forty trees.\n\nThank you!"}
    refused = await member.post(f"{BASE}/calls/{call}/outcome", json=said)
    assert refused.status == 403
    assert (await organiser.post(f"{BASE}/calls/{call}/outcome", json={})).status == 422
    noted = await organiser.good("POST", f"{BASE}/calls/{call}/outcome", json=said)
    assert noted["outcome"] == "<p>Forty trees.</p><p>Thank you!</p>"
    status = await member.good("GET", f"/api/v1/statuses/{call}")
    assert "Forty trees." in status["content"]
    below = await member.good("GET", f"/api/v1/statuses/{call}/context")
    assert [s["account"]["acct"] for s in below["descendants"]] == ["garden"]
    told = await member.good("GET", "/api/v1/notifications?types[]=update")
    assert [n["status"]["id"] for n in told] == [call]


async def test_organisers_write_to_those_who_come(
    here: Running, cast: tuple[Member, Member, str]
) -> None:
    organiser, member, call = cast
    path = f"{BASE}/calls/{call}/messages"
    assert (await member.post(path, json={"text": "Buy this"})).status == 403
    for what in ("gloves", "g" * 1990, "gloves"):
        await organiser.good("POST", path, json={"text": f"Bring {what}"})
    assert (await organiser.post(path, json={"text": "And tea"})).status == 429
    await run_jobs(here.work)
    assert len(await letters(member)) == 3
    assert "Bring gloves" in (await letters(member))[0]
    assert await letters(organiser) == []


async def test_who_comes_writes_to_the_organisers_in_private(
    house: House, cast: tuple[Member, Member, str]
) -> None:
    organiser, member, _ = cast
    said = await member.says("@garden May I come later?", visibility="direct")
    assert "May I come later?" in (await letters(organiser))[0]
    answered = await organiser.says(
        "@member Of course", visibility="direct", in_reply_to_id=said["id"]
    )
    assert (await member.get(f"/api/v1/statuses/{answered['id']}")).status == 200
    outsider = await house.member("outsider")
    for who in (outsider, house.stranger):
        assert (await who.get(f"/api/v1/statuses/{said['id']}")).status == 404


async def test_reminders_are_switched_off_and_on(
    here: Running, cast: tuple[Member, Member, str]
) -> None:
    _, member, _ = cast
    path = f"{BASE}/reminders"
    assert await member.good("GET", path) == {"on": True}
    for on in (False, False, True, True, False):
        changed: Any = await member.good("PUT", path, json={"on": on})
        assert changed == {"on": on} == await member.good("GET", path)
    here.clock.forward(days=6, hours=23)
    await run_jobs(here.work)
    assert await letters(member) == []
