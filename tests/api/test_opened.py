"""Opening one call of a private community, through Beckon's own API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.api.people import House, Member

BASE = "/api/beckon/v1"
NOTHING = {"url": None, "text": None, "hosted_by": "", "opened_at": None, "names": []}


async def _call(house: House, by: Member) -> tuple[str, Any]:
    """The path of a private community, and a call of it."""
    wish = {"name": "shed", "title": "The shed", "policy": "request", "visibility": "private"}
    group = await by.good("POST", f"{BASE}/communities", json=wish)
    here = f"{BASE}/communities/{group['id']}"
    soon = (house.work.clock.now() + timedelta(days=9)).isoformat()
    said = {"kind": "event", "title": "Turn the compost", "starts_at": soon}
    return here, await by.good("POST", f"{here}/calls", json=said)


async def test_who_steers_opens_a_call_and_takes_it_back(house: House) -> None:
    organiser = await house.member("organiser")
    _, call = await _call(house, organiser)
    one = f"{BASE}/calls/{call['id']}/opened"
    assert await organiser.good("GET", one) == NOTHING
    made = await organiser.good("PUT", one, json={"hosted_by": "A neighbour"})
    assert made["hosted_by"] == "A neighbour"
    assert made["text"].splitlines()[0] == "Turn the compost"
    assert made["text"].splitlines()[-1] == made["url"]
    assert await organiser.good("GET", one) == made
    assert await organiser.good("DELETE", one) == {}
    assert await organiser.good("DELETE", one) == {}, "a repeat is no event"
    assert await organiser.good("GET", one) == NOTHING | {"hosted_by": "A neighbour"}
    again = await organiser.good("PUT", one, json={})
    assert again["url"] != made["url"]


async def test_nobody_else_opens_or_learns_the_address(house: House) -> None:
    organiser, member, other = [await house.member(n) for n in ("organiser", "member", "other")]
    here, call = await _call(house, organiser)
    await member.good("POST", f"{here}/join", json={})
    await organiser.good("POST", f"/api/v1/follow_requests/{member.id}/authorize")
    one = f"{BASE}/calls/{call['id']}/opened"
    for who, status in ((house.stranger, 401), (other, 404)):
        for method in ("GET", "PUT", "DELETE"):
            assert (await who.ask(method, one)).status == status
    assert {(await member.ask(m, one)).status for m in ("GET", "PUT", "DELETE")} <= {403, 404}
    assert await organiser.good("GET", one) == NOTHING


async def test_what_may_not_be_opened_says_why(house: House) -> None:
    organiser = await house.member("organiser")
    here, call = await _call(house, organiser)
    long = await organiser.put(f"{BASE}/calls/{call['id']}/opened", json={"hosted_by": "x" * 101})
    assert long.status == 422
    said = {"kind": "decision", "title": "Whether", "options": ["Yes", "No"]}
    decision = await organiser.good("POST", f"{here}/calls", json=said)
    refused = await organiser.put(f"{BASE}/calls/{decision['id']}/opened")
    assert refused.status == 403
    assert "members alone" in refused.json["error"]
