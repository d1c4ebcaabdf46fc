"""Every route that is read answers what the OpenAPI document says, for an empty account and a full one.

Routes come from the document, so a new one is asked without a word here. Ids for its path come from the
world, or from the list that its path begins with (``/lists/{id}`` from ``/lists``). In the full world each
route must find something: an entity that nobody was shown is not proven.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from typing import Any, cast

import pytest

from tests.api.conftest import Running
from tests.api.fields import document, faults
from tests.api.people import Answer, House, Member
from tests.api.world import STORY, World, full

QUERY = {
    "url": [STORY],
    "q": ["spring"],
    "acct": ["organiser"],
    "timeline[]": ["home", "notifications"],
    "domain": ["loud.example"],
}
NOTHING_THERE = {
    "/api/v1/custom_emojis": "we have none",
    "/api/beckon/v1/communities/{id}/by_email": "this house sends no mail; see tests/web/test_mail_follows.py",
    "/api/v1/instance/peers": "no server was met",
    "/api/v1/peers/search": "no server was met",
    "/api/v1/instance/terms_of_service": "there are none",
    "/api/v1/instance/terms_of_service/{date}": "there are none",
    "/api/v1/instance/translation_languages": "nothing is translated",
    "/api/v1/annual_reports/{year}": "none are made",
    "/api/v1/donation_campaigns": "there are none",
    "/api/oembed": "of a post of ours: test_about.py",
}
ELSEWHERE = {
    "/.well-known/oauth-authorization-server": "only over https: the last test of this file",
}


def reads() -> dict[str, Any]:
    """The operations of all GET routes that answer in JSON, by path."""
    paths = document()["paths"].items()
    found = {path: ops["get"] for path, ops in paths if "get" in ops and path not in ELSEWHERE}
    found = {path: op for path, op in found.items() if "200" in op["responses"]}  # not 101
    return {path: op for path, op in found.items() if "application/json" in _content(op, "200")}


def _content(operation: Any, status: str) -> Any:
    return operation["responses"].get(status, {}).get("content", {})


def _wanted(operation: Any, status: str) -> Any:
    return _content(operation, status)["application/json"]["schema"]


class Asking:
    """One reader's walk through all routes."""

    def __init__(self, reader: Member, ids: dict[str, list[str]]) -> None:
        self.reader = reader
        self.ids = ids
        self.faults: list[str] = []
        self.shown: dict[str, list[Any]] = defaultdict(list)

    async def everything(self) -> None:
        for path, operation in reads().items():
            for filled in await self._filled(path):
                await self._ask(path, filled, operation)

    async def _ask(self, path: str, filled: str, operation: Any) -> None:
        answer = await self.reader.get(filled, params=self._query(path, operation))
        status = str(answer.status)
        if status not in operation["responses"]:
            self.faults.append(f"{filled}: {status} is not documented")
            return
        self.faults += faults(answer.json, _wanted(operation, status), f"{filled} ")
        self.faults += _headers(filled, answer)
        if answer.status == 200:
            self.shown[path].append(answer.json)

    def _query(self, path: str, operation: Any) -> list[tuple[str, str]]:
        nouns = "statuses" if path.endswith("/statuses") else "accounts"
        known = QUERY | {"id[]": self.ids.get(nouns, []), "limit": ["40"]}
        names = [p["name"] for p in operation["parameters"] if p["in"] == "query"]
        return [(name, value) for name in names for value in known.get(name, ())]

    async def _filled(self, path: str) -> Iterator[str]:
        parts = path.split("/")
        holes = [at for at, part in enumerate(parts) if part.startswith("{")]
        values = [await self._values(parts, at) for at in holes]
        return ("/".join(_put(parts, holes, chosen)) for chosen in product(*values))

    async def _values(self, parts: list[str], at: int) -> list[str]:
        name = parts[at].strip("{}")
        for noun in ("/".join(parts[at - 2 : at]), parts[at - 1]):
            if noun in self.ids:
                return self.ids[noun]
        above = "/".join(parts[:at])
        if above not in reads() or "{" in above:
            return []
        return sorted(set(_named(name, (await self.reader.get(above)).json)))


