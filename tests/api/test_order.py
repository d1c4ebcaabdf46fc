"""Lists stand in the order of time, near things by distance where that is asked for, and nothing in the order of
how much it is liked: no list pulls at people (what is read by many is not put before what is read by few).

Two ways to hold it: worlds in which the oldest is the most liked, through every door that lists; and a look at
every statement of the program, where what sorts by a count has to give its reason here.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import storage
from storage.calls import Details
from storage.db import Command, Joined, Query
from tests.api.people import House, Member

COUNTS = re.compile(
    r"count\(|sum\(|avg\(|_count\b|votes|likes|score|rank|\bpeople\b|\bcommon\b|confirmed|expressed"
)
ORDER = re.compile(r"order by(.*?)(?:\blimit\b|\boffset\b|\bfor\b|$)", re.DOTALL)
FOR_CLIENTS = "clients of Mastodon ask for trends; nothing of it comes into a timeline"
FITTING = "among people whose names fit alike, whom one follows, then whom many do"
BY_COUNTS = {
    "accounts.LOCAL_GROUPS": "the communities of one server on its first page, by their members",
    "participations.COUNTED_BY_HOST": "a table of numbers beside a call, and nothing to read",
    "search.BY_HANDLE": FITTING,
    "tallies.COUNTED": "the numbers of a call by server, and nothing to read",
    "search.PEOPLE": FITTING,
    "suggestions.SUGGESTED": "whom to follow, when somebody asks for it",
    "tags.FEATURED": "the tags of a profile, by how often their owner used them",
    "tags.OFTEN_USED": "tags that somebody used, to choose from for their profile",
    "tags.TRENDING": FOR_CLIENTS,
    "trends.POSTS": FOR_CLIENTS,
}


def statements() -> dict[str, str]:
    """The text of every statement, by module and name."""
    found: dict[str, str] = {}
    for each in pkgutil.iter_modules(storage.__path__):
        module = importlib.import_module(f"storage.{each.name}")
        for name, value in vars(module).items():
            if isinstance(value, Query | Command):
                found[f"{each.name}.{name}"] = value.text
            elif isinstance(value, Joined):
                found[f"{each.name}.{name}"] = ""
    return found


def by_counts(text: str) -> bool:
    return any(COUNTS.search(clause) for clause in ORDER.findall(text))


def test_what_sorts_by_a_count_has_a_reason() -> None:
    found = {name for name, text in statements().items() if by_counts(text)}
    assert found == set(BY_COUNTS)


def test_it_finds_what_ranks() -> None:
    assert by_counts("select id from posts order by favourites_count desc, id limit $1")
    assert by_counts("select id from (select 1 order by id limit 2) p order by sum(x) offset 3")
    assert not by_counts("select favourites_count from posts order by id desc limit 3")


# Through the doors


@pytest.fixture
async def reader(house: House) -> Member:
    """Follows a community and an organiser, whose oldest post is the one that everybody likes."""
    organiser, reader = await house.member("organiser"), await house.member("reader")
    garden = await house.community(organiser, "garden")
    for other in (organiser.id, str(garden.id)):
        await reader.good("POST", f"/api/v1/accounts/{other}/follow")
    for n in range(5):
        await organiser.says(f"@garden thread {n} #spring", title=f"Thread {n}")
        await organiser.says(f"note {n} #spring")
        soon = datetime.now(UTC) + timedelta(days=n + 1)
        details = Details(soon, None, "Europe/Rome", "There", latitude=45.5, longitude=9.2)
        call = await house.call(organiser, garden, details, f"Call {n}")
        await like(house, call.id, n)
    return reader


async def like(house: House, call_id: int, n: int) -> None:
    """The earlier a call begins, the fewer take part; the older a post, the more it is liked."""
    async with house.work.transaction() as tx:
        await tx.conn.execute(
            "update calls set confirmed = $2, expressed = $2 where post_id = $1", call_id, n * 50
        )
        await tx.conn.execute(
            "update posts set favourites_count = favourites_count + 100,"
            " reblogs_count = reblogs_count + 100, replies_count = replies_count + 100"
        )


async def lists_of(reader: Member, house: House) -> list[str]:
    (garden,) = await reader.good("GET", "/api/v1/lists")
    async with house.work.reading() as tx:
        organiser = await tx.conn.fetchval("select id from accounts where username = 'organiser'")
        group = await tx.conn.fetchval("select id from accounts where username = 'garden'")
    return [
        "/api/v1/timelines/home", "/api/v1/timelines/public", "/api/v1/timelines/public?local=true",
        "/api/v1/timelines/tag/spring", f"/api/v1/timelines/list/{garden['id']}",
        f"/api/v1/accounts/{organiser}/statuses", f"/api/v1/accounts/{group}/statuses",
    ]  # fmt: skip


async def test_timelines_are_in_the_order_of_time(reader: Member, house: House) -> None:
    for path in await lists_of(reader, house):
        found = await reader.good("GET", path)
        times = [status["created_at"] for status in found]
        assert len(times) >= 5, path
        assert times == sorted(times, reverse=True), path
        whole = [(s["reblog"] or s)["favourites_count"] for s in found]
        assert whole == sorted(whole), "what is liked most is the last of all"


async def test_calls_are_in_the_order_of_time(reader: Member, house: House) -> None:
    async with house.work.reading() as tx:
        group = await tx.conn.fetchval("select id from accounts where username = 'garden'")
    around = "latitude=45.5&longitude=9.2"
    near = f"/api/beckon/v1/calls/nearby?{around}"
    found: dict[str, list[Any]] = {
        "near": [each["call"] for each in await reader.good("GET", near)],
        "as near": [each["call"] for each in await reader.good("GET", f"{near}&sort=distance")],
        "community": await reader.good("GET", f"/api/beckon/v1/communities/{group}/calls"),
    }
    for name, calls in found.items():
        assert [call["title"] for call in calls] == [f"Call {n}" for n in range(5)], name


async def test_the_directory_is_in_the_order_of_time(house: House) -> None:
    """What is new can be found before it is large; ours stand before those of others."""
    founder = await house.member("founder")
    for n in range(4):
        group = await house.community(founder, f"group{n}")
        async with house.work.transaction() as tx:
            await tx.conn.execute(
                "update accounts set followers_count = $2 where id = $1", group.id, 100 - n
            )
    found = await founder.good("GET", "/api/beckon/v1/directory")
    assert [each["name"] for each in found] == [f"group{n}" for n in (3, 2, 1, 0)]


async def test_near_communities_are_not_ranked_by_size(reader: Member, house: House) -> None:
    founder = await house.member("founder")
    for n in range(4):
        group = await house.community(founder, f"group{n}")
        place = {"name": "There", "latitude": 45.5, "longitude": 9.2 + n / 20}
        path = f"/api/beckon/v1/communities/{group.id}/place"
        await founder.good("PUT", path, json=place)
        async with house.work.transaction() as tx:
            await tx.conn.execute(
                "update accounts set followers_count = $2 where id = $1", group.id, n * 100
            )
    path = "/api/beckon/v1/communities/nearby?latitude=45.5&longitude=9.2"
    found = [each["community"]["name"] for each in await reader.good("GET", path)]
    assert found == [f"group{n}" for n in range(4)]
