"""What stands beside a call, over the API and on its page: its sources."""

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
