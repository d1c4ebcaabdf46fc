"""Templates of calls through the API, and from one instance to another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pytest

from server.domain.calling import call_templates, templates
from server.domain.moderating import host_blocks
from server.domain.moderating.host_blocks import Terms
from storage.accounts import Account
from storage.call_templates import Row
from tests.api.networked import Pages, Town, pages, town
from tests.api.people import House, Member
from tests.conftest import database_of, fresh_database
from tests.federation.instance import LOOPBACK, Instance, instance

__all__ = ["pages", "town"]

COMMUNITIES = "/api/beckon/v1/communities"
TEMPLATES = "/api/beckon/v1/templates"
WALK: dict[str, Any] = {
    "kind": "event",
    "name": "A walk",
    "title": "A walk from {start}",
    "text": "We meet at {start}.",
    "places": [{"name": "start", "label": "Where", "example": "the bridge"}],
    "defaults": {"duration_minutes": 90},
}


async def community(organiser: Member, **more: str) -> str:
    sent = {"name": "garden", "title": "The garden"} | more
    return (await organiser.good("POST", COMMUNITIES, json=sent))["id"]


async def test_what_comes_with_beckon_is_there_for_all(house: House) -> None:
    listed = await house.stranger.good("GET", TEMPLATES)
    assert [each["id"] for each in listed] == list(call_templates.ready_made())
    one = f"{TEMPLATES}/pledge"
    assert (await house.stranger.good("GET", one))["variant"] == "pledge"
    query = {"values[promise]": "walk", "values[nothing]": "x"}
    filled = await house.stranger.good("GET", f"{one}/filled", params=query)
    assert filled["title"] == "I will walk"
    assert filled["missing"] == ["how_many", "reason", "start"]
    assert filled["defaults"] == {"goal": 50, "closes_in_days": 30}
    assert (await house.stranger.get(f"{TEMPLATES}/picnic")).status == 404


async def test_a_community_keeps_its_own(house: House) -> None:
    organiser, member = await house.member("organiser"), await house.member("member")
    garden = await community(organiser)
    await member.good("POST", f"/api/v1/accounts/{garden}/follow")
    of = f"{COMMUNITIES}/{garden}/templates"
    made = await organiser.good("POST", of, json=WALK)
    assert (made["shared"], made["revision"], made["origin"]) == (True, 1, None)
    one = f"{TEMPLATES}/{made['id']}"
    for who, status in ((member, 403), (house.stranger, 401)):
        for method, path in (("POST", of), ("PUT", one), ("DELETE", one), ("POST", f"{of}/import")):
            assert (await who.ask(method, path, json=WALK)).status == status, (method, path)
    changed = await organiser.good("PUT", one, json=WALK | {"name": "A long walk"})
    assert (changed["name"], changed["revision"]) == ("A long walk", 2)
    assert (await organiser.good("PUT", one, json=WALK | {"name": "A long walk"}))["revision"] == 2
    assert (await organiser.put(one, json=WALK | {"kind": "parade"})).status == 422
    assert len(await house.stranger.good("GET", of)) == 1
    await organiser.good("DELETE", one)
    assert (await organiser.get(one)).status == 404


async def test_what_is_not_shared_is_for_members(house: House) -> None:
    organiser, other = await house.member("organiser"), await house.member("other")
    garden = await community(organiser)
    of = f"{COMMUNITIES}/{garden}/templates"
    one = f"{TEMPLATES}/{(await organiser.good('POST', of, json=WALK | {'shared': False}))['id']}"
    for who in (other, house.stranger):
        assert await who.good("GET", of) == []
        for part in ("", "/export", "/filled"):
            assert (await who.get(one + part)).status == 404
    await other.good("POST", f"/api/v1/accounts/{garden}/follow")
    assert (await other.good("GET", f"{one}/export"))["title"] == WALK["title"]


async def test_of_a_private_community_nothing_comes_out(house: House) -> None:
    organiser, other = await house.member("organiser"), await house.member("other")
    shed = await community(organiser, policy="invited", visibility="private")
    of = f"{COMMUNITIES}/{shed}/templates"
    one = f"{TEMPLATES}/{(await organiser.good('POST', of, json=WALK))['id']}"
    for who in (other, house.stranger):
        for path in (of, one, f"{one}/export", f"{one}/filled"):
            assert (await who.get(path)).status == 404, path
    assert (await organiser.good("GET", f"{one}/export"))["kind"] == "event"


async def test_a_file_is_taken_over(house: House) -> None:
    organiser = await house.member("organiser")
    of = f"{COMMUNITIES}/{await community(organiser)}/templates"
    file = orjson.dumps(await organiser.good("GET", f"{TEMPLATES}/need/export"))
    made = await organiser.good("POST", f"{of}/import", data={"file": BytesIO(file)})
    assert (made["kind"], made["origin"]) == ("need", None)
    for wrong, status in ((b"{", 400), (b"{}", 422), (file + b" " * 70_000, 413)):
        answer = await organiser.post(f"{of}/import", data={"file": BytesIO(wrong)})
        assert answer.status == status
    as_sent = await organiser.good("POST", of, json=orjson.loads(file))
    assert as_sent["title"] == made["title"]
    newer = orjson.loads(file) | {"version": 2}
    assert (await organiser.post(of, json=newer)).status == 422
    assert (await organiser.post(f"{of}/import", json={})).status == 422
    assert len(await organiser.good("GET", of)) == 2


# From one instance to another


@pytest.fixture
async def other(database_url: str, template_url: str, tmp_path: Path) -> AsyncIterator[Instance]:
    """Another instance of ours, with a database and an address of its own."""
    assert database_url
    (tmp_path / "other").mkdir()
    async with (
        fresh_database(template_url, database_of(template_url)) as url,
        instance(url, tmp_path / "other", LOOPBACK) as made,
    ):
        yield made


async def kept_there(other: Instance, *, shared: bool = True) -> tuple[Account, Account, Row]:
    gardener = await other.member("gardener")
    garden = await other.community(gardener, "garden")
    walk = call_templates.of_fields(WALK)
    async with other.work.transaction() as tx:
        return gardener, garden, await templates.keep(tx, gardener, garden, walk, shared=shared)


async def test_a_template_is_taken_over_from_another_instance(town: Town, other: Instance) -> None:
    gardener, garden, row = await kept_there(other)
    organiser = await town.house.member("organiser")
    of = f"{COMMUNITIES}/{await community(organiser)}/templates"
    address = f"https://{other.host}{TEMPLATES}/{row.id}/export"
    made = await organiser.good("POST", f"{of}/import", json={"url": address})
    assert (made["title"], made["places"]) == (WALK["title"], WALK["places"])
    assert (made["defaults"], made["origin"]) == (WALK["defaults"], address)
    longer = call_templates.of_fields(WALK | {"text": "We meet at {start}, by the steps."})
    async with other.work.transaction() as tx:
        await templates.change(tx, gardener, garden, row, longer, shared=True)
    again = await organiser.good("POST", f"{of}/import", json={"url": address})
    assert (again["id"], again["text"], again["revision"]) == (made["id"], longer.text, 2)
    assert len(await organiser.good("GET", of)) == 1
    ready = f"https://{other.host}{TEMPLATES}/offer/export"
    assert (await organiser.good("POST", f"{of}/import", json={"url": ready}))["variant"] == "offer"


async def test_what_another_instance_does_not_share_stays_there(
    town: Town, other: Instance
) -> None:
    *_, row = await kept_there(other, shared=False)
    organiser = await town.house.member("organiser")
    of = f"{COMMUNITIES}/{await community(organiser)}/templates"
    address = f"https://{other.host}{TEMPLATES}/{row.id}/export"
    answer = await organiser.post(f"{of}/import", json={"url": address})
    assert (answer.status, answer.json["error"]) == (422, "There is no template at this address.")


async def test_what_is_fetched_is_bounded_and_checked(town: Town, pages: Pages) -> None:
    organiser, passer = await town.house.member("organiser"), await town.house.member("passer")
    garden = await community(organiser)
    of = f"{COMMUNITIES}/{garden}/templates"
    good = orjson.dumps(call_templates.write(call_templates.of_fields(WALK))).decode()
    wrong = {
        "page": pages.put("/page", good),
        "large": pages.put("/large", good + " " * 70_000, "application/json"),
        "broken": pages.put("/broken", good[:-1], "application/json"),
        "other": pages.put("/other", '{"format":"x"}', "application/json"),
        "list": pages.put("/list", "[1]", "application/json"),
        "missing": f"https://{pages.host}/missing",
        "plain": f"http://{pages.host}/page",
        "no address": "javascript:alert(1)",
    }
    for name, url in wrong.items():
        assert (await organiser.post(f"{of}/import", json={"url": url})).status == 422, name
    right = pages.put("/right", good, "application/json")
    pages.asked.clear()
    assert (await passer.post(f"{of}/import", json={"url": right})).status == 403
    assert pages.asked == []
    async with town.ours.work.transaction() as tx:
        await host_blocks.block(tx, pages.host, Terms("suspend"))
    assert (await organiser.post(f"{of}/import", json={"url": right})).status == 422
    assert pages.asked == []
    assert await organiser.good("GET", of) == []


async def test_a_community_keeps_only_so_many(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "MOST", 1)
    organiser = await town.house.member("organiser")
    of = f"{COMMUNITIES}/{await community(organiser)}/templates"
    await organiser.good("POST", of, json=WALK)
    assert (await organiser.post(of, json=WALK)).status == 422
