"""Whatever a document names, this server does not reach into the network that it stands in.

A service listens on an address that this instance was not given. Every place of a document, an answer or a
redirect that makes us ask somebody leads there. Each is tried twice: where that address is allowed the
service is reached, which shows that the place is one; where it is not, not one connection arrives.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
import pytest

from federation.errors import Gone, Refused, Unreachable
from server.arriving import resolve
from server.domain.posting import threads
from storage.accounts import Account
from tests.federation.acting import followed, outcome
from tests.federation.instance import LOOPBACK, Instance, instance
from tests.federation.peer import Peer, Person, cavage_headers

OURS_ALONE: Final = "127.0.0.1/32"


@dataclass
class Service:
    """Something of the inner network, at an address of its own."""

    port: int = 0
    connections: int = 0

    def url(self, path: str = "/users/admin") -> str:
        return f"https://127.0.0.2:{self.port}{path}"

    async def serve(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.close()


@pytest.fixture
async def inner() -> AsyncIterator[Service]:
    service = Service()
    server = await asyncio.start_server(service.serve, "127.0.0.2", 0)
    service.port = server.sockets[0].getsockname()[1]
    async with server:
        yield service


@dataclass(frozen=True)
class Scene:
    ours: Instance
    peer: Peer
    mallory: Person
    gardener: Account
    inner: Service

    async def say(self, content: str = "Look", **more: object) -> str:
        """Something that concerns one of ours, and leans on something inside. Gives its id."""
        note = self.peer.note(self.mallory, content, [self.gardener.uri], **more)
        await outcome(self.ours, self.peer, self.mallory, self.peer.create(self.mallory, note))
        return note["id"]


@asynccontextmanager
async def scene(
    database_url: str, folder: Path, peer: Peer, inner: Service, allowed: str
) -> AsyncIterator[Scene]:
    async with instance(database_url, folder, allowed) as ours:
        yield Scene(ours, peer, peer.person("mallory"), await ours.member("gardener"), inner)


async def _key(scene: Scene) -> None:
    inside = Person(scene.inner.url(), "admin")
    document = scene.peer.activity(inside, "Follow", scene.gardener.uri)
    document["id"] = scene.inner.url("/follows/1")
    body = orjson.dumps(document)
    headers = cavage_headers(inside.private, inside.key_id, scene.ours.inbox, body)
    await scene.peer.post(scene.ours.inbox, body, headers)


async def _answered(scene: Scene) -> None:
    await scene.say(inReplyTo=scene.inner.url("/notes/1"))


async def _quoted(scene: Scene) -> None:
    await scene.say(quote=scene.inner.url("/notes/1"))


async def _stamp(scene: Scene) -> None:
    quoted = await scene.ours.publish(scene.gardener, "Seeds")
    await scene.say(quote=quoted.uri, quoteAuthorization=scene.inner.url("/stamps/1"))
    theirs = scene.peer.note(scene.mallory, "Mine", [])
    await scene.say(quote=theirs["id"], quoteAuthorization=scene.inner.url("/stamps/1"))


async def _audience(scene: Scene) -> None:
    await scene.say(audience=scene.inner.url())


async def _linked(scene: Scene) -> None:
    address = scene.inner.url("/page")
    await scene.say(f'<p>See <a href="{address}">this</a></p>')
    scene.ours.clock.forward(hours=1)  # not all who have the post ask at once
    await scene.ours.settle()


async def _announced(scene: Scene) -> None:
    await followed(scene.ours, scene.gardener, scene.peer, scene.mallory)
    boost = scene.peer.activity(scene.mallory, "Announce", scene.inner.url("/notes/1"))
    await outcome(scene.ours, scene.peer, scene.mallory, boost)


async def _redirected(scene: Scene) -> None:
    scene.peer.redirects["/notes/away"] = scene.inner.url("/notes/1")
    await scene.say(inReplyTo=scene.peer.url("/notes/away"))


async def _replies(scene: Scene) -> None:
    replies = {"type": "Collection", "id": scene.peer.url("/replies"), "items": [scene.inner.url()]}
    uri = await scene.say(replies=replies)
    post = await scene.ours.post(uri)
    assert post
    async with scene.ours.work.transaction() as tx:
        await threads.begin(tx, post)
    await scene.ours.settle()


async def _searched(scene: Scene) -> None:
    with suppress(Gone, Refused, Unreachable):
        await resolve.search(scene.ours.net, scene.inner.url())


async def _handle(scene: Scene) -> None:
    """Typed by a member, or named in a document."""
    with suppress(Gone, Refused, Unreachable):
        await resolve.handle(scene.ours.net, "admin", f"127.0.0.2:{scene.inner.port}")


PLACES: Final[tuple[Callable[[Scene], Awaitable[None]], ...]] = (
    _key,
    _answered,
    _quoted,
    _stamp,
    _audience,
    _linked,
    _announced,
    _redirected,
    _replies,
    _searched,
    _handle,
)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__.strip("_"))
async def test_no_document_leads_inside(
    database_url: str,
    tmp_path: Path,
    microblog: Peer,
    inner: Service,
    place: Callable[[Scene], Awaitable[None]],
) -> None:
    async with scene(database_url, tmp_path, microblog, inner, LOOPBACK) as opened:
        await place(opened)
    assert inner.connections > 0, "this place leads nowhere"


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__.strip("_"))
async def test_the_inner_network_is_not_reached(
    database_url: str,
    tmp_path: Path,
    microblog: Peer,
    inner: Service,
    place: Callable[[Scene], Awaitable[None]],
) -> None:
    async with scene(database_url, tmp_path, microblog, inner, OURS_ALONE) as closed:
        await place(closed)
    assert inner.connections == 0
