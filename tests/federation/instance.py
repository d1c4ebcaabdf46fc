"""One instance of ours in the test's own loop: real database, real TLS, work done step by step.

Nothing runs by itself: ``settle`` applies what arrived, sends what waits and runs jobs until nothing is
ready at the present time, and ``clock.forward`` moves that time.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from aiohttp import web
from aiohttp.abc import AbstractResolver
from aiohttp.typedefs import Middleware

from federation.fetch import Egress
from server.app import make_app
from server.arriving import inbox, resolve
from server.arriving.resolve import Net
from server.config import Settings
from server.domain.calling import calls
from server.domain.calling.drafting import Wanted
from server.domain.groups import communities
from server.domain.members import accounts as account_verbs
from server.domain.posting import drafts, posts
from server.domain.tx import Site, Work
from server.jobs import deliver, later
from server.mail import Relay
from server.sealing import Secret
from server.urls import Urls
from storage import accounts, db
from storage import calls as call_rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Call, Details
from storage.inbox import Item
from storage.posts import Post
from tests.clock import MovableClock
from tests.tls_peer import egress_config, server_context

LOOPBACK = "127.0.0.0/8"
ROUNDS = 200


@dataclass(frozen=True)
class Instance:
    """``host`` is also the domain of its handles."""

    host: str
    net: Net
    clock: MovableClock

    @property
    def work(self) -> Work:
        return self.net.work

    @property
    def inbox(self) -> str:
        return f"https://{self.host}/inbox"

    async def settle(self) -> None:
        """Do all work that is ready now: inbox, jobs, deliveries."""
        for _ in range(ROUNDS):
            done = [await step(self.net) for step in STEPS]
            if not any(done):
                return
        raise AssertionError("work does not come to an end")

    async def apply(self) -> bool:
        return await inbox.work_once(self.net)

    async def jobs(self) -> bool:
        return await later.work_once(self.net)

    async def rows(self, sql: str, *args: object) -> list[dict[str, Any]]:
        async with self.work.reading() as tx:
            return [dict(row) for row in await tx.conn.fetch(sql, *args)]

    async def value(self, sql: str, *args: object) -> Any:
        async with self.work.reading() as tx:
            return await tx.conn.fetchval(sql, *args)

    async def member(self, name: str) -> Account:
        async with self.work.transaction() as tx:
            return await account_verbs.create(tx, "person", name)

    async def community(self, founder: Account, name: str, policy: str = "open") -> Account:
        async with self.work.transaction() as tx:
            title = name.capitalize()
            return await communities.create(tx, founder, name, title, community_policy=policy)

    async def event(
        self, by: Account, community: Account, title: str, capacity: int | None = None
    ) -> Post:
        starts = self.clock.now() + timedelta(days=30)
        details = Details(starts, starts + timedelta(hours=2), "Europe/Rome", "Shed", "", None, None, capacity)  # fmt: skip
        async with self.work.transaction() as tx:
            return await calls.create(tx, by, community, Wanted(title, details))

    async def publish(self, author: Account, text: str, **more: Any) -> Post:
        async with self.work.transaction() as tx:
            draft = await drafts.draft(tx, author, drafts.Typed(text, **more))
            made = await posts.publish(tx, author, draft)
        assert made
        return made

    async def post(self, uri: str) -> Post | None:
        async with self.work.reading() as tx:
            return await post_rows.by_uri(tx.conn, uri)

    async def call(self, post: Post) -> Call:
        async with self.work.reading() as tx:
            found = await call_rows.by_id(tx.conn, post.id)
        assert found
        return found

    async def known(self, uri: str) -> Account | None:
        async with self.work.reading() as tx:
            return await accounts.by_uri(tx.conn, uri)

    async def arrival(self, activity_id: str) -> Item | None:
        """What was written down of an activity, and what became of it."""
        async with self.work.reading() as tx:
            found = await tx.conn.fetchrow(
                "select * from inbox where activity_id = $1", activity_id
            )
        return Item(**dict(found)) if found else None

    async def outcome(self, activity_id: str) -> str:
        """``done``, the reason of a refusal, or ``absent``; asked after ``settle``."""
        found = await self.arrival(activity_id)
        if found is None:
            return "absent"
        return found.reason or "" if found.state == "refused" else found.state


STEPS = (inbox.work_once, later.work_once, deliver.work_once)


@asynccontextmanager
async def instance(
    database_url: str,
    folder: Path,
    *networks: str,
    secret: str = "",
    clock: MovableClock | None = None,
    before: Sequence[Middleware] = (),
    authorized_fetch: bool = False,
    rate_limits: Literal["on", "off"] = "off",
    resolver: AbstractResolver | None = None,
    relay: Relay | None = None,
) -> AsyncGenerator[Instance]:
    """An instance on a loopback port; ``networks``: what it may reach besides public addresses;
    ``secret``: seals the addresses of files of others; ``clock``: one that it shares with others;
    ``before``: what stands before its doors; ``resolver``: what it knows of names; ``relay``: takes its mail."""
    listener = socket.create_server(("127.0.0.1", 0))
    host = f"127.0.0.1:{listener.getsockname()[1]}"
    clock = clock or MovableClock()
    async with (
        db.pool(database_url, size=10) as pool,
        Egress(egress_config(folder, *networks), resolver=resolver) as egress,
    ):
        urls = Urls(host, f"https://{host}", secret)
        site = Site(
            urls, federates=True, authorized_fetch=authorized_fetch, mail=relay is not None,
            secret=Secret(bytes(32)),
        )  # fmt: skip
        work = Work(pool, clock, site)
        net = await resolve.open_net(work, egress, relay=relay)
        app = make_app(Settings(domain=host, rate_limits=rate_limits, data=folder), work, net)
        app.middlewares[:0] = before
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await runner.setup()
        await web.SockSite(runner, listener, ssl_context=server_context("127.0.0.1")).start()
        try:
            yield Instance(host, net, clock)
        finally:
            await runner.cleanup()
