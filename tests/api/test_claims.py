"""The version that clients are told is that of the routes and fields which they then use."""

from __future__ import annotations

import re

import pytest

from server import version
from server.api.entities import ENTITIES
from server.api.routes import answered
from server.version import STEPS, Claim, Step, claim, missing
from tests.api.conftest import Running

EVERY_ROUTE = {route for step in STEPS for route in step.routes}
EVERY_FIELD = {field for step in STEPS for field in step.fields}
NUMBERED = [(step.version, step.number) for step in STEPS]


def routes_of(here: Running) -> set[str]:
    found = here.app.router.routes()
    return {f"{r.method} {r.resource.canonical}" for r in found if r.resource}


async def told(here: Running, path: str) -> dict[str, object]:
    async with here.http.get(path) as answer:
        return await answer.json()


async def test_the_instance_says_what_is_computed(here: Running) -> None:
    due = claim(routes_of(here), answered())
    first, second = await told(here, "/api/v1/instance"), await told(here, "/api/v2/instance")
    assert first["version"] == second["version"] == due.text
    numbers = {} if due.number is None else {"mastodon": due.number}
    assert second.get("api_versions", {}) == numbers
    assert (due.version, due.number) in NUMBERED


async def test_every_promise_of_the_claim_is_kept(here: Running) -> None:
    due = claim(routes_of(here), answered())
    reached = NUMBERED.index((due.version, due.number))
    for step in STEPS[: reached + 1]:
        assert missing(step, routes_of(here), answered()) == []


@pytest.mark.parametrize("step", STEPS[1:], ids=lambda step: step.version)
def test_without_one_route_the_claim_is_lower(step: Step) -> None:
    before = NUMBERED[STEPS.index(step) - 1]
    for route in step.routes:
        assert claim(EVERY_ROUTE - {route}, EVERY_FIELD) == Claim(*before), route
    for field in step.fields:
        assert claim(EVERY_ROUTE, EVERY_FIELD - {field}) == Claim(*before), field


def test_with_all_of_them_it_is_the_highest() -> None:
    named = {re.sub("{}", "{some_id}", route) for route in EVERY_ROUTE}
    assert claim(named, EVERY_FIELD) == Claim(STEPS[-1].version, STEPS[-1].number)
    assert claim((), ()) == Claim(*NUMBERED[0])


def test_version_and_number_rise_together() -> None:
    """Ice Cubes goes by the version, Phanpy and Android by the number: as upstream had them."""
    assert NUMBERED == [
        ("4.2.0", None), ("4.3.0", 2), ("4.4.0", 6), ("4.5.0", 7), ("4.6.0", 10)
    ]  # fmt: skip


def test_fields_that_are_promised_are_always_sent() -> None:
    """By their entities; that answers are so is proven by the test of shapes."""
    for field in EVERY_FIELD:
        entity, _, name = field.partition(".")
        assert name in ENTITIES[entity]["required"], field


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.version)
def test_the_version_reads_well_in_every_client(step: Step) -> None:
    """Ice Cubes reads three characters, Mastodon.py three parts before the blank; names switch dialects."""
    text = Claim(step.version, step.number).text
    assert re.fullmatch(r"4\.\d\.\d+ \(compatible; Beckon \d+\.\d+\.\d+\)", text)
    assert not re.search("pleroma|akkoma|pixelfed|glitch|hometown|\\+", text, re.IGNORECASE)
    assert version.VERSION in text
