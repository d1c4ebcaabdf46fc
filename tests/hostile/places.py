"""The places where we ask others for something, and a way to have each of them asked.

A place is set up by a function, which gives what triggers the question: whatever then stands at ``Trap.path`` is
the hostile part. ``ASKING`` names the tables that tell what was asked for, and hold nothing of the answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import orjson
from aiohttp import web

from federation.follower_sync import HEADER, Synchronization, write
from server.domain.groups import histories
from server.domain.members import featured as featured_verbs
from server.domain.posting import threads
from storage.accounts import Account
from tests.federation.acting import followed, outcome
from tests.federation.instance import Instance
from tests.federation.peer import ACTIVITY_JSON, Peer, Person, cavage_headers

ASKING: Final = ("jobs", "cards", "thread_refreshes", "group_histories", "follower_checks")


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


async def key(scene: Scene) -> Trigger:
    scene.trap.path = "/users/stranger"

    async def trigger() -> None:
        assert await scene.meets("stranger") not in ("202", "500")

    return trigger


async def announced(scene: Scene) -> Trigger:
    scene.trap.path = "/notes/99"
    await followed(scene.ours, scene.organiser, scene.peer, scene.mallory)
    return lambda: scene.announce("/notes/99")


async def author(scene: Scene) -> Trigger:
    await followed(scene.ours, scene.organiser, scene.peer, scene.mallory)
    note = scene.peer.note(scene.peer.person("writer"), "<p>x</p>", [])
    scene.trap.path = "/users/writer"
    return lambda: scene.announce(note["id"].removeprefix(scene.peer.url("")))


async def webfinger(scene: Scene) -> Trigger:
    scene.trap.path = "/.well-known/webfinger"

    async def trigger() -> None:
        await scene.meets("stranger")

    return trigger


async def nodeinfo(scene: Scene) -> Trigger:
    trigger = await webfinger(scene)
    scene.trap.path = "/.well-known/nodeinfo"
    return trigger


async def what_it_runs(scene: Scene) -> Trigger:
    trigger = await webfinger(scene)
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


async def replies(scene: Scene) -> Trigger:
    scene.trap.path = "/replies"
    return await _thread(scene, replies=scene.peer.url("/replies"))


async def context(scene: Scene) -> Trigger:
    scene.trap.path = "/context"
    return await _thread(scene, context=scene.peer.url("/context"))


async def history(scene: Scene) -> Trigger:
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


async def featured(scene: Scene) -> Trigger:
    """What somebody has pinned, when their profile is opened."""
    account = await followed(scene.ours, scene.organiser, scene.peer, scene.mallory)
    scene.trap.path = "/users/mallory/featured"
    scene.ours.clock.forward(days=2)

    async def trigger() -> None:
        async with scene.ours.work.transaction() as tx:
            await featured_verbs.looked_at(tx, account)
        await scene.ours.settle()

    return trigger


async def followers(scene: Scene) -> Trigger:
    """A list of followers that is announced with whatever is sent (FEP-8fcf)."""
    scene.trap.path = "/users/mallory/followers_synchronization"
    await followed(scene.ours, scene.organiser, scene.peer, scene.mallory)
    url = scene.peer.url(scene.trap.path)
    said = write(Synchronization(f"{scene.mallory.uri}/followers", url, "11" * 32))

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


async def linked(scene: Scene) -> Trigger:
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
