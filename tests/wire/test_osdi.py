"""Calls in the shapes of OSDI, and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from federation import calendars, osdi
from federation.errors import Refused
from federation.osdi import Answer, Call, Person, Place

AT = datetime(2026, 12, 5, 10, tzinfo=UTC)
HERE = "https://a.example/api/beckon/v1/calls/7/export.osdi.json"
PETITION = Call(
    uri="https://a.example/calls/7",
    url="https://a.example/calls/7",
    kind="petition",
    title="Keep the bus",
    html="<p>It <b>runs</b> at night.</p>",
    plain="It runs at night.",
    state="open",
    created_at=AT,
    modified_at=AT,
    confirmed=31,
    expressed=22,
    targets=("The council",),
)
EVENT = replace(
    PETITION,
    kind="event",
    starts_at=AT,
    ends_at=AT.replace(hour=12),
    place=Place("Shed", "1 Lane", 45.5, 9.25),
    capacity=20,
)
GARDENER = Person(
    "Gardener", "gardener@a.example", "https://a.example/@gardener", "https://a.example/users/1"
)


def test_a_petition_counts_what_is_confirmed() -> None:
    made: Any = osdi.call(PETITION, HERE)
    assert made["total_signatures"] == 31
    assert made["target"] == [{"name": "The council"}]
    assert made["petition_text"] == "It runs at night."
    assert made["identifiers"] == ["beckon:https://a.example/calls/7"]
    assert (made["created_date"], made["browser_url"]) == ("2026-12-05T10:00:00Z", PETITION.url)
    assert made["_links"]["self"] == {"href": HERE}
    assert "_embedded" not in made


@pytest.mark.parametrize(
    ("kind", "total", "records"),
    [
        ("petition", "total_signatures", "osdi:signatures"),
        ("event", "total_accepted", "osdi:attendances"),
        ("volunteer", "total_accepted", "osdi:attendances"),
        ("contact", "total_outreaches", "osdi:outreaches"),
        ("donate", "total_donations", "osdi:donations"),
        ("need", "total_submissions", "osdi:submissions"),
        ("decision", "total_submissions", "osdi:submissions"),
        ("share", "total_submissions", "osdi:submissions"),
    ],
)
def test_every_kind_has_a_resource(kind: str, total: str, records: str) -> None:
    of = replace(PETITION, kind=kind, link="https://give.example/roof")
    answer = Answer(3, "sign", "granted", AT, AT, comment="Yes")
    made: Any = osdi.with_answers(of, [answer], HERE)
    assert made[total] == 31
    (record,) = made["_embedded"][records]
    assert record["action_date"] == "2026-12-05T10:00:00Z"
    assert "_embedded" not in record
    assert ("status" in record) == (kind in ("event", "volunteer"))


@pytest.mark.parametrize(
    ("answer", "state", "status"),
    [
        ("going", "granted", "accepted"),
        ("maybe", "granted", "tentative"),
        ("declined", "granted", "declined"),
        ("going", "waiting", "needs action"),
        ("going", "pending", "needs action"),
        ("going", "refused", "declined"),
    ],
)
def test_an_attendance_says_how_it_stands(answer: str, state: str, status: str) -> None:
    said = Answer(3, answer, state, AT, AT, GARDENER, attended=True)
    made: Any = osdi.with_answers(EVENT, [said], HERE)
    (record,) = made["_embedded"]["osdi:attendances"]
    assert (record["status"], record["attended"]) == (status, True)
    person = record["_embedded"]["osdi:person"]
    assert person["profiles"][0]["handle"] == "gardener@a.example"


def test_a_place_for_those_who_come_is_not_told() -> None:
    hidden = replace(EVENT, place=Place("Shed", "1 Lane", 45.5, 9.25, public=False))
    made = osdi.call(hidden, HERE)
    assert made["location"] == {"public": False}
    assert b"Shed" not in orjson.dumps(made)


@pytest.mark.parametrize("of", [EVENT, replace(EVENT, state="cancelled", capacity=None)])
def test_an_event_comes_back_as_it_went(of: Call) -> None:
    (found,) = calendars.from_osdi(orjson.dumps(osdi.call(of, HERE)))
    assert (found.kind, found.title, found.text, found.is_html) == (
        "event",
        of.title,
        of.html,
        True,
    )
    assert (found.starts_at, found.ends_at) == (of.starts_at, of.ends_at)
    assert (found.place_name, found.place_address) == ("Shed", "1 Lane")
    assert (found.latitude, found.longitude, found.capacity) == (45.5, 9.25, of.capacity)
    assert found.cancelled == (of.state == "cancelled")
    assert found.uid == f"beckon:{of.uri}"


def test_a_petition_comes_back_as_it_went() -> None:
    (found,) = calendars.from_osdi(orjson.dumps(osdi.call(PETITION, HERE)))
    assert (found.kind, found.title, found.url) == ("petition", "Keep the bus", PETITION.url)
    assert found.starts_at is None


def test_a_collection_is_read_as_others_write_it() -> None:
    """The shape of the specification's own examples: a page of several, with fields that we do not know."""
    listed = [
        {"title": "Rally", "start_date": "2026-12-05T12:00:00Z", "capacity": "many", "transparence": "opaque",
         "location": {"venue": "Square", "address_lines": ["1 Street"], "locality": "Town", "postal_code": "1"}},
        {"name": "March", "start_date": "2026-12-06T12:00:00+01:00", "location": None},
    ]  # fmt: skip
    page = {"total_pages": 1, "_embedded": {"osdi:events": [*listed, 7]}}
    first, second = calendars.from_osdi(orjson.dumps(page))
    assert (first.place_name, first.place_address, first.capacity) == (
        "Square",
        "1 Street, 1, Town",
        None,
    )
    assert second.starts_at == datetime(2026, 12, 6, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({}, "bad_osdi"),
        ([], "bad_osdi"),
        ({"_embedded": {"osdi:people": [{"given_name": "x"}]}}, "bad_osdi"),
        ({"title": "x", "start_date": "soon"}, "bad_time"),
        ({"title": "x", "start_date": None}, "bad_time"),
        ({"title": "x", "start_date": "2026-12-05", "end_date": "2026-12-04"}, "bad_time"),
        ({"start_date": "2026-12-05"}, "untitled_event"),
        (
            {"_embedded": {"osdi:events": [{"title": "x", "start_date": "2026-12-05"}] * 501}},
            "too_many",
        ),
    ],
)
def test_what_is_no_osdi_is_refused(document: object, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        calendars.from_osdi(orjson.dumps(document))
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"{", "bad_json"), (b"[" * 100_000, "bad_json"), (b" " * 1_048_577, "too_large")],
)
def test_what_is_no_json_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        calendars.from_osdi(body)
    assert refused.value.reason == reason
