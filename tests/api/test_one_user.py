"""A user with several persons counts once, and is shut out as one; nobody else learns that they are one."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.domain.calling import tallies
from storage import accounts, posts
from tests.api.people import House, Member
from tests.api.test_community_life import COMMUNITIES, follow, founded, set_up

BECKON = "/api/beckon/v1"
SAID = "You have said so already, and everybody counts once."


@pytest.fixture
async def organiser(house: House) -> Member:
    return await house.member("organiser")


@pytest.fixture
async def garden(organiser: Member) -> str:
    return await founded(organiser)


async def mask(house: House, of: Member, name: str = "mask") -> Member:
    """Another person of the same user."""
    made = await of.good("POST", f"{BECKON}/persons", json={"username": name})
    async with house.work.reading() as tx:
        account = await accounts.by_id(tx.conn, int(made["person"]["id"]))
    token = {"Authorization": f"Bearer {made['access_token']}"}
    return Member(house.http, house.base, account, token)


def soon(days: int = 2) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0).isoformat()


async def called(by: Member, garden: str, **more: Any) -> Any:
    sent = {"title": "Dig & plant", **more}
    if sent.get("kind", "event") in ("event", "volunteer"):
        sent.setdefault("starts_at", soon())
    return await by.good("POST", f"{COMMUNITIES}/{garden}/calls", json=sent)


async def answers(who: Member, call: Any, **said: Any) -> Any:
    return await who.post(f"{BECKON}/calls/{call['id']}/answer", json=said)


async def test_one_user_has_one_answer_to_a_call(
    house: House, organiser: Member, garden: str
) -> None:
    one = await house.member("one")
    other = await mask(house, one)
    call = await called(organiser, garden)
    assert (await answers(one, call, answer="going")).status == 200
    for said in ("going", "maybe"):
        refused = await answers(other, call, answer=said)
        assert (refused.status, refused.json["error"]) == (403, SAID)
    poll = (await other.good("GET", f"/api/v1/statuses/{call['id']}"))["poll"]["id"]
    assert (await other.post(f"/api/v1/polls/{poll}/votes", json={"choices": [0]})).status == 403
    people = await organiser.good("GET", f"{BECKON}/calls/{call['id']}/participants")
    assert [p["account"]["username"] for p in people] == ["one"]
    await one.good("DELETE", f"{BECKON}/calls/{call['id']}/answer")
    assert (await answers(other, call, answer="going")).status == 200


async def test_the_shifts_of_a_call_are_one_call(
    house: House, organiser: Member, garden: str
) -> None:
    one = await house.member("one")
    other = await mask(house, one)
    shifts = [{"title": t, "starts_at": soon(n)} for n, t in enumerate(("Morning", "Evening"), 2)]
    call = await called(organiser, garden, kind="volunteer", shifts=shifts)
    morning, evening = [shift["id"] for shift in call["shifts"]]
    assert (await answers(one, call, shift_id=morning)).status == 200
    assert (await answers(one, call, shift_id=evening)).status == 200
    assert (await answers(other, call, shift_id=evening)).status == 403


async def test_both_persons_at_once_are_counted_once(
    house: House, organiser: Member, garden: str
) -> None:
    one = await house.member("one")
    people = [one, *[await mask(house, one, f"mask{n}") for n in range(3)]]
    call = await called(organiser, garden)
    got = await asyncio.gather(*(answers(each, call, answer="going") for each in people))
    assert sorted(answer.status for answer in got) == [200, 403, 403, 403]


async def test_one_user_has_one_vote_in_a_decision_and_one_signature(
    house: House, organiser: Member, garden: str
) -> None:
    one = await house.member("one")
    other = await mask(house, one)
    decision = await called(organiser, garden, kind="decision", variant="consent")
    assert (await answers(one, decision, answer="agree")).status == 200
    objection = await answers(other, decision, answer="object", reason="No")
    assert (objection.status, objection.json["error"]) == (403, SAID)
    petition = await called(organiser, garden, kind="petition", closes_at=soon())
    sign = petition["answers"][0]["key"]
    assert (await answers(one, petition, answer=sign)).status == 200
    assert (await answers(other, petition, answer=sign)).status == 403
    async with house.work.reading() as tx:
        post = await posts.by_id(tx.conn, int(petition["id"]))
        assert post
        standing = await tallies.standing(tx, post)
    assert (standing.range.at_least, standing.range.at_most) == (1, 1)


async def test_one_user_votes_once_in_a_poll(house: House, organiser: Member) -> None:
    one = await house.member("one")
    other = await mask(house, one)
    asked = {"options": ["Spades", "Rakes"], "expires_in": 3600}
    poll = (await organiser.says("Which?", poll=asked))["poll"]["id"]
    await one.good("POST", f"/api/v1/polls/{poll}/votes", json={"choices": [0]})
    again = await other.post(f"/api/v1/polls/{poll}/votes", json={"choices": [1]})
    assert (again.status, "already voted" in again.json["error"]) == (422, True)


async def test_one_user_seconds_once_and_never_their_own(
    house: House, organiser: Member, garden: str
) -> None:
    await set_up(organiser, garden, proposals="seconded", seconds=2)
    author, friend = await house.member("author"), await house.member("friend")
    hers, his = await mask(house, author, "hers"), await mask(house, friend, "his")
    for each in (author, friend, hers, his):
        await follow(each, garden)
    sent = {"title": "Dig & plant", "starts_at": soon()}
    idea = await author.good("POST", f"{COMMUNITIES}/{garden}/proposals", json=sent)
    second = f"{BECKON}/proposals/{idea['id']}/second"
    assert (await hers.post(second)).json["error"] == SAID
    assert (await friend.good("POST", second))["state"] == "idea"
    assert (await his.post(second)).status == 403
    shown = await organiser.good("GET", f"{BECKON}/proposals/{idea['id']}")
    assert (shown["state"], shown["seconds_count"]) == ("idea", 1)


async def test_who_is_banned_walks_in_as_nobody_else(
    house: House, organiser: Member, garden: str
) -> None:
    """Neither by a follow nor by an answer or a post; and those who steer see nothing of it."""
    one, stays = await house.member("one"), await house.member("bystander")
    other, inside = await mask(house, one, "other"), await mask(house, one, "inside")
    for each in (one, inside, stays):
        await follow(each, garden)
    call = await called(organiser, garden)
    await organiser.good("POST", f"{COMMUNITIES}/{garden}/ban/{one.id}", json={"reason": "Rude"})
    before = await organiser.good("GET", "/api/v1/notifications")
    path = f"/api/v1/accounts/{garden}/follow"
    assert [(await who.post(path)).status for who in (one, other)] == [403, 403]
    assert (await answers(other, call, answer="going")).status == 403
    assert (await other.post("/api/v1/statuses", json={"status": "@garden hello"})).status == 403
    # Who was in stays, as to see them go would tell, and an invitation says nothing either.
    assert (await answers(inside, call, answer="going")).status == 200
    invite = f"{COMMUNITIES}/{garden}/invites"
    assert (await organiser.post(invite, json={"account_id": other.id})).status == 200
    assert (await other.post(path)).status == 403
    bans = await organiser.good("GET", f"{COMMUNITIES}/{garden}/bans")
    assert [ban["account"]["id"] for ban in bans] == [one.id]
    assert await organiser.good("GET", "/api/v1/notifications") == before
    await organiser.good("POST", f"{COMMUNITIES}/{garden}/unban/{one.id}")
    assert (await other.post(path)).status == 200
