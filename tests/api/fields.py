"""Answers held against the entities of the OpenAPI document, as the strictest decoders read them."""

from __future__ import annotations

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from server.api import openapi
from server.api.entities import ENTITIES
from server.api.routes import described, routes
from server.api.schema import Schema, array, schema

COMPONENTS: Schema = {"components": {"schemas": ENTITIES}}


@cache
def document() -> dict[str, Any]:
    return openapi.document(routes(), described())


def faults(value: Any, wanted: Schema, where: str = "") -> list[str]:
    """What a strict decoder would refuse, a sentence each."""
    validator = Draft202012Validator(wanted | COMPONENTS)
    return [
        f"{where}{error.json_path}: {told(error)}"
        for error in validator.iter_errors(value)
        for error in innermost(error)
    ]


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
