"""Letters that the server sends for who takes part in a contact call, over HTTP and through a real relay; and that addresses
which organisers hide stand in no answer to anybody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import hdrs

from server.app import make_app
from server.config import Settings
from tests.api.people import Member
from tests.api.test_moderation_mails import Town, town

__all__ = ["town"]

BASE = "/api/beckon/v1"
COUNCIL = "council@town.example"
HOLE = re.compile(r"{([^}:]+)[^}]*}")
STOP = re.compile(r"https?://\S+?(/letters/stop/\S+)")
FORMS = ("text/html", "application/activity+json")


@dataclass
class Office:
    town: Town
    group: str
    call: str
    target: str

    @property
    def path(self) -> str:
        return f"{BASE}/calls/{self.call}"

    @property
    def mail(self) -> str:
        return f"{self.path}/targets/{self.target}/mail"

    async def allow(self, **wanted: object) -> Any:
        body = {"on": True, **wanted}
        return await self.town.organiser.good("PUT", f"{self.path}/mailing", json=body)

    async def ask(self, who: Member, name: str = "A gardener", **more: object) -> Any:
        """Read the letter, and say yes to it."""
        wish = {"name": name, **more}
        shown = await who.good("POST", f"{self.mail}/preview", json=wish)
        return await who.good("POST", self.mail, json={**wish, "stamp": shown["stamp"]})

    async def found(self, who: Member) -> Any:
        (target,) = await who.good("GET", f"{self.path}/targets")
        return target


@pytest.fixture
async def office(town: Town) -> Office:
    return await _office(town, "river")


async def _office(town: Town, name: str, **more: str) -> Office:
    by = town.organiser
    wish: dict[str, str] = {"name": name, "title": name.title(), **more}
    group = await by.good("POST", f"{BASE}/communities", json=wish)
    wish = {"kind": "contact", "title": "A path by the river", "about": "Dear council, build it."}
    made = await by.good("POST", f"{BASE}/communities/{group['id']}/calls", json=wish)
    target = {"name": "The council", "address": COUNCIL}
    (added,) = await by.good("POST", f"{BASE}/calls/{made['id']}/targets", json=target)
    return Office(town, group["id"], made["id"], added["id"])


async def test_a_letter_is_shown_agreed_to_and_sent_once(office: Office) -> None:
    member = office.town.member
    assert (await member.good("GET", f"{office.path}/mailing"))["on"] is False
    assert (await member.post(f"{office.mail}/preview", json={"name": "Us"})).status == 404
    assert (await office.allow())["on"] is True
    wish = {"name": "A gardener", "reply": True}
    shown = await member.good("POST", f"{office.mail}/preview", json=wish)
    assert "Dear council, build it." in shown["body"]
    assert (shown["reply_to"], shown["state"]) == ("member@people.example", None)
    other = {**wish, "name": "Somebody else", "stamp": shown["stamp"]}
    assert (await member.post(office.mail, json=other)).status == 409, "another letter"
    asked = await member.good("POST", office.mail, json={**wish, "stamp": shown["stamp"]})
    assert asked["state"] == "queued"
    assert len(await office.town.mails()) == 1
    sent = office.town.kept.mails[0]
    assert (sent["To"], sent["Reply-To"]) == (COUNCIL, "member@people.example")
    assert sent["Subject"] == shown["subject"]
    again = await member.good("POST", f"{office.mail}/preview", json=wish)
    assert again["state"] == "sent"
    second = {**wish, "stamp": again["stamp"]}
    assert (await member.post(office.mail, json=second)).status == 403
    found = await office.found(member)
    assert (found["letters"], found["written"]) == (1, True)


async def test_only_members_write_and_only_organisers_allow_it(office: Office) -> None:
    stranger, member = office.town.house.stranger, office.town.member
    assert (await member.put(f"{office.path}/mailing", json={"on": True})).status == 403
    assert (await stranger.put(f"{office.path}/mailing", json={"on": True})).status == 401
    assert (await stranger.get(f"{office.path}/mailing")).status == 401
    for wrong in ({"per_hour": 21}, {"per_hour": 0}, {"per_day": 201}, {"per_day": 0}):
        body = {"on": True, **wrong}
        refused = await office.town.organiser.put(f"{office.path}/mailing", json=body)
        assert refused.status == 422, wrong
    await office.allow()
    assert (await stranger.post(f"{office.mail}/preview", json={"name": "Us"})).status == 401
    assert (await stranger.post(office.mail, json={"name": "Us", "stamp": "x"})).status == 401
    for name in ("", " ", "x" * 101):
        assert (await member.post(f"{office.mail}/preview", json={"name": name})).status == 422
    elsewhere = f"{office.path}/targets/7777777/mail"
    assert (await member.post(elsewhere, json={"name": "Us", "stamp": "x"})).status == 404
    assert await office.town.mails() == []


async def test_who_wants_no_letters_says_so_by_the_link_in_one(office: Office) -> None:
    await office.allow()
    await office.ask(office.town.member)
    await office.town.mails()
    link = STOP.search(office.town.kept.text())
    assert link
    page = office.town.house.base + link[1]
    http = office.town.house.http
    async with http.get(page) as looked, http.post(page) as done:
        assert (looked.status, done.status) == (200, 200)
    async with http.post(page[:-4] + "0000") as broken:
        assert broken.status == 404
    refused = await office.town.organiser.post(f"{office.mail}/preview", json={"name": "Us"})
    assert (refused.status, "no letters" in refused.json["error"]) == (403, True)


async def test_a_letter_that_their_server_refuses_does_not_count(office: Office) -> None:
    await office.allow()
    office.town.kept.refusal = "550 no such box"
    member = office.town.member
    await office.ask(member)
    assert (await office.found(member))["written"] is True
    await office.town.mails()
    found = await office.found(member)
    assert (found["letters"], found["written"]) == (0, False)
    call = await member.good("GET", office.path)
    assert (call["counted"], call["answer"]["answer"]) == (0, "will")
    office.town.kept.refusal = ""
    assert (await office.ask(member))["state"] == "queued"
    assert len(await office.town.mails()) == 1
    assert (await office.found(member))["letters"] == 1


async def test_nobody_writes_in_a_community_that_they_do_not_see(office: Office) -> None:
    office = await _office(office.town, "den", visibility="private", policy="request")
    await office.allow()
    member = office.town.member
    assert (await member.get(f"{office.path}/mailing")).status == 404
    assert (await member.get(f"{office.path}/targets")).status == 404
    assert (await member.post(f"{office.mail}/preview", json={"name": "Us"})).status == 404
    assert (await member.post(office.mail, json={"name": "Us", "stamp": "x"})).status == 404


def _paths(office: Office, status: Any) -> Iterator[str]:
    """Every address that can be read, about the call, its target, its community and its organiser."""
    values = {
        "id": [office.call, office.group, office.town.organiser.id],
        "target": [office.target],
        "name": ["river", "organiser"],
    }
    yield from (urlsplit(status[key]).path for key in ("uri", "url"))
    for route in make_app(Settings(), None).router.routes():
        path = route.resource.canonical if route.resource else ""
        if route.method != hdrs.METH_GET or "streaming" in path:
            continue
        holes = HOLE.findall(path)
        for given in product(*(values.get(hole, [office.call]) for hole in holes)):
            filled = iter(given)
            yield HOLE.sub(lambda _, filled=filled: str(next(filled)), path)


async def _telling(office: Office, who: Member) -> set[str]:
    """The addresses at which somebody reads where the council is written to."""
    status = await office.town.organiser.good("GET", f"/api/v1/statuses/{office.call}")
    telling: set[str] = set()
    for path in set(_paths(office, status)):
        for form in FORMS[: 1 if path.startswith("/api") else 2]:
            if "town.example" in await _read(office, who, path, form):
                telling.add(f"{form} {path}" if form != FORMS[0] else path)
    return telling


async def _read(office: Office, who: Member, path: str, form: str) -> str:
    headers = {"Accept": form, **who.token}
    async with office.town.house.http.get(office.town.house.base + path, headers=headers) as got:
        assert got.status not in (429, 500), path
        return f"{await got.read()!r} {got.headers}"


async def test_hidden_addresses_are_for_organisers_alone(office: Office) -> None:
    """In no page, feed, entity or document: of what anybody reads without hiding, nothing is left."""
    stranger, member, organiser = (
        office.town.house.stranger,
        office.town.member,
        office.town.organiser,
    )
    open_ = await _telling(office, stranger)
    assert f"{office.path}/targets" in open_
    assert f"{office.path}/targets/{office.target}/letter" in open_
    assert any(each.startswith("application/activity+json") for each in open_)
    await office.allow(hidden=True)
    assert await _telling(office, stranger) == set()
    assert await _telling(office, member) == set()
    assert (await office.found(organiser))["address"] == f"mailto:{COUNCIL}"
    await office.ask(member)
    assert "town.example" not in str(await office.found(member)), "who has a letter sent neither"
    await organiser.good("PUT", f"{office.path}/mailing", json={"on": False})
    assert (await office.found(member))["address"] == "", "no more letters, and hidden all the same"
