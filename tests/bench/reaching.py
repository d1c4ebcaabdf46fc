"""Seconds from making a call on one instance until it is in a home timeline on another: two ``beckon serve``, over TLS."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.house import empty_place, free_port
from tests.bench.report import Figure
from tests.federation.instances import Instance, Person, three
from tests.serving import until

BECKON = "/api/beckon/v1"


@dataclass(frozen=True)
class Size:
    """How many calls are made, one after the other."""

    calls: int = 10


@dataclass(frozen=True)
class Client:
    """A member's client: a session with a token, so that nothing but the request is measured."""

    client: Any
    instance: Instance

    def ask(self, method: str, path: str, **body: object) -> Any:
        headers = {"Authorization": f"Bearer {self.client.access_token}"}
        answer = self.client.session.request(
            method, self.instance.url + path, headers=headers, json=body or None, timeout=30
        )
        answer.raise_for_status()
        return answer.json()

    def sees(self, title: str) -> bool:
        found = self.ask("GET", "/api/v1/timelines/home")
        return any(title in (s["reblog"] or s)["content"] for s in found)


async def measure(size: Size, _profile: Path | None = None) -> list[Figure]:
    async with empty_place() as place:
        seconds = await asyncio.to_thread(_measure, size, place)
    return [
        Figure("a call until it is seen elsewhere", median(seconds), "s", f"at most {max(seconds):.2f} s"),
    ]  # fmt: skip


def _measure(size: Size, place: Path) -> list[float]:
    with three(place / "instances", free_port, ("a", "b")) as (here, there):
        organiser = _signed_up(Person(here, "organiser", place / "organiser"))
        reader = _signed_up(Person(there, "reader", place / "reader"))
        wish = {"name": "river", "title": "The river"}
        group = organiser.ask("POST", f"{BECKON}/communities", **wish)
        _join(reader, f"@river@{here.domain}")
        return [_one(organiser, reader, group["id"], f"Call number {n:03}") for n in range(size.calls)]  # fmt: skip


def _signed_up(person: Person) -> Client:
    person.sign_up()
    return Client(person.client(), person.instance)


def _join(reader: Client, handle: str) -> None:
    found = reader.ask("GET", f"/api/v2/search?resolve=true&type=accounts&q={handle}")
    number = found["accounts"][0]["id"]
    reader.ask("POST", f"/api/v1/accounts/{number}/follow")
    path = f"/api/v1/accounts/relationships?id[]={number}"
    until("the membership", lambda: reader.ask("GET", path)[0]["following"])


def _one(organiser: Client, reader: Client, group: str, title: str) -> float:
    began = time.perf_counter()
    path = f"{BECKON}/communities/{group}/calls"
    organiser.ask("POST", path, kind="petition", title=title)
    until("the call", lambda: reader.sees(title))
    return time.perf_counter() - began
