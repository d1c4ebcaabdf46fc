"""Calls for other tools: out as OSDI and CSV, and in from OSDI and calendars."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import aiohttp
import orjson
import pytest

from tests.api.people import House, Member

BECKON = "/api/beckon/v1"
SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=9)


@pytest.fixture
async def organiser(house: House) -> Member:
    return await house.member("organiser")


@pytest.fixture
async def garden(organiser: Member) -> str:
    sent = {"name": "garden", "title": "The garden"}
    return (await organiser.good("POST", f"{BECKON}/communities", json=sent))["id"]


async def called(organiser: Member, garden: str, **more: Any) -> str:
    sent = {"title": "Dig & plant", "about": "Bring tea"} | more
    made = await organiser.good("POST", f"{BECKON}/communities/{garden}/calls", json=sent)
    return f"{BECKON}/calls/{made['id']}"


async def event(organiser: Member, garden: str) -> str:
    return await called(organiser, garden, starts_at=SOON.isoformat(), place={"name": "Shed"})


async def fetched(who: Member, path: str) -> tuple[int, bytes, Mapping[str, str]]:
    url = path if path.startswith("http") else who.base + path
    async with who.http.get(url, headers=who.token) as answer:
        return answer.status, await answer.read(), answer.headers


async def test_an_event_as_osdi(house: House, organiser: Member, garden: str) -> None:
    one = await event(organiser, garden)
    guest = await house.member("guest")
    await guest.good("POST", f"{one}/answer", json={"answer": "going"})
    status, body, headers = await fetched(house.stranger, f"{one}/export.osdi.json")
    assert (status, headers["Content-Type"]) == (200, "application/hal+json")
    told = orjson.loads(body)
    assert (told["title"], told["total_accepted"], told["location"]) == (
        "Dig & plant",
        1,
        {"venue": "Shed"},
    )
    assert told["start_date"] == SOON.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert "_embedded" not in told
    with_answers = f"{one}/export.osdi.json?answers=true"
    for who, refused in ((house.stranger, 401), (guest, 403)):
        assert (await fetched(who, with_answers))[0] == refused
    full = orjson.loads((await fetched(organiser, with_answers))[1])
    (record,) = full["_embedded"]["osdi:attendances"]
    assert record["status"] == "accepted"
    person = record["_embedded"]["osdi:person"]
    assert person["identifiers"] == [f"activitypub:{guest.account and guest.account.uri}"]


async def test_who_signed_is_named_where_they_said_so(
    house: House, organiser: Member, garden: str
) -> None:
    one = await called(organiser, garden, kind="petition")
    quiet, open_ = await house.member("quiet"), await house.member("open")
    await quiet.good("POST", f"{one}/answer", json={"answer": "sign"})
    await open_.good("POST", f"{one}/answer", json={"answer": "sign_named"})
    _, body, _ = await fetched(organiser, f"{one}/export.osdi.json?answers=true")
    told = orjson.loads(body)
    assert told["total_signatures"] == 2
    named = ["_embedded" in record for record in told["_embedded"]["osdi:signatures"]]
    assert sorted(named) == [False, True]
    _, table, _ = await fetched(organiser, f"{one}/export.csv")
    _, listed, _ = await fetched(organiser, f"{one}/participants")
    assert [p["account"]["username"] for p in orjson.loads(listed)] == ["open"]
    for body in (orjson.dumps(told), table, listed):
        assert b"quiet" not in body
        assert b"open" in body


async def test_who_is_not_named_answered_on_a_day_and_at_no_second(
    house: House, organiser: Member, garden: str
) -> None:
    one = await called(organiser, garden, kind="petition")
    signer = await house.member("signer")
    await signer.good("POST", f"{one}/answer", json={"answer": "sign"})
    body = (await fetched(organiser, f"{one}/export.csv"))[1]
    (row,) = csv.DictReader(io.StringIO(body.decode("utf-8-sig")))
    assert row["handle"] == ""
    assert row["answered_at"].endswith("T00:00:00.000Z")
    full = orjson.loads((await fetched(organiser, f"{one}/export.osdi.json?answers=true"))[1])
    (record,) = full["_embedded"]["osdi:signatures"]
    assert {record["created_date"][10:], record["modified_date"][10:]} == {"T00:00:00Z"}


async def test_a_list_for_a_spreadsheet(house: House, organiser: Member, garden: str) -> None:
    one = await event(organiser, garden)
    guest = await house.member("guest")
    bad = {"display_name": '=HYPERLINK("https://bad.example")'}
    await guest.good("PATCH", "/api/v1/accounts/update_credentials", json=bad)
    await guest.good("POST", f"{one}/answer", json={"answer": "going"})
    status, body, headers = await fetched(organiser, f"{one}/export.csv")
    assert (status, headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert headers["Content-Disposition"].startswith("attachment")
    head, line = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""))
    told = dict(zip(head, line, strict=True))
    assert (told["answer"], told["state"], told["tier"]) == ("going", "granted", "confirmed")
    assert told["name"] == f"'{bad['display_name']}"
    assert (await fetched(guest, f"{one}/export.csv"))[0] == 403
    assert (await fetched(house.stranger, f"{one}/export.csv"))[0] == 401


async def test_what_is_no_call_has_no_export(organiser: Member) -> None:
    post = await organiser.says("hello")
    for ending in ("osdi.json", "csv"):
        assert (await fetched(organiser, f"{BECKON}/calls/{post['id']}/export.{ending}"))[0] == 404


def calendar(*events: tuple[str, str, datetime]) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN"]
    for uid, title, at in events:
        start = f"DTSTART:{at:%Y%m%dT%H%M%SZ}"
        lines += [
            "BEGIN:VEVENT",
            f"UID:{uid}",
            f"SUMMARY:{title}",
            start,
            "DESCRIPTION:Tea",
            "END:VEVENT",
        ]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def sending(body: bytes, *uids: str) -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("file", BytesIO(body), filename="calls")
    for uid in uids:
        form.add_field("uids[]", uid)
    return form


async def test_a_calendar_is_looked_through_and_taken_in(
    house: House, organiser: Member, garden: str
) -> None:
    path = f"{BECKON}/communities/{garden}/calls/import"
    file = calendar(("1@x", "Sow", SOON), ("2@x", "Reap", SOON + timedelta(days=90)))
    passer = await house.member("passer")
    assert (await passer.post(path, data=sending(file, "1@x"))).status == 403
    seen = await organiser.good("POST", path, data=sending(file))
    assert [(each["uid"], each["title"], each["call_id"]) for each in seen] == [
        ("1@x", "Sow", None), ("2@x", "Reap", None),
    ]  # fmt: skip
    assert await organiser.good("GET", f"{BECKON}/communities/{garden}/calls") == []
    made = await organiser.good("POST", path, data=sending(file, "2@x"))
    (call,) = await organiser.good("GET", f"{BECKON}/communities/{garden}/calls")
    assert (call["id"], call["title"]) == (made[1]["call_id"], "Reap")
    assert "Tea" in call["about"]


async def test_an_export_is_taken_in_elsewhere(organiser: Member, garden: str) -> None:
    """What goes out as OSDI comes in again as the same call."""
    for one in (await event(organiser, garden), await called(organiser, garden, kind="petition")):
        _, body, _ = await fetched(organiser, f"{one}/export.osdi.json")
        uid = orjson.loads(body)["identifiers"][0]
        path = f"{BECKON}/communities/{garden}/calls/import"
        (made,) = await organiser.good("POST", path, data=sending(body, uid))
        before = await organiser.good("GET", one)
        after = await organiser.good("GET", f"{BECKON}/calls/{made['call_id']}")
        for field in ("kind", "title", "starts_at", "ends_at", "place", "capacity"):
            assert after[field] == before[field], field
        assert "Bring tea" in after["about"]


@pytest.mark.parametrize(
    ("body", "uids"),
    [
        (b"no calendar", ()),
        (b"{}", ()),
        (calendar(("1@x", "Sow", SOON)), ("2@x",)),
        (calendar(("1@x", "Past", SOON), ("2@x", "Old", SOON - timedelta(days=90))), ("1@x", "2@x")),
        (calendar(*((f"{n}@x", "Sow", SOON) for n in range(21))), tuple(f"{n}@x" for n in range(21))),
    ],
)  # fmt: skip
async def test_what_cannot_be_taken_in_leaves_nothing(
    organiser: Member, garden: str, body: bytes, uids: tuple[str, ...]
) -> None:
    path = f"{BECKON}/communities/{garden}/calls/import"
    assert (await organiser.post(path, data=sending(body, *uids))).status == 422
    assert (await organiser.post(path, json={})).status == 422
    assert await organiser.good("GET", f"{BECKON}/communities/{garden}/calls") == []


@pytest.mark.parametrize("mark", ["official", "commercial"])
async def test_an_office_or_a_firm_exports_nobody(
    house: House, organiser: Member, garden: str, mark: str
) -> None:
    """As it sees no list of participants (test_privacy), whatever its role."""
    one = await event(organiser, garden)
    guest = await house.member("guest")
    await guest.good("POST", f"{one}/answer", json={"answer": "going"})
    await organiser.good("PUT", f"{BECKON}/affiliation", json={"affiliation": mark})
    for ending in ("export.csv", "export.osdi.json?answers=true"):
        status, body, _ = await fetched(organiser, f"{one}/{ending}")
        assert status == 403
        assert b"guest" not in body
    assert (await fetched(organiser, f"{one}/export.osdi.json"))[0] == 200
