"""Templates of calls in Beckon's own API."""

from __future__ import annotations

from collections.abc import Mapping

from server.clock import stamp
from server.render.view import Json
from server.urls import Urls
from storage.call_templates import Row


def kept(urls: Urls, row: Row) -> Json:
    """One of a community."""
    return _template(urls, str(row.id), row.body) | {
        "community_id": str(row.community_id),
        "ready_made": False,
        "shared": row.shared,
        "origin": row.origin,
        "revision": row.revision,
        "changed_at": stamp(row.changed_at),
    }


def ready_made(urls: Urls, key: str, body: Mapping[str, object]) -> Json:
    """One that comes with Beckon."""
    return _template(urls, key, body) | {
        "community_id": None,
        "ready_made": True,
        "shared": True,
        "origin": None,
        "revision": 1,
        "changed_at": None,
    }


def _template(urls: Urls, key: str, body: Mapping[str, object]) -> Json:
    said = {name: value for name, value in body.items() if name not in ("format", "version")}
    return {"id": key, "url": urls.template(key)} | said
