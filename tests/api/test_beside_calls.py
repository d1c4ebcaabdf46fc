"""What stands beside a call, over the API and on its page: its sources, and where one
takes part from afar."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.test_communities import COMMUNITIES, event, garden, organiser
from tests.api.test_exports import fetched
from tests.api.world import House, Member

__all__ = ["garden", "organiser"]
CALLS = "/api/beckon/v1/calls"
REPORT = {"url": "https://town.example/report?a=1&b=2", "title": "What the town <says>"}


async def page(house: House, path: str) -> str:
    return (await fetched(house.stranger, path))[1].decode()


async def made(organiser: Member, garden: str, **more: Any) -> dict[str, Any]:
    return await organiser.good("POST", f"{COMMUNITIES}/{garden}/calls", json=event(**more))


async def test_a_call_names_its_sources(house: House, organiser: Member, garden: str) -> None:
    nameless = {"url": "https://press.example/1", "title": ""}
    call = await made(organiser, garden, sources=[REPORT, nameless])
    one = f"{CALLS}/{call['id']}"
    assert call["sources"] == [REPORT, {"url": nameless["url"], "title": "press.example"}]
    shown = await page(house, call["url"])
    assert 'href="https://town.example/report?a=1&amp;b=2" rel="noopener nofollow"' in shown
    assert "What the town &lt;says&gt;" in shown
    kept = await organiser.good("PUT", one, json=event(title="Another"))
    assert kept["sources"] == call["sources"], "what is not sent stays"
    gone = await organiser.good("PUT", one, json=event(sources=[]))
    assert gone["sources"] == []
    assert "town.example" not in await page(house, call["url"])


@pytest.mark.parametrize(
    "sources",
    [
        [{**REPORT, "url": "http://town.example/"}],
        [{**REPORT, "url": "javascript:alert(1)"}],
        [{**REPORT, "url": "https://town.example@evil.example/"}],
        [{**REPORT, "url": "https://town.example/\u202e"}],
        [{**REPORT, "url": "https://town.example/" + "a" * 2000}],
        [{**REPORT, "title": "a" * 201}],
        [{"title": "nothing"}],
        [REPORT] * 6,
    ],
)
async def test_what_is_no_source_is_refused(
    organiser: Member, garden: str, sources: list[dict[str, str]]
) -> None:
    answer = await organiser.post(f"{COMMUNITIES}/{garden}/calls", json=event(sources=sources))
    assert answer.status == 422, answer.json
    assert await organiser.good("GET", f"{COMMUNITIES}/{garden}/calls") == []


async def test_the_short_form_has_a_line_for_it(organiser: Member, garden: str) -> None:
    typed = "@garden !petition Keep it\nsource: https://town.example/report The report"
    status = await organiser.says(typed)
    call = await organiser.good("GET", f"{CALLS}/{status['id']}")
    assert call["sources"] == [{"url": "https://town.example/report", "title": "The report"}]
    wrong = "@garden !petition Keep it\ngoal: 3\nsource: the report"
    answer = await organiser.post("/api/v1/statuses", json={"status": wrong})
    assert (answer.status, "Line 3" in answer.json["error"]) == (422, True)


ROOM = "https://meet.example/room?a=1&b=2"


async def calendar(house: House, call: dict[str, Any]) -> str:
    body = (await fetched(house.stranger, f"{call['url']}.ics"))[1].decode()
    return body.replace("\r\n ", "")


async def test_an_event_is_met_online_or_at_both(
    house: House, organiser: Member, garden: str
) -> None:
    call = await made(organiser, garden, online_url=ROOM)
    assert (call["online_url"], call["online_for_participants"]) == (ROOM, False)
    told = await calendar(house, call)
    assert f"CONFERENCE;LABEL=Online;VALUE=URI:{ROOM}" in told
    assert "LOCATION:The shed" in told
    assert "meet.example/room?a=1&amp;b=2" in await page(house, call["url"])
    one = f"{CALLS}/{call['id']}"
    kept = await organiser.good("PUT", one, json=event(title="Another", place={}))
    assert kept["online_url"] == ROOM, "what is not sent stays"
    assert f"LOCATION:{ROOM}" in await calendar(house, call)
    gone = await organiser.good("PUT", one, json=event(online_url=""))
    assert gone["online_url"] is None
    assert "meet.example" not in await calendar(house, call)


async def test_where_only_participants_meet_is_told_to_them_alone(
    house: House, organiser: Member, garden: str
) -> None:
    said = {"online_url": ROOM, "online_for_participants": True, "capacity": 1}
    call = await made(organiser, garden, **said)
    one = f"{CALLS}/{call['id']}"
    first, second = await house.member("first"), await house.member("second")
    for who in (house.stranger, first):
        seen = await who.good("GET", one)
        assert (seen["online_url"], seen["online_for_participants"]) == (None, True)
    going = await first.good("POST", f"{one}/answer", json={"answer": "going"})
    assert going["online_url"] == ROOM
    waits = await second.good("POST", f"{one}/answer", json={"answer": "going"})
    assert waits["online_url"] is None
    status = f"/api/v1/statuses/{call['id']}"
    for path in (
        call["url"],
        f"{call['url']}.ics",
        call["uri"],
        status,
        f"{COMMUNITIES}/{garden}/calls",
    ):
        assert "meet.example" not in await page(house, path), path
    assert "are told where" in await page(house, call["url"])
    await first.good("DELETE", f"{one}/answer")
    assert (await first.good("GET", one))["online_url"] is None
    assert (await second.good("GET", one))["online_url"] == ROOM, "a place became free"
    assert (await organiser.good("GET", one))["online_url"] == ROOM


@pytest.mark.parametrize("url", ["http://meet.example/", "meet.example", "https://a@b.example/"])
async def test_what_is_no_place_online_is_refused(organiser: Member, garden: str, url: str) -> None:
    path = f"{COMMUNITIES}/{garden}/calls"
    assert (await organiser.post(path, json=event(online_url=url))).status == 422
    petition = {"kind": "petition", "title": "Keep it", "online_url": ROOM}
    assert (await organiser.post(path, json=petition)).status == 422
