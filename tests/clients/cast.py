"""Those who act in a scene: members, each with Mastodon.py in their hands.

A scene is what one or more people do with the library, in a thread of its own, beside the instance; what no
client can do (a server restarts, a job runs) is waited for with ``wait``.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import mastodon
import orjson
import requests
from aiohttp import web

from tests.api.conftest import Running
from tests.api.fields import undocumented
from tests.api.people import House, Member

PATIENCE = 30.0
AGENT = "mastodonpy"
T = TypeVar("T")
Client = (
    Any  # Mastodon.py's own types are unions that each line of a scene would have to take apart
)


@dataclass(frozen=True)
class Scene:
    """What is done with the library, and which of our routes it is about."""

    play: Callable[[Cast], None]
    routes: frozenset[str]

    @property
    def name(self) -> str:
        return self.play.__name__


def scene(routes: str) -> Callable[[Callable[[Cast], None]], Scene]:
    """``routes``: one path a line, after the verbs with which it is asked."""
    rows = (line.split() for line in routes.split("\n") if line.strip())
    asked = frozenset(f"{verb} {path}" for verbs, path in rows for verb in verbs.split(","))
    return lambda play: Scene(play, asked)


@dataclass
class Record:
    """What the instance was asked by the library, as ``GET /api/v1/lists/{}``, and what of its answers is
    not in the document."""

    routes: set[str] = field(default_factory=set[str])
    wrong: list[str] = field(default_factory=list[str])

    async def watch(self, request: web.Request, response: web.StreamResponse) -> None:
        resource = request.match_info.route.resource
        if request.headers.get("User-Agent") != AGENT or resource is None:
            return
        self.routes.add(f"{request.method} {bare(resource.canonical)}")
        if isinstance(response, web.Response) and response.content_type == "application/json":
            body = orjson.loads(response.body) if isinstance(response.body, bytes) else None
            self.wrong += undocumented(request.method, request.path, response.status, body)


def bare(path: str) -> str:
    """Without the names of what varies, and the slash that some put at the end."""
    return re.sub(r"{[^}]+}", "{}", path).rstrip("/")


@dataclass
class Cast:
    house: House
    here: Running
    session: requests.Session
    loop: asyncio.AbstractEventLoop

    def wait(self, act: Coroutine[Any, Any, T]) -> T:
        """What the instance or another client does meanwhile."""
        return asyncio.run_coroutine_threadsafe(act, self.loop).result(PATIENCE)

    def member(self, name: str, **more: Any) -> Member:
        return self.wait(self.house.member(name, **more))

    def joins(self, name: str, **more: Any) -> Client:
        """A new member's client, which refuses whatever is newer than the version that it is told."""
        return self.client(self.member(name, **more))

    def client(self, member: Member, *, ahead: bool = False) -> Client:
        """``ahead``: one that also calls what came after the version that we claim."""
        secret = member.token["Authorization"].removeprefix("Bearer ")
        return mastodon.Mastodon(
            access_token=secret,
            api_base_url=member.base,
            session=self.session,
            version_check_mode="none" if ahead else "created",
            user_agent=AGENT,
        )


def ids(entities: Any) -> list[str]:
    return [str(each.id) for each in entities]
