"""The OpenAPI document and the routes are one: neither has what the other lacks."""

from __future__ import annotations

import re
from typing import Any, cast

import pytest
from aiohttp import web
from openapi_spec_validator import OpenAPIV31SpecValidator

from server.api import openapi, schema
from server.api.auth import for_anyone, for_app, for_member
from server.api.describe import Described, a_file, a_text, an_id, op, paged
from server.api.entities import ENTITIES
from server.api.routes import described, routes
from tests.api.conftest import Running
from tests.api.fields import undocumented
from tests.api.people import House


def document() -> dict[str, Any]:
    return openapi.document(routes(), described())


def in_app(here: Running) -> set[str]:
    """Method and path of every route that the served application has, without its twins."""
    found: set[str] = set()
    for route in here.app.router.routes():
        path = route.resource.canonical if route.resource else ""
        if path.startswith(("/api/", "/oauth/")) and not path.endswith("/"):
            found.add(f"{route.method} {path}")
    return found


PAGES = {"GET /oauth/authorize", "POST /oauth/authorize"}
"""For people: HTML."""
SAME = {"PUT": "PATCH", "PATCH": "PUT"}


def test_every_route_is_described_and_nothing_else() -> None:
    assert {openapi.key(route) for route in routes()} == set(described())


async def test_the_served_application_has_what_is_described(here: Running) -> None:
    served = {each for each in in_app(here) - PAGES if not each.startswith("HEAD ")}
    told = {each for each in described() if "/.well-known/" not in each}
    assert told <= served
    for each in served - told:
        method, path = each.split()
        assert f"{SAME.get(method, '')} {path}" in told, f"{each} is not described"


def test_the_document_is_sound() -> None:
    OpenAPIV31SpecValidator(cast("Any", document())).validate()


def test_it_refers_to_entities_that_exist() -> None:
    assert schema.references(document()) <= set(ENTITIES)


async def test_it_is_served_to_anyone(house: House) -> None:
    answer = await house.stranger.get(openapi.PATH)
    assert answer.status == 200
    assert answer.headers["Cache-Control"].startswith("public")
    assert answer.json == document()
    assert openapi.PATH in answer.json["paths"]


def test_operations_have_names_of_their_own() -> None:
    names = [op["operationId"] for ops in document()["paths"].values() for op in ops.values()]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"\w+", name) for name in names)


async def nobody(_request: web.Request, _who: object) -> web.Response:
    raise AssertionError("never asked")


MADE_UP: Described = {
    "GET /api/v1/things": op(schema.array("List"), *paged()),
    "POST /api/v1/things/{id}": op("List", a_text("title", required=True), also=(202, 409)),
    "POST /api/v1/files": op("MediaAttachment", a_file("file"), an_id("id")),
    "GET /api/v1/stream": op(None, media_type="text/event-stream"),
}


def made_up(*listed: web.RouteDef) -> dict[str, Any]:
    return openapi.document(listed, MADE_UP)["paths"]


def test_a_route_for_members_names_its_scope_and_its_refusals() -> None:
    route = for_member("POST", "/api/v1/things/{id}", nobody, "write:lists")
    found = made_up(route)["/api/v1/things/{id}"]["post"]
    assert found["security"] == [{"oauth": ["write:lists"]}]
    assert set(found["responses"]) >= {"200", "202", "401", "403", "404", "409", "422", "429"}
    assert found["requestBody"]["required"]
    assert "Error" in str(found["responses"]["404"])


def test_a_route_for_anyone_may_go_without_a_token() -> None:
    found = made_up(for_anyone("GET", "/api/v1/things", nobody))["/api/v1/things"]["get"]
    assert {} in found["security"]
    assert "404" not in found["responses"]
    assert "Link" in found["responses"]["200"]["headers"]


def test_a_route_for_an_app_wants_any_token() -> None:
    found = made_up(for_app("GET", "/api/v1/things", nobody))["/api/v1/things"]["get"]
    assert found["security"] == [{"oauth": []}]
    assert "422" not in found["responses"]


def test_a_file_needs_a_multipart_form() -> None:
    found = made_up(for_app("POST", "/api/v1/files", nobody))["/api/v1/files"]["post"]
    assert list(found["requestBody"]["content"]) == ["multipart/form-data"]


def test_what_is_no_json_is_told() -> None:
    found = made_up(for_app("GET", "/api/v1/stream", nobody))["/api/v1/stream"]["get"]
    assert list(found["responses"]["200"]["content"]) == ["text/event-stream"]


def test_what_is_not_described_is_left_out() -> None:
    assert made_up(for_app("GET", "/api/v1/other", nobody)) == {}


@pytest.mark.parametrize("name", sorted(ENTITIES))
def test_entities_refer_to_each_other_only(name: str) -> None:
    assert schema.references(ENTITIES[name]) <= set(ENTITIES)


@pytest.mark.parametrize(
    ("method", "path", "status", "body", "known"),
    [
        ("GET", "/api/v1/lists", 200, [], True),
        ("GET", "/api/v1/lists/", 200, [], True),
        ("GET", "/api/v1/lists", 200, [{}], False),
        ("GET", "/api/v1/lists", 404, {"error": "gone"}, False),
        ("PATCH", "/api/v1/lists/1", 404, {"error": "gone"}, True),
        ("PATCH", "/api/v1/lists/1", 404, {"reason": "gone"}, False),
        ("GET", "/api/v1/accounts/lookup", 200, {}, False),
        ("GET", "/api/v1/nothing", 404, {}, True),
    ],
)
def test_answers_are_held_against_it(
    method: str, path: str, status: int, body: Any, known: bool
) -> None:
    """As every answer is that somebody gets in these tests."""
    assert (undocumented(method, path, status, body) == []) is known
