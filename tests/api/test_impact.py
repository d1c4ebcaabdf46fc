"""What came of calls, as strangers and as organisers are told; and that nobody is told who looked."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.conftest import Running
from tests.api.people import House, Member
from tests.hostile.unchanged import same_rows

BECKON = "/api/beckon/v1"


@pytest.fixture
async def organiser(house: House) -> Member:
    return await house.member("organiser")


@pytest.fixture
async def garden(organiser: Member) -> str:
    sent = {"name": "garden", "title": "The garden"}
    return (await organiser.good("POST", f"{BECKON}/communities", json=sent))["id"]


async def petition(organiser: Member, garden: str, **more: Any) -> str:
    sent = {"title": "Keep the =library", "kind": "petition", "goal": {"value": 10}} | more
    made = await organiser.good("POST", f"{BECKON}/communities/{garden}/calls", json=sent)
    return made["id"]


async def signed(house: House, call: str, *names: str) -> list[Member]:
    people = [await house.member(name) for name in names]
    for who in people:
        await who.good("POST", f"{BECKON}/calls/{call}/answer", json={"answer": "sign"})
    return people


async def test_a_day_of_one_person_is_told_to_organisers_alone(
    house: House, here: Running, organiser: Member, garden: str
) -> None:
    call = await petition(organiser, garden)
    first = await signed(house, call, "one")
    here.clock.forward(days=1)
    await signed(house, call, "two", "three")
    here.clock.forward(days=1)
    await signed(house, call, "four")
    await first[0].good("DELETE", f"{BECKON}/calls/{call}/answer")
    seen = await organiser.good("GET", f"{BECKON}/calls/{call}/impact")
    assert [(d["answered"], d["withdrawn"]) for d in seen["days"]] == [(1, 0), (2, 0), (1, 1)]
    for who in (house.stranger, first[0]):
        told = await who.good("GET", f"{BECKON}/calls/{call}/impact")
        (part,) = told["days"]
        assert (part["answered"], part["withdrawn"]) == (4, None)
        assert (part["from"], part["to"]) == (seen["days"][0]["from"], seen["days"][2]["to"])
        assert told["kinds"] == seen["kinds"]
    (kind,) = seen["kinds"]
    assert kind["figures"] == {
        "answered": 4, "confirmed": 0, "expressed": 3, "waiting": 0, "withdrawn": 1,
        "attended": None, "support": 0, "spread": 0,
    }  # fmt: skip
    assert seen["calls"][0]["goal"] == {"value": 10, "metric": "people"}


async def test_an_office_or_a_firm_is_told_what_strangers_are(
    house: House, organiser: Member, garden: str
) -> None:
    call = await petition(organiser, garden)
    await signed(house, call, "one", "two")
    path = f"{BECKON}/calls/{call}/impact"
    assert (await organiser.good("GET", path))["days"]
    async with house.work.transaction() as tx:
        await tx.conn.execute(
            "update accounts set affiliation = 'commercial' where id = $1", int(organiser.id)
        )
    assert (await organiser.good("GET", path))["days"] == []


async def test_a_community_is_the_sum_of_its_calls_by_kind(
    house: House, organiser: Member, garden: str
) -> None:
    one, two = await petition(organiser, garden), await petition(organiser, garden)
    soon = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    await petition(organiser, garden, kind="event", starts_at=soon, goal=None)
    await signed(house, one, "a", "b")
    await signed(house, two, "c")
    told = await house.stranger.good("GET", f"{BECKON}/communities/{garden}/impact")
    assert [(k["kind"], k["calls"], k["figures"]["answered"]) for k in told["kinds"]] == [
        ("event", 1, 0), ("petition", 2, 3),
    ]  # fmt: skip
    assert [c["figures"]["answered"] for c in told["calls"]] == [0, 1, 2]


async def test_as_a_table(house: House, organiser: Member, garden: str) -> None:
    call = await petition(organiser, garden)
    await signed(house, call, "one", "two", "three")
    for path in (f"/calls/{call}", f"/communities/{garden}"):
        async with house.http.get(f"{BECKON}{path}/impact.csv") as answer:
            assert answer.content_type == "text/csv"
            lines = list(csv.DictReader(io.StringIO((await answer.text()).lstrip("\ufeff"))))
        assert [line["of"] for line in lines] == ["kind", "call", "days"]
        assert [line["answered"] for line in lines] == ["3", "3", "3"]
        assert [line["title"] for line in lines] == ["", "Keep the =library", ""]
        assert "one" not in str(lines)


async def test_only_what_is_counted_here(house: House, garden: str) -> None:
    """A post that is no call, a person, another server's community, and a private one: not there."""
    asker = await house.member("asker")
    note = await asker.says("hello")
    far = await house.remote("choir", "group")
    wish = {"name": "closed", "title": "Closed", "policy": "request", "visibility": "private"}
    closed = await asker.good("POST", f"{BECKON}/communities", json=wish)
    paths = [f"/calls/{note['id']}", "/calls/1", f"/communities/{asker.id}"]
    paths += [f"/communities/{far.id}"]
    for path in (*paths, f"/communities/{closed['id']}"):
        for end in ("impact", "impact.csv"):
            found = await house.stranger.get(f"{BECKON}{path}/{end}")
            assert found.status == 404, path
    assert (await asker.get(f"{BECKON}/communities/{closed['id']}/impact")).json["kinds"] == []


async def test_who_looks_is_written_down_nowhere(
    house: House, here: Running, organiser: Member, garden: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every way to read a call, by somebody who is signed in: no row changes, and the log names neither them nor
    the call, beside the address that asked."""
    call = await petition(organiser, garden)
    reader = await house.member("curious")
    await reader.good("GET", f"{BECKON}/calls/{call}")  # when a token was first used is noted once
    capsys.readouterr()
    paths = [f"{BECKON}/calls/{call}", f"{BECKON}/calls/{call}/impact", f"/calls/{call}.atom"]
    paths += [f"{BECKON}/communities/{garden}/calls", f"{BECKON}/communities/{garden}/impact.csv"]
    paths += [f"/calls/{call}", "/@garden", "/@garden/impact", f"/api/v1/statuses/{call}"]
    async with same_rows(here.work):
        for path in paths:
            async with here.http.get(path, headers=reader.token) as answer:
                assert answer.status == 200, path
                await answer.read()
    out = capsys.readouterr()
    log = out.out + out.err
    assert log.count("address=127.0.0.1") == len(paths)
    assert call not in log
    assert "/calls/{" in log
    secret = reader.token["Authorization"].split()[1]
    assert not [word for word in ("curious", reader.id, secret) if word in log]
