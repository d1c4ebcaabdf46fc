"""Decisions by score and by ranking through Beckon's own API, and rules that are set as a call is made."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.people import House, Member
from tests.api.test_decisions import asked

OPTIONS = ["Mondays", "Fridays", "Sundays"]


async def vote(member: Member, call: str, **ballot: Any) -> Any:
    return await member.good("POST", f"{call}/answer", json=ballot)


async def test_points_are_added_up(house: House) -> None:
    organiser, call = await asked(house, "score", options=OPTIONS)
    baker, gardener = await house.member("baker"), await house.member("gardener")
    said = await vote(organiser, call, scores={"1": 5, "2": 4})
    assert (said["answer"]["answer"], said["answer"]["ballot"]) == ("1", [5, 4, 0])
    await vote(baker, call, scores={"2": 5, "3": 1}, reason="I work on Mondays.")
    await vote(gardener, call, answer="1")  # as the poll of a microblog says it
    record = await organiser.good("GET", f"{call}/record")
    assert [(a["people"], a["points"], a["mean"]) for a in record["answers"]] == [
        (2, 10, 3.33),
        (1, 9, 3.0),
        (0, 1, 0.33),
    ]
    assert record["rounds"] == []
    assert record["result"] == {
        "word": "chosen",
        "sentence": "One option is ahead of all others.",
        "leading": ["1"],
    }
    assert [r["reason"] for r in record["reasons"]] == ["I work on Mondays."]
    await vote(gardener, call, scores={"3": 5})
    await organiser.good("PUT", call, json={"state": "closed"})
    record = await organiser.good("GET", f"{call}/record")
    assert [a["points"] for a in record["answers"]] == [5, 9, 6]
    assert record["result"]["leading"] == ["2"]
    assert (await baker.post(f"{call}/answer", json={"scores": {"1": 5}})).status == 403


async def test_who_is_last_gives_the_ballots_on(house: House) -> None:
    organiser, call = await asked(house, "ranked", options=OPTIONS)
    members = [await house.member(f"member{n}") for n in range(4)]
    await vote(organiser, call, ranking=["1"])
    await vote(members[0], call, ranking=["1", "3"])
    await vote(members[1], call, ranking=["2", "1", "3"])
    said = await vote(members[2], call, ranking=["2", "3"])
    assert said["answer"]["ballot"] == [0, 1, 2]
    await vote(members[3], call, ranking=["3", "2"])
    record = await organiser.good("GET", f"{call}/record")
    assert record["result"]["leading"] == ["2"]
    assert record["rounds"] == [
        {
            "votes": [
                {"key": "1", "people": 2},
                {"key": "2", "people": 2},
                {"key": "3", "people": 1},
            ],
            "out": ["3"],
            "exhausted": 0,
        },
        {
            "votes": [
                {"key": "1", "people": 2},
                {"key": "2", "people": 3},
                {"key": "3", "people": 0},
            ],
            "out": [],
            "exhausted": 0,
        },
    ]
    assert [a["points"] for a in record["answers"]] == [None, None, None]
    # The same first place with other places below is another ballot, and the last one counts.
    await vote(members[3], call, ranking=["3", "1"])
    assert (await organiser.good("GET", f"{call}/record"))["result"]["leading"] == ["1"]
    await members[3].good("DELETE", f"{call}/answer")
    record = await organiser.good("GET", f"{call}/record")
    assert (record["result"]["word"], record["result"]["leading"]) == ("tie", ["1", "2"])
    async with house.work.reading() as tx:
        left = (
            "select count(*) from participations where state = 'withdrawn' and ballot is not null"
        )
        assert await tx.conn.fetchval(left) == 0


async def test_one_option_alone_takes_the_place_of_a_ballot(house: House) -> None:
    organiser, call = await asked(house, "ranked", options=OPTIONS)
    await vote(organiser, call, ranking=["2", "1"])
    assert (await vote(organiser, call, answer="2"))["answer"]["ballot"] is None


WRONG = [
    ("score", {"scores": {"4": 1}}),
    ("score", {"scores": {"x": 1}}),
    ("score", {"scores": {"1": 6}}),
    ("score", {"scores": {"1": -1}}),
    ("score", {"scores": {"1": 2.5, "2": 5}}),
    ("score", {"scores": {"1": 5, "2": "many"}}),
    ("score", {"scores": {"1": 5, "2": None}}),
    ("score", {"scores": {"1": 0, "2": 0}}),
    ("score", {"scores": {}}),
    ("score", {"scores": "5"}),
    ("score", {"ranking": ["1"]}),
    ("score", {"scores": {"1": 5}, "answer": "1"}),
    ("score", {"scores": {"1": 5}, "ranking": ["1"]}),
    ("ranked", {"ranking": ["1", "1"]}),
    ("ranked", {"ranking": ["1", "4"]}),
    ("ranked", {"ranking": []}),
    ("ranked", {"ranking": "1,2"}),
    ("ranked", {"scores": {"1": 5}}),
    ("", {"ranking": ["1", "2"]}),
    ("", {"scores": {"1": 5}}),
]


@pytest.mark.parametrize(("variant", "ballot"), WRONG)
async def test_what_is_no_ballot_is_refused_and_changes_nothing(
    house: House, variant: str, ballot: dict[str, Any]
) -> None:
    organiser, call = await asked(house, variant, options=OPTIONS)
    await vote(organiser, call, answer="3")
    refused = await organiser.post(f"{call}/answer", json={**ballot, "reason": "Because"})
    assert refused.status == 422
    shown = await organiser.good("GET", call)
    assert (shown["answer"]["answer"], shown["answer"]["ballot"]) == ("3", None)
    assert (await organiser.good("GET", f"{call}/record"))["reasons"] == []


async def test_other_calls_take_no_ballots(house: House) -> None:
    organiser, call = await asked(house, "", kind="petition")
    for ballot in ({"scores": {"1": 5}}, {"ranking": ["1"]}):
        assert (await organiser.post(f"{call}/answer", json=ballot)).status == 404


async def test_options_of_a_ballot_are_asked_for(house: House) -> None:
    organiser, call = await asked(house)
    group = (await organiser.good("GET", call))["community"]["id"]
    made = f"/api/beckon/v1/communities/{group}/calls"
    for variant in ("score", "ranked"):
        body = {"kind": "decision", "title": "When", "variant": variant}
        assert (await organiser.post(made, json=body)).status == 422
        assert (await organiser.post(made, json=body | {"options": ["One"]})).status == 422


# Rules with the call

RULES = {"quorum": 2, "threshold": 60, "open_votes": True}


async def test_rules_can_come_with_the_call(house: House) -> None:
    organiser, call = await asked(house, "ranked", options=OPTIONS, rules=RULES)
    assert (await organiser.good("GET", f"{call}/record"))["rules"] == RULES
    text = {"title": "The new path", "options": OPTIONS}
    await organiser.good("PUT", call, json=text | {"rules": {"quorum": 1}})
    changed = {"quorum": 1, "threshold": None, "open_votes": False}
    assert (await organiser.good("GET", f"{call}/record"))["rules"] == changed
    await vote(organiser, call, ranking=["1"])
    await organiser.good("PUT", call, json=text | {"rules": {"quorum": 1}})  # the same once more
    await organiser.good("PUT", call, json=text)  # nothing of them
    refused = await organiser.put(
        call, json={"title": "Another title", "options": OPTIONS, "rules": {"quorum": 3}}
    )
    assert refused.status == 422
    assert (await organiser.good("GET", call))["title"] == "The new path"
    assert (await organiser.good("GET", f"{call}/record"))["rules"] == changed


@pytest.mark.parametrize(
    ("kind", "rules"),
    [
        ("decision", {"threshold": 101}),
        ("decision", {"threshold": 0}),
        ("decision", {"quorum": 0}),
        ("decision", {"quorum": 1_000_001}),
        ("petition", {"quorum": 2}),
    ],
)
async def test_rules_that_cannot_be_make_no_call(
    house: House, kind: str, rules: dict[str, int]
) -> None:
    organiser, call = await asked(house)
    group = (await organiser.good("GET", call))["community"]["id"]
    made = f"/api/beckon/v1/communities/{group}/calls"
    options = {"options": OPTIONS} if kind == "decision" else {}
    body = {"kind": kind, "title": "When", "rules": rules} | options
    assert (await organiser.post(made, json=body)).status == 422
    assert len(await organiser.good("GET", made)) == 1


async def test_rules_wait_with_what_is_proposed(house: House) -> None:
    organiser, call = await asked(house)
    member = await house.member("member")
    group = (await organiser.good("GET", call))["community"]["id"]
    await member.good("POST", f"/api/v1/accounts/{group}/follow")
    body = {"kind": "decision", "variant": "score", "title": "When", "options": OPTIONS}
    proposed = await member.good(
        "POST", f"/api/beckon/v1/communities/{group}/proposals", json=body | {"rules": RULES}
    )
    assert proposed["wanted"]["rules"] == RULES


async def test_a_copy_is_decided_by_the_rules_of_the_first(house: House) -> None:
    organiser, call = await asked(house, "score", options=OPTIONS, rules=RULES)
    group = (await organiser.good("GET", call))["community"]["id"]
    started = await organiser.good("POST", f"{call}/start_here", json={"community_id": group})
    record = await organiser.good("GET", f"/api/beckon/v1/calls/{started['id']}/record")
    assert (record["variant"], record["rules"]) == ("score", RULES)


async def test_a_template_says_them(house: House) -> None:
    organiser, call = await asked(house)
    group = (await organiser.good("GET", call))["community"]["id"]
    kept = f"/api/beckon/v1/communities/{group}/templates"
    template = {
        "kind": "decision",
        "variant": "ranked",
        "name": "Where we meet",
        "title": "Where we meet",
        "options": OPTIONS,
        "defaults": {"quorum": 5, "threshold": 50},
    }
    made = await organiser.good("POST", kept, json=template)
    assert made["defaults"] == template["defaults"]
    for wrong in ({"quorum": 0}, {"threshold": 101}):
        assert (await organiser.post(kept, json=template | {"defaults": wrong})).status == 422


@pytest.mark.parametrize(
    ("variant", "ballot"), [("score", {"scores": {"2": 4}}), ("ranked", {"ranking": ["2"]})]
)
async def test_what_is_secret_is_not_told_by_points_or_rounds(
    house: House, variant: str, ballot: dict[str, Any]
) -> None:
    organiser, call = await asked(house, variant, options=OPTIONS, secret_until_closed=True)
    await vote(organiser, call, **ballot)
    record = await organiser.good("GET", f"{call}/record")
    assert record["result"]["word"] == "secret"
    assert record["rounds"] == []
    assert {a[name] for a in record["answers"] for name in ("people", "points", "mean")} == {None}
    await organiser.good("PUT", call, json={"state": "closed"})
    assert (await organiser.good("GET", f"{call}/record"))["result"]["leading"] == ["2"]
