"""Skills: free words written one way, shown to nobody unless their owner says so, and matched without names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.groups.skills import normalised
from tests.api.people import House, Member

BASE = "/api/beckon/v1"
SKILLS = f"{BASE}/skills"
MATCHING = f"{BASE}/calls/matching"
HERE = {"latitude": 45.4642, "longitude": 9.1896}
FAR = {"latitude": 41.9, "longitude": 12.5}


@pytest.mark.parametrize(
    ("said", "kept"),
    [("First  Aid ", "first aid"), ("#Carpentry", "carpentry"), ("ＣＰＲ", "cpr"), ("Straße", "strasse"),
     ("ﬁrst\naid", "first aid"), (" \t", ""), ("İstanbul", "i̇stanbul")],
)  # fmt: skip
def test_a_skill_is_written_one_way(said: str, kept: str) -> None:
    assert normalised(said) == kept


@given(st.text())
def test_what_is_normal_stays_so(said: str) -> None:
    once = normalised(said)
    assert normalised(once) == once
    assert once == " ".join(once.split())


async def test_skills_are_kept_changed_and_forgotten(house: House) -> None:
    member = await house.member("member")
    nothing = {"skills": [], "shown": False, "matched": False}
    assert await member.good("GET", SKILLS) == nothing
    made = await member.good("PUT", SKILLS, json={"skills": ["First Aid", "first  aid", "#Sewing"]})
    assert made == {"skills": ["first aid", "sewing"], "shown": False, "matched": False}
    made = await member.good("PUT", SKILLS, json={"matched": True})
    assert made == {"skills": ["first aid", "sewing"], "shown": False, "matched": True}
    await member.good("DELETE", SKILLS)
    assert await member.good("GET", SKILLS) == nothing


@pytest.mark.parametrize("said", [["x" * 41], [f"skill {n}" for n in range(21)]])
async def test_refuses_too_many_and_too_long(house: House, said: list[str]) -> None:
    member = await house.member("member")
    assert (await member.put(SKILLS, json={"skills": said})).status == 422
    assert (await member.good("GET", SKILLS))["skills"] == []


async def test_skills_are_invisible_unless_shown(house: House) -> None:
    member, other = await house.member("member"), await house.member("other")
    theirs = f"{BASE}/accounts/{member.id}/skills"
    await member.good("PUT", SKILLS, json={"skills": ["xyzzy"], "matched": True})
    assert (await other.good("GET", theirs))["skills"] == []
    for path in (
        f"/api/v1/accounts/{member.id}",
        "/api/v2/search?q=xyzzy",
        "/api/v1/accounts/lookup?acct=member",
    ):
        assert "xyzzy" not in str(await other.good("GET", path)).replace("q=xyzzy", "")
    await member.good("PUT", SKILLS, json={"shown": True})
    assert (await other.good("GET", theirs))["skills"] == ["xyzzy"]
    async with house.work.transaction() as tx:
        await tx.conn.execute(
            "update accounts set suspended_at = now() where id = $1", int(member.id)
        )
    assert (await other.get(theirs)).status == 404


# Who matches


async def asking(
    house: House, organiser: Member, *skills: str, where: Any = None, days: int = 1
) -> str:
    assert organiser.account
    made = await organiser.good(
        "POST",
        f"{BASE}/communities/{await garden(house, organiser)}/calls",
        json={
            "kind": "volunteer", "title": " ".join(skills), "timezone": "Europe/Rome",
            "starts_at": (datetime.now(UTC) + timedelta(days=days)).isoformat(),
            "place": {"name": "There", **where} if where else {},
        },
    )  # fmt: skip
    await organiser.good("PUT", f"{BASE}/calls/{made['id']}/skills", json={"skills": skills})
    return made["id"]


async def garden(house: House, organiser: Member) -> int:
    async with house.work.reading() as tx:
        found = await tx.conn.fetchval("select id from accounts where username = 'garden'")
    return found or (await house.community(organiser, "garden")).id


async def titles(who: Member) -> list[str]:
    return [call["title"] for call in await who.good("GET", MATCHING)]


async def test_a_member_finds_the_calls_that_ask_for_what_they_can_do(house: House) -> None:
    organiser, member = await house.member("organiser"), await house.member("member")
    await asking(house, organiser, "sewing", days=3)
    await asking(house, organiser, "first aid", "cooking", where=HERE, days=2)
    await asking(house, organiser, "first aid", where=FAR)
    await asking(house, organiser, "law")
    assert await titles(member) == []
    await member.good("PUT", SKILLS, json={"skills": ["First aid", "Sewing"]})
    assert await titles(member) == ["sewing"], (
        "who did not say where they live is asked from anywhere"
    )
    await member.good("PUT", f"{BASE}/area", json=HERE)
    assert await titles(member) == ["first aid cooking", "sewing"]
    await member.good("PUT", f"{BASE}/area", json={**FAR, "reach_km": 5})
    assert await titles(member) == ["sewing"], "15 km is the grain, and 5 km is how far they go"
    await member.good("PUT", f"{BASE}/area", json={**FAR, "reach_km": 25})
    assert await titles(member) == ["first aid", "sewing"]


async def test_who_calls_learns_how_many_and_never_who(house: House) -> None:
    organiser = await house.member("organiser")
    call = await asking(house, organiser, "first aid", where=HERE)
    path = f"{BASE}/calls/{call}/skills"
    few = {"skills": ["first aid"], "matching": None}
    helpers = [await house.member(f"helper{n}") for n in range(4)]
    for n, helper in enumerate(helpers):
        wish = {"skills": ["First Aid"], "matched": n > 0, "shown": n == 1}
        await helper.good("PUT", SKILLS, json=wish)
        await helper.good("PUT", f"{BASE}/area", json=HERE)
        told = await organiser.good("GET", path)
        assert told == few | {"matching": 3 if n == 3 else None}
    await helpers[0].good("PUT", SKILLS, json={"matched": True})
    answer = await organiser.good("GET", path)
    assert answer == few | {"matching": 4}
    assert await organiser.good("GET", f"{BASE}/calls/{call}/participants") == []
    await helpers[2].good("PUT", f"{BASE}/area", json=FAR)
    assert (await organiser.good("GET", path))["matching"] == 3
    await helpers[1].good("DELETE", SKILLS)
    assert (await organiser.good("GET", path))["matching"] is None
    for who in (helpers[0], house.stranger):
        assert await who.good("GET", path) == few


async def test_a_closed_community_counts_its_members_alone(house: House) -> None:
    organiser = await house.member("organiser")
    call = await asking(house, organiser, "law")
    group = await garden(house, organiser)
    members = [await house.member(f"member{n}") for n in range(4)]
    for member in members:
        await member.good("PUT", SKILLS, json={"skills": ["law"], "matched": True})
    for member in members[:3]:
        await member.good("POST", f"/api/v1/accounts/{group}/follow")
    path = f"{BASE}/calls/{call}/skills"
    assert (await organiser.good("GET", path))["matching"] == 4
    async with house.work.transaction() as tx:
        await tx.conn.execute("update posts set visibility = 'members' where id = $1", int(call))
    assert (await organiser.good("GET", path))["matching"] == 3


async def test_only_stewards_ask_and_only_where_people_do_something(house: House) -> None:
    organiser, member = await house.member("organiser"), await house.member("member")
    call = await asking(house, organiser, "law")
    path = f"{BASE}/calls/{call}/skills"
    assert (await member.put(path, json={"skills": ["spying"]})).status == 403
    group = await garden(house, organiser)
    signing = await organiser.good(
        "POST", f"{BASE}/communities/{group}/calls", json={"kind": "petition", "title": "Sign"}
    )
    refused = await organiser.put(f"{BASE}/calls/{signing['id']}/skills", json={"skills": ["law"]})
    assert refused.status == 422
    note = await organiser.says("no call")
    assert (await organiser.put(f"{BASE}/calls/{note['id']}/skills", json={})).status == 404
    assert (await organiser.good("PUT", path, json={"skills": []}))["skills"] == []
