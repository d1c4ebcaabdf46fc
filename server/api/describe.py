"""How a route says what it answers and what it takes, in a table ``DESCRIBED`` beside its declaration.

    DESCRIBED: Described = {
        "GET /api/v1/lists": op(array("List")),
        "POST /api/v1/lists": op("List", a_text("title"), choice("replies_policy", "list", "none")),
    }

Who may ask, the scopes, and the refusals that follow from them are known from ``for_member`` and its like;
``also`` names any other status. Parameters stand in the query of a GET and in the body of all else, where
form, JSON and query say the same. They describe what is understood: what is not is ignored, not refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from server.api.schema import BOOL, ID, NUMBER, TEXT, Schema, array, words
from server.api.schema import schema as of_kind


@dataclass(frozen=True, slots=True)
class Param:
    """``name`` without brackets: a list is ``types`` in JSON and ``types[]`` in a form."""

    name: str
    schema: Schema
    required: bool = False


@dataclass(frozen=True, slots=True)
class Op:
    """``answers``: of the status ``status``; None where it is no JSON but ``media_type``.

    ``also``: statuses that do not follow from the kind of route; those below 300 answer the same.
    """

    answers: Schema | None
    takes: tuple[Param, ...]
    also: tuple[int, ...]
    status: int
    media_type: str


Described: TypeAlias = Mapping[str, Op]


def op(
    answers: Schema | str | None,
    *takes: Param,
    also: tuple[int, ...] = (),
    status: int = 200,
    media_type: str = "application/json",
) -> Op:
    """``answers``: the name of an entity, a schema, or None for what is no JSON."""
    return Op(None if answers is None else of_kind(answers), takes, also, status, media_type)


def a_text(name: str, *, required: bool = False) -> Param:
    return Param(name, TEXT, required)


def some_texts(name: str) -> Param:
    return Param(name, array(TEXT))


def flag(name: str) -> Param:
    return Param(name, BOOL)


def integer(name: str, low: int = 0, high: int | None = None, *, required: bool = False) -> Param:
    bounds = {"minimum": low} | ({} if high is None else {"maximum": high})
    return Param(name, {"type": "integer", **bounds}, required)


def number(name: str) -> Param:
    return Param(name, NUMBER)


def an_id(name: str, *, required: bool = False) -> Param:
    return Param(name, ID, required)


def some_ids(name: str) -> Param:
    return Param(name, array(ID))


def choice(name: str, *known: str, required: bool = False) -> Param:
    return Param(name, words(*known), required)


def choices(name: str, *known: str) -> Param:
    return Param(name, array(words(*known)))


def a_file(name: str, *, required: bool = False) -> Param:
    """A file; such a route takes multipart forms."""
    return Param(name, {"type": "string", "format": "binary"}, required)


def nested(name: str, *inside: Param, many: bool = False, required: bool = False) -> Param:
    """``name[inside]``; with ``many``, a list of such."""
    shape: Schema = {"type": "object", "properties": {p.name: p.schema for p in inside}}
    return Param(name, array(shape) if many else shape, required)


def limit(default: int = 20, maximum: int = 40) -> Param:
    return Param("limit", {"type": "integer", "default": default, "minimum": 1, "maximum": maximum})


def ranked(default: int = 20, maximum: int = 40) -> tuple[Param, ...]:
    """Pages by offset, with a Link header."""
    return (limit(default, maximum), integer("offset"))


def paged(default: int = 20, maximum: int = 40) -> tuple[Param, ...]:
    """Pages by ids, with a Link header: ``op(array("Status"), *paged())``."""
    return (limit(default, maximum), an_id("max_id"), an_id("since_id"), an_id("min_id"))
