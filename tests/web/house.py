"""A house with a web door: a real database, a real server on loopback, and browsers without scripts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

from aiohttp import ClientResponse, FormData, web
from aiohttp.test_utils import TestClient, TestServer

from federation.fetch import Egress
from server.app import make_app
from server.arriving import resolve
from server.clock import Clock
from server.config import Settings
from server.context import context
from server.domain.calling import calls, calls_elsewhere, participations
from server.domain.calling.drafting import Wanted
from server.domain.groups import communities
from server.domain.members import accounts
from server.domain.posting.drafts import Draft
from server.domain.tx import Arrived, Site, Work
from server.sealing import Secret
from server.urls import Urls
from server.web import session
from storage import accounts as account_rows
from storage import db, instance, users
from storage.accounts import Account, Profile
from storage.calls import Details
from storage.posts import Post
from tests.tls_peer import egress_config

DOMAIN = "green.example"
OURS = f"https://{DOMAIN}"
REFERRER = re.compile(r'<meta name="referrer" content="([a-z-]+)"')
TOKEN = re.compile(r'name="csrf" value="([0-9a-f]+)"')


@dataclass(frozen=True)
class Seen:
    """A page as it came."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def words(self) -> str:
        """What a reader sees: no tags, single spaces."""
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.text)).split())


class Browser:
    """One person's browser: follows no redirect by itself, sends the token of the last form seen, and says
    where that form stood, as the page's policy lets it."""

    def __init__(self, client: TestClient[web.Request, web.Application]) -> None:
        self._client = client
        self._token = ""
        self._cookies: dict[str, str] = {}
        self._origin = OURS

    async def enter(self, account: Account) -> None:
        """Sign in. Cookies are for https only, and the test speaks plain HTTP: they are carried by hand."""
        async with self._client.get(f"/test-enter/{account.id}") as response:
            (cookie,) = response.cookies.values()
            assert cookie["secure"]
            assert cookie["httponly"]
            self._cookies[cookie.key] = cookie.value
        await self.get("/")

    @property
    def _cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    async def get(self, path: str, **headers: str) -> Seen:
        sent = {**headers, "Cookie": self._cookie}
        async with self._client.get(path, headers=sent, allow_redirects=False) as response:
            return await self._see(response)

    async def fetch(self, path: str) -> tuple[int, bytes]:
        """A file as it came, with its status."""
        async with self._client.get(path, headers={"Cookie": self._cookie}) as response:
            return response.status, await response.read()

    async def post(
        self, path: str, *, token: str | None = None, origin: str = "", **fields: str
    ) -> Seen:
        """``origin``: of the page with the form, where it is not ours."""
        sent = {**fields, "csrf": self._token if token is None else token}
        headers = {"Cookie": self._cookie, "Origin": origin or self._origin}
        async with self._client.post(
            path, data=sent, headers=headers, allow_redirects=False
        ) as response:
            return await self._see(response)

    async def send(
        self, path: str, files: Mapping[str, bytes] | None = None, **fields: str
    ) -> Seen:
        """As ``post``, in the form that carries files."""
        sent = FormData(default_to_multipart=True)
        for name, content in (files or {}).items():
            sent.add_field(name, content, filename="chosen.jpg")
        for name, value in fields.items():
            sent.add_field(name, value)
        return await self.send_form(path, sent)

    async def send_form(self, path: str, sent: FormData, *, token: bool = True) -> Seen:
        """As ``send``, of a form that has files; ``token``: whether that of the last form seen is added."""
        if token:
            sent.add_field("csrf", self._token)
        headers = {"Cookie": self._cookie, "Origin": self._origin}
        async with self._client.post(
            path, data=sent, headers=headers, allow_redirects=False
        ) as response:
            return await self._see(response)

    async def _see(self, response: ClientResponse) -> Seen:
        seen = Seen(response.status, await response.text(), dict(response.headers))
        self._cookies.update({key: each.value for key, each in response.cookies.items()})
        found = TOKEN.search(seen.text)
        self._token = found[1] if found else self._token
        self._origin = "null" if hides_where_it_is(seen) else OURS
        return seen


def hides_where_it_is(seen: Seen) -> bool:
    """Whether a form on this page is sent with ``Origin: null`` (Fetch, 3.2); seen of Chromium 156."""
    said = REFERRER.findall(seen.text) or [seen.headers.get("Referrer-Policy", "")]
    return said[-1] == "no-referrer"


