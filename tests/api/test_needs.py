"""Needs and offers: what is promised is accepted and fulfilled, what fits is found, and what is missing is listed."""

from __future__ import annotations

from typing import Any

import pytest

from server.domain import wire
from storage import calls as call_rows
from storage import posts as post_rows
from tests.api.people import House, Member

BASE = "/api/beckon/v1"
MILAN = {"name": "Workshop", "latitude": 45.46, "longitude": 9.19}
ROME = {"name": "Workshop", "latitude": 41.9, "longitude": 12.5}


async def group(member: Member, name: str) -> str:
    made = await member.good("POST", f"{BASE}/communities", json={"name": name, "title": name})
    return made["id"]


async def need(
    member: Member, community: str, title: str, category: str, **more: Any
) -> dict[str, Any]:
    body = {"kind": "need", "title": title} | more
    made = await member.good("POST", f"{BASE}/communities/{community}/calls", json=body)
    await member.good("PUT", f"{BASE}/calls/{made['id']}/category", json={"category": category})
    return made


async def test_a_promise_is_accepted_and_fulfilled(house: House) -> None:
    organiser, baker = await house.member("organiser"), await house.member("baker")
    made = await need(
        organiser, await group(organiser, "river"), "Twenty chairs", "tools", capacity=20
    )
    call = f"{BASE}/calls/{made['id']}"
    promised = {"quantity": 12, "text": "From the school"}
    (mine,) = await baker.good("POST", f"{call}/commitments", json=promised)
    assert (mine["state"], mine["quantity"], mine["text"]) == ("promised", 12, "From the school")
    one = f"{call}/commitments/{mine['id']}"
    assert (await baker.post(f"{one}/accept", json={})).status == 403
    assert (await organiser.post(f"{one}/fulfil", json={})).status == 422
    (seen,) = await organiser.good("POST", f"{one}/accept", json={})
    assert (seen["state"], seen["account"]["username"]) == ("accepted", "baker")
    assert (await organiser.post(f"{one}/decline", json={})).status == 422
    (listed,) = await baker.good("GET", f"{BASE}/needs")
    assert (listed["missing"], listed["category"]) == (8, "tools")
    await organiser.good("POST", f"{one}/fulfil", json={})
    assert (await baker.post(f"{call}/commitments", json=promised)).status == 422
    assert (await baker.good("GET", call))["answer"]["answer"] == "help"


async def test_a_promise_that_is_taken_back_keeps_no_name(house: House) -> None:
    organiser, baker = await house.member("organiser"), await house.member("baker")
    made = await need(organiser, await group(organiser, "river"), "A van", "transport", capacity=1)
    call = f"{BASE}/calls/{made['id']}"
    (mine,) = await baker.good("POST", f"{call}/commitments", json={"text": "Mine is blue"})
    await organiser.good("POST", f"{call}/commitments/{mine['id']}/accept", json={})
    assert await baker.good("GET", f"{BASE}/needs") == []
    await baker.good("DELETE", f"{call}/answer")
    (left,) = await organiser.good("GET", f"{call}/commitments")
    assert (left["state"], left["account"], left["text"]) == ("cancelled", None, "")
    assert [n["missing"] for n in await baker.good("GET", f"{BASE}/needs")] == [1]


async def test_others_see_no_promises_but_their_own(house: House) -> None:
    organiser, baker = await house.member("organiser"), await house.member("baker")
    made = await need(organiser, await group(organiser, "river"), "A lawyer", "law")
    call = f"{BASE}/calls/{made['id']}"
    await baker.good("POST", f"{call}/commitments", json={"text": "Two hours a week"})
    gardener = await house.member("gardener")
    assert await gardener.good("GET", f"{call}/commitments") == []
    assert len(await baker.good("GET", f"{call}/commitments")) == 1


async def test_a_need_finds_the_offers_that_fit(house: House) -> None:
    organiser, baker = await house.member("organiser"), await house.member("baker")
    river, far = await group(organiser, "river"), await group(baker, "far")
    wanted = await need(organiser, river, "A van on Friday", "transport", place=MILAN)
    near = await need(organiser, river, "My van", "transport", variant="offer", place=MILAN)
    await need(organiser, river, "A van in Rome", "transport", variant="offer", place=ROME)
    await need(organiser, river, "A kitchen", "food", variant="offer", place=MILAN)
    other = await need(baker, far, "A van of others", "transport", variant="offer", place=MILAN)
    call = f"{BASE}/calls/{wanted['id']}"
    found = await baker.good("GET", f"{call}/matches")
    assert [f["call"]["id"] for f in found] == [near["id"]]
    back = await baker.good("GET", f"{BASE}/calls/{near['id']}/matches")
    assert [f["call"]["id"] for f in back] == [wanted["id"]]
    assert other["id"] not in str(found)
    for one, two, who in ((river, far, organiser), (far, river, baker)):
        await who.good("POST", f"{BASE}/communities/{one}/linked", json={"other_id": two})
    found = await baker.good("GET", f"{call}/matches")
    assert {f["call"]["id"] for f in found} == {near["id"], other["id"]}


