"""Pages and assets go out smaller to whoever can read gzip (RFC 9110, 8.4.1.3; 12.5.3).

Never a page with something secret beside something that others choose: from how small it gets, they could learn what
stands there (BREACH). That is every page of somebody who is signed in, with the secret of their forms, and every page
whose address is a secret.
"""

from __future__ import annotations

import gzip
from functools import cache

from aiohttp import web

LEVEL = 6
SECRETS = frozenset({"secret", "token", "code"})
"""Names of parts of a path that let whoever has them do something."""
SMALL = 860
"""Bytes. Below that a packet carries it anyhow."""


def wanted(accepts: str) -> bool:
    """Whether ``Accept-Encoding`` takes gzip; ``gzip;q=0`` does not."""
    for part in accepts.lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() in ("gzip", "x-gzip"):
            return weight.replace(" ", "").rstrip("0") not in ("q=", "q=0.")
    return False


@cache
def lasting(body: bytes) -> bytes:
    """Of one of the few files that stay as they are: done once."""
    return gzip.compress(body, 9, mtime=0)


def smaller(request: web.Request, response: web.Response) -> web.Response:
    """``response`` with its body compressed, where that helps and is understood."""
    body = response.body
    if (
        isinstance(body, bytes)
        and SECRETS.isdisjoint(request.match_info)
        and len(body) >= SMALL
        and wanted(request.headers.get("Accept-Encoding", ""))
    ):
        response.body = gzip.compress(body, LEVEL, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
    return response
