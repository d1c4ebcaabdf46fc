"""What stands beside a call, over the API and on its page: its sources, its pictures, and
where one takes part from afar."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.test_communities import COMMUNITIES, event, garden, organiser
from tests.api.test_exports import fetched
from tests.api.test_media import sent
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


async def test_a_call_has_pictures(house: House, organiser: Member, garden: str) -> None:
    beds, shed = [await sent(organiser, description=each) for each in ("Two beds", 'A "shed"')]
    call = await made(organiser, garden, media_ids=[beds["id"], shed["id"]])
    assert call["media_attachments"] == [beds, shed]
    status = await house.stranger.good("GET", f"/api/v1/statuses/{call['id']}")
    assert status["media_attachments"] == [beds, shed]
    shown = await page(house, call["url"])
    assert f'<meta property="og:image" content="{beds["url"]}">' in shown
    assert 'alt="A &#34;shed&#34;"' in shown
    feed = await page(house, "/@garden.atom")
    assert f'rel="enclosure" type="image/jpeg" href="{beds["url"]}" title="Two beds"' in feed
    one = f"{CALLS}/{call['id']}"
    kept = await organiser.good("PUT", one, json=event(about="Bring cake"))
    assert kept["media_attachments"] == [beds, shed], "an edit of the text alone"
    less = await organiser.good("PUT", one, json=event(media_ids=[shed["id"]]))
    assert less["media_attachments"] == [shed]
    gone = await organiser.good("PUT", one, json=event(media_ids=[]))
    assert gone["media_attachments"] == []
    assert "og:image" not in await page(house, call["url"])


async def test_what_is_no_picture_of_a_call_is_refused(
    house: House, organiser: Member, garden: str
) -> None:
    other = await house.member("other")
    mute = await sent(organiser)
    theirs = await sent(other, description="Theirs")
    five = [(await sent(organiser, description=str(n)))["id"] for n in range(5)]
    path = f"{COMMUNITIES}/{garden}/calls"
    for ids in ([mute["id"]], [theirs["id"]], ["1"], five):
        assert (await organiser.post(path, json=event(media_ids=ids))).status == 422, ids
    series = event(media_ids=five[:1], rule="FREQ=WEEKLY")
    refused = await organiser.post(f"{COMMUNITIES}/{garden}/series", json=series)
    assert (refused.status, "Pictures" in refused.json["error"]) == (422, True), refused.json
    assert await organiser.good("GET", path) == []


async def test_what_becomes_urgent_is_so_in_its_shifts(organiser: Member, garden: str) -> None:
    shift = {"title": "Morning", "starts_at": "2030-12-05T08:00", "capacity": 1}
    call = await made(organiser, garden, kind="volunteer", shifts=[shift])
    morning = f"{CALLS}/{call['shifts'][0]['id']}"
    for urgent in (True, False):
        sent_ = event(kind="volunteer", urgent=urgent)
        await organiser.good("PUT", f"{CALLS}/{call['id']}", json=sent_)
        assert (await organiser.good("GET", morning))["urgent"] is urgent


# --- the next step


async def test_whoever_has_answered_is_told_of_the_next_step(
    house: House, organiser: Member, garden: str
) -> None:
    further = await made(organiser, garden, title="Plant the trees")
    call = await made(organiser, garden, next_call_id=further["id"])
    one = f"{CALLS}/{call['id']}"
    step = {"call_id": further["id"], "title": "Plant the trees", "url": further["url"]}
    assert call["next"] == step
    assert (await house.stranger.good("GET", one))["next"] == step
    assert "Next:" not in await page(house, call["url"]), "nobody has answered there"
    member = await house.member("member")
    await member.good("POST", f"{one}/answer", json={"answer": "going"})
    await organiser.good("PUT", f"{CALLS}/{further['id']}", json={"state": "cancelled"})
    assert (await member.good("GET", one))["next"] is None, "what is called off is no step"


async def test_a_page_may_be_the_next_step(house: House, organiser: Member, garden: str) -> None:
    call = await made(organiser, garden, next_url="https://union.example/join?a=1")
    one = f"{CALLS}/{call['id']}"
    step = {"call_id": None, "title": "union.example", "url": "https://union.example/join?a=1"}
    assert call["next"] == step
    assert (await organiser.good("PUT", one, json=event(title="Another")))["next"] == step
    assert (await organiser.good("PUT", one, json=event(next_url="")))["next"] is None


@pytest.mark.parametrize(
    "said",
    [
        {"next_url": "http://union.example/"},
        {"next_url": "javascript:alert(1)"},
        {"next_url": "https://union.example/", "next_call_id": "1"},
        {"next_call_id": "1"},
    ],
)
async def test_what_is_no_next_step_is_refused(
    organiser: Member, garden: str, said: dict[str, str]
) -> None:
    answer = await organiser.post(f"{COMMUNITIES}/{garden}/calls", json=event(**said))
    assert answer.status == 422, answer.json
    assert await organiser.good("GET", f"{COMMUNITIES}/{garden}/calls") == []


async def test_no_call_is_its_own_next_step_or_one_that_others_may_not_see(
    house: House, organiser: Member, garden: str
) -> None:
    call = await made(organiser, garden)
    one = f"{CALLS}/{call['id']}"
    answer = await organiser.put(one, json=event(next_call_id=call["id"]))
    assert answer.status == 422
    shed = await organiser.good(
        "POST",
        COMMUNITIES,
        json={"name": "shed", "title": "Shed", "visibility": "private", "policy": "invited"},
    )
    hidden = await made(organiser, shed["id"])
    answer = await organiser.put(one, json=event(next_call_id=hidden["id"]))
    assert answer.status == 422
    second = await made(organiser, shed["id"], next_call_id=hidden["id"])
    assert second["next"]["call_id"] == hidden["id"], "members of one community see both"
    assert (await house.stranger.get(f"{CALLS}/{second['id']}")).status == 404
