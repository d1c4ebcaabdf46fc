"""Mastodon.py calls every route that we answer and that it knows, and believes the version that we claim.

The scenes stand in tests/clients, by subject, each with the routes that it is about. The instance writes down
what the library asks for, and every answer must be as the OpenAPI document says.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import requests

from server.api.routes import described
from server.api.streaming import Pace
from tests.api.conftest import Running, serving
from tests.api.people import House
from tests.clients import about, choosing, notices, people, posts, staff, streams
from tests.clients.cast import Cast, Record, Scene, bare

PARTS = (about, people, posts, choosing, notices, staff, streams)
SCENES: tuple[Scene, ...] = tuple(scene for part in PARTS for scene in part.SCENES)
TWINS = {"PUT": "PATCH", "PATCH": "PUT"}
WITHOUT_A_CALL = {
    "DELETE /api/v1/conversations/{}",
    "DELETE /api/v1/media/{}",
    "GET /api/oembed",
    "GET /api/openapi.json",
    "GET /api/v1/accounts/{}/endorsements",
    "GET /api/v1/accounts/{}/identity_proofs",
    "GET /api/v1/domain_blocks/preview",
    "GET /api/v1/donation_campaigns",
    "GET /api/v1/emails/check_confirmation",
    "GET /api/v1/instance/privacy_policy",
    "GET /api/v1/instance/terms_of_service/{}",  # it puts the date into the query
    "GET /api/v1/notifications/policy",  # it asks v2
    "GET /api/v1/peers/search",
    "GET /api/v1/streaming",  # by WebSocket, with a package that we have not: masto does it
    "GET /api/v1/trends",  # it knows trends/tags of 3.5
    "GET /api/v2/filters/keywords/{}",
    "PATCH /api/v1/notifications/policy",
    "POST /api/v1/conversations/{}/unread",
    "POST /api/v1/media",  # for servers before 3.1.4
    "POST /api/v2/notifications/clear",
    "POST /oauth/userinfo",
    "PUT /api/v1/admin/reports/{}",
    "PUT /api/v2/filters/keywords/{}",
}


@pytest.fixture
def record() -> Record:
    return Record()


@pytest.fixture
async def here(
    database_url: str, free_port: Callable[[], int], tmp_path: Path, record: Record
) -> AsyncIterator[Running]:
    port = free_port()
    pace = Pace(comment=0.1)  # by which the library notices that a stream was closed
    more = {"data": str(tmp_path)}
    async with serving(database_url, port, pace=pace, watch=record.watch, **more) as running:
        yield running


@pytest.fixture
async def cast(house: House, here: Running) -> AsyncIterator[Cast]:
    with requests.Session() as session:
        yield Cast(house, here, session, asyncio.get_running_loop())


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_scene(cast: Cast, record: Record, scene: Scene) -> None:
    await asyncio.to_thread(scene.play, cast)
    assert not record.wrong
    assert not {route for route in scene.routes if not asked(route, record.routes)}


def asked(route: str, routes: set[str]) -> bool:
    """PUT and PATCH are the same to us."""
    verb, path = route.split()
    return route in routes or f"{TWINS.get(verb)} {path}" in routes


def test_every_route_is_called() -> None:
    ours = {f"{verb} {bare(path)}" for verb, path in map(str.split, described())}
    clients = {route for route in ours if "/api/beckon/" not in route}
    assert clients - {route for scene in SCENES for route in scene.routes} == WITHOUT_A_CALL
