"""Communities and calls through Beckon's own API, and calls as polls through the client API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.fields import check
from tests.api.people import House, Member

COMMUNITIES = "/api/beckon/v1/communities"
CALLS = "/api/beckon/v1/calls"


def event(**more: Any) -> dict[str, Any]:
    starts = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    place = {"name": "The shed", "address": "1 Lane", "latitude": 45.5, "longitude": "9.25"}
    base = {"title": "Dig & plant", "starts_at": starts.isoformat(), "timezone": "Europe/Rome"}
    return base | {"place": place, "about": "Bring tea"} | more


@pytest.fixture
async def organiser(house: House) -> Member:
    return await house.member("organiser")


@pytest.fixture
async def garden(organiser: Member) -> str:
    sent = {"name": "garden", "title": "The garden", "about": "We dig", "rules": ["Be kind"]}
    return (await organiser.good("POST", COMMUNITIES, json=sent))["id"]


async def test_a_community_is_made_and_shown(house: House, organiser: Member, garden: str) -> None:
    shown = await house.stranger.good("GET", f"{COMMUNITIES}/{garden}")
    check(shown.pop("account"), "Account")
    assert shown["handle"] == f"garden@{house.work.site.urls.domain}"
    assert (shown["policy"], shown["rules"], shown["members_count"]) == ("open", ["Be kind"], 1)
    assert (shown["member"], shown["role"]) == (False, None)
    mine = await organiser.good("GET", COMMUNITIES)
    assert [(c["id"], c["role"]) for c in mine] == [(garden, "organiser")]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"name": "garden", "title": "Again"}, 409),
        ({"name": "sp ace", "title": "x"}, 422),
        ({"name": "admin", "title": "x"}, 422),
        ({"name": "fine", "title": " "}, 422),
        ({"name": "fine", "title": "x", "policy": "secret"}, 422),
        ({"name": "fine", "title": "x", "visibility": "secret"}, 422),
        ({"name": "fine", "title": "x", "policy": "open", "visibility": "private"}, 422),
    ],
)
async def test_what_can_be_no_community(
    organiser: Member, garden: str, sent: dict[str, str], status: int
) -> None:
    assert garden
    answer = await organiser.post(COMMUNITIES, json=sent)
    assert answer.status == status
    assert answer.json["error"]
    assert len(await organiser.good("GET", COMMUNITIES)) == 1


async def test_a_person_is_no_community(organiser: Member) -> None:
    assert (await organiser.get(f"{COMMUNITIES}/{organiser.id}")).status == 404


async def test_requests_are_for_stewards(house: House, organiser: Member) -> None:
    sent = {"name": "shed", "title": "Shed", "policy": "request"}
    shed = (await organiser.good("POST", COMMUNITIES, json=sent))["id"]
    asking, other = await house.member("asking"), await house.member("other")
    for person in (asking, other):
        await person.good("POST", f"/api/v1/accounts/{shed}/follow")
    path = f"{COMMUNITIES}/{shed}/requests"
    assert (await asking.get(path)).status == 403
    assert (await asking.post(f"{path}/{asking.id}/approve")).status == 403
    assert {a["id"] for a in await organiser.good("GET", path)} == {asking.id, other.id}
    await organiser.good("POST", f"{path}/{asking.id}/approve")
    await organiser.good("POST", f"{path}/{other.id}/reject")
    assert (await organiser.post(f"{path}/{other.id}/approve")).status == 404
    members = await organiser.good("GET", f"{COMMUNITIES}/{shed}/members")
    assert [(m["account"]["id"], m["role"]) for m in members] == [
        (asking.id, "member"), (organiser.id, "organiser"),
    ]  # fmt: skip


async def test_a_private_community_is_known_to_whom_it_invites(
    house: House, organiser: Member
) -> None:
    guest, other = await house.member("guest"), await house.member("other")
    sent = {"name": "shed", "title": "Shed", "policy": "invited", "visibility": "private"}
    made = await organiser.good("POST", COMMUNITIES, json=sent)
    assert (made["policy"], made["visibility"]) == ("invited", "private")
    one = f"{COMMUNITIES}/{made['id']}"
    account = f"/api/v1/accounts/{made['id']}"
    for who in (house.stranger, other, guest):
        for path in (one, account, f"{one}/roles", "/api/v1/accounts/lookup?acct=shed"):
            assert (await who.get(path)).status == 404, path
        assert await who.good("GET", COMMUNITIES) == []
    assert guest.account
    named = {"account_id": str(guest.account.id)}
    assert (await other.post(f"{one}/invites", json=named)).status == 404
    assert (await organiser.post(f"{one}/invites", json={})).status == 422
    await organiser.good("POST", f"{one}/invites", json=named)
    assert (await guest.good("GET", one))["title"] == "Shed"
    for part in ("members", "roles", "place"):  # who is in it is for who joined
        assert (await guest.get(f"{one}/{part}")).status == 404, part
    for part in ("followers", "following"):
        (shown,) = [await guest.good("GET", f"/api/v1/accounts/{made['id']}/{part}")]
        assert shown == [], part
    assert (await other.post(f"{account}/follow")).status == 404
    assert (await guest.good("POST", f"{account}/follow"))["following"]
    found = await other.good("GET", "/api/v2/search?q=shed&type=accounts")
    assert found["accounts"] == []


async def test_who_is_in_a_private_community_is_for_its_members(
    house: House, organiser: Member
) -> None:
    other = await house.member("other")
    sent = {"name": "shed", "title": "Shed", "policy": "request", "visibility": "private"}
    one = f"{COMMUNITIES}/{(await organiser.good('POST', COMMUNITIES, json=sent))['id']}"
    assert (await house.stranger.get(one)).status == 404
    assert (await other.good("GET", one))["visibility"] == "private"
    assert (await other.get(f"{one}/members")).status == 404


async def test_roles_are_given_by_organisers(house: House, organiser: Member, garden: str) -> None:
    helper = await house.member("helper")
    path = f"{COMMUNITIES}/{garden}/roles"
    grant = {"account_id": helper.id, "role": "moderator"}
    assert (await organiser.post(path, json=grant)).status == 422  # no member yet
    await helper.good("POST", f"/api/v1/accounts/{garden}/follow")
    assert (await helper.post(path, json=grant)).status == 403
    assert (await organiser.post(path, json=grant | {"role": "king"})).status == 422
    held = await organiser.good("POST", path, json=grant)
    assert {m["account"]["id"]: m["role"] for m in held} == {
        organiser.id: "organiser", helper.id: "moderator",
    }  # fmt: skip
    assert (await helper.post(path, json=grant | {"role": "organiser"})).status == 403


async def test_a_call_goes_from_one_api_to_the_other(
    house: House, organiser: Member, garden: str
) -> None:
    gardener = await house.member("gardener")
    await gardener.good("POST", f"/api/v1/accounts/{garden}/follow")
    made = await organiser.good("POST", f"{COMMUNITIES}/{garden}/calls", json=event())
    assert made["place"] == {
        "name": "The shed", "address": "1 Lane", "latitude": 45.5, "longitude": 9.25,
    }  # fmt: skip
    home = await gardener.good("GET", "/api/v1/timelines/home")
    check(home, ["Status"])
    status = home[0]["reblog"]
    assert (home[0]["account"]["id"], status["id"]) == (garden, made["id"])
    assert "<strong>Dig &amp; plant</strong>" in status["content"]
    assert "The shed, 1 Lane" in status["content"]
    assert made["url"] in status["content"]
    poll = status["poll"]
    assert (poll["expired"], poll["voted"], poll["own_votes"]) == (False, False, [])
    assert [o["votes_count"] for o in poll["options"]] == [0, 0, 0]
    voted = await gardener.good("POST", f"/api/v1/polls/{poll['id']}/votes", json={"choices": [0]})
    assert (voted["voted"], voted["own_votes"]) == (True, [0])
    assert voted["options"][0]["votes_count"] == 1
    seen = await gardener.good("GET", f"{CALLS}/{made['id']}")
    assert (seen["answer"]["answer"], seen["answer"]["state"]) == ("going", "granted")
    assert (seen["counted"], seen["confirmed"], seen["expressed"], seen["waiting"]) == (1, 1, 0, 0)
    listed = await house.stranger.good("GET", f"{COMMUNITIES}/{garden}/calls")
    assert [(c["id"], c["answer"]) for c in listed] == [(made["id"], None)]


async def test_places_are_kept_and_passed_on(house: House, organiser: Member, garden: str) -> None:
    call = await organiser.good("POST", f"{COMMUNITIES}/{garden}/calls", json=event(capacity=1))
    one = f"{CALLS}/{call['id']}"
    first, second = await house.member("first"), await house.member("second")
    going = {"answer": "going"}
    assert (await first.good("POST", f"{one}/answer", json=going))["answer"]["state"] == "granted"
    waiting = await second.good("POST", f"{one}/answer", json=going)
    assert (waiting["answer"]["state"], waiting["answer"]["place_in_line"]) == ("waiting", 1)
    assert (waiting["counted"], waiting["waiting"]) == (1, 1)
    withdrawn = await first.good("DELETE", f"{one}/answer")
    assert withdrawn["answer"] is None
    assert (await second.good("GET", one))["answer"]["state"] == "granted"
    assert (await first.delete(f"{one}/answer")).status == 200
    listed = await organiser.good("GET", f"{one}/participants")
    assert [(p["account"]["id"], p["tier"]) for p in listed] == [(second.id, "confirmed")]
    assert (await second.get(f"{one}/participants")).status == 403
    assert (await house.stranger.get(f"{one}/participants")).status == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"starts_at": ""},
        {"starts_at": "tomorrow"},
        {"starts_at": "2001-01-01T00:00:00Z"},
        {"timezone": "Mars/Base"},
        {"ends_at": "2001-01-01T00:00:00Z"},
        {"capacity": 0},
        {"place": {"latitude": 45}},
        {"place": {"latitude": "north", "longitude": 1}},
        {"place": {"latitude": 91, "longitude": 1}},
        {"place": {"latitude": "nan", "longitude": 1}},
    ],
)
async def test_what_can_be_no_call(organiser: Member, garden: str, wrong: dict[str, Any]) -> None:
    answer = await organiser.post(f"{COMMUNITIES}/{garden}/calls", json=event(**wrong))
    assert answer.status == 422
    assert answer.json["error"]
    assert await organiser.good("GET", f"{COMMUNITIES}/{garden}/calls") == []


async def test_a_local_time_is_meant_in_its_zone(organiser: Member, garden: str) -> None:
    sent = event(starts_at="2030-07-01T10:00", timezone="Europe/Rome")
    call = await organiser.good("POST", f"{COMMUNITIES}/{garden}/calls", json=sent)
    assert call["starts_at"] == "2030-07-01T08:00:00.000Z"


async def test_only_stewards_make_edit_and_delete_calls(
    house: House, organiser: Member, garden: str
) -> None:
    outsider = await house.member("outsider")
    path = f"{COMMUNITIES}/{garden}/calls"
    assert (await outsider.post(path, json=event())).status == 403
    call = await organiser.good("POST", path, json=event())
    one = f"{CALLS}/{call['id']}"
    assert (await outsider.put(one, json={"state": "cancelled"})).status == 403
    assert (await outsider.delete(one)).status == 403
    assert (await organiser.put(one, json={"state": "on fire"})).status == 422
    edited = await organiser.good("PUT", one, json=event(title="Plant only", capacity=3))
    assert (edited["title"], edited["capacity"]) == ("Plant only", 3)
    cancelled = await organiser.good("PUT", one, json={"state": "cancelled"})
    assert (cancelled["state"], cancelled["title"]) == ("cancelled", "Plant only")
    assert (await outsider.post(f"{one}/answer", json={"answer": "going"})).status == 403
    poll = await outsider.good("GET", f"/api/v1/polls/{call['id']}")
    assert poll["expired"] is True
    assert await organiser.good("DELETE", one) == {}
    assert (await organiser.get(one)).status == 404


async def test_a_post_is_no_call(organiser: Member) -> None:
    post = await organiser.says("no call")
    assert (await organiser.get(f"{CALLS}/{post['id']}")).status == 404
    assert (
        await organiser.post(f"{CALLS}/{post['id']}/answer", json={"answer": "going"})
    ).status == 404
    assert (await organiser.get(f"/api/v1/polls/{post['id']}")).status == 404


async def test_an_answer_is_one_of_three(organiser: Member, garden: str) -> None:
    call = await organiser.good("POST", f"{COMMUNITIES}/{garden}/calls", json=event())
    for wrong in ({}, {"answer": "perhaps"}):
        assert (await organiser.post(f"{CALLS}/{call['id']}/answer", json=wrong)).status == 422


async def test_polls_are_voted_in_once(house: House, organiser: Member) -> None:
    voter = await house.member("voter")
    poll = {"options": ["a", "b"], "expires_in": 600}
    post = await organiser.says("which?", poll=poll)
    votes = f"/api/v1/polls/{post['poll']['id']}/votes"
    for wrong in ([], [2], [-1], [0, 1]):
        assert (await voter.post(votes, json={"choices": wrong})).status == 422, wrong
    voted = await voter.good("POST", votes, data={"choices[]": "1"})
    check(voted, "Poll")
    assert (voted["voted"], voted["own_votes"], voted["votes_count"]) == (True, [1], 1)
    assert (await voter.post(votes, json={"choices": [0]})).status == 422
    assert (await organiser.post(votes, json={"choices": [0]})).status == 422
    assert (await house.stranger.post(votes, json={"choices": [0]})).status == 401
    unseen = await house.stranger.good("GET", f"/api/v1/polls/{post['poll']['id']}")
    assert (unseen["voted"], unseen["own_votes"]) == (False, [])
