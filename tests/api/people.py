"""Who takes part in the tests: members with clients, communities, and people of other servers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from server.domain.calling import calls
from server.domain.calling.drafting import Wanted
from server.domain.groups import communities
from server.domain.members import accounts as account_verbs
from server.domain.posting import drafts
from server.domain.posting import posts as post_verbs
from server.domain.tx import Arrived, Work
from storage.accounts import Account, Profile
from storage.calls import Details
from storage.posts import Post
from tests.api.fields import undocumented

STAFF = "read write follow push profile admin:read admin:write"


@dataclass(frozen=True)
class Answer:
    status: int
    json: Any
    headers: Mapping[str, str]

    @property
    def links(self) -> dict[str, str]:
        """rel to address, as clients read the Link header."""
        parts = [p for p in self.headers.get("Link", "").split(", ") if p]
        return {p.split('rel="')[1].rstrip('"'): p[1 : p.index(">")] for p in parts}


@dataclass(frozen=True)
class Member:
    """Somebody with a client: every call is a request, and every answer must be as it is documented.

    ``account`` is None for a stranger.
    """

    http: aiohttp.ClientSession
    base: str
    account: Account | None = None
    token: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        assert self.account
        return str(self.account.id)

    async def ask(self, method: str, path: str, **more: Any) -> Answer:
        headers = more.pop("headers", {}) | dict(self.token)
        url = path if path.startswith("http") else self.base + path
        async with self.http.request(method, url, headers=headers, **more) as response:
            body = await response.json(content_type="application/json")
        wrong = undocumented(method, response.url.path, response.status, body)
        assert not wrong, "\n".join(wrong)
        return Answer(response.status, body, response.headers)

    async def get(self, path: str, **more: Any) -> Answer:
        return await self.ask("GET", path, **more)

    async def post(self, path: str, **more: Any) -> Answer:
        return await self.ask("POST", path, **more)

    async def put(self, path: str, **more: Any) -> Answer:
        return await self.ask("PUT", path, **more)

    async def delete(self, path: str, **more: Any) -> Answer:
        return await self.ask("DELETE", path, **more)

    async def good(self, method: str, path: str, **more: Any) -> Any:
        """The JSON of an answer that must be 200."""
        answer = await self.ask(method, path, **more)
        assert answer.status == 200, (path, answer.status, answer.json)
        return answer.json

    async def says(self, text: str, **more: Any) -> Any:
        return await self.good("POST", "/api/v1/statuses", json={"status": text, **more})


@dataclass
class House:
    work: Work
    http: aiohttp.ClientSession
    base: str
    register: Callable[[str, str], Awaitable[Account]]
    sign_in: Callable[..., Awaitable[dict[str, str]]]
    stranger: Member = field(init=False)

    def __post_init__(self) -> None:
        self.stranger = Member(self.http, self.base)

    async def member(self, name: str, *, role: str = "member", locked: bool = False) -> Member:
        account = await self.register(name, role)
        if locked:
            async with self.work.transaction() as tx:
                account = await account_verbs.edit_profile(tx, account, locked=True)
        scope = {} if role == "member" else {"scope": STAFF}
        return Member(self.http, self.base, account, await self.sign_in(account, **scope))

    async def community(self, founder: Member, name: str, policy: str = "open") -> Account:
        assert founder.account
        async with self.work.transaction() as tx:
            return await communities.create(
                tx, founder.account, name, name.title(), community_policy=policy
            )

    async def call(self, by: Member, community: Account, details: Details, title: str) -> Post:
        assert by.account
        async with self.work.transaction() as tx:
            return await calls.create(
                tx, by.account, community, Wanted(title, details, "Bring tea")
            )

    async def remote(self, name: str, kind: str = "person") -> Account:
        """Somebody of another server, as if we had met them."""
        uri = f"https://far.example/users/{name}"
        profile = Profile(
            username=name,
            url=f"https://far.example/@{name}",
            inbox=f"{uri}/inbox",
            display_name=name,
        )
        async with self.work.transaction() as tx:
            return await account_verbs.remember(tx, uri, "far.example", kind, profile, [], None)

    async def arrives(self, author: Account, name: str, draft: drafts.Draft) -> Post:
        """A post of another server."""
        uri = f"{author.uri}/posts/{name}"
        async with self.work.transaction() as tx:
            post = await post_verbs.publish(tx, author, draft, arrived=Arrived(uri, {"id": uri}))
        assert post
        return post
