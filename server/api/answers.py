"""Answers of the client API: always JSON with a body, also for deletes and errors.

masto.js throws on any other content type, and on an empty body.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from aiohttp import web

from server.clock import stamp
from server.limits import Standing

STANDING: web.RequestKey[Standing] = web.RequestKey("standing", Standing)
PUBLIC = {"Cache-Control": "public, max-age=300"}
"""For what is the same to everybody; all else is private by default."""


def ok(
    value: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """``value``: what orjson can write (dictionaries, lists, text, numbers)."""
    return web.Response(
        body=orjson.dumps(value), status=status, headers=headers, content_type="application/json"
    )


def empty() -> web.Response:
    """What a delete answers."""
    return ok({})


def error(
    status: int, sentence: str, headers: Mapping[str, str] | None = None, **more: object
) -> web.Response:
    return ok({"error": sentence, **more}, status=status, headers=headers)


def rate_headers(standing: Standing) -> dict[str, str]:
    """Mastodon.py waits until Reset, which it reads as ISO 8601."""
    return {
        "X-RateLimit-Limit": str(standing.limit),
        "X-RateLimit-Remaining": str(standing.remaining),
        "X-RateLimit-Reset": stamp(standing.reset),
    }
