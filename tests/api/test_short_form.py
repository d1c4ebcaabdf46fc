"""A call made by posting its short form, and calls of every kind in clients that know only statuses and polls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from server.domain.calling import kinds, short_calls
from storage.accounts import Account
from tests.api.people import House, Member

EVENT = "@river !event River clean-up\nwhen: 2090-05-01 10:00\ntimezone: Europe/Rome\nplaces: 1\n\nBring boots."
LINES = {
    "event": "when: 2090-05-01 10:00",
    "volunteer": "when: 2090-05-01 10:00",
    "donate": "link: https://give.example/",
    "decision": "options: Mondays / Fridays",
}


@dataclass(frozen=True)
class River:
    organiser: Member
    member: Member
    community: Account


@pytest.fixture
async def river(house: House) -> River:
    organiser, member = await house.member("organiser"), await house.member("member")
    community = await house.community(organiser, "river")
    await member.good("POST", f"/api/v1/accounts/{community.id}/follow")
    return River(organiser, member, community)


async def call_of(member: Member, status: Any) -> Any:
    return await member.good("GET", f"/api/beckon/v1/calls/{status['id']}")


@pytest.mark.parametrize("kind", kinds.KINDS)
async def test_every_kind_is_a_status_with_a_poll(river: River, kind: str) -> None:
    """Made, seen and answered with nothing but what every client knows."""
    made = await river.organiser.says(f"@river !{kind} Together\n{LINES.get(kind, '')}")
    assert "/calls/" in made["url"]
    (listed,) = await river.member.good("GET", "/api/v1/lists")
    home = await river.member.good("GET", f"/api/v1/timelines/list/{listed['id']}")
    (seen,) = [s for s in home if s["id"] == made["id"]]
    call = await call_of(river.member, seen)
    assert call["kind"] == kind
    assert [o["title"] for o in seen["poll"]["options"]] == [a["title"] for a in call["answers"]]
    voted = await river.member.good(
        "POST", f"/api/v1/polls/{seen['poll']['id']}/votes", json={"choices": [0]}
    )
    assert voted["voted"]
    assert voted["own_votes"] == [0]
    answered = await call_of(river.member, seen)
    assert answered["answer"]["answer"] == call["answers"][0]["key"]
    assert answered["counted"] == 1


async def test_a_vote_may_be_changed_where_a_client_lets_one(river: River) -> None:
    made = await river.organiser.says(EVENT)
    votes = f"/api/v1/polls/{made['poll']['id']}/votes"
    for choice, counted in ((0, 1), (2, 0), (0, 1)):
        voted = await river.member.good("POST", votes, json={"choices": [choice]})
        assert voted["own_votes"] == [choice]
        assert (await call_of(river.member, made))["counted"] == counted


async def test_a_community_is_an_account_and_a_list(river: River) -> None:
    account = await river.member.good("GET", f"/api/v1/accounts/{river.community.id}")
    assert account["group"] is True
    (listed,) = await river.member.good("GET", "/api/v1/lists")
    assert listed["title"] == "River"


async def test_the_call_is_answered_instead_of_the_post(river: River) -> None:
    made = await river.organiser.says(EVENT, language="en")
    call = await call_of(river.organiser, made)
    assert (call["title"], call["capacity"], call["timezone"]) == (
        "River clean-up",
        1,
        "Europe/Rome",
    )
    assert call["starts_at"] == "2090-05-01T08:00:00.000Z"
    assert call["about"] == "<p>Bring boots.</p>"
    own = await river.organiser.good("GET", f"/api/v1/accounts/{river.organiser.id}/statuses")
    assert [s["id"] for s in own if s["reblog"] is None] == [made["id"]]


async def test_a_repeated_request_makes_one(river: River) -> None:
    again = {"Idempotency-Key": "one"}
    made = [
        await river.organiser.good(
            "POST", "/api/v1/statuses", json={"status": EVENT}, headers=again
        )
        for _ in range(2)
    ]
    assert made[0]["id"] == made[1]["id"]


async def test_the_next_event_is_in_the_same_zone(river: River) -> None:
    await river.organiser.says(EVENT)
    made = await river.organiser.says("@river !event Walk\nwhen: 2090-06-01 10:00")
    assert (await call_of(river.organiser, made))["timezone"] == "Europe/Rome"


@pytest.mark.parametrize(
    ("status", "more", "said"),
    [
        ("!event Walk\nwhen: 2090-06-01 10:00", {}, short_calls.WHERE),
        ("@river !event Walk", {}, "It is said by a line `when: …` below the first."),
        ("@river !event Walk\nwhen: 2001-06-01 10:00", {}, "Line 2: The event begins in the past."),
        ("@river !petition Walk\nplaces: 5", {}, "Line 2: Such a call has no places."),
        ("@river !petition Never\nlink: javascript:x", {}, "Line 2: An address is like"),
        ("@river !call party Tonight", {}, "Line 1: a call is one of"),
        ("@river !event Walk\nwen: 2090-06-01 10:00", {}, "Line 2: there is no wen"),
        (EVENT, {"visibility": "direct"}, short_calls.FOR_EVERYBODY),
        (EVENT, {"visibility": "private"}, short_calls.FOR_EVERYBODY),
        (EVENT, {"poll": {"options": ["a", "b"], "expires_in": 3600}}, short_calls.TEXT_ALONE),
        (EVENT, {"scheduled_at": "2090-01-01T00:00:00Z"}, short_calls.NOW),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_said_and_nothing_is_made(
    river: River, status: str, more: dict[str, Any], said: str
) -> None:
    answer = await river.organiser.post("/api/v1/statuses", json={"status": status, **more})
    assert answer.status == 422
    assert said in answer.json["error"]
    assert (
        await river.organiser.good("GET", f"/api/v1/accounts/{river.organiser.id}/statuses") == []
    )


async def test_who_may_make_no_call_makes_no_post_either(river: River) -> None:
    answer = await river.member.post("/api/v1/statuses", json={"status": EVENT})
    assert answer.status == 403
    assert "members propose a call first" in answer.json["error"]
    assert await river.member.good("GET", f"/api/v1/accounts/{river.member.id}/statuses") == []


async def test_a_reply_is_never_one(river: River) -> None:
    made = await river.organiser.says(EVENT)
    reply = await river.organiser.says("@river !event Another", in_reply_to_id=made["id"])
    assert reply["in_reply_to_id"] == made["id"]
    assert reply["poll"] is None
