"""A tally on the wire: what is written is read back, means the same in JSON-LD, and is refused when it is odd."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from federation import activities, build, parse, shapes
from federation.errors import Refused
from federation.objects import Tally

B = "https://b.example"
TALLY = Tally(
    id=f"{B}/tallies/88",
    attributed_to=f"{B}/actor",
    object="https://a.example/calls/17",
    seq=9,
    own=31,
    email=7,
    expressed={"large.example": 6, "small": 4},
    withdrawn=2,
    start=datetime(2030, 4, 20, 8, tzinfo=UTC),
    end=datetime(2030, 5, 1, tzinfo=UTC),
)


def update() -> dict[str, Any]:
    document = build.tally(TALLY)
    made = build.update(f"{B}/activities/1", TALLY.attributed_to, document, to=[TALLY.object])
    return copy.deepcopy(made)


def reason(document: dict[str, Any]) -> str:
    with pytest.raises(Refused) as refused:
        parse.parse_activity(document)
    return refused.value.reason


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_what_is_told_is_read_back(kind: str) -> None:
    read = parse.parse_activity(update() | {"type": kind})
    assert isinstance(read, activities.Tell)
    assert read.tally == TALLY
    assert read.object == TALLY.id


def test_it_means_in_json_ld_what_its_names_say() -> None:
    other = {"as": "https://www.w3.org/ns/activitystreams#"}
    document = update()
    document["@context"] = [*document["@context"], other]
    document["as:object"] = document.pop("object")
    read = parse.parse_activity(shapes.plain(document))
    assert isinstance(read, activities.Tell)
    assert read.tally == TALLY


def test_it_holds_numbers_only() -> None:
    told = build.tally(TALLY)
    assert set(told) == {
        *("@context", "id", "type", "attributedTo", "object", "seq", "lines", "withdrawn"),
        *("startTime", "endTime"),
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("attributedTo", f"{B}/users/1"),
        ("attributedTo", "https://c.example/actor"),
        ("id", "https://a.example/tallies/88"),
    ],
)
def test_a_server_tells_only_what_it_counted_itself(field: str, value: str) -> None:
    document = update() | {"type": "Create"}
    document["object"][field] = value
    assert reason(document) == "foreign_tally"


@pytest.mark.parametrize(
    "change",
    [
        {"seq": -1},
        {"seq": 2**53},
        {"seq": None},
        {"seq": "9"},
        {"withdrawn": -1},
        {"withdrawn": True},
        {"lines": ["confirmed"]},
        {"lines": [{"own": 1}]},
        {"lines": [{"tier": "confirmed", "own": 1.5}]},
        {"lines": [{"tier": "confirmed", "own": 10**9 + 1}]},
        {"lines": [{"tier": "confirmed", "own": 1}, {"tier": "confirmed", "own": 2}]},
        {"lines": [{"tier": f"t{n}"} for n in range(17)]},
        *(
            {"lines": [{"tier": "expressed", "byDomain": servers}]}
            for servers in (
                ["c.example"],
                [{"people": 1}],
                [{"domain": "c.example", "people": -1}],
                [{"domain": "c.example"}],
                [{"domain": "c.example", "people": 1}, {"domain": "c.example", "people": 1}],
                [{"domain": "C.example", "people": 1}],
                [{"domain": "c.example/users/1", "people": 1}],
                [{"domain": "somebody@c.example", "people": 1}],
                [{"domain": f"h{n}.example", "people": 1} for n in range(201)],
            )
        ),
    ],
)
def test_what_is_not_wholly_readable_is_refused(change: dict[str, Any]) -> None:
    document = update()
    document["object"] |= change
    assert reason(document) == "bad_tally"


def test_a_tally_of_nothing_is_refused() -> None:
    document = update()
    del document["object"]["object"]
    assert reason(document) == "no_object"


def test_other_tiers_are_not_counted() -> None:
    document = update()
    document["object"]["lines"] += [{"tier": "support", "n": 22}, {"tier": "claimed", "n": 900}]
    read = parse.parse_activity(document)
    assert isinstance(read, activities.Tell)
    assert read.tally == TALLY
