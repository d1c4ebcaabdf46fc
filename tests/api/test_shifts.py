"""A call for volunteers with shifts and roles, over the API, its page and its calendar."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.test_communities import COMMUNITIES, event, garden, organiser
from tests.api.test_exports import fetched
from tests.api.world import House, Member

__all__ = ["garden", "organiser"]
CALLS = "/api/beckon/v1/calls"
ROLES = [{"name": "trained", "places": 1, "skill": "first aid"}, {"name": "newcomer", "places": 2}]
SHIFTS = [
    {"title": "Morning", "starts_at": "2030-12-05T08:00", "ends_at": "2030-12-05T10:00", "roles": ROLES},
    {"title": "Evening", "starts_at": "2030-12-05T18:00", "capacity": 1},
]  # fmt: skip
NOTE = "Legal aid: 555 0199"


async def made(organiser: Member, garden: str, **more: Any) -> dict[str, Any]:
    sent = event(kind="volunteer", shifts=SHIFTS, participants_note=NOTE, timezone="UTC", **more)
    for name in ("starts_at", "ends_at"):
        sent.pop(name, None)
    return await organiser.good("POST", f"{COMMUNITIES}/{garden}/calls", json=sent)


async def test_shifts_and_roles_are_made_shown_and_taken(
    house: House, organiser: Member, garden: str
) -> None:
    call = await made(organiser, garden)
    assert [s["title"] for s in call["shifts"]] == ["Morning", "Evening"]
    assert (call["starts_at"], call["parent_id"]) == ("2030-12-05T08:00:00.000Z", None)
    morning, evening = (s["id"] for s in call["shifts"])
    assert [(a["key"], a["title"]) for a in call["answers"]] == [
        (morning, "Morning"), (evening, "Evening"),
    ]  # fmt: skip
    member = await house.member("member")
    answer = {"shift_id": morning, "role": "trained"}
    after = await member.good("POST", f"{CALLS}/{call['id']}/answer", json=answer)
    taken = after["shifts"][0]
    assert (taken["answer"]["state"], taken["answer"]["role"]) == ("granted", "trained")
    assert [(r["name"], r["taken"]) for r in taken["roles"]] == [("trained", 1), ("newcomer", 0)]
    after = await member.good("POST", f"{CALLS}/{call['id']}/answer", json={"shift_id": evening})
    assert (after["counted"], [s["counted"] for s in after["shifts"]]) == (1, [1, 1])
    one = await member.good("GET", f"{CALLS}/{evening}")
    assert (one["parent_id"], one["answer"]["answer"]) == (call["id"], "going")
    moved = await member.good("POST", f"{CALLS}/{call['id']}/answer", json={"answer": morning})
    assert [s["counted"] for s in moved["shifts"]] == [1, 0]
    gone = await member.good("DELETE", f"{CALLS}/{call['id']}/answer")
    assert (gone["counted"], [s["counted"] for s in gone["shifts"]]) == (0, [0, 0])
    listed = await house.stranger.good("GET", f"{COMMUNITIES}/{garden}/calls")
    assert [c["id"] for c in listed] == [call["id"]]
    other = await organiser.good("POST", f"{COMMUNITIES}/{garden}/calls", json=event())
    wrong = await member.post(f"{CALLS}/{other['id']}/answer", json={"shift_id": morning})
    assert wrong.status == 404


async def test_what_is_for_those_who_take_part_is_for_nobody_else(
    house: House, organiser: Member, garden: str
) -> None:
    call = await made(organiser, garden)
    one = f"{CALLS}/{call['id']}"
    evening = call["shifts"][1]["id"]
    first, second = await house.member("first"), await house.member("second")
    assert call["participants_note"] == NOTE
    assert (await first.good("GET", one))["participants_note"] is None
    assert (await house.stranger.good("GET", one))["participants_note"] is None
    await first.good("POST", f"{one}/answer", json={"shift_id": evening})
    await second.good("POST", f"{one}/answer", json={"shift_id": evening})
    assert (await first.good("GET", one))["participants_note"] == NOTE
    assert (await first.good("GET", f"{CALLS}/{evening}"))["participants_note"] == NOTE
    assert (await second.good("GET", one))["participants_note"] is None  # waits
    await first.good("DELETE", f"{one}/answer")
    assert (await first.good("GET", one))["participants_note"] is None
    assert (await second.good("GET", one))["participants_note"] == NOTE
    for path in (f"/calls/{call['id']}", f"/cards/{call['id']}", f"/calls/{evening}"):
        status, shown, _ = await fetched(house.stranger, path)
        assert (status, NOTE.encode() in shown) == (200, False)
    status, shown, _ = await fetched(house.stranger, f"/api/v1/statuses/{call['id']}")
    assert (status, NOTE.encode() in shown) == (200, False)


async def test_the_page_and_the_calendar_show_each_shift(
    house: House, organiser: Member, garden: str
) -> None:
    call = await made(organiser, garden)
    _, page, _ = await fetched(house.stranger, f"/calls/{call['id']}")
    assert b"Morning" in page
    assert b"first aid" in page
    assert len(page) < 60_000
    _, calendar, _ = await fetched(house.stranger, f"/calls/{call['id']}.ics")
    assert calendar.count(b"BEGIN:VEVENT") == 2
    assert b"SUMMARY:Dig & plant: Morning" in calendar


@pytest.mark.parametrize(
    "shifts",
    [
        [{"title": "Morning"}],
        [{"title": "", "starts_at": "2030-12-05T08:00"}],
        [{"title": "Morning", "starts_at": "2030-12-05T08:00", "roles": [{"name": "cook"}]}],
        [SHIFTS[0], SHIFTS[0]],
    ],
)
async def test_what_is_no_shift_is_refused(
    organiser: Member, garden: str, shifts: list[dict[str, Any]]
) -> None:
    path = f"{COMMUNITIES}/{garden}/calls"
    answer = await organiser.post(path, json=event(kind="volunteer", shifts=shifts))
    assert answer.status == 422
    assert (await organiser.post(path, json=event(shifts=SHIFTS))).status == 422
    petition = event(kind="petition", participants_note=NOTE)
    del petition["starts_at"]
    assert (await organiser.post(path, json=petition)).status == 422


async def test_who_is_banned_is_told_nothing_more(
    house: House, organiser: Member, garden: str
) -> None:
    call = await made(organiser, garden)
    one, member = f"{CALLS}/{call['id']}", await house.member("member")
    await member.good("POST", f"{one}/answer", json={"shift_id": call["shifts"][0]["id"]})
    assert (await member.good("GET", one))["participants_note"] == NOTE
    ban = {"reason": "Was rude"}
    await organiser.good("POST", f"{COMMUNITIES}/{garden}/ban/{member.id}", json=ban)
    assert (await member.good("GET", one))["participants_note"] is None
