"""Lists of calls: one costs as many statements as forty, and the long ones are paged."""

from __future__ import annotations

from typing import Any

from server.api import call_entities
from storage import call_copies
from tests.api.people import House, Member
from tests.api.test_call_series import SUPPER
from tests.api.test_communities import COMMUNITIES, event, garden, organiser
from tests.api.test_decisions import asked
from tests.api.test_shifts import made

__all__ = ["garden", "organiser"]
CALLS = "/api/beckon/v1/calls"


async def cost(house: House, ids: list[int], reader: Member | None) -> tuple[int, int]:
    """How many calls were shown, and with how many statements."""
    seen: list[str] = []
    viewer = reader.account if reader else None
    async with house.work.reading() as tx:
        with tx.conn.query_logger(lambda record: seen.append(record.query)):
            shown = await call_entities.shown(tx, ids, viewer)
    return len(shown), len(seen)


async def full(house: House, organiser: Member, garden: str, at: int, guest: Member) -> int:
    """A call with all that one can have: shifts, roles, a note, a claim, a goal, and the guest in a line."""
    call = await made(organiser, garden, title=f"Dig {at}", goal={"value": 4})
    one = {"answer": call["answers"][1]["key"]}  # in the evening there is one place
    await organiser.good("POST", f"{CALLS}/{call['id']}/answer", json=one)
    await guest.good("POST", f"{CALLS}/{call['id']}/answer", json=one)
    claim = {"people": 3, "what": "On paper", "evidence": "https://paper.example/1"}
    await organiser.good("POST", f"{CALLS}/{call['id']}/claims", json=claim)
    return int(call["id"])


async def test_forty_calls_cost_what_one_costs(
    house: House, organiser: Member, garden: str
) -> None:
    guest = await house.member("guest")
    ids = [await full(house, organiser, garden, n, guest) for n in range(5)]
    for n in range(35):
        sent = event(title=f"Supper {n}", capacity=1)
        call = await organiser.good("POST", f"{COMMUNITIES}/{garden}/calls", json=sent)
        ids.append(int(call["id"]))
    async with house.work.transaction() as tx:
        for copy in ids[:2]:
            await call_copies.put(tx.conn, copy, house.work.site.urls.post(ids[-1]))
    for reader in (guest, organiser, None):
        one, few = await cost(house, ids[:1], reader)
        forty, many = await cost(house, ids, reader)
        assert (one, forty) == (1, 40)
        assert few == many <= 30


async def test_a_list_says_of_each_call_what_it_says_of_itself(
    house: House, organiser: Member, garden: str
) -> None:
    guest = await house.member("guest")
    ids = [await full(house, organiser, garden, n, guest) for n in range(2)]
    sent = event(capacity=1)
    plain = await organiser.good("POST", f"{COMMUNITIES}/{garden}/calls", json=sent)
    going = f"{CALLS}/{plain['id']}/answer"
    await organiser.good("POST", going, json={"answer": "going"})
    waiting = await guest.good("POST", going, json={"answer": "going"})
    assert waiting["answer"]["place_in_line"] == 1
    listed = {c["id"]: c for c in await guest.good("GET", f"{COMMUNITIES}/{garden}/calls")}
    assert set(listed) == {str(i) for i in ids} | {plain["id"]}
    for id_, call in listed.items():
        assert await guest.good("GET", f"{CALLS}/{id_}") == call
    assert listed[plain["id"]]["answer"]["place_in_line"] == 1


async def pages(member: Member, path: str, of: Any) -> list[list[str]]:
    """The ids on each page, as its Link header leads on."""
    found: list[list[str]] = []
    at: str | None = path
    while at:
        answer = await member.get(at)
        assert answer.status == 200
        found.append([each["id"] for each in of(answer.json)])
        at = answer.links.get("next")
    return found


async def test_series_are_paged(house: House) -> None:
    organiser = await house.member("organiser")
    kitchen = await house.community(organiser, "kitchen")
    path = f"{COMMUNITIES}/{kitchen.id}/series"
    made_ = [(await organiser.good("POST", path, json=SUPPER))["id"] for _ in range(5)]
    newest = made_[::-1]
    found = await pages(house.stranger, f"{path}?limit=2", lambda body: body)
    assert found == [newest[:2], newest[2:4], newest[4:]]
    above = await house.stranger.good("GET", f"{path}?since_id={newest[2]}")
    assert [each["id"] for each in above] == newest[:2]
    assert len((await house.stranger.get(f"{path}?limit=1000")).json) == 5


async def test_reasons_of_a_record_are_paged(house: House) -> None:
    _, call = await asked(house)
    for n in range(5):
        member = await house.member(f"member{n}")
        said = {"answer": "object", "reason": f"Reason {n}"}
        await member.good("POST", f"{call}/answer", json=said)
    whole = await house.stranger.good("GET", f"{call}/record")
    told = [each["reason"] for each in whole["reasons"]]
    assert sorted(told) == [f"Reason {n}" for n in range(5)], (
        "in no order that tells whose they are"
    )
    ids = [each["id"] for each in whole["reasons"]]
    found = await pages(house.stranger, f"{call}/record?limit=2", lambda body: body["reasons"])
    assert found == [ids[:2], ids[2:4], ids[4:]]
    page = await house.stranger.good("GET", f"{call}/record?limit=1")
    assert page["result"] == whole["result"], "of all, whatever page is read"


async def test_needs_are_paged(house: House, organiser: Member, garden: str) -> None:
    for n in range(3):
        sent = event(kind="need", title=f"A room {n}")
        sent.pop("starts_at", None)
        sent.pop("ends_at", None)
        await organiser.good("POST", f"{COMMUNITIES}/{garden}/calls", json=sent)
    found = await pages(
        house.stranger, "/api/beckon/v1/needs?limit=2", lambda body: [n["call"] for n in body]
    )
    assert [len(page) for page in found] == [2, 1]
    assert len({id_ for page in found for id_ in page}) == 3
