"""Beckon's own API for those who run the instance: what waits, for whom, since when, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from server import waiting
from server.api.admin import for_staff
from server.api.answers import ok
from server.api.auth import Caller
from server.api.describe import Described, op
from server.clock import stamp
from server.context import context
from server.render.view import Json

BASE = "/api/beckon/v1/admin/waiting"


async def index(request: web.Request, _caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        found = (await waiting.report(tx)).plain()
    pushes = _plain(found.pop("pushes"))
    return ok({"pushes": pushes} | {k: [_plain(row) for row in rows] for k, rows in found.items()})


def _plain(row: Mapping[str, Any]) -> Json:
    return {
        name: stamp(value) if isinstance(value, datetime) else value for name, value in row.items()
    }


def routes() -> list[web.RouteDef]:
    return [for_staff("GET", BASE, index, "admin:read")]


DESCRIBED: Described = {f"GET {BASE}": op("Waiting")}
