"""Collections that others serve: without an end, in a circle, about things that are not theirs.

Each is given at each place where we read one. Held is how often is asked, and what is left of it here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Final

import pytest
from aiohttp import web

from tests.federation.peer import AS, PUBLIC, Json, Peer
from tests.hostile import places
from tests.hostile.places import ASKING, Scene, Trap, Trigger
from tests.hostile.unchanged import same_rows

Place = Callable[[Scene], Awaitable[Trigger]]
PLACES: Final = (
    places.replies,
    places.context,
    places.history,
    places.featured,
    places.followers,
)
PAGES: Final = 24
"""More than are read anywhere: of a list of followers, twenty."""
CIRCLE: Final = 6
"""What is asked of pages that lead back to each other: four of the history of a group."""
ITEMS: Final = 150
"""More than are asked for: of the history of a group, thirty of each page."""
LIES: Final = 10**9


def page(scene: Scene, number: int, following: int, items: list[object]) -> Json:
    base = scene.peer.url(scene.trap.path)
    return {
        "@context": AS,
        "id": f"{base}?page={number}",
        "type": "OrderedCollectionPage",
        "partOf": base,
        "totalItems": LIES,
        "orderedItems": items,
        "next": f"{base}?page={following}",
    }


def paged(
    scene: Scene, follows: Callable[[int], int], items: Callable[[int], list[object]]
) -> None:
    """Spring the trap: a collection whose page ``n`` leads to ``follows(n)`` and lists ``items(n)``."""
    base = scene.peer.url(scene.trap.path)

    async def answer(trap: Trap, request: web.Request) -> web.StreamResponse:
        said = request.query.get("page")
        if said is None:
            first = {"id": base, "type": "OrderedCollection", "totalItems": LIES}
            return web.json_response({**first, "first": f"{base}?page=0"}, content_type=trap.type)
        number = int(said)
        found = page(scene, number, follows(number), items(number))
        return web.json_response(found, content_type=trap.type)

    scene.trap.spring = answer


async def ends(scene: Scene, trigger: Trigger) -> None:
    """Have it read, with all that is put off by some minutes."""
    await trigger()
    for _ in range(8):
        scene.ours.clock.forward(minutes=2)
        await scene.ours.settle()


@pytest.mark.parametrize("length", [1, 2, LIES], ids=["itself", "circle", "growing"])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
async def test_pages_without_an_end(scene: Scene, place: Place, length: int) -> None:
    """Each lists a hundred things that are not there."""
    trigger = await place(scene)
    fresh = count()

    def hundred(_: int) -> list[object]:
        return [scene.peer.url(f"/lost/{next(fresh)}") for _ in range(100)]

    paged(scene, lambda number: (number + 1) % length, hundred)
    async with same_rows(scene.ours.work, *ASKING):
        await ends(scene, trigger)
    assert 0 < scene.trap.asked <= (PAGES if length == LIES else CIRCLE)
    lost = [path for _, path in scene.peer.requests if path.startswith("/lost/")]
    assert len(lost) <= ITEMS
    assert len(set(lost)) == len(lost)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
async def test_pages_on_another_server(scene: Scene, microblog: Peer, place: Place) -> None:
    """Nobody is sent to ask a third for what the sender lists."""
    trigger = await place(scene)
    elsewhere = microblog.url("/pages?page=1")

    async def answer(trap: Trap, request: web.Request) -> web.StreamResponse:
        base = scene.peer.url(scene.trap.path)
        said = {"id": base, "type": "OrderedCollection", "first": elsewhere, "next": elsewhere}
        return web.json_response(said, content_type=trap.type)

    scene.trap.spring = answer
    async with same_rows(scene.ours.work, *ASKING):
        await ends(scene, trigger)
    assert scene.trap.asked
    assert microblog.requests == []


OTHERS: Final = (places.replies, places.context, places.history, places.featured)


@pytest.mark.parametrize("place", OTHERS, ids=lambda place: place.__name__)
async def test_what_others_wrote_is_read_where_they_wrote_it(
    scene: Scene, microblog: Peer, place: Place
) -> None:
    """A copy in the collection counts for nothing, whether the post exists or not."""
    trigger = await place(scene)
    victim = microblog.person("victim")
    true = microblog.note(victim, "<p>True</p>", [], published="2025-01-01T00:00:00Z")
    never = {**true, "id": microblog.url("/notes/never"), "content": "<p>Never</p>"}
    forged: list[object] = [
        {**true, "content": "<p>False</p>"},
        never,
        {"id": scene.peer.url("/c/1"), "type": "Create", "actor": victim.uri, "object": never, "to": [PUBLIC]},
        {"id": scene.peer.url("/a/1"), "type": "Announce", "actor": victim.uri, "object": never},
    ]  # fmt: skip
    paged(scene, lambda number: number, lambda _: forged)
    await ends(scene, trigger)
    assert scene.trap.asked
    assert await scene.ours.post(never["id"]) is None
    kept = await scene.ours.post(true["id"])
    assert kept is None or kept.content == "<p>True</p>"
    counted = "select coalesce(max(replies_count + reblogs_count + favourites_count), 0) from posts"
    assert await scene.ours.value(counted) <= 1
