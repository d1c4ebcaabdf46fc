"""Five instances of ours that share one clock, and the weather that keeps each from its neighbours.

Each is a whole server with its own database, on TLS. What fails is what stands before its doors: a server
that is down cuts every connection, a slow one holds what it is asked until it is let go, and one that talks
nonsense answers with what servers and the boxes before them say when they are broken.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from server.arriving import resolve
from server.domain.members import follows
from server.mail import Relay
from storage.accounts import Account
from tests.clock import MovableClock
from tests.conftest import database_of, fresh_database
from tests.federation.instance import LOOPBACK, STEPS, Instance, instance

ROUNDS = 300
ACTIVITY = "application/activity+json"
LIE = b'{"@context":"https://www.w3.org/ns/activitystreams","id":"https://liar.example/1","type":"Person"}'


def _nonsense(request: web.Request) -> Iterator[web.Response]:
    """One after the other, for ever. Nothing of it says that something was taken."""
    if request.method == "POST":
        answers = (
            web.Response(status=502, text="<h1>Bad gateway</h1>", content_type="text/html"),
            web.Response(status=503, headers={"Retry-After": "soon"}),
            web.Response(status=500, body=b'{"error":', content_type="application/json"),
            web.Response(status=429, headers={"Retry-After": "-1"}),
        )
    else:
        answers = (
            web.Response(text="<h1>It works!</h1>", content_type="text/html"),
            web.Response(body=b'["what"', content_type=ACTIVITY),
            web.Response(body=LIE, content_type=ACTIVITY),
            web.Response(status=302, headers={"Location": str(request.rel_url)}),
            web.Response(status=500),
        )
    return iter(answers)


@dataclass
class Weather:
    """Before the doors of one server. ``held`` are requests that a slow one has not let in yet."""

    down: bool = False
    mad: bool = False
    slow: asyncio.Event | None = None
    held: int = 0
    turned: Counter[str] = field(default_factory=Counter)
    """How many requests did not get in, by method."""
    _turns: Iterator[int] = field(default_factory=itertools.count)
    _took: asyncio.Condition = field(default_factory=asyncio.Condition)
    _taken: int = 0

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.down:
            self.turned[request.method] += 1
            if request.transport:
                request.transport.abort()
            return web.Response(status=503)  # nobody reads it
        if self.mad:
            self.turned[request.method] += 1
            answers = list(_nonsense(request))
            return answers[next(self._turns) % len(answers)]
        if self.slow:
            self.held += 1
            await self.slow.wait()
        answer = await handler(request)
        async with self._took:
            self._taken += request.method == "POST"
            self._took.notify_all()
        return answer

    async def takes(self, number: int) -> None:
        """Until this many more POSTs were answered than when it is called."""
        wanted = self._taken + number
        async with asyncio.timeout(10), self._took:
            await self._took.wait_for(lambda: self._taken >= wanted)


def middleware(weather: Weather) -> Middleware:
    @web.middleware
    async def stand(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await weather(request, handler)

    return stand


@dataclass
class Server:
    """One of the five."""

    name: str
    here: Instance
    weather: Weather

    @property
    def up(self) -> bool:
        """Whether it works at all; a slow or mad one does."""
        return not self.weather.down

    async def person(self, name: str) -> Account:
        return await self.here.member(name)


@dataclass
class Five:
    servers: Sequence[Server]
    clock: MovableClock

    async def settle(self) -> None:
        """All that is ready now, on all that are up, until nobody has anything left to do."""
        for _ in range(ROUNDS):
            done = [await step(s.here.net) for s in self.servers if s.up for step in STEPS]
            if not any(done):
                return
        raise AssertionError("work does not come to an end")

    async def live(self, **by: float) -> None:
        """Time goes on, and everybody does what is due then."""
        self.clock.forward(**by)
        await self.settle()


@asynccontextmanager
async def five(
    template_url: str,
    folder: Path,
    names: Sequence[str],
    relays: Mapping[str, Relay] = MappingProxyType({}),
) -> AsyncIterator[Five]:
    """``relays``: what takes the mail of those that send any, by name."""
    clock = MovableClock()
    async with AsyncExitStack() as stack:
        servers: list[Server] = []
        for name in names:
            url = await stack.enter_async_context(
                fresh_database(template_url, database_of(template_url))
            )
            weather = Weather()
            place = folder / name
            place.mkdir()
            made = await stack.enter_async_context(
                instance(
                    url,
                    place,
                    LOOPBACK,
                    clock=clock,
                    before=[middleware(weather)],
                    relay=relays.get(name),
                )
            )
            servers.append(Server(name, made, weather))
        yield Five(servers, clock)


@dataclass
class Neighbours:
    """``reader`` of ``away`` is a member of ``group``, a community of ``home`` that ``keeper`` steers."""

    both: Five
    home: Instance
    away: Instance
    keeper: Account
    reader: Account
    group: Account


@asynccontextmanager
async def neighbours(template_url: str, folder: Path) -> AsyncIterator[Neighbours]:
    async with five(template_url, folder, ["home", "away"]) as both:
        home, away = (server.here for server in both.servers)
        keeper, reader = await home.member("keeper"), await away.member("reader")
        group = await home.community(keeper, "kitchen")
        found = await resolve.actor(away.net, group.uri)
        async with away.work.transaction() as tx:
            await follows.follow(tx, reader, found)
        await both.settle()
        yield Neighbours(both, home, away, keeper, reader, group)
