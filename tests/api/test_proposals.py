"""Who may propose a call, who lets it through, and the states that a proposal goes through."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.domain import policy
from server.domain.groups import proposals
from tests.api.people import House, Member
from tests.api.test_community_life import COMMUNITIES, follow, founded, letters, set_up
from tests.api.working import run_jobs

PROPOSALS = "/api/beckon/v1/proposals"
RULES = ("open", "seconded", "approved")
STATES = tuple(proposals.MOVES)


def wish(**more: Any) -> dict[str, Any]:
    starts = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0)
    return {"title": "Dig & plant", "about": "Bring tea", "starts_at": starts.isoformat()} | more


@pytest.fixture
async def organiser(house: House) -> Member:
    return await house.member("organiser")


@pytest.fixture
async def garden(organiser: Member) -> str:
    return await founded(organiser)


async def test_who_may_propose(house: House, organiser: Member, garden: str) -> None:
    """The matrix: who makes a call at once, whose proposal is let through, and by whom."""
    member, friend, stranger = [await house.member(n) for n in ("member", "friend", "passer_by")]
    for each in (member, friend):
        await follow(each, garden)
    calls, path = f"{COMMUNITIES}/{garden}/calls", f"{COMMUNITIES}/{garden}/proposals"
    seen: dict[tuple[str, str], tuple[Any, ...]] = {}
    for rule in RULES:
        await set_up(organiser, garden, proposals=rule, seconds=1)
        for name, who in (("organiser", organiser), ("member", member), ("stranger", stranger)):
            at_once = (await who.post(calls, json=wish())).status
            answer = await who.post(path, json=wish())
            if answer.status != 200:
                seen[rule, name] = (at_once, answer.status)
                continue
            one = f"{PROPOSALS}/{answer.json['id']}"
            own = (await who.post(f"{one}/second")).status
            tried = (await member.post(f"{one}/try")).status
            seconded = await friend.post(f"{one}/second")
            state = seconded.json.get("state", seconded.status)
            seen[rule, name] = (at_once, answer.json["state"], own, tried, state)
    assert seen == {
        ("open", "organiser"): (200, "trial", 403, 422, 422),
        ("open", "member"): (200, "trial", 403, 422, 422),
        ("open", "stranger"): (403, 403),
        ("seconded", "organiser"): (200, "idea", 403, 403, "trial"),
        ("seconded", "member"): (403, "idea", 403, 403, "trial"),
        ("seconded", "stranger"): (403, 403),
        ("approved", "organiser"): (200, "idea", 403, 403, "idea"),
        ("approved", "member"): (403, "idea", 403, 403, "idea"),
        ("approved", "stranger"): (403, 403),
    }


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("role", [None, "moderator", "organiser"])
@pytest.mark.parametrize("member", [False, True])
def test_who_makes_calls_at_once(rule: str, role: str | None, member: bool) -> None:
    allowed = policy.may_call_at_once(rule, member=member, role=role).allowed
    assert allowed == (role is not None or (member and rule == "open"))


async def test_an_idea_is_tried_and_reviewed(house: House, organiser: Member, garden: str) -> None:
    member = await house.member("member")
    await follow(member, garden)
    made = await member.good("POST", f"{COMMUNITIES}/{garden}/proposals", json=wish())
    assert made["wanted"]["title"] == "Dig & plant"
    one = f"{PROPOSALS}/{made['id']}"
    tried = await organiser.good("POST", f"{one}/try", json={"note": "Go on"})
    assert (tried["state"], tried["note"]) == ("trial", "Go on")
    call = await house.stranger.good("GET", f"/api/v1/statuses/{tried['status_id']}")
    assert call["account"]["id"] == member.id
    assert "Bring tea" in call["content"] or "Dig" in str(call)
    await run_jobs(house.work)
    assert "is being tried" in (await letters(member))[0]
    reviewed = await member.good("POST", f"{one}/review", json={"note": "Twelve came"})
    assert reviewed["state"] == "review"
    assert (await member.post(f"{one}/accept")).status == 403
    assert (await organiser.good("POST", f"{one}/accept"))["state"] == "accepted"
    listed = f"{COMMUNITIES}/{garden}/proposals?state="
    assert [p["id"] for p in await member.good("GET", f"{listed}accepted")] == [made["id"]]
    assert await member.good("GET", f"{listed}idea") == []


STEPS = {"try": "trial", "review": "review", "accept": "accepted", "decline": "declined"}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("step", STEPS)
async def test_no_state_is_skipped(
    house: House, organiser: Member, garden: str, state: str, step: str
) -> None:
    made = await organiser.good("POST", f"{COMMUNITIES}/{garden}/proposals", json=wish())
    async with house.work.transaction() as tx:
        await tx.conn.execute("update proposals set state = $1", state)
    one = f"{PROPOSALS}/{made['id']}"
    answer = await organiser.post(f"{one}/{step}")
    allowed = STEPS[step] in proposals.MOVES[state]
    assert answer.status == (200 if allowed else 422)
    after = await organiser.good("GET", one)
    assert after["state"] == (STEPS[step] if allowed else state)


async def test_only_its_author_withdraws(house: House, organiser: Member, garden: str) -> None:
    member = await house.member("member")
    await follow(member, garden)
    made = await member.good("POST", f"{COMMUNITIES}/{garden}/proposals", json=wish())
    one = f"{PROPOSALS}/{made['id']}"
    assert (await organiser.post(f"{one}/withdraw")).status == 403
    assert (await member.good("POST", f"{one}/withdraw"))["state"] == "withdrawn"
    again = await member.good("POST", f"{COMMUNITIES}/{garden}/proposals", json=wish())
    sent = {"note": "Not in winter"}
    await organiser.good("POST", f"{PROPOSALS}/{again['id']}/decline", json=sent)
    await run_jobs(house.work)
    assert "Not in winter" in (await letters(member))[0]


async def test_seconds_count_members_alone(house: House, organiser: Member, garden: str) -> None:
    await set_up(organiser, garden, proposals="seconded", seconds=2)
    member, left, stays = [await house.member(n) for n in ("member", "left", "stays")]
    passer_by = await house.member("passer_by")
    for each in (member, left, stays):
        await follow(each, garden)
    made = await member.good("POST", f"{COMMUNITIES}/{garden}/proposals", json=wish())
    one = f"{PROPOSALS}/{made['id']}"
    assert (await passer_by.post(f"{one}/second")).status == 403
    for _ in range(2):  # once each
        assert (await left.good("POST", f"{one}/second"))["seconds_count"] == 1
    await left.good("POST", f"/api/v1/accounts/{garden}/unfollow")
    shown = await stays.good("POST", f"{one}/second")
    assert (shown["state"], shown["seconds_count"], shown["seconded"]) == ("idea", 1, True)
    assert (await stays.good("POST", f"{one}/unsecond"))["seconds_count"] == 0


async def test_what_is_too_late_stays_an_idea(house: House, organiser: Member, garden: str) -> None:
    await set_up(organiser, garden, proposals="seconded", seconds=1)
    member = await house.member("member")
    await follow(member, garden)
    made = await organiser.good("POST", f"{COMMUNITIES}/{garden}/proposals", json=wish())
    async with house.work.transaction() as tx:
        await tx.conn.execute(
            "update proposals set wanted = jsonb_set(wanted, '{details,starts_at}', $1)",
            "2020-01-01T10:00:00Z",
        )
    one = f"{PROPOSALS}/{made['id']}"
    shown = await member.good("POST", f"{one}/second")
    assert (shown["state"], shown["seconds_count"]) == ("idea", 1)
    assert (await organiser.post(f"{one}/try")).status == 422


@pytest.mark.parametrize(
    "more", [{"title": ""}, {"title": "x" * 201}, {"starts_at": ""}, {"kind": "feast"}]
)
async def test_what_can_be_no_proposal(organiser: Member, garden: str, more: Any) -> None:
    path = f"{COMMUNITIES}/{garden}/proposals"
    assert (await organiser.post(path, json=wish(**more))).status == 422
    assert await organiser.good("GET", path) == []


async def test_nobody_has_ideas_without_end(organiser: Member, garden: str) -> None:
    path = f"{COMMUNITIES}/{garden}/proposals"
    for _ in range(proposals.OPEN_MAX):
        await organiser.good("POST", path, json=wish())
    assert (await organiser.post(path, json=wish())).status == 422


async def test_what_is_proposed_in_private_is_for_members(house: House, organiser: Member) -> None:
    sent = {"policy": "request", "visibility": "private"}
    shed = await founded(organiser, **sent)
    path = f"{COMMUNITIES}/{shed}/proposals"
    made = await organiser.good("POST", path, json=wish())
    other = await house.member("other")
    for who in (other, house.stranger):
        assert (await who.get(path)).status == 404
        assert (await who.get(f"{PROPOSALS}/{made['id']}")).status == 404
    assert (await organiser.get(f"{PROPOSALS}/{made['id']}")).status == 200


async def test_what_participants_alone_are_told_stands_in_no_proposal(
    house: House, organiser: Member, garden: str
) -> None:
    member, friend = await house.member("member"), await house.member("friend")
    for each in (member, friend):
        await follow(each, garden)
    path, said = f"{COMMUNITIES}/{garden}/proposals", "The door code is 4711"
    made = await member.good("POST", path, json=wish(participants_note=said))
    one = f"{PROPOSALS}/{made['id']}"
    for who in (friend, house.stranger):
        for seen in (await who.good("GET", one), await who.good("GET", path)):
            assert "4711" not in str(seen)
    for who in (member, organiser):
        assert (await who.good("GET", one))["wanted"]["note"] == said
    tried = await organiser.good("POST", f"{one}/try")
    call = f"/api/beckon/v1/calls/{tried['status_id']}"
    assert (await organiser.good("GET", call))["participants_note"] == said


async def test_who_was_invited_reads_no_proposals_before_they_joined(
    house: House, organiser: Member
) -> None:
    shed = await founded(organiser, policy="request", visibility="private")
    open_ = await founded(organiser, name="hill", title="Hill")
    made = await organiser.good("POST", f"{COMMUNITIES}/{open_}/proposals", json=wish())
    async with house.work.transaction() as tx:
        await tx.conn.execute("update proposals set community_id = $1", int(shed))
    guest = await house.member("guest")
    asked = {"account_id": guest.id}
    await organiser.good("POST", f"{COMMUNITIES}/{shed}/invites", json=asked)
    for path in (f"{COMMUNITIES}/{shed}/proposals", f"{PROPOSALS}/{made['id']}"):
        assert (await guest.get(path)).status == 404
        assert (await organiser.get(path)).status == 200


async def test_two_ideas_at_once_do_not_pass_the_limit(
    house: House, organiser: Member, garden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposals, "OPEN_MAX", 1)
    member = await house.member("member")
    await follow(member, garden)
    path = f"{COMMUNITIES}/{garden}/proposals"
    got = await asyncio.gather(*(member.post(path, json=wish()) for _ in range(4)))
    assert sorted(answer.status for answer in got) == [200, 422, 422, 422]


# Where all members call at once


@pytest.fixture
async def member(house: House, organiser: Member, garden: str) -> Member:
    await set_up(organiser, garden, proposals="open")
    made = await house.member("member")
    await follow(made, garden)
    return made


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"kind": "word", "value": "cheap pills"}, {"title": "Cheap pills for all"}),
        ({"kind": "host", "value": "spam.example"}, {"about": "See https://shop.spam.example/"}),
        ({"kind": "host", "value": "spam.example"}, {"external_url": "https://spam.example/pills"}),
        (
            {"kind": "host", "value": "spam.example"},
            {"participants_note": "See https://spam.example"},
        ),
        ({"kind": "word", "value": "cheap pills"}, {"place": {"name": "Cheap pills"}}),
        (
            {"kind": "word", "value": "cheap pills"},
            {"place": {"name": "Yard", "address": "cheap pills"}},
        ),
        (
            {"kind": "word", "value": "cheap pills"},
            {"kind": "decision", "starts_at": None, "options": ["Cheap pills", "No"]},
        ),
        ({"kind": "newcomer", "days": 3}, {}),
    ],
)
async def test_a_rule_catches_calls_as_it_does_posts(
    organiser: Member, member: Member, garden: str, rule: dict[str, Any], said: dict[str, Any]
) -> None:
    await organiser.good("POST", f"{COMMUNITIES}/{garden}/hold_rules", json=rule)
    calls, ideas = f"{COMMUNITIES}/{garden}/calls", f"{COMMUNITIES}/{garden}/proposals"
    refused = await member.post(calls, json=wish(**said))
    assert (refused.status, "propose it" in refused.json["error"]) == (403, True)
    idea = await member.good("POST", ideas, json=wish(**said))
    assert idea["state"] == "idea"
    assert (await member.post(f"{PROPOSALS}/{idea['id']}/try")).status == 403
    assert await organiser.good("GET", calls) == []
    assert (await organiser.good("POST", f"{PROPOSALS}/{idea['id']}/try"))["state"] == "trial"
    assert (await organiser.post(calls, json=wish(**said))).status == 200  # who steers is not read


async def test_slow_mode_holds_for_calls(organiser: Member, member: Member, garden: str) -> None:
    await organiser.good("PUT", f"{COMMUNITIES}/{garden}/slow_mode", json={"seconds": 600})
    calls = f"{COMMUNITIES}/{garden}/calls"
    assert (await member.post(calls, json=wish())).status == 200
    assert (await member.post(calls, json=wish())).status == 429
    assert (await member.post(f"{COMMUNITIES}/{garden}/proposals", json=wish())).status == 429


async def test_a_member_has_five_open_calls_and_no_more(
    organiser: Member, member: Member, garden: str
) -> None:
    calls = f"{COMMUNITIES}/{garden}/calls"
    got = await asyncio.gather(*(member.post(calls, json=wish()) for _ in range(7)))
    assert sorted(answer.status for answer in got) == [200] * 5 + [403] * 2
    assert "Five calls" in next(a.json["error"] for a in got if a.status == 403)
    ideas = f"{COMMUNITIES}/{garden}/proposals"
    assert (await member.post(ideas, json=wish())).status == 403
    one = next(answer.json["id"] for answer in got if answer.status == 200)
    await organiser.good("PUT", f"/api/beckon/v1/calls/{one}", json={"state": "cancelled"})
    assert (await member.post(ideas, json=wish())).json["state"] == "trial"


async def test_a_call_that_somebody_relies_on_is_called_off_before_it_is_deleted(
    house: House, organiser: Member, member: Member, garden: str
) -> None:
    path = f"{COMMUNITIES}/{garden}/calls"
    first, second, third = [await member.good("POST", path, json=wish()) for _ in range(3)]
    one = "/api/beckon/v1/calls/{}".format
    assert (await member.delete(one(first["id"]))).status == 200
    friend = await house.member("friend")
    for call in (second, third):
        await friend.good("POST", f"{one(call['id'])}/answer", json={"answer": "going"})
    refused = await member.delete(one(second["id"]))
    assert (refused.status, "call it off first" in refused.json["error"]) == (403, True)
    assert (await member.delete(f"/api/v1/statuses/{second['id']}")).status == 403
    await organiser.good("PUT", one(second["id"]), json={"state": "cancelled"})
    assert (await member.delete(one(second["id"]))).status == 200
    assert (await organiser.delete(one(third["id"]))).status == 200
