"""Answers held against the entities of the OpenAPI document, as the strictest decoders read them."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import jsonschema_rs
import orjson
from jsonschema import Draft202012Validator

from server.api import openapi
from server.api.entities import ENTITIES
from server.api.routes import described, routes
from server.api.schema import Schema, array, schema

COMPONENTS: Schema = {"components": {"schemas": ENTITIES}}


@cache
def document() -> dict[str, Any]:
    return openapi.document(routes(), described())


@cache
def quick(wanted: bytes) -> jsonschema_rs.Draft202012Validator:
    """Compiled once: every answer of the tests is looked at."""
    return jsonschema_rs.Draft202012Validator(orjson.loads(wanted) | COMPONENTS)


def faults(value: Any, wanted: Schema, where: str = "") -> list[str]:
    """What a strict decoder would refuse, a sentence each."""
    if quick(orjson.dumps(wanted)).is_valid(value):
        return []
    found = [
        f"{where}{error.json_path}: {told(error)}"
        for outer in Draft202012Validator(wanted | COMPONENTS).iter_errors(value)
        for error in innermost(outer)
    ]
    return found or [f"{where}: {str(value)[:300]} is not as it should be"]


def innermost(error: Any) -> list[Any]:
    """Of "this or null", what is wrong with this."""
    first = [e for e in error.context or () if e.schema_path[0] == 0]
    return [deep for each in first for deep in innermost(each)] or [error]


def told(error: Any) -> str:
    return str(error.message)[:300]


def check(entity: Any, kind: str | list[str], where: str = "") -> None:
    """``kind``: the name of an entity, in a list for many. Raises ``AssertionError`` naming the field."""
    wanted = array(kind[0]) if isinstance(kind, list) else schema(kind)
    found = faults(entity, wanted, where or str(kind))
    assert not found, "\n".join(found)


@cache
def templates() -> list[tuple[re.Pattern[str], Any]]:
    """Paths as they are asked, those without ids first, with their operations."""
    paths = sorted(document()["paths"].items(), key=lambda item: item[0].count("{"))
    return [(re.compile(re.sub(r"{\w+}", "[^/]+", path) + "/?"), ops) for path, ops in paths]


def undocumented(method: str, path: str, status: int, body: Any) -> list[str]:
    """What the document does not say of an answer. Of routes that it does not have, nothing."""
    found = (ops for pattern, ops in templates() if pattern.fullmatch(path))
    verbs = {"PUT": "patch", "PATCH": "put"}
    for ops in found:
        operation = ops.get(method.lower()) or ops.get(verbs.get(method, ""))
        if operation:
            return _faults_of(operation, f"{method} {path}", str(status), body)
    return []


def _faults_of(operation: Any, where: str, status: str, body: Any) -> list[str]:
    told = operation["responses"].get(status)
    if told is None:
        return [f"{where}: {status} is not documented"]
    content = told["content"].get("application/json")
    return faults(body, content["schema"], f"{where} {status} ") if content else []
