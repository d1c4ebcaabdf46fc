"""A small vocabulary of JSON Schema (2020-12, as OpenAPI 3.1 has it), in which entities are declared.

``entity(id=ID, edited_at=maybe(TIME), text=absent(TEXT))`` is an object that has exactly these fields:
each must be there and must not be null, unless it is said otherwise, for the strictest decoder among the
clients decides. A text names another entity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

Schema: TypeAlias = dict[str, Any]

TEXT: Schema = {"type": "string"}
BOOL: Schema = {"type": "boolean"}
INT: Schema = {"type": "integer"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number"}
ANY: Schema = {}
ID: Schema = {"type": "string", "pattern": "^(0|[1-9][0-9]{0,18})$"}
"""Ivory reads ids as integers, Tusky orders them by length: no leading zeros, never beyond 64 bits."""
DIGITS: Schema = {"type": "string", "pattern": "^[0-9]+$"}
"""A number that clients expect as text."""
TIME: Schema = {
    "type": "string",
    "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$",
    "description": "UTC, with exactly three digits of a second's fraction",
}
DATE: Schema = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
URL: Schema = {"type": "string", "pattern": r"^(https?|wss?)://[^\s]+$"}
"""Absolute, or null where that is allowed, and never empty."""
URL_OR_EMPTY: Schema = {"type": "string", "pattern": r"^(https?://[^\s]+)?$"}
"""Of a card, where Mastodon too sends an empty text."""


@dataclass(frozen=True, slots=True)
class Absent:
    """A field that may be left out."""

    kind: Kind


Kind: TypeAlias = "Schema | str | Absent"


def schema(kind: Kind) -> Schema:
    """The schema of what is named or given."""
    if isinstance(kind, Absent):
        return schema(kind.kind)
    return {"$ref": f"#/components/schemas/{kind}"} if isinstance(kind, str) else kind


def absent(kind: Schema | str) -> Absent:
    return Absent(kind)


def maybe(kind: Schema | str) -> Schema:
    """That, or null."""
    return {"anyOf": [schema(kind), {"type": "null"}]}


def array(kind: Schema | str) -> Schema:
    return {"type": "array", "items": schema(kind)}


def words(*known: str) -> Schema:
    """One of these."""
    return {"type": "string", "enum": list(known)}


def either(*kinds: Schema | str) -> Schema:
    return {"anyOf": [schema(kind) for kind in kinds]}


def mapping(kind: Schema | str) -> Schema:
    """An object whose keys are not known beforehand."""
    return {"type": "object", "additionalProperties": schema(kind)}


def entity(more: Mapping[str, Kind] | None = None, /, **fields: Kind) -> Schema:
    """An object of these fields and no others. ``more``: those whose names are no names in Python."""
    every: dict[str, Kind] = {**fields, **(more or {})}
    return {
        "type": "object",
        "properties": {name: schema(kind) for name, kind in every.items()},
        "required": [name for name, kind in every.items() if not isinstance(kind, Absent)],
        "additionalProperties": False,
    }


def with_fields(base: Schema, **fields: Kind) -> Schema:
    """An entity that has more than another."""
    more = entity(**fields)
    return {
        "type": "object",
        "properties": {**base["properties"], **more["properties"]},
        "required": [*base["required"], *more["required"]],
        "additionalProperties": False,
    }


def where(field: str, known: Sequence[str], then: Schema) -> Schema:
    """What holds besides where a field is one of these words."""
    chosen = {"properties": {field: {"enum": list(known)}}, "required": [field]}
    return {"if": chosen, "then": then}


def references(value: object) -> set[str]:
    """The names of all entities that a schema, or a document, refers to."""
    if isinstance(value, dict):
        found = cast("dict[str, object]", value)
        own = found.get("$ref")
        named = {own.rpartition("/")[2]} if isinstance(own, str) else set[str]()
        return named.union(*(references(each) for each in found.values()))
    if isinstance(value, list):
        return set[str]().union(*(references(each) for each in cast("list[object]", value)))
    return set()
