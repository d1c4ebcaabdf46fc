"""Whatever an app calls is answered: ``called.txt`` beside this file says which client calls what.

An app takes a route that is not there for a fault of the server, or falls back to an older way and shows
less. So none is lost without a word: what stays away on purpose stands in ``REFUSED``, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from server.api.entities import ENTITIES
from server.api.routes import shown
from tests.api.conftest import Running
from tests.api.people import House

TABLE = Path(__file__).with_name("called.txt")
COLLECTIONS = "lists of accounts to recommend, from 4.6 on, which is not claimed"
REFUSED = {
    "POST /api/v1/accounts/:id/email_subscriptions": "posts are not sent to strangers by mail",
    "POST /api/v1/collections": COLLECTIONS,
    "GET /api/v1/collections/:id": COLLECTIONS,
    "PATCH /api/v1/collections/:id": COLLECTIONS,
    "DELETE /api/v1/collections/:id": COLLECTIONS,
    "POST /api/v1/collections/:id/items": COLLECTIONS,
    "DELETE /api/v1/collections/:id/items/:item": COLLECTIONS,
    "POST /api/v1/collections/:id/items/:item/revoke": COLLECTIONS,
    "GET /api/v1/accounts/:id/collections": COLLECTIONS,
    "GET /api/v1/accounts/:id/in_collections": COLLECTIONS,
}
APPS = {"Phanpy", "Elk", "Tusky", "Android", "iOS", "Ice Cubes", "Pinafore", "toot"}
LIBRARIES = {"Mastodon.py", "megalodon", "masto"}


def called() -> dict[str, set[str]]:
    """The clients of each route."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    rows = [re.split(r" {2,}", line) for line in lines if line and not line.startswith("#")]
    return {route: set(clients.split(", ")) for route, clients in rows}


def plain(route: str) -> str:
    """A route with whatever its ids are called."""
    return re.sub(r":\w+|{[^}]*}", "*", route)


def lost(table: Iterable[str], served: Iterable[str]) -> list[str]:
    """What the table has and the application has not."""
    known = {plain(route) for route in served}
    return [route for route in table if plain(route) not in known]


def served_by(here: Running) -> set[str]:
    found = here.app.router.routes()
    return {f"{route.method} {route.resource.canonical}" for route in found if route.resource}


async def test_whatever_a_client_calls_is_answered(here: Running) -> None:
    """NodeInfo has its version in the path, so it is one of several."""
    assert lost(set(called()) - {"GET /nodeinfo/2.0"}, served_by(here)) == []
    assert "GET /nodeinfo/{version}" in served_by(here)


def test_it_finds_what_is_lost() -> None:
    assert lost(["GET /a/:id", "GET /b"], ["GET /a/{name}", "POST /b"]) == ["GET /b"]


def test_the_table_names_clients_and_verbs() -> None:
    for route, clients in called().items():
        assert clients <= APPS | LIBRARIES | {"every app"}, route
        assert re.fullmatch(r"(GET|POST|PUT|PATCH|DELETE) /\S+", route)
    assert len(called()) > 200


@pytest.mark.parametrize("route", REFUSED)
async def test_what_is_not_done_is_not_there(house: House, route: str) -> None:
    """404 is what clients take for "this server has none"; the same to a member and to a stranger."""
    method, path = re.sub(r":\w+", "1", route).split(" ")
    member = await house.member("member")
    for who in (member, house.stranger):
        answer = await who.ask(method, path)
        assert (answer.status, answer.json) == (404, {"error": "Not Found"})
    assert route not in called()


ELSEWHERE = {"Error"}
"""Answered by every route that refuses."""


def test_every_entity_is_answered_by_some_route() -> None:
    assert set(ENTITIES) - ELSEWHERE == shown()
