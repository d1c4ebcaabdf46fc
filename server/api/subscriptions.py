"""The secret addresses of a member's own calendar and feeds, for programs that sign in nowhere.

``Subscription``: created_at (null: there is none), and where it was just made calendar (all events that the
member takes part in), community_calendar and community_feed (of any community they are in; ``{id}`` is its
id). A digest is kept, so the addresses are told once; asking again makes new ones, and the old are void.
What is public needs none of this: ``/@name.ics``, ``.atom`` and ``.rss``, ``/calls/N.ics`` and ``.atom``.
"""

from __future__ import annotations

from aiohttp import web

from server.api.answers import empty, ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, op
from server.clock import stamp
from server.context import context
from server.domain.members import subscriptions as verbs
from server.render.view import Json, maybe_stamp
from storage import subscriptions

BASE = "/api/beckon/v1/subscription"


async def show(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        made_at = await subscriptions.made_at(tx.conn, caller.account.id)
    return ok(_entity(maybe_stamp(made_at), None))


async def renew(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        secret = await verbs.renew(tx, caller.account)
        return ok(_entity(stamp(tx.now), tx.site.urls.subscription(secret)))


def _entity(created_at: str | None, address: str | None) -> Json:
    return {
        "created_at": created_at,
        "calendar": address and f"{address}/calendar.ics",
        "community_calendar": address and f"{address}/communities/{{id}}.ics",
        "community_feed": address and f"{address}/communities/{{id}}.atom",
    }


async def end(request: web.Request, caller: Caller) -> web.Response:
    """All that subscribed reads nothing more."""
    async with context(request).work.transaction() as tx:
        await subscriptions.drop(tx.conn, caller.account.id)
    return empty()


def routes() -> list[web.RouteDef]:
    return [
        for_member("GET", BASE, show, "read:accounts"),
        for_member("POST", BASE, renew, "write:accounts"),
        for_member("DELETE", BASE, end, "write:accounts"),
    ]


DESCRIBED: Described = {
    f"GET {BASE}": op("Subscription"),
    f"POST {BASE}": op("Subscription"),
    f"DELETE {BASE}": op("Empty"),
}
