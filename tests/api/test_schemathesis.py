"""schemathesis reads the OpenAPI document and asks a real instance: right, and wrong on purpose.

No answer is 5xx, none has a status, a content type or a body that the document does not tell. Every
operation is asked rightly with ids that exist, and wrongly with whatever is generated, the same in every
run. What is ignored instead of refused is no fault here: clients send more than they must.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.transport import Response
from schemathesis.specs.openapi import checks

from tests.api.fields import document
from tests.api.people import House
from tests.api.world import World, full

EXAMPLES = 3  # of each operation, for each way of asking
CHECKS = [
    not_a_server_error,  # but for a 503 that is documented: a server that talks to no others
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


def cases(operation: Any, mode: GenerationMode, path: Mapping[str, str] | None) -> list[Any]:
    """``path``: what stands in the path; generated where it is None."""
    made: list[Any] = []
    given_path = {"path_parameters": path} if path else {}

    @seed(31)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode, **given_path))
    def collect(case: Any) -> None:
        made.append(case)

    with suppress(Unsatisfiable):  # what takes nothing cannot be asked wrongly
        collect()
    return made


def real(path: str, ids: Mapping[str, list[str]]) -> dict[str, str] | None:
    """Values that exist for every name in the path, where the world knows them."""
    parts = path.split("/")
    holes = {part.strip("{}"): parts[at - 1] for at, part in enumerate(parts) if "{" in part}
    found = {name: ids[noun][-1] for name, noun in holes.items() if ids.get(noun)}
    return found if found and len(found) == len(holes) else None


def in_json(operation: Any) -> bool:
    """Whether it answers in JSON when all goes well."""
    good = [said for status, said in operation["responses"].items() if status.startswith("2")]
    return all("application/json" in said.get("content", {}) for said in good)


def everything(world: World, told: dict[str, Any]) -> Iterator[Any]:
    for found in schemathesis.openapi.from_dict(told).get_all_operations():
        operation = found.ok()
        if not in_json(told["paths"][operation.path][operation.method]):
            continue  # a stream has no end
        known = real(operation.path, world.ids)
        yield from cases(operation, GenerationMode.POSITIVE, known)
        yield from cases(operation, GenerationMode.NEGATIVE, None)


def wrong(case: Any, response: Response) -> str | None:
    said = response.status_code == 503 and "503" in case.operation.definition.raw["responses"]
    try:
        case.validate_response(response, checks=CHECKS[1:] if said else CHECKS)
    except (Failure, FailureGroup) as failure:
        parts = failure.exceptions if isinstance(failure, FailureGroup) else [failure]
        return f"{case.method} {response.request.url}: {[str(part)[:400] for part in parts]}"
    return None


def ask_all(world: World, told: dict[str, Any]) -> list[str]:
    """What is wrong with the answers, a sentence each."""
    found: list[str] = []
    with requests.Session() as session:
        for case in everything(world, told):
            response = case.call(
                base_url=world.reader.base,
                session=session,
                headers=dict(world.reader.token),
                allow_redirects=False,
                timeout=10,
            )
            found += [sentence] if (sentence := wrong(case, response)) else []
    return found


@pytest.fixture
async def world(house: House) -> World:
    found = await full(house)
    found.ids["communities"] = [each["id"] for each in await _communities(found)]
    return found


async def _communities(world: World) -> Any:
    return await world.reader.good("GET", "/api/beckon/v1/communities")


def only(methods: set[str]) -> dict[str, Any]:
    """The document with these operations alone."""
    paths = {
        path: {method: op for method, op in ops.items() if method in methods}
        for path, ops in document()["paths"].items()
    }
    return {**document(), "paths": paths}


@pytest.mark.parametrize("methods", ["get", "post", "put patch delete"])
async def test_every_operation_answers_as_it_is_documented(world: World, methods: str) -> None:
    found = await asyncio.to_thread(ask_all, world, only(set(methods.split())))
    assert not found, f"{len(found)} wrong answers:\n" + "\n".join(found[:20])


async def test_it_finds_what_is_not_documented(world: World) -> None:
    """Of one route, told wrongly on purpose."""
    path = "/api/v1/lists"
    operation = document()["paths"][path]["get"]
    said = operation["responses"]
    wrong = {"200": {**said["200"], "content": {"application/json": {"schema": {"type": "null"}}}}}
    for responses in ({**said, **wrong}, {"401": said["401"]}):
        told = {**document(), "paths": {path: {"get": {**operation, "responses": responses}}}}
        assert await asyncio.to_thread(ask_all, world, told)
