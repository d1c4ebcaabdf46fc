"""What is near, and where members live, about: rounded before it is kept, and nobody else's business."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storage.calls import Details
from tests.api.people import House, Member

BASE = "/api/beckon/v1"
AREA = f"{BASE}/area"
NEAR = f"{BASE}/calls/nearby"
MILAN = (45.4642, 9.1896)
EXACT = {"latitude": 45.46427, "longitude": 9.18951}


async def call_at(
    house: House,
    by: Member,
    group: Any,
    title: str,
    where: tuple[float, float] | None,
    days: int = 1,
) -> str:
    details = Details(
        datetime.now(UTC) + timedelta(days=days), None, "Europe/Rome",
        place_name="There" if where else "",
        latitude=where[0] if where else None, longitude=where[1] if where else None,
    )  # fmt: skip
    return str((await house.call(by, group, details, title)).id)


async def titles(who: Member, path: str = NEAR, **query: Any) -> list[str]:
    found = await who.good("GET", path, params={k: str(v) for k, v in query.items()})
    return [each["call"]["title"] for each in found]


AT_MILAN = {"latitude": MILAN[0], "longitude": MILAN[1]}


# Where somebody lives


async def test_only_about_where_somebody_lives_is_kept(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    """In no column of any table, in no answer and in no line of the log is the place that was sent."""
    member = await house.member("member")
    told = await member.good("PUT", AREA, json=EXACT)
    query = {k: str(v) for k, v in EXACT.items()}
    await member.good("PUT", AREA, params=query)
    await member.good("GET", NEAR, params=query)
    refused = await member.put(AREA, json={**EXACT, "reach_km": 501})
    assert refused.status == 422
    assert told["latitude"] == 45.5
    assert (told["grain_km"], told["reach_km"], told["shown"]) == (10, 25, False)
    said = capsys.readouterr()
    kept = await everything(house)
    assert "request" in said.out + said.err
    for digits in ("46427", "18951"):
        assert digits not in str(told) + str(refused.json) + said.out + said.err + kept
    assert "455" in kept


async def everything(house: House) -> str:
    async with house.work.reading() as tx:
        tables = await tx.conn.fetch("select relname from pg_class where relkind = 'r'"
                                     " and relnamespace = 'public'::regnamespace")  # fmt: skip
        rows = [await tx.conn.fetch(f"select t::text from {t[0]} t") for t in tables]
    return "\n".join(row[0] for table in rows for row in table)


async def test_nobody_else_is_told_unless_their_owner_says_so(house: House) -> None:
    member, other = await house.member("member"), await house.member("other")
    theirs = f"{BASE}/accounts/{member.id}/skills"
    nothing = {"skills": [], "area": None}
    assert await other.good("GET", theirs) == nothing
    await member.good("PUT", AREA, json=EXACT)
    assert await other.good("GET", theirs) == nothing
    shown = await member.good("PUT", AREA, json={**EXACT, "shown": True})
    where = {name: shown[name] for name in ("latitude", "longitude")}
    assert (await other.good("GET", theirs))["area"] == where
    assert (await house.stranger.get(theirs)).status == 401
    await member.good("DELETE", AREA)
    assert await other.good("GET", theirs) == nothing
    assert (await member.good("GET", AREA))["latitude"] is None


@pytest.mark.parametrize(
    "sent",
    [{}, {"latitude": 45}, {"latitude": "north", "longitude": 1}, {"latitude": 91, "longitude": 0},
     {"latitude": "nan", "longitude": 0}, {**EXACT, "reach_km": 501}],
)  # fmt: skip
async def test_refuses_what_is_no_place(house: House, sent: dict[str, Any]) -> None:
    member = await house.member("member")
    assert (await member.put(AREA, json=sent)).status == 422
    assert (await member.good("GET", AREA))["latitude"] is None


# Calls that are near


async def test_calls_are_near_by_time_and_by_distance(house: House) -> None:
    organiser = await house.member("organiser")
    group = await house.community(organiser, "garden")
    await call_at(house, organiser, group, "Monza", (45.58, 9.27), days=1)
    await call_at(house, organiser, group, "Next door", MILAN, days=3)
    await call_at(house, organiser, group, "Rome", (41.9, 12.5), days=1)
    await call_at(house, organiser, group, "Anywhere", None, days=2)
    over = await call_at(house, organiser, group, "Over", MILAN, days=1)
    await organiser.good("PUT", f"{BASE}/calls/{over}", json={"state": "closed"})
    who = house.stranger
    assert await titles(who, **AT_MILAN) == ["Monza", "Next door"]
    assert await titles(who, **AT_MILAN, sort="distance") == ["Next door", "Monza"]
    assert await titles(who, **AT_MILAN, radius=5) == ["Next door"]
    with_all = await titles(who, **AT_MILAN, anywhere="true")
    assert with_all == ["Monza", "Anywhere", "Next door"]
    far = await titles(who, **AT_MILAN, anywhere="true", sort="distance", radius=500)
    assert far == ["Next door", "Monza", "Rome", "Anywhere"]
    assert await titles(who, **AT_MILAN, limit=1, offset=1) == ["Next door"]
    found = await who.good("GET", NEAR, params={**AT_MILAN, "anywhere": "true"})
    assert [each["distance_km"] for each in found] == [15, None, 0]
    assert [each["anywhere"] for each in found] == [False, True, False]


async def test_the_circle_goes_on_beyond_the_date_line_and_the_pole(house: House) -> None:
    organiser = await house.member("organiser")
    group = await house.community(organiser, "garden")
    await call_at(house, organiser, group, "Taveuni", (-16.8, -179.97))
    await call_at(house, organiser, group, "Kioa", (-16.75, 179.85))
    await call_at(house, organiser, group, "Station", (89.5, -100.0))
    for east, nearest in ((179.97, "Taveuni"), (-179.97, "Taveuni"), (179.9, "Kioa")):
        near = await titles(
            house.stranger, latitude=-16.8, longitude=east, radius=30, sort="distance"
        )
        assert near[0] == nearest
        assert len(near) == 2
    assert await titles(house.stranger, latitude=89.5, longitude=80, radius=120) == ["Station"]
    assert await titles(house.stranger, latitude=89.5, longitude=80, radius=100) == []


async def test_a_member_may_ask_around_their_own_area(house: House) -> None:
    organiser = await house.member("organiser")
    group = await house.community(organiser, "garden")
    await call_at(house, organiser, group, "Next door", MILAN)
    assert (await house.stranger.get(NEAR)).status == 422
    assert (await organiser.get(NEAR)).status == 422
    await organiser.good("PUT", AREA, json={**EXACT, "reach_km": 30})
    assert await titles(organiser) == ["Next door"]
    await organiser.good("PUT", AREA, json={"latitude": 41.9, "longitude": 12.5})
    assert await titles(organiser) == []


async def shut(house: House, group: Any, visibility: str, posts: str) -> None:
    async with house.work.transaction() as tx:
        await tx.conn.execute(
            "update communities set visibility = $2, policy = 'request' where account_id = $1",
            group.id, visibility,
        )  # fmt: skip
        await tx.conn.execute(
            "update posts set visibility = $2 where community_id = $1", group.id, posts
        )


@pytest.mark.parametrize(("visibility", "posts"), [("private", "members"), ("unlisted", "public")])
async def test_closed_communities_are_near_to_their_members_alone(
    house: House, visibility: str, posts: str
) -> None:
    organiser, outsider = await house.member("organiser"), await house.member("outsider")
    group = await house.community(organiser, "shed")
    where = f"{BASE}/communities/{group.id}/place"
    await organiser.good("PUT", where, json={"name": "The shed", **EXACT})
    call = await call_at(house, organiser, group, "Secret", MILAN)
    await organiser.good("PUT", f"{BASE}/calls/{call}/skills", json={"skills": ["digging"]})
    await outsider.good("PUT", f"{BASE}/skills", json={"skills": ["digging"], "matched": True})
    await outsider.good("PUT", AREA, json=EXACT)
    await shut(house, group, visibility, posts)
    around = {k: str(v) for k, v in EXACT.items()}
    for who in (outsider, house.stranger):
        assert await titles(who, **EXACT, anywhere="true") == []
        assert await who.good("GET", f"{BASE}/communities/nearby", params=around) == []
        if visibility == "private":
            assert (await who.get(where)).status == 404
            assert (await who.get(f"{BASE}/calls/{call}/skills")).status == 404
    assert await outsider.good("GET", f"{BASE}/calls/matching") == []
    assert await titles(organiser, **EXACT) == ["Secret"]
    assert (await organiser.good("GET", where))["name"] == "The shed"


# Communities that are near


async def test_communities_are_near_where_they_want_to_be_found(house: House) -> None:
    organiser, other = await house.member("organiser"), await house.member("other")
    for name, at in (
        ("monza", (45.58, 9.27)),
        ("milan", MILAN),
        ("rome", (41.9, 12.5)),
        ("nowhere", None),
    ):
        group = await house.community(organiser, name)
        place = {"name": name.title(), "latitude": at[0], "longitude": at[1]} if at else None
        if place:
            path = f"{BASE}/communities/{group.id}/place"
            assert (await other.put(path, json=place)).status == 403
            assert await organiser.good("PUT", path, json=place) == place
    near = f"{BASE}/communities/nearby"
    found = await house.stranger.good("GET", near, params=AT_MILAN)
    assert [(each["place"]["name"], each["distance_km"]) for each in found] == [
        ("Milan", 0),
        ("Monza", 15),
    ]
    milan = int(found[0]["community"]["id"])
    async with house.work.transaction() as tx:
        await tx.conn.execute("update accounts set discoverable = false where id = $1", milan)
    found = await house.stranger.good("GET", near, params=AT_MILAN)
    assert [each["place"]["name"] for each in found] == ["Monza"]
    monza = f"{BASE}/communities/{found[0]['community']['id']}/place"
    assert (await other.delete(monza)).status == 403
    await organiser.good("DELETE", monza)
    assert await house.stranger.good("GET", near, params=AT_MILAN) == []
    assert (await organiser.put(monza, json={"name": " ", **AT_MILAN})).status == 422
