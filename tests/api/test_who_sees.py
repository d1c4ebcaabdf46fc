"""In random worlds every door shows each viewer what a plain oracle says, no more and no less.

Every post has a word of its own: no answer of any door may hold the word of a post that its reader may
not see.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from federation.fetch import Egress
from federation.media_types import ACTIVITY_JSON
from storage.posts import Post
from tests.api.conftest import serving
from tests.api.people import House
from tests.api.sighted import World, build
from tests.api.sightings import (
    LOCALS,
    SHED,
    STRANGER,
    Oracle,
    Plan,
    plans,
    statuses_in,
)
from tests.federation.members import signing
from tests.tls_peer import egress_config

EXAMPLES = 8
BECKON = "/api/beckon/v1"


@pytest.fixture
async def house(
    database_url: str, free_port: Callable[[], int], tmp_path: Path
) -> AsyncIterator[House]:
    """One that federates, as far as others ask it."""
    async with (
        Egress(egress_config(tmp_path)) as egress,
        serving(database_url, free_port(), egress=egress, data=str(tmp_path)) as here,
    ):
        yield House(here.work, here.http, here.base, here.member, here.token)


# Looking


async def ask(world: World, viewer: int, path: str, accept: str = "") -> tuple[int, str]:
    member = world.viewers[viewer]
    headers = dict(member.token) | ({"Accept": accept} if accept else {})
    async with world.house.http.get(
        world.house.base + path, headers=headers, allow_redirects=False
    ) as answer:
        return answer.status, await answer.text()


async def look(world: World, oracle: Oracle, viewer: int, path: str) -> Any:
    """An answer of the client API in which nothing is that the viewer may not see."""
    answer = await world.viewers[viewer].get(path)
    assert answer.status == 200, (path, answer.status)
    require_no_leak(world, oracle, viewer, path, repr(answer.json))
    within = {found["id"] for found in statuses_in(answer.json)}
    assert world.numbers(within) <= oracle.seen(viewer), (viewer, path)
    return answer.json


def require_no_leak(world: World, oracle: Oracle, viewer: int, path: str, text: str) -> None:
    hidden = set(world.facts) - oracle.seen(viewer)
    leaked = [n for n in hidden if world.facts[n].boosts is None and world.word(n) in text]
    assert leaked == [], (viewer, path, [world.facts[n] for n in leaked])


async def every_door(world: World, oracle: Oracle) -> None:
    for viewer in world.viewers:
        if viewer in oracle.suspended:
            continue  # has no client any more
        await _alone(world, oracle, viewer)
        await _listed(world, oracle, viewer)
    await _from_outside(world, oracle)
    await _to_signers(world, oracle)


async def _alone(world: World, oracle: Oracle, viewer: int) -> None:
    """Each post by its address, and what is said about it."""
    for number, post in world.posts.items():
        one = f"/api/v1/statuses/{post.id}"
        expected = 200 if oracle.sees(viewer, number) else 404
        for part in ("", "/context", "/history", "/favourited_by", "/reblogged_by", "/quotes"):
            if part == "/quotes" and viewer == STRANGER:
                continue  # is for members
            status, text = await ask(world, viewer, one + part)
            assert status == expected, (viewer, part, world.facts[number])
            require_no_leak(world, oracle, viewer, one + part, text)
        for part in ("", "/impact", "/consents", "/impact.csv") if post.is_call else ():
            path = f"{BECKON}/calls/{post.id}{part}"
            status, text = await ask(world, viewer, path)
            assert status == expected, (viewer, path, world.facts[number])
            require_no_leak(world, oracle, viewer, path, text)
    ids = "&".join(f"id[]={post.id}" for post in world.posts.values())
    several = await look(world, oracle, viewer, f"/api/v1/statuses?{ids}")
    assert world.numbers(s["id"] for s in several) == oracle.seen(viewer)


async def _listed(world: World, oracle: Oracle, viewer: int) -> None:
    def numbers(found: Any) -> set[int]:
        return world.numbers(status["id"] for status in found)

    base = "/api/v1/timelines"
    public = await look(world, oracle, viewer, f"{base}/public?limit=40")
    assert numbers(public) == oracle.in_public(viewer)
    local = await look(world, oracle, viewer, f"{base}/public?local=true&limit=40")
    assert numbers(local) == oracle.in_public(viewer, local=True)
    tagged = await look(world, oracle, viewer, f"{base}/tag/{world.tag}?limit=40")
    assert numbers(tagged) == oracle.tagged(viewer)
    for author, account in enumerate(world.people):
        path = f"/api/v1/accounts/{account.id}/statuses?limit=40"
        if author in oracle.suspended or (author, viewer) in oracle.blocks:
            status, text = await ask(world, viewer, path)
            assert status in (200, 404)
            require_no_leak(world, oracle, viewer, path, text)
        else:
            found = await look(world, oracle, viewer, path)
            differ = numbers(found) ^ oracle.on_profile(viewer, author)
            assert not differ, (viewer, [world.facts[n] for n in differ], oracle.follows)
    anywhere = "anywhere=true&latitude=0&longitude=0&limit=40"
    for path in (
        f"{BECKON}/communities/{world.places[SHED].id}/calls",
        f"{BECKON}/communities/{world.places[SHED].id}/impact",
        f"{BECKON}/calls/nearby?{anywhere}",
        f"{BECKON}/needs",
    ):
        status, text = await ask(world, viewer, path)
        assert status in (200, 404), (path, status, text)
        require_no_leak(world, oracle, viewer, path, text)
    if viewer == STRANGER:
        return
    for path in (
        f"{base}/home?limit=40",
        f"{base}/list/{world.places['garden'].id}?limit=40",
        f"{base}/list/{world.places[SHED].id}?limit=40",
        "/api/v1/notifications?limit=80&include_filtered=true",
        "/api/v2/notifications?limit=80",
        "/api/v1/conversations",
        "/api/v1/trends/statuses",
        f"/api/v2/search?q={world.tag}&limit=40",
        *(f"/api/v2/search?q={world.word(n)}" for n in world.facts),
    ):
        status, text = await ask(world, viewer, path)
        assert status == 200 or "/list/" in path, (path, status)
        require_no_leak(world, oracle, viewer, path, text)
    home = await look(world, oracle, viewer, f"{base}/home?limit=40")
    assert all(oracle.wants(viewer, n) for n in numbers(home))
    assert _own_heads(oracle, viewer) <= numbers(home)


def _own_heads(oracle: Oracle, viewer: int) -> set[int]:
    """What one wrote oneself and answers nobody is at home; a call is there as its community brings it."""
    mine = oracle.by(viewer, viewer)
    heads = {n for n in mine if oracle.facts[n].answers is None and oracle.facts[n].boosts is None}
    return {n for n in heads if not oracle.facts[n].call}


def _path(post: Post) -> str:
    return f"/{'calls' if post.is_call else 'posts'}/{post.id}"


async def _from_outside(world: World, oracle: Oracle) -> None:
    """Pages, and documents for servers that nobody signed for: what a stranger may see."""
    for number, post in world.posts.items():
        sees = oracle.sees(STRANGER, number)
        fact = world.facts[number]
        for part in ("", "/activity", "/replies", "/context"):
            status, text = await ask(world, STRANGER, f"{_path(post)}{part}", ACTIVITY_JSON)
            require_no_leak(world, oracle, STRANGER, part, text)
            if not sees:
                assert status == 404, (part, fact)
            elif part == "":  # what others wrote is theirs to serve; its thread may be ours
                assert status == (200 if fact.author < LOCALS else 404), fact
        status, text = await ask(world, STRANGER, _path(post), "text/html")
        require_no_leak(world, oracle, STRANGER, "page", text)
        assert (status in (200, 302, 303)) == sees, (status, fact)
    names = [person.username for person in world.people if person.local]
    groups = [place.username for place in world.places.values()]
    pages = ["/", f"/tags/{world.tag}", *(f"/@{n}" for n in (*names, *groups))]
    feeds = ("atom", "rss", "ics")
    pages += ["/feed.atom", *(f"/@{n}.{form}" for n in (*names, *groups) for form in feeds)]
    for page in pages:
        _, text = await ask(world, STRANGER, page, "text/html")
        require_no_leak(world, oracle, STRANGER, page, text)
    for actor in [*(p for p in world.people if p.local), *world.places.values()]:
        path = actor.uri.removeprefix(world.house.base)
        for part in ("", "/outbox", "/outbox?before=9223372036854775807", "/featured"):
            _, text = await ask(world, STRANGER, path + part, ACTIVITY_JSON)
            require_no_leak(world, oracle, STRANGER, path + part, text)


# Other servers, who sign


async def signed(world: World, oracle: Oracle, reader: int, path: str) -> tuple[int, str]:
    """A document as another server gets it; of nothing that it lists more than it may."""
    url = world.house.base + path
    headers = {"Accept": ACTIVITY_JSON} | signing(url, world.signers[reader])
    async with world.house.http.get(url, headers=headers, allow_redirects=False) as answer:
        status, text = answer.status, await answer.text()
    hidden = [n for n in world.facts if not oracle.told(reader, n)]
    leaked = [n for n in hidden if world.facts[n].boosts is None and world.word(n) in text]
    assert leaked == [], (reader, path, [world.facts[n] for n in leaked])
    return status, text


def _items(world: World, text: str) -> set[int]:
    """Which posts a collection lists by id."""
    by_uri = {post.uri: number for number, post in world.posts.items()}
    found = orjson.loads(text)
    return {by_uri[uri] for uri in found.get("orderedItems", found.get("items", []))}


async def _to_signers(world: World, oracle: Oracle) -> None:
    for reader in world.signers:
        for number, fact in world.facts.items():
            if fact.author < LOCALS and fact.boosts is None:
                await _documents(world, oracle, reader, number)
        for author in range(LOCALS):
            await _of_author(world, oracle, reader, author)
        for name in world.places:
            await _of_place(world, oracle, reader, name)


async def _documents(world: World, oracle: Oracle, reader: int, number: int) -> None:
    """A post of ours, its activity, what answers it, and the thread below it."""
    fact, path = world.facts[number], _path(world.posts[number])
    expected = 200 if oracle.gets(reader, number) else 404
    for part in ("", "/activity", "/replies", "/context"):
        status, text = await signed(world, oracle, reader, path + part)
        if part == "/context" and fact.answers is not None:
            continue  # is of the head
        to_card = status == 302 and world.posts[number].is_call and part == ""
        assert (200 if to_card else status) == expected, (reader, part, fact)
        if status == 200 and part == "/replies":
            asked = oracle.answers_to(number)
        elif status == 200 and part == "/context":
            asked = oracle.below(number)
        else:
            continue
        # what is listed in a public thread is what a stranger may have
        told = {n for n in asked if oracle.told(reader, n)}
        assert _items(world, text) == told, (reader, part, fact)


async def _of_author(world: World, oracle: Oracle, reader: int, author: int) -> None:
    path = world.people[author].uri.removeprefix(world.house.base)
    gone = author in oracle.suspended or reader in oracle.suspended
    expected = 404 if gone or oracle.shut_out(reader, author) else 200
    top = f"/outbox?before={2**63 - 1}"
    for part in ("/outbox", top, "/featured"):
        status, text = await signed(world, oracle, reader, path + part)
        assert status == expected, (reader, author, part)
        public = {n for n in oracle.by(STRANGER, author) if world.facts[n].boosts is None}
        if status == 200 and part == "/featured":
            assert _items(world, text) == public & world.pinned
        if status == 200 and part == top:
            assert all(world.word(n) in text for n in public)


async def _of_place(world: World, oracle: Oracle, reader: int, name: str) -> None:
    """What a community distributed: all of it that may be told, and for members where it is private."""
    path = world.places[name].uri.removeprefix(world.house.base)
    open_to = reader not in oracle.suspended and (name != SHED or oracle.reads(reader))
    for part in ("/outbox", "/featured", "/followers", "/moderators"):
        status, text = await signed(world, oracle, reader, path + part)
        assert status == (200 if open_to else 404), (reader, name, part)
        if status == 200 and part == "/outbox":
            ours = [n for n, f in world.facts.items() if f.place == name and f.author < LOCALS]
            heads = [n for n in ours if world.facts[n].answers is None and oracle.told(reader, n)]
            assert all(world.word(n) in text for n in heads), (reader, name)


@settings(
    max_examples=EXAMPLES,
    derandomize=True,  # the same worlds for everybody; more of them where more are asked for
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(plan=plans)
async def test_every_door_shows_what_the_oracle_says(house: House, plan: Plan) -> None:
    world, oracle = await build(house, plan)
    await every_door(world, oracle)
