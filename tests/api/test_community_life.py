"""How a community lives: its settings, joining with questions, the line for a place, the hand-over, links."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from server.domain.groups import joining
from server.domain.members import farewell, follows
from storage import accounts, joins
from tests.api.conftest import Running
from tests.api.people import House, Member
from tests.api.working import run_jobs

BECKON = "/api/beckon/v1"
COMMUNITIES = f"{BECKON}/communities"


@pytest.fixture
async def organiser(house: House) -> Member:
    return await house.member("organiser")


async def founded(by: Member, **more: Any) -> str:
    sent = {"name": "garden", "title": "The garden", **more}
    return (await by.good("POST", COMMUNITIES, json=sent))["id"]


@pytest.fixture
async def garden(organiser: Member) -> str:
    return await founded(organiser)


async def set_up(organiser: Member, garden: str, **sent: Any) -> Any:
    return await organiser.good("PATCH", f"{COMMUNITIES}/{garden}", json=sent)


async def follow(who: Member, garden: str) -> Any:
    return await who.good("POST", f"/api/v1/accounts/{garden}/follow")


async def letters(who: Member) -> list[str]:
    """What members were told in words, the latest first."""
    told = await who.good("GET", "/api/v1/notifications?types[]=mention")
    return [n["status"]["content"] for n in told if n["status"]["visibility"] == "direct"]


# Settings


async def test_an_organiser_says_what_a_community_is_for(
    house: House, organiser: Member, garden: str
) -> None:
    sent = {
        "purpose": "We grow food together.", "norms": "Be kind.\nShare tools.", "about": "Mondays",
        "language": "en", "topics": ["#Gardens", "food"], "rules": ["No dogs"], "capacity": 30,
        "questions": ["Why?"], "policy": "request", "title": "Our garden",
    }  # fmt: skip
    changed = await set_up(organiser, garden, **sent)
    assert changed["topics"] == ["gardens", "food"]
    shown = await house.stranger.good("GET", f"{COMMUNITIES}/{garden}")
    for name in (
        "purpose",
        "norms",
        "language",
        "rules",
        "capacity",
        "questions",
        "policy",
        "title",
    ):
        assert shown[name] == sent[name], name
    account = await house.stranger.good("GET", f"/api/v1/accounts/{garden}")
    assert account["note"] == "<p>We grow food together.</p><p>Mondays</p>"
    assert [f["name"] for f in account["fields"]] == ["Norms"]
    assert account["locked"]
    ask = {"Accept": "application/activity+json"}
    async with house.http.get(f"/communities/{garden}", headers=ask) as answer:
        group = await answer.json(content_type=None)
    assert "We grow food together." in group["summary"]
    assert "Be kind" in group["attachment"][0]["value"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("purpose", "x" * 201),
        ("norms", "x" * 5001),
        ("topics", ["two words"]),
        ("topics", ["aa", "bb", "cc", "dd", "ee", "ff"]),
        ("questions", ["1", "2", "3", "4"]),
        ("capacity", 100_001),
        ("proposals", "never"),
        ("seconds", 51),
        ("language", "Elvish tongue"),
        ("policy", "secret"),
        ("visibility", "private"),
        ("title", " "),
        ("welcome_status_id", "7"),
    ],
)
async def test_what_cannot_be_said_of_a_community(
    organiser: Member, garden: str, field: str, value: Any
) -> None:
    path = f"{COMMUNITIES}/{garden}"
    before = await organiser.good("GET", path)
    assert (await organiser.ask("PATCH", path, json={field: value})).status == 422
    assert await organiser.good("GET", path) == before


async def test_only_organisers_change_it(house: House, organiser: Member, garden: str) -> None:
    moderator, member = await house.member("digger"), await house.member("member")
    for each in (moderator, member):
        await follow(each, garden)
    role = {"account_id": moderator.id, "role": "moderator"}
    await organiser.good("POST", f"{COMMUNITIES}/{garden}/roles", json=role)
    for each in (moderator, member):
        answer = await each.ask("PATCH", f"{COMMUNITIES}/{garden}", json={"purpose": "Mine"})
        assert answer.status == 403
    assert (await member.get(f"{COMMUNITIES}/{garden}/settings")).status == 403
    assert (await moderator.get(f"{COMMUNITIES}/{garden}/settings")).status == 200


async def test_what_was_said_to_all_does_not_become_private(
    house: House, organiser: Member, garden: str
) -> None:
    await organiser.says("@garden hello", title="A plan")
    sent = {"policy": "request", "visibility": "private"}
    path = f"{COMMUNITIES}/{garden}"
    assert (await organiser.ask("PATCH", path, json=sent)).status == 422
    other = await founded(organiser, name="shed", title="Shed")
    relay = await house.remote("relay", "application")
    async with house.work.transaction() as tx:
        shed = (await accounts.by_ids(tx.conn, [int(other)]))[int(other)]
        await follows.follow(tx, relay, shed, uri="https://far.example/follows/1")
    assert (await set_up(organiser, other, **sent))["visibility"] == "private"
    await run_jobs(house.work)
    assert (await organiser.good("GET", f"{COMMUNITIES}/{other}"))["members_count"] == 1
    assert (await house.stranger.get(f"{COMMUNITIES}/{other}")).status == 404


async def test_who_waits_is_let_in_when_it_opens(house: House, organiser: Member) -> None:
    garden = await founded(organiser, policy="request")
    asking = await house.member("asking")
    assert (await follow(asking, garden))["requested"]
    await set_up(organiser, garden, policy="open")
    await run_jobs(house.work)
    assert (await asking.good("GET", f"{COMMUNITIES}/{garden}"))["member"]


# Joining


async def test_questions_are_answered_to_stewards_alone(house: House, organiser: Member) -> None:
    garden = await founded(organiser, policy="request")
    await set_up(organiser, garden, questions=["Why?", "Where?"], norms="Be kind")
    asking, follower = await house.member("asking"), await house.member("follower")
    path = f"{COMMUNITIES}/{garden}/join"
    assert (await asking.post(path, json={"norms": True})).status == 422
    assert (await asking.post(path, json={"answers": ["xyzzy", "Here"]})).status == 422
    sent = {"answers": ["xyzzy", "Here"], "norms": True}
    joined = await asking.good("POST", path, json=sent)
    assert (joined["requested"], joined["norms_accepted"]) == (True, True)
    assert (await follow(follower, garden))["requested"]  # any client may ask without
    for other in (asking, follower):
        assert (await other.get(f"{COMMUNITIES}/{garden}/applications")).status == 403
    told = await organiser.good("GET", f"{COMMUNITIES}/{garden}/applications")
    assert [(a["account"]["id"], a["answers"]) for a in told] == [
        (asking.id, ["xyzzy", "Here"]),
        (follower.id, []),
    ]
    await organiser.good("POST", f"{COMMUNITIES}/{garden}/requests/{asking.id}/approve")
    async with house.work.reading() as tx:
        kept = await tx.conn.fetch("select answers, norms_at from community_joins")
    assert [(list(row["answers"]), row["norms_at"] is not None) for row in kept] == [([], True)]
    await set_up(organiser, garden, norms="Be kinder")
    assert not (await asking.good("GET", f"{COMMUNITIES}/{garden}"))["norms_accepted"]
    again = await asking.good("POST", path, json={"answers": ["x", "y"], "norms": True})
    assert (again["member"], again["norms_accepted"]) == (True, True)


async def test_an_office_reads_no_answers_of_who_asks_to_join(
    house: House, organiser: Member
) -> None:
    garden = await founded(organiser, policy="request")
    await set_up(organiser, garden, questions=["Why?"])
    asking = await house.member("asking")
    await asking.good("POST", f"{COMMUNITIES}/{garden}/join", json={"answers": ["xyzzy"]})
    await organiser.good("PUT", f"{BECKON}/affiliation", json={"affiliation": "official"})
    (told,) = await organiser.good("GET", f"{COMMUNITIES}/{garden}/applications")
    assert (told["account"]["id"], told["answers"]) == (asking.id, [])


async def test_answers_are_kept_for_a_month_at_most(
    here: Running, house: House, organiser: Member
) -> None:
    garden = await founded(organiser, policy="request")
    await set_up(organiser, garden, questions=["Why?"])
    asking = await house.member("asking")
    await asking.good("POST", f"{COMMUNITIES}/{garden}/join", json={"answers": ["xyzzy"]})
    for days, left in ((29, ["xyzzy"]), (2, [])):
        here.clock.forward(days=days)
        async with house.work.transaction() as tx:
            await joining.clean(tx)
        told = await organiser.good("GET", f"{COMMUNITIES}/{garden}/applications")
        assert [a["answers"] for a in told] == [left]


async def test_new_members_are_shown_the_welcome_thread(
    house: House, organiser: Member, garden: str
) -> None:
    thread = await organiser.says("@garden say hello here", title="Hello")
    shown = await set_up(organiser, garden, welcome_status_id=thread["id"])
    assert shown["welcome_status_id"] == thread["id"]
    newcomer = await house.member("newcomer")
    await follow(newcomer, garden)
    await run_jobs(house.work)
    told = await letters(newcomer)
    assert len(told) == 1
    assert thread["url"] in told[0]
    assert await letters(organiser) == []


# The line


async def test_a_full_community_keeps_a_line(house: House, organiser: Member, garden: str) -> None:
    await set_up(organiser, garden, capacity=2)
    first, second, third = [await house.member(f"member{n}") for n in range(3)]
    assert (await follow(first, garden))["following"]
    for each in (second, third):
        assert (await follow(each, garden))["requested"]
    await run_jobs(house.work)
    place = f"{COMMUNITIES}/{garden}"
    assert [(await m.good("GET", place))["place_in_line"] for m in (first, second, third)] == [
        None, 1, 2,
    ]  # fmt: skip
    assert "number 2 in line" in (await letters(third))[0]
    assert "start a second community" in (await letters(organiser))[0]
    told = await organiser.good("GET", f"{place}/settings")
    assert (told["members"], told["asking"], told["waiting"]) == (2, 0, 2)
    assert told["split_suggested"]
    # Nobody overtakes: neither by a steward's yes nor between a leave and the line's move.
    await organiser.good("POST", f"{place}/requests/{third.id}/approve")
    await first.good("POST", f"/api/v1/accounts/{garden}/unfollow")
    assert (await follow(first, garden))["requested"]
    await run_jobs(house.work)
    assert [(await m.good("GET", place))["place_in_line"] for m in (second, third, first)] == [
        None, 1, 2,
    ]  # fmt: skip
    assert "you are a member now" in (await letters(second))[0]
    await organiser.good("POST", f"{place}/ban/{second.id}")
    await run_jobs(house.work)
    assert (await third.good("GET", place))["member"]
    await set_up(organiser, garden, capacity=0)
    await run_jobs(house.work)
    assert (await first.good("GET", place))["member"]


async def test_places_are_never_given_twice(house: House, organiser: Member, garden: str) -> None:
    """Members join by the API and people of other servers by a Follow, all at once."""
    await set_up(organiser, garden, capacity=4)
    members = [await house.member(f"member{n}") for n in range(8)]
    strangers = [await house.remote(f"stranger{n}") for n in range(8)]

    async def from_afar(number: int) -> None:
        async with house.work.transaction() as tx:
            group = (await accounts.by_ids(tx.conn, [int(garden)]))[int(garden)]
            uri = f"https://far.example/follows/{number}"
            await follows.asked(tx, strangers[number], group, uri)

    await asyncio.gather(*(follow(m, garden) for m in members), *(from_afar(n) for n in range(8)))
    async with house.work.reading() as tx:
        rows = await tx.conn.fetch(
            "select f.accepted_at is null as waits, j.line from follows f"
            " left join community_joins j on j.follow_id = f.id where f.target_id = $1",
            int(garden),
        )
        assert await joins.length(tx.conn, int(garden)) == 13
    assert sum(not row["waits"] for row in rows) == 4
    assert all((row["line"] is not None) == row["waits"] for row in rows)


async def test_a_place_is_free_when_an_account_is_gone(
    house: House, organiser: Member, garden: str
) -> None:
    await set_up(organiser, garden, capacity=2)
    far = await house.remote("far")
    waiting = await house.member("waiting")
    async with house.work.transaction() as tx:
        group = (await accounts.by_ids(tx.conn, [int(garden)]))[int(garden)]
        await follows.follow(tx, far, group, uri="https://far.example/follows/1")
    assert (await follow(waiting, garden))["requested"]
    async with house.work.transaction() as tx:
        await farewell.forget(tx, far)
    await run_jobs(house.work)
    assert (await waiting.good("GET", f"{COMMUNITIES}/{garden}"))["member"]
