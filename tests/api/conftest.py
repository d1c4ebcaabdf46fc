"""A whole instance on loopback: the application as it is served, on a database of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from federation.fetch import Egress
from server.api.streaming import HUB, PACE, Pace
from server.app import make_app
from server.arriving import resolve
from server.config import load
from server.domain.members import oauth, scopes, users
from server.domain.tx import Site, Work
from server.sealing import Secret
from server.stream import Hub
from server.urls import Urls
from storage import db, instance
from storage.accounts import Account
from tests.api.people import House
from tests.clock import MovableClock

pytest.register_assert_rewrite("tests.clients")

PASSWORD = "a long enough password"
SCOPES = "read write follow push profile"
Watch = Callable[[web.Request, web.StreamResponse], Awaitable[None]]


@dataclass(frozen=True)
class Running:
    """An instance that serves, and a client of it without cookies or tokens."""

    base: str
    work: Work
    clock: MovableClock
    http: aiohttp.ClientSession
    app: web.Application

    @property
    def hub(self) -> Hub:
        return self.app[HUB]

    async def member(self, name: str, role: str = "member") -> Account:
        """Somebody who can sign in with ``PASSWORD``."""
        async with self.work.transaction() as tx:
            _, account = await users.register(tx, f"{name}@people.example", name, PASSWORD, role)
        return account

    async def token(self, account: Account | None, scope: str = SCOPES) -> dict[str, str]:
        """The header of a new token: for an account, or for an app alone."""
        async with self.work.transaction() as tx:
            app, _ = await oauth.register_app(tx, "Test app", [oauth.OUT_OF_BAND], SCOPES, None)
            issued = await oauth.issue(
                tx,
                app,
                scopes.parse(scope),
                user_id=account.user_id if account else None,
                account_id=account.id if account else None,
            )
        return {"Authorization": f"Bearer {issued.secret}"}


@asynccontextmanager
async def serving(
    database_url: str,
    port: int,
    *,
    pace: Pace | None = None,
    watch: Watch | None = None,
    egress: Egress | None = None,
    secret: str = "",
    **settings: str,
) -> AsyncIterator[Running]:
    """An instance on ``port``; ``settings`` as in the environment, without ``BECKON_``.

    ``watch`` sees every answer before it goes out. With ``egress`` it federates.
    ``secret``: seals addresses.
    """
    address = f"127.0.0.1:{port}"
    domain = settings.get("domain", address)
    given = {
        "domain": domain,
        "scheme": "http",
        "listen": address,
        "rate_limits": "off",
        **settings,
    }
    known = load({f"BECKON_{name.upper()}": value for name, value in given.items()})
    clock = MovableClock()
    async with db.pool(database_url, size=4) as pool:
        work = Work(
            pool,
            clock,
            Site(
                Urls(domain, known.base, secret),
                federates=egress is not None,
                title="Test",
                mail=bool(known.smtp_url),
                secret=Secret(b"a secret of thirty-two bytes ..."),
            ),
        )
        async with work.transaction() as tx:
            await instance.create(tx.conn, domain, domain, None, tx.now)
        net = await resolve.open_net(work, egress) if egress else None
        app = make_app(known, work, net, database_url=database_url)
        app[PACE] = pace or app[PACE]
        if watch:
            app.on_response_prepare.append(watch)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        jar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(f"http://{domain}", cookie_jar=jar) as http:
            yield Running(known.base, work, clock, http, app)
        await runner.cleanup()


@pytest.fixture
async def here(
    database_url: str, free_port: Callable[[], int], tmp_path: Path
) -> AsyncIterator[Running]:
    async with serving(database_url, free_port(), data=str(tmp_path)) as running:
        yield running


@pytest.fixture
async def strict(database_url: str, free_port: Callable[[], int]) -> AsyncIterator[Running]:
    """As ``here``, with rate limits on."""
    async with serving(database_url, free_port(), rate_limits="on") as running:
        yield running


@pytest.fixture
async def public(database_url: str, free_port: Callable[[], int]) -> AsyncIterator[Running]:
    """As ``here``, behind a proxy that ends TLS: its own addresses are https."""
    async with serving(database_url, free_port(), scheme="https") as running:
        yield running


@pytest.fixture
async def house(here: Running) -> House:
    """``here``, with the people of people.py."""
    return House(here.work, here.http, here.base, here.member, here.token)
