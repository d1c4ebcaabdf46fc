"""Ids of what a private community keeps: on every route of Beckon's own API they are as ids that nobody ever gave.

The routes come from the application. Whoever adds one with another noun has to say here what it is of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from server.api.auth import Guarded
from server.api.routes import routes
from tests.api.people import House, Member
from tests.hostile.unchanged import same_rows

BECKON = "/api/beckon/v1"
UNKNOWN = "990000000000000001"
SECRET = "xyzzy"
KEPT = ("calls", "series", "proposals", "templates", "documents", "posts")
OTHERS = {"accounts", "admin", "communities", "decisions", "invites", "links", "persons"}
"""Of people, of the community itself, or of one member alone: tests/hostile/test_every_route.py asks for these."""
BODY: Mapping[str, Any] = {
    "title": "Mine", "name": "Mine", "text": "mine", "kind": "event", "answer": "going", "outcome": "Done",
    "starts_at": "2099-01-01T10:00:00Z", "rule": "FREQ=WEEKLY", "status": "answered", "category": "tools",
    "quantity": 1, "version": 1, "subject": "Dear all", "body": "Dear all", "reason": "mine", "skills": ["law"], "people": 3,
    "what": "mine", "evidence": "https://else.example/list", "id": "1", "attended": True,
}  # fmt: skip


def noun_of(path: str) -> str:
    parts = path.removeprefix(f"{BECKON}/").split("/")
    return parts[0]


def below(*nouns: str) -> Iterator[Guarded]:
    for route in routes():
        if not isinstance(route, Guarded) or "{" not in route.path:
            continue
        if route.path.startswith(f"{BECKON}/") and noun_of(route.path) in nouns:
            yield route


def test_every_noun_has_its_place() -> None:
    ours = (route.path for route in routes() if isinstance(route, Guarded))
    found = {noun_of(path) for path in ours if path.startswith(f"{BECKON}/") and "{" in path}
    assert found == {*KEPT, *OTHERS}


@dataclass
class Shed:
    """A private community, and what it keeps: ids by noun, and by the name of a second id in a path."""

    house: House
    organiser: Member
    outsider: Member
    id: str
    ids: dict[str, list[str]]
    within: dict[str, str]
    own: str
    """A community of the outsider's."""

    @property
    def body(self) -> dict[str, Any]:
        """What would do, were the thing the outsider's own."""
        return {**BODY, "community_id": self.own, "account_id": self.outsider.id}

    async def make(self, path: str, **sent: Any) -> Any:
        return await self.organiser.good("POST", f"{BECKON}/{path}", json=sent)

    async def call(self, kind: str, **more: Any) -> str:
        made = await self.make(
            f"communities/{self.id}/calls",
            kind=kind,
            title=f"{SECRET} {kind}",
            about=SECRET,
            **more,
        )
        self.ids["calls"].append(made["id"])
        return made["id"]


async def fill(shed: Shed) -> None:
    of, starts = f"communities/{shed.id}", soon(shed.house)
    await shed.call("event", starts_at=starts)
    await shed.call("petition")
    shifts = [{"title": "Morning", "starts_at": starts}]
    parent = await shed.call("volunteer", starts_at=starts, shifts=shifts)
    whole = await shed.organiser.good("GET", f"{BECKON}/calls/{parent}")
    shed.ids["calls"] += [shift["id"] for shift in whole["shifts"]]
    asked = await shed.call("decision", variant="consent")
    await shed.make(f"calls/{asked}/answer", answer="object", reason=SECRET)
    record = await shed.organiser.good("GET", f"{BECKON}/calls/{asked}/record")
    shed.within["objection"] = record["reasons"][0]["id"]
    need = await shed.call("need", capacity=2)
    (promised,) = await shed.make(f"calls/{need}/commitments", quantity=1, text=SECRET)
    shed.within["commitment"] = promised["id"]
    letters = await shed.call("contact")
    target = {"name": SECRET, "address": "council@town.example"}
    (to,) = await shed.make(f"calls/{letters}/targets", **target)
    shed.within["target"] = to["id"]
    idea = await shed.make(f"{of}/proposals", kind="event", title=SECRET, starts_at=starts)
    shed.ids["proposals"] = [idea["id"]]
    weekly = await shed.make(f"{of}/series", title=SECRET, starts_at=starts, rule="FREQ=WEEKLY")
    shed.ids["series"] = [weekly["id"]]
    shed.ids["calls"] += [each["id"] for each in weekly["calls"][:1]]
    begun = await shed.make(
        f"{of}/templates", kind="petition", name=SECRET, title=SECRET, shared=True
    )
    shed.ids["templates"] = [begun["id"]]
    kept = await shed.make(f"{of}/documents", title=SECRET, text=SECRET)
    shed.ids["documents"] = [kept["id"]]
    said = await shed.organiser.says(f"@shed {SECRET}")
    shed.ids["posts"] = [said["id"], *shed.ids["calls"]]
    shed.within |= {"post_id": said["id"], "proposal_id": idea["id"], "number": "1"}


