"""A call that its organisers deleted, over the API, while those who answered hear of it: nobody brings it back or sees it."""

from __future__ import annotations

from typing import Any

from federation.media_types import ACTIVITY_JSON
from tests.api.test_communities import COMMUNITIES, event, garden, organiser
from tests.api.test_exports import fetched
from tests.api.test_shifts import CALLS, made
from tests.api.world import House, Member

__all__ = ["garden", "organiser"]
PAGE: dict[str, str] = {}
DOCUMENT = {"Accept": ACTIVITY_JSON}


async def _deleted(house: House, organiser: Member, garden: str) -> dict[str, Any]:
    call = await organiser.good("POST", f"{COMMUNITIES}/{garden}/calls", json=event())
    comes = await house.member("comes")
    await comes.good("POST", f"{CALLS}/{call['id']}/answer", json={"answer": "going"})
    await organiser.good("DELETE", f"/api/v1/statuses/{call['id']}")
    assert (await organiser.get(f"{CALLS}/{call['id']}")).status == 404
    return call


async def test_no_act_of_a_steward_finds_it_or_brings_it_back(
    house: House, organiser: Member, garden: str
) -> None:
    call = await _deleted(house, organiser, garden)
    for act in ("restore", "lock", "unlock", "remove", "feature", "unfeature"):
        path = f"{COMMUNITIES}/{garden}/posts/{call['id']}/{act}"
        assert (await organiser.post(path, json={})).status == 404, act
    assert (await organiser.get(f"{CALLS}/{call['id']}")).status == 404


async def test_a_shift_is_gone_from_its_call(house: House, organiser: Member, garden: str) -> None:
    call = await made(organiser, garden)
    morning, evening = (s["id"] for s in call["shifts"])
    comes = await house.member("comes")
    await comes.good("POST", f"{CALLS}/{call['id']}/answer", json={"shift_id": morning})
    await organiser.good("DELETE", f"/api/v1/statuses/{morning}")
    assert (await organiser.get(f"{CALLS}/{morning}")).status == 404
    shown = await comes.good("GET", f"{CALLS}/{call['id']}")
    assert [s["id"] for s in shown["shifts"]] == [evening]
    for path in (f"/calls/{call['id']}", f"/calls/{call['id']}.ics"):
        status, body, _ = await fetched(house.stranger, path)
        assert status == 200
        assert f"/calls/{morning}".encode() not in body
        assert f"/calls/{evening}".encode() in body


PAGES = (
    "/calls/{id}", "/calls/{id}.ics", "/calls/{id}.atom", "/calls/{id}/poster", "/calls/{id}/qr.svg", "/cards/{id}",
    "/posts/{id}", "/calls/{id}/page", "/calls/{id}/attendees", "/calls/{id}/organizers", "/calls/{id}/replies",
    "/calls/{id}/likes", "/calls/{id}/shares", "/calls/{id}/context",
)  # fmt: skip
LISTS = (
    "/@garden", "/@garden.atom", "/@garden.ics", "/calls", "/calendar.ics", "/communities/{group}/outbox?page=true",
    "/communities/{group}/outbox?before=9000000000000000000", "/communities/{group}/featured",
    "/communities/{group}/upcoming", "/@garden/impact", "/api/v1/timelines/home",
    "/api/v1/timelines/public?local=true", "/api/v1/accounts/{group}/statuses", "/api/v1/bookmarks",
    "/api/v1/favourites", "/api/v1/notifications", "/api/v1/trends/statuses", "/api/v2/search?q={title}",
    COMMUNITIES + "/{group}/calls", "/api/beckon/v1/invites", "/api/v1/conversations",
)  # fmt: skip


async def test_nothing_shows_it(house: House, organiser: Member, garden: str) -> None:
    call = await _deleted(house, organiser, garden)
    comes = await house.member("other")
    for who in (organiser, comes, house.stranger):
        for path in PAGES:
            for headers in PAGE, DOCUMENT:
                url = who.base + path.format(id=call["id"])
                async with who.http.get(url, headers=headers | dict(who.token)) as answer:
                    assert answer.status in (404, 406, 410), (path, answer.status)
        for path in LISTS:
            for headers in PAGE, DOCUMENT:
                url = who.base + path.format(group=garden, title="compost", id=call["id"])
                async with who.http.get(url, headers=headers | dict(who.token)) as answer:
                    body = await answer.text()
                    assert answer.status < 500, path
                    assert call["title"] not in body, path
                    assert call["id"] not in body, path
