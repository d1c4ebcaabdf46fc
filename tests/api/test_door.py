"""Who came, over the API: what each who has no business at the door is answered, and what nobody changes by trying."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.domain import retention
from storage.calls import Details
from tests.api.people import House, Member
from tests.hostile.unchanged import same_rows

CALLS = "/api/beckon/v1/calls"


@dataclass
class Door:
    house: House
    organiser: Member
    guest: Member  # who comes
    other: Member  # who has nothing to do with it
    call: str
    given: str  # the guest's line at the door

    def forward(self, **by: float) -> None:
        self.house.work.clock.forward(**by)  # type: ignore[attr-defined]

    async def marks(self, who: Member, **more: Any) -> int:
        sent = {"id": self.given, "attended": True, **more}
        return (await who.put(f"{self.call}/attendance", json=sent)).status

    async def refuses(self, who: Member, expected: int) -> None:
        """On all routes of the door alike, and nothing is written."""
        async with same_rows(self.house.work):
            asked = {"account_id": who.id if who.account else "1"}
            assert (await who.get(f"{self.call}/door")).status == expected
            assert await self.marks(who) == expected
            assert (await who.post(f"{self.call}/recorders", json=asked)).status == expected
            assert (await who.delete(f"{self.call}/recorders", json=asked)).status == expected


@pytest.fixture
async def door(house: House) -> Door:
    organiser, guest, other = [await house.member(n) for n in ("organiser", "guest", "other")]
    river = await house.community(organiser, "river")
    starts = datetime.now(UTC) + timedelta(days=2)
    post = await house.call(
        organiser, river, Details(starts, starts + timedelta(hours=2), "UTC"), "Clean up"
    )
    call = f"{CALLS}/{post.id}"
    await guest.good("POST", f"{call}/answer", json={"answer": "going"})
    (line,) = await organiser.good("GET", f"{call}/door")
    return Door(house, organiser, guest, other, call, line["id"])


async def test_who_steers_nothing_and_records_nothing_is_refused(door: Door) -> None:
    door.forward(days=2, minutes=1)
    await door.refuses(door.house.stranger, 401)
    await door.refuses(door.other, 403)
    await door.refuses(door.guest, 403)


async def test_nobody_is_marked_before_it_began(door: Door) -> None:
    async with same_rows(door.house.work):
        assert await door.marks(door.organiser) == 403
    door.forward(days=2, minutes=1)
    assert await door.marks(door.organiser) == 200


async def test_a_recorder_marks_and_asks_nobody_else_to(door: Door) -> None:
    chosen = {"account_id": door.other.id}
    await door.organiser.good("POST", f"{door.call}/recorders", json=chosen)
    door.forward(days=2, minutes=1)
    assert await door.marks(door.other) == 200
    (line,) = await door.other.good("GET", f"{door.call}/door")
    assert (line["attended"], line["recorded_by"]["id"]) == (True, door.other.id)
    named = {"account_id": door.guest.id}
    assert (await door.other.post(f"{door.call}/recorders", json=named)).status == 403
    await door.organiser.good("DELETE", f"{door.call}/recorders", json=chosen)
    await door.refuses(door.other, 403)


async def test_what_cannot_be_meant_is_refused(door: Door) -> None:
    door.forward(days=2, minutes=1)
    starts = door.house.work.clock.now() + timedelta(hours=1)
    async with door.house.work.reading() as tx:
        river = await tx.conn.fetchval("select community_id from calls limit 1")
    sent = {"title": "Another one", "starts_at": starts.isoformat(), "kind": "event"}
    path = f"/api/beckon/v1/communities/{river}/calls"
    another = await door.organiser.good("POST", path, json=sent)
    petition = await door.organiser.good(
        "POST", path, json={"title": "Save the mill", "kind": "petition"}
    )
    door.forward(hours=2)
    async with same_rows(door.house.work):
        assert await door.marks(door.organiser, id="999999999") == 404
        assert await door.marks(door.organiser, id="") == 422
        wrong = {"id": door.given, "attended": True}
        for call, status in ((another["id"], 404), (petition["id"], 404), ("1", 404)):
            answer = await door.organiser.put(f"{CALLS}/{call}/attendance", json=wrong)
            assert answer.status == status
        for asked in ({"account_id": "1"}, {}):
            refused = await door.organiser.post(f"{door.call}/recorders", json=asked)
            assert refused.status == 404
        remote = {"account_id": str((await door.house.remote("far")).id)}
    assert (await door.organiser.post(f"{door.call}/recorders", json=remote)).status == 422


async def test_a_month_later_nobody_is_told_who_came(door: Door) -> None:
    door.forward(days=2, minutes=1)
    assert await door.marks(door.organiser) == 200
    door.forward(days=31)
    async with door.house.work.transaction() as tx:
        await retention.run(tx)
    (line,) = await door.organiser.good("GET", f"{door.call}/door")
    assert (line["attended"], line["recorded_by"]) == (None, None)
    async with same_rows(door.house.work):
        assert await door.marks(door.organiser) == 403
