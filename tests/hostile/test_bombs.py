"""Whatever makes us ask somebody, the answer may be made to hurt: without an end, larger than it looks, slow,
leading in circles, or nested too deep. Each kind is given at each place where something is asked for.

Held is that little of it is taken, that the asking ends, and that nothing is written of it.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import pytest
from aiohttp import ClientConnectionError, web

from federation import fetch
from tests.hostile import places
from tests.hostile.places import ASKING, Scene, Trap, Trigger
from tests.hostile.unchanged import same_rows

MIB: Final = 1 << 20
OFFERED: Final = 64 * MIB
TAKEN: Final = 24 * MIB
"""What may be on the way when a connection is closed: the buffers of both ends."""
ASKED: Final = 24
"""A redirect is followed five times, and a document asked for with each kind of signature."""


# What is given


async def endless(trap: Trap, request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": trap.type})
    await answer.prepare(request)
    part = b'{"a":"' + b"x" * 65536
    try:
        while trap.given < OFFERED:
            await answer.write(part)
            await asyncio.sleep(0)  # both ends live in one loop: now the other may hang up
            trap.given += len(part)
    except (ClientConnectionError, ConnectionError):
        pass
    return answer


BOMB: Final = gzip.compress(b'{"name":"' + b"0" * OFFERED + b'"}')


async def packed(trap: Trap, _request: web.Request) -> web.StreamResponse:
    headers = {"Content-Type": trap.type, "Content-Encoding": "gzip"}
    return web.Response(body=BOMB, headers=headers)


async def nested(trap: Trap, _request: web.Request) -> web.StreamResponse:
    body = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    return web.Response(body=body, headers={"Content-Type": trap.type})


async def circling(trap: Trap, request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound(f"{trap.path}?n={trap.asked}&{request.query_string[:50]}")


async def dripping(trap: Trap, request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": trap.type})
    await answer.prepare(request)
    try:
        while True:
            await answer.write(b" ")
            trap.given += 1
            await asyncio.sleep(0.02)
    except (ClientConnectionError, ConnectionError):
        return answer


KINDS: Final = (endless, packed, nested, circling, dripping)


PLACES: Final = (
    places.key, places.announced, places.author, places.webfinger, places.nodeinfo, places.what_it_runs,
    places.replies, places.context, places.history, places.featured, places.followers, places.linked,
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
async def test_an_answer_that_is_made_to_hurt(
    scene: Scene,
    place: Callable[[Scene], Awaitable[Trigger]],
    kind: Callable[[Trap, web.Request], Awaitable[web.StreamResponse]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trigger = await place(scene)
    scene.trap.spring = kind
    if kind is dripping:
        for name in ("ACTIVITY", "JRD", "NODEINFO", "PAGE"):  # ten seconds, as they stand
            monkeypatch.setattr(fetch, name, replace(getattr(fetch, name), deadline=1.5))
    async with same_rows(scene.ours.work, *ASKING):
        await trigger()
    assert 0 < scene.trap.asked <= ASKED
    assert scene.trap.given < TAKEN
