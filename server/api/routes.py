"""All routes of the client API, and the document that describes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from aiohttp import web

from server.api import (
    accounts,
    calls,
    communities,
    filters,
    instance,
    lists,
    markers,
    marks,
    nothing,
    notifications,
    oauth,
    openapi,
    polls,
    relations,
    search,
    statuses,
    threads,
    timelines,
)
from server.api.describe import Described, Op


class Part(Protocol):
    """A module with routes; ``DESCRIBED`` says what each of them answers and takes."""

    @property
    def DESCRIBED(self) -> Described: ...  # noqa: N802 - a module's constant

    def routes(self) -> Sequence[web.RouteDef]: ...


PARTS: tuple[Part, ...] = (  # what is static stands before ``{id}``, which would take it
    oauth,
    instance,
    nothing,
    relations,
    accounts,
    statuses,
    threads,
    marks,
    polls,
    timelines,
    lists,
    filters,
    notifications,
    search,
    markers,
    communities,
    calls,
)


def routes() -> Sequence[web.RouteDef]:
    every = [route for part in PARTS for route in part.routes()]
    return [*every, openapi.serving(every, described())]


def described() -> dict[str, Op]:
    """By method and path."""
    tables = (*(part.DESCRIBED for part in PARTS), openapi.DESCRIBED)
    return {key: op for table in tables for key, op in table.items()}