@dataclass
class House:
    work: Work
    server: TestServer
    stack: AsyncExitStack

    @property
    def now(self) -> datetime:
        return self.work.clock.now()

    async def browser(self, account: Account | None = None) -> Browser:
        client = await self.stack.enter_async_context(TestClient(self.server))
        browser = Browser(client)
        if account:
            await browser.enter(account)
        return browser

    async def person(self, name: str) -> Account:
        async with self.work.transaction() as tx:
            user = await users.create(tx.conn, f"{name}@mail.example", None, "member", tx.now)
            return await accounts.create(tx, "person", name, user_id=user.id)

    async def elsewhere(self, name: str, host: str, kind: str = "person") -> Account:
        """Somebody, or a community, of another server."""
        uri = f"https://{host}/users/{name}"
        profile = Profile(name, f"https://{host}/@{name}", f"{uri}/inbox")
        async with self.work.transaction() as tx:
            return await accounts.remember(tx, uri, host, kind, profile, [], None)

    async def community(self, founder: Account, name: str = "garden", **more: str) -> Account:
        async with self.work.transaction() as tx:
            return await communities.create(
                tx, founder, name, "The shared garden", about="Beds & berries",
                rules=["Tools go back"], **more,
            )  # fmt: skip

    async def call(
        self, author: Account, group: Account, title: str = "Turn the compost", **more: object
    ) -> Post:
        details = Details(
            starts_at=datetime(2031, 5, 17, 8, 0, tzinfo=UTC),
            ends_at=None,
            timezone="Europe/Rome",
            place_name="The old orchard",
            place_address="Orchard Lane 3",
        )
        wanted = Wanted(title, replace(details, **more), "Bring *gloves* & boots")
        async with self.work.transaction() as tx:
            return await calls.create(tx, author, group, wanted)

    async def call_elsewhere(self, host: str) -> Post:
        """A call of another server, as it was received."""
        author = await self.elsewhere("author", host)
        group = await self.elsewhere("choir", host, "group")
        at = datetime(2031, 5, 17, 8, 0, tzinfo=UTC)
        draft = Draft(
            kind="event", title="Sing in the square", community=group, url=f"https://{host}/sing"
        )
        reported = calls_elsewhere.Reported("event", "", (41, 0, 0), 41, 0, "open", None)
        arrived = Arrived(f"https://{host}/calls/1", {})
        async with self.work.transaction() as tx:
            made = await calls_elsewhere.receive(
                tx,
                author,
                draft,
                Details(at, None, "Europe/Paris", capacity=100),
                reported,
                arrived,
            )
        assert made
        return made

    async def answer(
        self, who: Account, post: Post, said: str = "going", door: str = "card"
    ) -> None:
        async with self.work.transaction() as tx:
            await participations.answer(tx, who, post, said, door)

    async def suspend(self, account: Account) -> None:
        async with self.work.transaction() as tx:
            await tx.conn.execute(
                "update accounts set suspended_at = $2 where id = $1", account.id, tx.now
            )

    async def reload(self, account: Account) -> Account:
        async with self.work.reading() as tx:
            found = await account_rows.by_id(tx.conn, account.id)
        assert found
        return found


async def enter(request: web.Request) -> web.Response:
    """Signs a browser in: the session is real, only the password is not asked."""
    response = web.Response()
    async with context(request).work.transaction() as tx:
        account = await account_rows.by_id(tx.conn, int(request.match_info["id"]))
        assert account
        assert account.user_id
        await session.begin(request, response, tx, account.user_id, account.id)
    return response


@asynccontextmanager
async def open_house(
    database_url: str,
    *,
    mail: bool = False,
    net: Path | None = None,
    clock: Clock | None = None,
    data: Path | None = None,
) -> AsyncIterator[House]:
    """An instance on this database, served on loopback; ``mail``: as if it could send some; ``net``: a
    folder, for one with a way out to servers on loopback."""
    settings = Settings(domain=DOMAIN, data=data) if data else Settings(domain=DOMAIN)
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(db.pool(database_url, size=4))
        site = Site(
            Urls(DOMAIN, settings.base),
            federates=True,
            title="Green Valley",
            mail=mail,
            secret=Secret(b"a secret of thirty-two bytes ..."),
        )
        work = Work(pool, clock or Clock(), site)
        async with work.transaction() as tx:
            await instance.create(tx.conn, DOMAIN, DOMAIN, None, tx.now)
        way_out = None
        if net:
            egress = await stack.enter_async_context(Egress(egress_config(net, "127.0.0.0/8")))
            way_out = await resolve.open_net(work, egress)
        app = make_app(settings, work, way_out)
        app.add_routes([web.get("/test-enter/{id}", enter)])
        server = await stack.enter_async_context(TestServer(app))
        yield House(work, server, stack)