def soon(house: House) -> str:
    return (house.work.clock.now().replace(microsecond=0) + timedelta(days=7)).isoformat()


@pytest.fixture(params=["invited", "request"])
async def shed(house: House, request: pytest.FixtureRequest) -> Shed:
    """Of the second kind others know that it is there, so that they can ask to be let in, and nothing of what it has."""
    organiser, outsider = await house.member("organiser"), await house.member("outsider")
    wish = {"name": "shed", "title": "Shed", "policy": request.param, "visibility": "private"}
    made = await organiser.good("POST", f"{BECKON}/communities", json=wish)
    own = {"name": "mine", "title": "Mine"}
    mine = await outsider.good("POST", f"{BECKON}/communities", json=own)
    shed = Shed(house, organiser, outsider, made["id"], {"calls": []}, {}, mine["id"])
    await fill(shed)
    return shed


def filled(path: str, first: str, within: Mapping[str, str]) -> str:
    """``first``: what its first id is."""
    at = path.index("{")
    head, rest = path[:at], path[at:].partition("}")[2]
    return head + first + re.sub(r"{([^}]+)}", lambda m: within.get(m[1], "1"), rest)


async def test_what_it_keeps_is_as_if_it_were_not_there(shed: Shed) -> None:
    told: list[tuple[object, ...]] = []
    async with same_rows(shed.house.work):
        for route in below(*KEPT):
            for number in shed.ids[noun_of(route.path)]:
                for who in (shed.house.stranger, shed.outsider):
                    told += await unlike(shed, who, route, number)
    assert not told, "\n".join(
        sorted({repr((t[0], re.sub(r"[0-9]{9,}", "N", str(t[1])), *t[2:])) for t in told})
    )


async def unlike(shed: Shed, who: Member, route: Guarded, number: str) -> list[tuple[object, ...]]:
    """What tells an id from one that nobody ever gave, or lets something be done."""
    paths = [filled(route.path, one, shed.within) for one in (number, UNKNOWN)]
    seen, unknown = [await who.ask(route.method, path, json=shed.body) for path in paths]
    same = (seen.status, seen.json) == (unknown.status, unknown.json)
    if same and seen.status in (401, 404):
        return []
    return [(route.method, paths[0], seen.status, seen.json, unknown.status, unknown.json)]


async def test_its_ids_below_ones_own_are_nothing(shed: Shed) -> None:
    """As the second id of a path, below a community and calls that the outsider steers."""
    of = f"{BECKON}/communities/{shed.own}"
    own = {"communities": [shed.own], "calls": []}
    for kind in ("contact", "need", "decision", "petition"):
        more = {"variant": "consent"} if kind == "decision" else {}
        sent = {"kind": kind, "title": "Mine", "about": "mine"} | more
        call = await shed.outsider.good("POST", f"{of}/calls", json=sent)
        own["calls"].append(call["id"])
    unknown = dict.fromkeys(shed.within, UNKNOWN)
    for route in below("communities", "calls"):
        named = re.findall(r"{([^}]+)}", route.path)[1:]
        if not set(named) & set(shed.within):
            continue
        for number in own[noun_of(route.path)]:
            seen, nothing = [
                await shed.outsider.ask(
                    route.method, filled(route.path, number, within), json=shed.body
                )
                for within in (shed.within, unknown)
            ]
            assert (seen.status, seen.json) == (nothing.status, nothing.json), route.path
            assert seen.status >= 400, route.path


@pytest.mark.parametrize("private", [True, False])
async def test_a_template_is_shared_by_itself_only_where_all_may_read(
    house: House, private: bool
) -> None:
    """So that nothing comes out when a private community opens itself one day."""
    organiser = await house.member("organiser")
    wish = {"name": "shed", "title": "Shed", "visibility": "private" if private else "public"}
    made = await organiser.good("POST", f"{BECKON}/communities", json=wish | {"policy": "request"})
    of = f"{BECKON}/communities/{made['id']}"
    sent = {"kind": "petition", "name": SECRET, "title": SECRET}
    begun = await organiser.good("POST", f"{of}/templates", json=sent)
    assert begun["shared"] is not private
    asked = await organiser.good("POST", f"{of}/templates", json=sent | {"shared": True})
    assert asked["shared"] is True
