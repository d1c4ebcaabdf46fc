"""People who use the instances, through the client API and nothing else."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import aiohttp

from server.demo.instances import Instance

PATIENCE = 30.0  # seconds for anything to arrive
START_PATIENCE = 90.0  # seconds for a first start on a slow machine
LOOK_EVERY = 0.05
REQUEST_SECONDS = 15.0
REFUSED = 400

T = TypeVar("T")


class Hands:
    """HTTP as an app does it, trusting the demo's authority besides."""

    def __init__(self, ca: Path) -> None:
        self._tls = ssl.create_default_context(cafile=str(ca))

    async def __aenter__(self) -> Hands:
        connector = aiohttp.TCPConnector(ssl=self._tls)
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
        jar = aiohttp.DummyCookieJar()
        self._http = aiohttp.ClientSession(connector=connector, timeout=timeout, cookie_jar=jar)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._http.close()

    async def until_serving(self, instance: Instance) -> None:
        """Raises ``DemoError`` where it ends, or does not answer in time."""

        async def look() -> bool | None:
            try:
                async with self._http.get(f"{instance.url}/health") as answer:
                    return answer.ok or None
            except aiohttp.ClientConnectionError:
                return None

        await until(look, instance, "did not answer", START_PATIENCE)

    async def ask(
        self, instance: Instance, token: str, method: str, path: str, body: Mapping[str, Any] | None
    ) -> Any:
        """A request to the client API. Raises ``DemoError`` where it is refused."""
        headers = {"Authorization": f"Bearer {token}"}
        call = self._http.request(method, instance.url + path, json=body, headers=headers)
        try:
            async with call as answer:
                if answer.status >= REFUSED:
                    said = (await answer.text())[:200]
                    raise instance.failed(f"answered {method} {path} with {answer.status}: {said}")
                return await answer.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise instance.failed(f"did not answer {method} {path} ({error!r})") from error


async def until(
    look: Callable[[], Awaitable[T | None]],
    instance: Instance,
    otherwise: str,
    patience: float = PATIENCE,
) -> T:
    """Look until something is there. Raises ``DemoError`` (``otherwise`` names what did not happen)."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        instance.require_alive()
        found = await look()
        if found is not None:
            return found
        await asyncio.sleep(LOOK_EVERY)
    raise instance.failed(f"{otherwise} within {patience:.0f} s")


@dataclass(frozen=True)
class Person:
    """Somebody with an account on one instance."""

    hands: Hands = field(repr=False)
    instance: Instance
    name: str
    password: str
    token: str

    @property
    def handle(self) -> str:
        return f"@{self.name}@{self.instance.domain}"

    @property
    def email(self) -> str:
        return f"{self.name}@mail.example"

    @property
    def short(self) -> str:
        return f"{self.name} ({self.instance.name})"

    async def get(self, path: str) -> Any:
        return await self.hands.ask(self.instance, self.token, "GET", path, None)

    async def post(self, path: str, **body: Any) -> Any:
        return await self.hands.ask(self.instance, self.token, "POST", path, body)

    async def find(self, handle: str) -> str:
        """The id that an account, wherever it lives, has on the instance of this person."""
        query = f"/api/v2/search?resolve=true&type=accounts&q={handle}"

        async def look() -> str | None:
            found = (await self.get(query))["accounts"]
            return str(found[0]["id"]) if found else None

        return await until(look, self.instance, f"did not find {handle}")

    async def follow(self, handle: str) -> None:
        """Follow a person or join a community, until it is accepted."""
        account_id = await self.find(handle)
        await self.post(f"/api/v1/accounts/{account_id}/follow")
        path = f"/api/v1/accounts/relationships?id[]={account_id}"

        async def look() -> bool | None:
            return (await self.get(path))[0]["following"] or None

        await until(look, self.instance, f"was not told that {self.name} may follow {handle}")

    async def write(self, text: str, *, reply_to: str | None = None) -> Any:
        return await self.post("/api/v1/statuses", status=text, in_reply_to_id=reply_to)

    async def sees(self, uri: str) -> Any:
        """The post with this id in the home timeline, as soon as it is there."""

        async def look() -> Any:
            shown = [s["reblog"] or s for s in await self.get("/api/v1/timelines/home?limit=40")]
            return next((s for s in shown if s["uri"] == uri), None)

        return await until(look, self.instance, f"did not show {uri} to {self.name}")