async def test_the_list_of_needs_is_filtered(house: House) -> None:
    organiser = await house.member("organiser")
    river, bank = await group(organiser, "river"), await group(organiser, "bank")
    milan = await need(organiser, river, "Food in Milan", "food", place=MILAN)
    rome = await need(organiser, bank, "Food in Rome", "food", place=ROME)
    tools = await need(organiser, river, "Spades", "tools")
    await need(organiser, river, "Bread", "food", variant="offer")
    closed = await need(organiser, river, "Nothing more", "food")
    await organiser.good("PUT", f"{BASE}/calls/{closed['id']}", json={"state": "closed"})

    async def listed(query: str) -> list[str]:
        found = await organiser.good("GET", f"{BASE}/needs?{query}")
        return [each["call"]["id"] for each in found]

    assert set(await listed("")) == {milan["id"], rome["id"], tools["id"]}
    assert set(await listed("category=food")) == {milan["id"], rome["id"]}
    assert set(await listed(f"community={bank}")) == {rome["id"]}
    near = "latitude=45.5&longitude=9.2&radius=30"
    assert await listed(near) == [milan["id"], tools["id"]]
    assert await listed(f"{near}&category=food") == [milan["id"]]
    assert len(await listed("offers=true")) == 1


@pytest.mark.parametrize(
    ("path", "field"), [("needs?category=gold", "category"), ("needs?latitude=x", "latitude")]
)
async def test_what_makes_no_sense_is_refused(house: House, path: str, field: str) -> None:
    member = await house.member("member")
    assert (await member.get(f"{BASE}/{path}")).status == 422, field


async def test_other_calls_take_no_promises(house: House) -> None:
    organiser = await house.member("organiser")
    community = await group(organiser, "river")
    body = {"kind": "petition", "title": "Keep the library"}
    made = await organiser.good("POST", f"{BASE}/communities/{community}/calls", json=body)
    call = f"{BASE}/calls/{made['id']}"
    assert (await organiser.post(f"{call}/commitments", json={"text": "x"})).status == 404
    assert (await organiser.put(f"{call}/category", json={"category": "food"})).status == 404
    assert (await organiser.get(f"{call}/matches")).status == 404


async def test_what_people_gave_is_said_to_be_unchecked(house: House) -> None:
    organiser = await house.member("organiser")
    community = await group(organiser, "river")
    body = {"kind": "donate", "title": "The fund", "external_url": "https://give.example/"}
    made = await organiser.good("POST", f"{BASE}/communities/{community}/calls", json=body)
    call = f"{BASE}/calls/{made['id']}"
    shown = await organiser.good("POST", f"{call}/answer", json={"answer": "gave"})
    assert (shown["counted"], shown["note"]) == (
        1,
        "What people say they gave is declared, not checked.",
    )
    async with house.work.reading() as tx:
        row = await post_rows.by_id(tx.conn, int(made["id"]))
        found = await call_rows.by_id(tx.conn, int(made["id"]))
        assert row and found
        assert "declared, not checked" in str((await wire.card(tx, row, found))["content"])


async def test_a_boost_of_a_call_is_spread_and_no_answer(house: House) -> None:
    organiser, baker = await house.member("organiser"), await house.member("baker")
    community = await group(organiser, "river")
    body = {"kind": "share", "title": "Tell your street"}
    made = await organiser.good("POST", f"{BASE}/communities/{community}/calls", json=body)
    await baker.good("POST", f"/api/v1/statuses/{made['id']}/reblog")
    shown = await organiser.good("GET", f"{BASE}/calls/{made['id']}")
    assert shown["counted"] == 0
    assert shown["tiers"]["spread"] >= 1


async def test_needs_of_unlisted_communities_do_not_come_unasked(house: House) -> None:
    """Whoever knows of the community may ask for its needs; its members see them among all."""
    organiser, other = await house.member("organiser"), await house.member("other")
    sent = {"name": "attic", "title": "Attic", "visibility": "unlisted"}
    attic = (await organiser.good("POST", f"{BASE}/communities", json=sent))["id"]
    river = await group(organiser, "river")
    hidden = await need(organiser, attic, "A safe place to sleep", "space")
    offer = await need(organiser, river, "A room", "space", variant="offer")
    for who in (other, house.stranger):
        assert await who.good("GET", f"{BASE}/needs") == []
        assert await who.good("GET", f"{BASE}/calls/{offer['id']}/matches") == []
        (asked,) = await who.good("GET", f"{BASE}/needs?community={attic}")
        assert asked["call"]["id"] == hidden["id"]
    (seen,) = await organiser.good("GET", f"{BASE}/needs")
    assert seen["call"]["id"] == hidden["id"]


async def test_who_is_declined_takes_no_part_and_their_place_is_free(house: House) -> None:
    organiser, baker, gardener = [
        await house.member(name) for name in ("organiser", "baker", "gardener")
    ]
    made = await need(organiser, await group(organiser, "river"), "A van", "transport", capacity=1)
    call = f"{BASE}/calls/{made['id']}"
    (mine,) = await baker.good("POST", f"{call}/commitments", json={"text": "Mine is blue"})
    await gardener.good("POST", f"{call}/commitments", json={"text": "Mine is red"})
    assert (await gardener.good("GET", call))["answer"]["state"] == "waiting"
    await organiser.good("POST", f"{call}/commitments/{mine['id']}/decline", json={})
    assert (await baker.good("GET", call))["answer"]["state"] == "refused"
    seen = await gardener.good("GET", call)
    assert (seen["answer"]["state"], seen["counted"]) == ("granted", 1)
    people = await organiser.good("GET", f"{call}/participants")
    assert [(p["account"]["username"], p["state"]) for p in people if p["state"] == "granted"] == [
        ("gardener", "granted")
    ]
    (again,) = await baker.good("POST", f"{call}/commitments", json={"text": "It is white now"})
    assert (again["state"], again["text"]) == ("promised", "It is white now")
    assert (await baker.good("GET", call))["answer"]["state"] == "waiting"
