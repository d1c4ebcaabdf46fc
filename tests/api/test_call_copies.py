"""Start this in my town, through the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from storage import target_mails
from storage.target_mails import Mailing
from tests.api.people import House, Member

BASE = "/api/beckon/v1"
DAY = timedelta(days=1)


def at(days: int, hours: int = 0) -> str:
    moment = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days, hours=hours)
    return moment.isoformat().replace("+00:00", "Z")


async def community(organiser: Member, name: str, **more: str) -> str:
    sent = {"name": name, "title": name.title()} | more
    return (await organiser.good("POST", f"{BASE}/communities", json=sent))["id"]


async def call(organiser: Member, group: str, **more: Any) -> dict[str, Any]:
    sent = {"kind": "petition", "title": "Keep the trees", "about": "They are *old*."} | more
    return await organiser.good("POST", f"{BASE}/communities/{group}/calls", json=sent)


async def start(who: Member, origin: dict[str, Any], group: str, **more: Any) -> dict[str, Any]:
    path = f"{BASE}/calls/{origin['id']}/start_here"
    return await who.good("POST", path, json={"community_id": group} | more)


async def test_a_call_is_started_in_another_town(house: House) -> None:
    first, second = await house.member("first"), await house.member("second")
    river, hill = await community(first, "river"), await community(second, "hill")
    origin = await call(first, river, goal={"value": 40, "metric": "people"})
    path = f"{BASE}/calls/{origin['id']}/start_here"
    begins = await second.good("GET", path)
    assert (begins["title"], begins["about"]) == ("Keep the trees", "They are *old*.")
    assert begins["goal"] == {"value": 40, "metric": "people"}
    made = await start(second, origin, hill, title="Keep the trees of Hill")
    assert made["title"] == "Keep the trees of Hill"
    assert made["goal"] == {"value": 40, "metric": "people"}
    assert made["started_from"]["id"] == origin["id"]
    assert made["community"]["id"] == hill
    found = await house.stranger.good("GET", f"{BASE}/calls/{origin['id']}")
    assert (found["started_in"], found["started_from"]) == (1, None)


async def test_a_copy_moves_in_time_and_has_a_place_of_its_own(house: House) -> None:
    who = await house.member("organiser")
    group = await community(who, "river")
    shifts = [
        {"title": "Morning", "starts_at": at(5), "ends_at": at(5, 2), "capacity": 3},
        {"title": "Evening", "starts_at": at(5, 6), "roles": [{"name": "Cook", "places": 2}]},
    ]
    place = {"name": "Mill Bridge", "latitude": 45.1, "longitude": 9.2}
    origin = await call(who, group, kind="volunteer", shifts=shifts, place=place)
    made = await start(who, origin, group, starts_at=at(12))
    assert made["place"] == {"name": "", "address": "", "latitude": None, "longitude": None}
    assert [s["title"] for s in made["shifts"]] == ["Morning", "Evening"]
    assert made["shifts"][0]["starts_at"][:16] == at(12)[:16]
    assert made["shifts"][1]["starts_at"][:16] == at(12, 6)[:16]
    assert made["shifts"][1]["roles"][0]["name"] == "Cook"
    assert {s["id"] for s in made["shifts"]}.isdisjoint(s["id"] for s in origin["shifts"])


async def test_a_copy_has_the_targets_and_not_what_became_of_them(house: House) -> None:
    who = await house.member("organiser")
    group = await community(who, "river")
    origin = await call(who, group, kind="contact")
    targets = f"{BASE}/calls/{origin['id']}/targets"
    target = {"name": "The mayor", "address": "mayor@town.example"}
    await who.good("POST", targets, json=target)
    (known,) = await who.good("GET", targets)
    await who.good("PUT", f"{targets}/{known['id']}", json={"status": "pledged"})
    await who.good("POST", f"{BASE}/calls/{origin['id']}/answer", json={"answer": "did"})
    made = await start(who, origin, group)
    (copied,) = await who.good("GET", f"{BASE}/calls/{made['id']}/targets")
    assert (copied["name"], copied["status"], copied["log"]) == ("The mayor", "asked", [])
    assert made["counted"] == 0


async def test_the_answers_of_a_decision_come_along(house: House) -> None:
    who = await house.member("organiser")
    group = await community(who, "river")
    origin = await call(who, group, kind="decision", options=["Red", "Blue"])
    made = await start(who, origin, group)
    assert [a["title"] for a in made["answers"]] == ["Red", "Blue"]
    path = f"{BASE}/calls/{origin['id']}/start_here"
    assert (await who.post(path, json={"community_id": group, "kind": "petition"})).status == 422


async def test_who_may_not_call_starts_nothing(house: House) -> None:
    first, other = await house.member("first"), await house.member("other")
    river = await community(first, "river")
    origin = await call(first, river)
    path = f"{BASE}/calls/{origin['id']}/start_here"
    assert (await other.post(path, json={"community_id": river})).status == 403
    assert (await other.post(path, json={})).status == 422
    assert (await house.stranger.post(path, json={"community_id": river})).status == 401


async def test_what_its_maker_keeps_is_started_nowhere(house: House) -> None:
    who = await house.member("organiser")
    group = await community(who, "river")
    origin = await call(who, group, may_be_started=False)
    assert origin["may_be_started"] is False
    path = f"{BASE}/calls/{origin['id']}/start_here"
    assert (await who.get(path)).status == 403
    assert (await who.post(path, json={"community_id": group})).status == 403
    sent = {"title": "Keep the trees", "may_be_started": True}
    await who.good("PUT", f"{BASE}/calls/{origin['id']}", json=sent)
    assert (await start(who, origin, group))["started_from"]["id"] == origin["id"]


async def test_a_copy_of_a_copy_leads_to_the_first(house: House) -> None:
    who = await house.member("organiser")
    group = await community(who, "river")
    origin = await call(who, group)
    second = await start(who, origin, group)
    third = await start(who, second, group)
    assert third["started_from"]["id"] == origin["id"]
    listed = await house.stranger.good("GET", f"{BASE}/calls/{origin['id']}/copies")
    assert [c["id"] for c in listed["copies"]] == [second["id"], third["id"]]
    assert (await who.good("GET", f"{BASE}/calls/{second['id']}"))["started_in"] == 0


async def test_the_copies_stand_beside_the_figure_and_never_in_it(house: House) -> None:
    who, other = await house.member("organiser"), await house.member("other")
    group = await community(who, "river")
    origin = await call(who, group)
    copies = [await start(who, origin, group) for _ in range(2)]
    for each in (origin, *copies):
        await who.good("POST", f"{BASE}/calls/{each['id']}/answer", json={"answer": "sign"})
    await other.good("POST", f"{BASE}/calls/{copies[0]['id']}/answer", json={"answer": "sign"})
    found = await house.stranger.good("GET", f"{BASE}/calls/{origin['id']}")
    assert (found["counted"], found["range"]["at_most"]) == (1, 1)
    listed = await house.stranger.good("GET", f"{BASE}/calls/{origin['id']}/copies")
    # The same person signed in both towns: the least is two, and not three.
    assert (listed["range"]["at_least"], listed["range"]["at_most"]) == (2, 3)
    page = await house.stranger.http.get(f"{house.stranger.base}/calls/{origin['id']}")
    assert "Started in 2 places" in await page.text()
    page = await house.stranger.http.get(f"{house.stranger.base}/calls/{copies[0]['id']}")
    assert "Started from" in await page.text()


async def test_a_copy_that_is_closed_is_marked_and_one_deleted_is_gone(house: House) -> None:
    who = await house.member("organiser")
    group = await community(who, "river")
    origin = await call(who, group)
    first, second = [await start(who, origin, group) for _ in range(2)]
    await who.good("PUT", f"{BASE}/calls/{first['id']}", json={"state": "closed"})
    await who.good("DELETE", f"{BASE}/calls/{second['id']}")
    listed = await house.stranger.good("GET", f"{BASE}/calls/{origin['id']}/copies")
    assert [(c["id"], c["state"]) for c in listed["copies"]] == [(first["id"], "closed")]


async def test_only_stewards_take_a_copy_off_the_list(house: House) -> None:
    first, second = await house.member("first"), await house.member("second")
    river, hill = await community(first, "river"), await community(second, "hill")
    origin = await call(first, river)
    copy = await start(second, origin, hill)
    one = f"{BASE}/calls/{origin['id']}/copies/{copy['id']}"
    assert (await second.delete(one)).status == 403
    await first.good("DELETE", one)
    assert (await first.delete(one)).status == 404
    listed = await house.stranger.good("GET", f"{BASE}/calls/{origin['id']}/copies")
    assert listed["copies"] == []
    assert (await second.good("GET", f"{BASE}/calls/{copy['id']}"))["started_from"]


async def test_what_is_for_members_is_started_nowhere(house: House) -> None:
    """Not by a stranger, who does not see it, and not by a member, who does."""
    who, other = await house.member("organiser"), await house.member("other")
    group, mine = await community(who, "river"), await community(other, "hill")
    origin = await call(who, group)
    async with house.work.transaction() as tx:
        members = "update posts set visibility = 'members' where id = $1"
        await tx.conn.execute(members, int(origin["id"]))
    path = f"{BASE}/calls/{origin['id']}/start_here"
    for person, named, status in ((other, mine, 404), (who, group, 403)):
        assert (await person.post(path, json={"community_id": named})).status == status
        assert (await person.get(path)).status == status


async def test_addresses_that_are_hidden_come_along_with_no_copy(house: House) -> None:
    """Whoever has a community could read them there otherwise."""
    first, second = await house.member("first"), await house.member("second")
    origin = await call(first, await community(first, "river"), kind="contact")
    target = {"name": "The mayor", "address": "mayor@town.example"}
    await first.good("POST", f"{BASE}/calls/{origin['id']}/targets", json=target)
    async with house.work.transaction() as tx:
        await target_mails.put_mailing(tx.conn, int(origin["id"]), Mailing(20, 200, True))
    made = await start(second, origin, await community(second, "hill"))
    assert await second.good("GET", f"{BASE}/calls/{made['id']}/targets") == []
