"""The federation door of one instance, over real HTTP on loopback, and somebody who asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import orjson
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from multidict import CIMultiDictProxy

from federation.media_types import ACTIVITY_JSON
from server.activitypub.routes import DOCUMENTS, routes
from server.clock import Clock
from server.config import Settings
from server.context import CONTEXT, Context
from server.dispatch import Handler, shared
from server.domain.calling import calls
from server.domain.calling.drafting import Wanted
from server.domain.groups import communities
from server.domain.members import accounts
from server.domain.posting import drafts, posts
from server.domain.tx import Site, Work
from server.urls import Urls
from storage.accounts import Account, Profile
from storage.calls import Details
from storage.db import pool
from storage.posts import Post

DOMAIN = "beckon.example"
WEB_DOMAIN = "social.beckon.example"
BASE = f"https://{WEB_DOMAIN}"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


async def _page(request: web.Request) -> web.StreamResponse:
    """Stands for the door that people look at."""
    return web.Response(text="a page", content_type="text/html")


PAGES: dict[str, Handler] = dict.fromkeys(DOCUMENTS, _page)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return cast("dict[str, Any]", orjson.loads(self.body))

    @property
    def vary(self) -> set[str]:
        return {name.strip() for name in self.headers.get("Vary", "").split(",")}


@dataclass(frozen=True)
class Door:
    work: Work
    address: str
    session: ClientSession = field(repr=False)

    async def get(self, path: str, accept: str | None = ACTIVITY_JSON, **headers: str) -> Answer:
        """``path`` or one of our addresses. ``headers``: with underscores for hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if accept is not None:
            sent["Accept"] = accept
        url = self.address + path.removeprefix(BASE)
        async with self.session.get(url, headers=sent, allow_redirects=False) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def person(self, name: str = "gardener") -> Account:
        async with self.work.transaction() as tx:
            return await accounts.create(tx, "person", name, display_name=name.capitalize())

    async def community(self, founder: Account, name: str = "garden") -> Account:
        async with self.work.transaction() as tx:
            return await communities.create(tx, founder, name, "The garden")

    async def write(self, author: Account, typed: str = "Seeds to share", **more: Any) -> Post:
        async with self.work.transaction() as tx:
            draft = await drafts.draft(tx, author, drafts.Typed(typed, **more))
            written = await posts.publish(tx, author, draft)
        assert written
        return written

    async def event(self, organiser: Account, community: Account) -> Post:
        start = datetime.now(UTC) + timedelta(days=9)
        details = Details(start, start + timedelta(hours=2), "Europe/Rome", "Town Hall", capacity=5)
        async with self.work.transaction() as tx:
            wanted = Wanted("Spring clean-up", details, about="Bring gloves.", language="en")
            return await calls.create(tx, organiser, community, wanted)

    async def stranger(self) -> Account:
        """Somebody of another server."""
        uri = "https://peer.example/users/1"
        async with self.work.transaction() as tx:
            profile = Profile(username="stranger", url=uri, inbox=f"{uri}/inbox")
            return await accounts.remember(
                tx, uri, "peer.example", "person", profile, [], published=None
            )


@asynccontextmanager
async def opened(database_url: str) -> AsyncIterator[Door]:
    async with pool(database_url, size=4) as connections:
        site = Site(Urls(DOMAIN, BASE), federates=True)
        work = Work(connections, Clock(), site)
        app = web.Application()
        app[CONTEXT] = Context(Settings(domain=DOMAIN, web_domain=WEB_DOMAIN), work)
        app.add_routes([*routes(), *shared(DOCUMENTS, PAGES)])
        async with TestServer(app) as server, ClientSession() as session:
            yield Door(work, str(server.make_url("")).rstrip("/"), session)
