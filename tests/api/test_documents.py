"""Documents of a community: who reads them, who writes them, and what is kept of what they said."""

from __future__ import annotations

from typing import Any

import pytest

from server.domain.groups import documents
from tests.api.people import House, Member

COMMUNITIES = "/api/beckon/v1/communities"
DOCUMENTS = "/api/beckon/v1/documents"
KEYS = {"title": "Keys", "text": "Under the *pot*\n\nhttps://map.example/shed"}


@pytest.fixture
async def organiser(house: House) -> Member:
    return await house.member("organiser")


async def community(organiser: Member, **more: str) -> str:
    sent = {"name": "garden", "title": "The garden"} | more
    return (await organiser.good("POST", COMMUNITIES, json=sent))["id"]


async def write(by: Member, garden: str, **more: str) -> Any:
    return await by.good("POST", f"{COMMUNITIES}/{garden}/documents", json=KEYS | more)


async def test_a_document_is_written_and_read(house: House, organiser: Member) -> None:
    garden = await community(organiser)
    made = await write(organiser, garden)
    seen = await house.stranger.good("GET", f"{DOCUMENTS}/{made['id']}")
    assert (seen["title"], seen["text"], seen["version"]) == (KEYS["title"], KEYS["text"], 1)
    assert seen["content"].startswith("<p>Under the *pot*</p>")
    assert 'href="https://map.example/shed"' in seen["content"]
    assert (seen["author"]["id"], seen["editors"]) == (organiser.id, "stewards")
    listed = await house.stranger.good("GET", f"{COMMUNITIES}/{garden}/documents")
    assert [each["id"] for each in listed] == [made["id"]]


async def test_every_change_is_kept_with_who_made_it(house: House, organiser: Member) -> None:
    garden = await community(organiser)
    member = await house.member("member")
    await member.good("POST", f"/api/v1/accounts/{garden}/follow")
    one = f"{DOCUMENTS}/{(await write(organiser, garden, editors='members'))['id']}"
    changed = await member.good("PUT", one, json={"version": 1, "text": "With the baker"})
    assert (changed["version"], changed["author"]["id"]) == (2, member.id)
    assert changed["title"] == "Keys"
    assert (await organiser.put(one, json={"version": 1, "text": "Lost"})).status == 409
    same = await organiser.good("PUT", one, json={"version": 2, "text": "With the baker"})
    assert same["version"] == 2
    kept = await house.stranger.good("GET", f"{one}/versions")
    assert [(v["number"], v["author"]["id"]) for v in kept] == [(2, member.id), (1, organiser.id)]
    first = await house.stranger.good("GET", f"{one}/versions/1")
    assert first["text"] == KEYS["text"]
    for number in ("3", str(2**62), "x"):
        assert (await house.stranger.get(f"{one}/versions/{number}")).status == 404


async def test_who_may_write(house: House, organiser: Member) -> None:
    garden = await community(organiser)
    member, passer = await house.member("member"), await house.member("passer")
    await member.good("POST", f"/api/v1/accounts/{garden}/follow")
    of = f"{COMMUNITIES}/{garden}/documents"
    for_stewards = (await write(organiser, garden))["id"]
    for_members = (await write(member, garden, editors="members"))["id"]
    change = {"version": 1, "text": "Mine"}
    for who, status in ((member, 403), (passer, 403), (house.stranger, 401)):
        assert (await who.post(of, json=KEYS)).status == status
        assert (await who.put(f"{DOCUMENTS}/{for_stewards}", json=change)).status == status
        for act in ("pin", "unpin"):
            assert (await who.post(f"{DOCUMENTS}/{for_members}/{act}")).status == status
        assert (await who.delete(f"{DOCUMENTS}/{for_members}")).status == status
    assert (await passer.post(of, json=KEYS | {"editors": "members"})).status == 403
    assert (await passer.put(f"{DOCUMENTS}/{for_members}", json=change)).status == 403
    taking = {"version": 1, "editors": "stewards"}
    assert (await member.put(f"{DOCUMENTS}/{for_members}", json=taking)).status == 403
    await organiser.good("POST", f"{COMMUNITIES}/{garden}/ban/{member.id}")
    assert (await member.put(f"{DOCUMENTS}/{for_members}", json=change)).status == 403
    shown = await house.stranger.good("GET", of)
    assert {each["version"] for each in shown} == {1}


async def test_what_is_pinned_stands_first(house: House, organiser: Member) -> None:
    garden = await community(organiser)
    first, second = [(await write(organiser, garden, title=t))["id"] for t in ("A", "B")]
    assert (await organiser.good("POST", f"{DOCUMENTS}/{first}/pin"))["pinned"]
    listed = await house.stranger.good("GET", f"{COMMUNITIES}/{garden}/documents")
    assert [each["id"] for each in listed] == [first, second]
    assert not (await organiser.good("POST", f"{DOCUMENTS}/{first}/unpin"))["pinned"]
    listed = await house.stranger.good("GET", f"{COMMUNITIES}/{garden}/documents")
    assert [each["id"] for each in listed] == [second, first]
    await organiser.good("DELETE", f"{DOCUMENTS}/{first}")
    assert (await organiser.get(f"{DOCUMENTS}/{first}")).status == 404


@pytest.mark.parametrize(
    ("sent", "word"),
    [
        ({"title": " "}, "title has 1"),
        ({"title": "x" * 201}, "title has 1"),
        ({"text": " \n"}, "text has 1"),
        ({"text": "word " * 4_100}, "text has 1"),
        ({"text": "x" * 4_001}, "paragraph"),
        ({"editors": "everybody"}, "stewards or by members"),
    ],
)
async def test_what_can_be_no_document(organiser: Member, sent: dict[str, str], word: str) -> None:
    garden = await community(organiser)
    answer = await organiser.post(f"{COMMUNITIES}/{garden}/documents", json=KEYS | sent)
    assert answer.status == 422
    assert word in answer.json["error"]
    assert await organiser.good("GET", f"{COMMUNITIES}/{garden}/documents") == []


async def test_of_a_private_community_they_are_there_for_members(
    house: House, organiser: Member
) -> None:
    shed = await community(organiser, policy="invited", visibility="private")
    one = f"{DOCUMENTS}/{(await write(organiser, shed))['id']}"
    guest, other = await house.member("guest"), await house.member("other")
    await organiser.good("POST", f"{COMMUNITIES}/{shed}/invites", json={"account_id": guest.id})
    reads = (f"{COMMUNITIES}/{shed}/documents", one, f"{one}/versions", f"{one}/versions/1")
    for who in (guest, other, house.stranger):
        for path in reads:
            assert (await who.get(path)).status == 404, path
    assert (await other.put(one, json={"version": 1})).status == 404
    await guest.good("POST", f"/api/v1/accounts/{shed}/follow")
    for path in reads:
        assert await guest.good("GET", path)


async def test_only_so_many_are_kept(
    house: House, organiser: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MOST", 1)
    monkeypatch.setattr(documents, "VERSIONS", 2)
    garden = await community(organiser)
    one = f"{DOCUMENTS}/{(await write(organiser, garden))['id']}"
    assert (await organiser.post(f"{COMMUNITIES}/{garden}/documents", json=KEYS)).status == 422
    for number in (1, 2, 3):
        await organiser.good("PUT", one, json={"version": number, "text": f"After {number}"})
    kept = await house.stranger.good("GET", f"{one}/versions")
    assert [each["number"] for each in kept] == [4, 3]
