"""An instance that reaches other servers, with members and their clients, and a server of web pages."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from server.domain.members import oauth, scopes, users
from storage import instance as instances
from storage.accounts import Account
from tests.api.conftest import PASSWORD, SCOPES
from tests.api.people import House
from tests.federation.instance import LOOPBACK, Instance, instance
from tests.federation.peer import client_context
from tests.tls_peer import server_context


@dataclass
class Pages:
    """What it serves by path: a media type and a body; and what was asked of it."""

    host: str = ""
    found: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def put(self, path: str, html: str, media_type: str = "text/html; charset=utf-8") -> str:
        """Gives the address."""
        self.found[path] = (media_type, html.encode())
        return f"https://{self.host}{path}"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(request.path)
        if request.path not in self.found:
            return web.Response(status=404)
        media_type, body = self.found[request.path]
        return web.Response(body=body, headers={"Content-Type": media_type})


@asynccontextmanager
async def serving_pages() -> AsyncGenerator[Pages]:
    made = Pages()
    runner = web.ServerRunner(web.Server(made.handle, access_log=None), shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_context("127.0.0.1")).start()
    made.host = f"127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()


@dataclass
class Town:
    """The instance, and those who use it."""

    ours: Instance
    house: House

    async def later(self, **by: float) -> None:
        """Time passes, and all work that is then ready is done."""
        self.ours.clock.forward(**by)
        await self.ours.settle()


@pytest.fixture
async def pages() -> AsyncIterator[Pages]:
    async with serving_pages() as made:
        yield made


@pytest.fixture
async def town(database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    connector = aiohttp.TCPConnector(ssl=client_context())
    jar = aiohttp.DummyCookieJar()
    async with (
        instance(database_url, tmp_path, LOOPBACK, secret="a secret") as ours,
        aiohttp.ClientSession(connector=connector, cookie_jar=jar) as http,
    ):
        base = f"https://{ours.host}"

        async def register(name: str, role: str = "member") -> Account:
            async with ours.work.transaction() as tx:
                await instances.create(tx.conn, ours.host, ours.host, None, tx.now)
                _, made = await users.register(tx, f"{name}@people.example", name, PASSWORD, role)
            return made

        async def sign_in(account: Account, scope: str = SCOPES) -> dict[str, str]:
            async with ours.work.transaction() as tx:
                app, _ = await oauth.register_app(tx, "Test app", [oauth.OUT_OF_BAND], scope, None)
                issued = await oauth.issue(
                    tx, app, scopes.parse(scope), user_id=account.user_id, account_id=account.id
                )
            return {"Authorization": f"Bearer {issued.secret}"}

        yield Town(ours, House(ours.work, http, base, register, sign_in))
