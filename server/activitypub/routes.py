"""All routes of the federation door."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web


def routes() -> Sequence[web.AbstractRouteDef]:
    return []
