"""A call that its organisers deleted, over the API, while those who answered hear of it: nobody brings it back or sees it."""

from __future__ import annotations

from typing import Any

from tests.api.test_communities import COMMUNITIES, event, garden, organiser
from tests.api.test_exports import fetched
from tests.api.test_shifts import CALLS, made
from tests.api.world import House, Member

__all__ = ["garden", "organiser"]


async def _deleted(house: House, organiser: Member, garden: str) -> dict[str, Any]:
    call = await organiser.good("POST", f"{COMMUNITIES}/{garden}/calls", json=event())
    comes = await house.member("comes")
    await comes.good("POST", f"{CALLS}/{call['id']}/answer", json={"answer": "going"})
    await organiser.good("DELETE", f"/api/v1/statuses/{call['id']}")
    assert (await organiser.get(f"{CALLS}/{call['id']}")).status == 404
    return call


async def test_no_act_of_a_steward_finds_it_or_brings_it_back(
    house: House, organiser: Member, garden: str
) -> None:
    call = await _deleted(house, organiser, garden)
    for act in ("restore", "lock", "unlock", "remove", "feature", "unfeature"):
        path = f"{COMMUNITIES}/{garden}/posts/{call['id']}/{act}"
        assert (await organiser.post(path, json={})).status == 404, act
    assert (await organiser.get(f"{CALLS}/{call['id']}")).status == 404


async def test_a_shift_is_gone_from_its_call(house: House, organiser: Member, garden: str) -> None:
    call = await made(organiser, garden)
    morning, evening = (s["id"] for s in call["shifts"])
    comes = await house.member("comes")
    await comes.good("POST", f"{CALLS}/{call['id']}/answer", json={"shift_id": morning})
    await organiser.good("DELETE", f"/api/v1/statuses/{morning}")
    assert (await organiser.get(f"{CALLS}/{morning}")).status == 404
    shown = await comes.good("GET", f"{CALLS}/{call['id']}")
    assert [s["id"] for s in shown["shifts"]] == [evening]
    for path in (f"/calls/{call['id']}", f"/calls/{call['id']}.ics"):
        status, body, _ = await fetched(house.stranger, path)
        assert status == 200
        assert f"/calls/{morning}".encode() not in body
        assert f"/calls/{evening}".encode() in body
