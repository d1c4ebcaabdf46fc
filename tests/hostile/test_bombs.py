"""Whatever makes us ask somebody, the answer may be made to hurt: without an end, larger than it looks, slow,
leading in circles, or nested too deep. Each kind is given at each place where something is asked for.

Held is that little of it is taken, that the asking ends, and that nothing is written of it.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Final

import orjson
import pytest
from aiohttp import ClientConnectionError, web

from federation import fetch
from federation.follower_sync import HEADER, NOBODY, Synchronization, write
from server.domain import histories, threads
from storage.accounts import Account
from tests.federation.acting import followed, outcome
from tests.federation.instance import Instance
from tests.federation.peer import ACTIVITY_JSON, Peer, Person, cavage_headers
from tests.hostile.unchanged import same_rows

MIB: Final = 1 << 20
OFFERED: Final = 64 * MIB
TAKEN: Final = 24 * MIB
"""What may be on the way when a connection is closed: the buffers of both ends."""
ASKED: Final = 24
"""A redirect is followed five times, and a document asked for with each kind of signature."""


@dataclass
class Trap:
    """What waits at ``path``. ``given``: bytes that were taken of it."""

    path: str = "/none"
    spring: Callable[[Trap, web.Request], Awaitable[web.StreamResponse]] | None = None
    asked: int = 0
    given: int = 0
    types: dict[str, str] = field(
        default_factory=lambda: {
            "/.well-known/webfinger": "application/jrd+json",
            "/.well-known/nodeinfo": "application/json",
            "/nodeinfo/2.0": "application/json",
            "/page": "text/html",
        }
    )

    @property
    def type(self) -> str:
        return self.types.get(self.path, ACTIVITY_JSON)

    async def __call__(self, request: web.Request) -> web.StreamResponse | None:
        if request.path != self.path or self.spring is None:
            return None
        self.asked += 1
        return await self.spring(self, request)


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


# Where something is asked for: each says how, and sets where


Trigger = Callable[[], Awaitable[None]]


@dataclass
class Scene:
    ours: Instance
    peer: Peer
    mallory: Person
    organiser: Account
    trap: Trap

    async def announce(self, path: str) -> None:
        said = self.peer.activity(self.mallory, "Announce", self.peer.url(path))
        assert await outcome(self.ours, self.peer, self.mallory, said) != "done"

    async def meets(self, name: str) -> str:
        """Somebody new is met by something that does nothing."""
        who = self.peer.person(name)
        said = self.peer.activity(who, "Like", self.peer.url("/nothing"))
        status, reason = await self.peer.send(who, said, self.ours.inbox)
        await self.ours.settle()
        return reason or str(status)


async def _key(scene: Scene) -> Trigger:
    scene.trap.path = "/users/stranger"

    async def trigger() -> None:
        assert await scene.meets("stranger") not in ("202", "500")

    return trigger


async def _object(scene: Scene) -> Trigger:
    scene.trap.path = "/notes/99"
    await followed(scene.ours, scene.organiser, scene.peer, scene.mallory)
    return lambda: scene.announce("/notes/99")


async def _author(scene: Scene) -> Trigger:
    await followed(scene.ours, scene.organiser, scene.peer, scene.mallory)
    note = scene.peer.note(scene.peer.person("writer"), "<p>x</p>", [])
    scene.trap.path = "/users/writer"
    return lambda: scene.announce(note["id"].removeprefix(scene.peer.url("")))


async def _webfinger(scene: Scene) -> Trigger:
    scene.trap.path = "/.well-known/webfinger"

    async def trigger() -> None:
        await scene.meets("stranger")

    return trigger


async def _nodeinfo(scene: Scene) -> Trigger:
    trigger = await _webfinger(scene)
    scene.trap.path = "/.well-known/nodeinfo"
    return trigger


async def _what_it_runs(scene: Scene) -> Trigger:
    trigger = await _webfinger(scene)
    scene.trap.path = "/nodeinfo/2.0"
    return trigger


async def _thread(scene: Scene, **more: object) -> Trigger:
    await followed(scene.ours, scene.organiser, scene.peer, scene.mallory)
    note = scene.peer.note(scene.mallory, "<p>x</p>", [], **more)
    created = scene.peer.create(scene.mallory, note)
    assert await outcome(scene.ours, scene.peer, scene.mallory, created) == "done"
    post = await scene.ours.post(note["id"])
    assert post

    async def trigger() -> None:
        async with scene.ours.work.transaction() as tx:
            await threads.begin(tx, post)
        await scene.ours.settle()

    return trigger


async def _replies(scene: Scene) -> Trigger:
    scene.trap.path = "/replies"
    return await _thread(scene, replies=scene.peer.url("/replies"))


async def _context(scene: Scene) -> Trigger:
    scene.trap.path = "/context"
    return await _thread(scene, context=scene.peer.url("/context"))


async def _history(scene: Scene) -> Trigger:
    """The outbox of a group that one of ours has joined."""
    group = scene.peer.person("group", "Group", key=1)
    account = await followed(scene.ours, scene.organiser, scene.peer, group)
    scene.trap.path = "/users/group/outbox"
    scene.ours.clock.forward(days=8)

    async def trigger() -> None:
        async with scene.ours.work.transaction() as tx:
            await histories.begin(tx, account)
        await scene.ours.settle()

    return trigger


async def _followers(scene: Scene) -> Trigger:
    """A list of followers that is announced with whatever is sent (FEP-8fcf)."""
    scene.trap.path = "/users/mallory/followers_synchronization"
    await followed(scene.ours, scene.organiser, scene.peer, scene.mallory)
    url = scene.peer.url(scene.trap.path)
    said = write(Synchronization(f"{scene.mallory.uri}/followers", url, NOBODY))

    async def trigger() -> None:
        body = orjson.dumps(scene.peer.activity(scene.mallory, "Like", scene.peer.url("/nothing")))
        covered = ["(request-target)", "host", "date", "digest", "content-type", HEADER.lower()]
        headers = cavage_headers(
            scene.mallory.private, scene.mallory.key_id, scene.ours.inbox, body,
            covered=covered, more={HEADER: said},
        )  # fmt: skip
        assert (await scene.peer.post(scene.ours.inbox, body, headers)).status == 202
        await scene.ours.settle()
        scene.ours.clock.forward(minutes=6)
        await scene.ours.settle()

    return trigger


async def _linked(scene: Scene) -> Trigger:
    """Of a page the beginning is read: what is too much of it is nothing."""
    scene.trap.path = "/page"
    await followed(scene.ours, scene.organiser, scene.peer, scene.mallory)
    link = f'<p><a href="{scene.peer.url("/page")}">x</a></p>'
    note = scene.peer.note(scene.mallory, link, [])
    created = scene.peer.create(scene.mallory, note)
    assert await outcome(scene.ours, scene.peer, scene.mallory, created) == "done"

    async def trigger() -> None:
        scene.ours.clock.forward(hours=1)
        await scene.ours.settle()

    return trigger


PLACES: Final = (
    _key, _object, _author, _webfinger, _nodeinfo, _what_it_runs, _replies, _context, _history, _followers,
    _linked,
)  # fmt: skip
ASKING: Final = ("jobs", "cards", "thread_refreshes", "group_histories", "follower_checks")


@pytest.fixture
async def scene(ours: Instance, attacker: Peer, organiser: Account) -> AsyncIterator[Scene]:
    made = Scene(ours, attacker, attacker.person("mallory"), organiser, Trap())
    attacker.gives = made.trap
    yield made


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__.strip("_"))
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