def _put(parts: list[str], holes: list[int], chosen: tuple[str, ...]) -> list[str]:
    values = dict(zip(holes, chosen, strict=True))
    return [values.get(at, part) for at, part in enumerate(parts)]


def _named(name: str, answer: Any) -> Iterator[str]:
    """The values of that name in a list, or in the lists of an object."""
    lists = [answer] if isinstance(answer, list) else answer.values()
    items = [item for found in lists if isinstance(found, list) for item in found]
    yield from (str(item[name]) for item in items if isinstance(item, dict) and name in item)


LINK = re.compile(
    r'(<https?://[^<>,;]+[?&](max_id|since_id|min_id|offset)=\d+>; rel="(next|prev)"(, )?)*'
)


def _headers(path: str, answer: Answer) -> list[str]:
    """Clients read digits behind the name of a cursor, and split at commas and semicolons."""
    link = answer.headers.get("Link", "")
    return [] if LINK.fullmatch(link) else [f"{path}: Link: {link}"]


MARKS = {"favourited", "reblogged", "bookmarked", "muted", "filtered"}


def _posts(value: Any) -> Iterator[dict[str, Any]]:
    """Every status in an answer, those inside of others too; not its declaration."""
    if isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from _posts(each)
    elif isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        if isinstance(found.get("replies_count"), int):
            yield found
        yield from _posts(list(found.values()))


def _shown_posts(asked: Asking) -> Iterator[dict[str, Any]]:
    return _posts([answer for path in asked.shown for answer in asked.shown[path]])


def _unseen(asked: Asking) -> list[str]:
    """Routes that showed nothing, though the world holds something of everything."""
    empty = {path for path, op in reads().items() if "maxItems" in _wanted(op, "200")}
    known = empty | set(NOTHING_THERE)
    return [path for path in reads() if path not in known and not any(asked.shown[path])]


@pytest.fixture
async def world(house: House) -> World:
    return await full(house)


async def test_a_full_account_is_shown_what_is_documented(world: World) -> None:
    asked = Asking(world.reader, world.ids)
    await asked.everything()
    assert not asked.faults, "\n".join(asked.faults[:20])
    assert _unseen(asked) == [], "nothing to show there: put it into tests/api/world.py"
    assert all(post.keys() >= MARKS for post in _shown_posts(asked))


async def test_an_empty_account_is_too(house: House) -> None:
    newcomer = await house.member("newcomer")
    asked = Asking(newcomer, {"accounts": [newcomer.id], "tag": ["none"], "tags": ["none"]})
    await asked.everything()
    assert not asked.faults, "\n".join(asked.faults[:20])
    assert asked.shown["/api/v1/timelines/home"] == [[]]


async def test_a_stranger_is_too(world: World) -> None:
    asked = Asking(world.house.stranger, world.ids)
    await asked.everything()
    assert not asked.faults, "\n".join(asked.faults[:20])
    public = list(_shown_posts(asked))
    assert public
    assert set().union(*(post.keys() for post in public)) & (MARKS | {"pinned"}) == set()
    assert not asked.shown["/api/v1/timelines/home"]


async def test_the_metadata_of_a_public_instance(public: Running) -> None:
    path = "/.well-known/oauth-authorization-server"
    async with public.http.get(path) as answer:
        assert faults(await answer.json(), {"$ref": "#/components/schemas/OAuthMetadata"}) == []


async def test_it_finds_what_is_wrong(house: House) -> None:
    """An answer that is not as documented, and a status that nobody told of."""
    member = await house.member("newcomer")
    asked = Asking(member, {})
    told = reads()["/api/v1/lists"]
    wrong = {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}}
    await asked._ask("/api/v1/lists", "/api/v1/lists", {**told, "responses": wrong})
    await asked._ask("/api/v1/lists", "/api/v1/lists", {**told, "responses": {}})
    assert [fault.split(" ", 1)[0] for fault in asked.faults] == ["/api/v1/lists", "/api/v1/lists:"]
