"""All routes of the client API. What is static stands before ``{id}`` (client-api.md H9)."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web


def routes() -> Sequence[web.AbstractRouteDef]:
    return []
