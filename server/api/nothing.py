"""What clients ask for at their start and Beckon does not have: an empty list is the honest answer.

A 404 here makes clients show errors at every start, or call again and again. Only reading is answered;
what would write such a thing stays 404, so that nothing seems to be kept that is not.
"""

from __future__ import annotations

from aiohttp import web

from server.api.answers import ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import Described, op
from server.api.schema import ANY, array

EMPTY: tuple[tuple[str, str, str], ...] = (
    # path, scope, why it is empty
    ("/api/v1/endorsements", "read:accounts", "accounts are not featured on profiles"),
    ("/api/v1/conversations", "read:statuses", "direct posts stand in the notifications"),
    ("/api/v1/scheduled_statuses", "read:statuses", "posts cannot be scheduled yet"),
    ("/api/v1/announcements", "read", "the instance makes none yet"),
    ("/api/v1/accounts/familiar_followers", "read:follows", "not computed"),
)
EMPTY_FOR_ANYONE: tuple[tuple[str, str], ...] = (
    ("/api/v1/trends/links", "links are not ranked"),
    ("/api/v1/timelines/link", "no link is ranked, and only such a one has a timeline"),
    ("/api/v1/accounts/{id}/endorsements", "accounts are not featured on profiles"),
    ("/api/v1/accounts/{id}/identity_proofs", "none exist"),
)


async def _for_member(_request: web.Request, _caller: Caller) -> web.Response:
    return ok([])


async def _for_anyone(_request: web.Request, _caller: Caller | None) -> web.Response:
    return ok([])


def routes() -> list[web.RouteDef]:
    return [
        *(for_member("GET", path, _for_member, scope) for path, scope, _why in EMPTY),
        *(for_anyone("GET", path, _for_anyone) for path, _why in EMPTY_FOR_ANYONE),
    ]


_NONE = op(array(ANY) | {"maxItems": 0})
DESCRIBED: Described = {
    f"GET {path}": _NONE for path in (*(e[0] for e in EMPTY), *(e[0] for e in EMPTY_FOR_ANYONE))
}
