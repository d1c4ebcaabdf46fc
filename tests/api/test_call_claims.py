"""What was counted outside is shown apart, by name and with its evidence, and added to nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.people import House, Member

BASE = "/api/beckon/v1"
PAPER = {"people": 120, "what": "signatures on paper", "evidence": "https://paper.example/scan"}


async def petition(house: House) -> tuple[Member, str]:
    organiser = await house.member("organiser")
    made = await organiser.good(
        "POST", f"{BASE}/communities", json={"name": "allotments", "title": "Allotments"}
    )
    call = await organiser.good(
        "POST",
        f"{BASE}/communities/{made['id']}/calls",
        json={"kind": "petition", "title": "Keep the allotments", "goal": {"value": 100}},
    )
    return organiser, f"{BASE}/calls/{call['id']}"


async def test_a_claim_is_shown_apart_and_added_to_nothing(house: House) -> None:
    organiser, call = await petition(house)
    shown = await organiser.good("POST", f"{call}/claims", json=PAPER)
    (claim,) = shown["claims"]
    assert {key: claim[key] for key in PAPER} == PAPER
    assert claim["account"]["username"] == "organiser"
    assert shown["range"] == {"at_least": 0, "at_most": 0, "also_reported": 0}
    assert shown["tiers"]["confirmed"] == {"own": 0, "email": 0, "joined": 0, "by_tally": 0}
    assert shown["milestones"] == []
    assert (await house.stranger.good("GET", call))["claims"] == shown["claims"]
    after = await organiser.good("DELETE", f"{call}/claims/{claim['id']}")
    assert after["claims"] == []
    assert (await organiser.delete(f"{call}/claims/{claim['id']}")).status == 404


async def test_only_who_steers_claims(house: House) -> None:
    organiser, call = await petition(house)
    somebody = await house.member("somebody")
    assert (await somebody.post(f"{call}/claims", json=PAPER)).status == 403
    shown = await organiser.good("POST", f"{call}/claims", json=PAPER)
    one = f"{call}/claims/{shown['claims'][0]['id']}"
    assert (await somebody.delete(one)).status == 403
    assert (await house.stranger.post(f"{call}/claims", json=PAPER)).status == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"people": 0},
        {"people": 1_000_000_001},
        {"people": None},
        {"what": " "},
        {"what": "x" * 201},
        {"evidence": ""},
        {"evidence": "javascript:alert(1)"},
        {"evidence": "https://known.example@other.example/"},
        {"evidence": "trust me"},
    ],
)
async def test_what_is_claimed_needs_a_number_words_and_evidence(
    house: House, wrong: dict[str, Any]
) -> None:
    organiser, call = await petition(house)
    answer = await organiser.post(f"{call}/claims", json={**PAPER, **wrong})
    assert answer.status == 422
    assert (await organiser.good("GET", call))["claims"] == []


async def test_a_call_has_a_bounded_number_of_claims(house: House) -> None:
    organiser, call = await petition(house)
    for _ in range(20):
        await organiser.good("POST", f"{call}/claims", json=PAPER)
    assert (await organiser.post(f"{call}/claims", json=PAPER)).status == 422
