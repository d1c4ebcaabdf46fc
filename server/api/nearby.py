"""What is near: calls, communities, and where a member lives, about.

``Area``: latitude and longitude (the middle of a cell of about ``grain_km``; null: not said), reach_km, and
shown: whether others see it. What is sent is rounded before it is kept. ``NearCall``: call, distance_km (null:
anywhere), anywhere. ``NearCommunity``: community, place, distance_km. ``CommunityPlace``: name ("": none),
latitude, longitude.

A place to look around is ``latitude``, ``longitude`` and ``radius`` in kilometres; without one it is the area
of the caller, and how far they go.
"""

from __future__ import annotations

from aiohttp import web

from server.api import call_entities, communities, paging, params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import (
    Described,
    Param,
    a_text,
    choice,
    flag,
    integer,
    number,
    op,
    ranked,
)
from server.api.params import Params
from server.api.reading import id_of, viewer_of
from server.api.schema import array
from server.context import context
from server.domain import sight
from server.domain.groups import communities as community_verbs
from server.domain.groups import places as verbs
from server.domain.groups.places import GRAIN_KM, MAX_KM, REACH_KM, Point
from server.errors import Invalid
from server.render.view import Json
from storage import accounts, places
from storage.places import Area, Place

BASE = "/api/beckon/v1"
SORTS = ("time", "distance")


def _area(area: Area | None) -> Json:
    point = verbs.middle(area) if area else None
    return {
        "latitude": point.latitude if point else None,
        "longitude": point.longitude if point else None,
        "grain_km": GRAIN_KM,
        "reach_km": area.reach_km if area else REACH_KM,
        "shown": area is not None and area.shown,
    }


def _place(place: Place | None) -> Json:
    return {
        "name": place.name if place else "",
        "latitude": place.latitude if place else None,
        "longitude": place.longitude if place else None,
    }


def _point(sent: Params) -> Point | None:
    """None where neither is sent. Raises ``Invalid``, which does not repeat what was."""
    if not sent.text("latitude") and not sent.text("longitude"):
        return None
    return Point(_degrees(sent, "latitude"), _degrees(sent, "longitude"))


def _degrees(sent: Params, name: str) -> float:
    try:
        return float(sent.text(name) or "")
    except ValueError:
        raise Invalid(f"The {name} is a number of degrees.", field=name) from None


def _required(sent: Params) -> Point:
    point = _point(sent)
    if point is None:
        raise Invalid("A place is a latitude and a longitude.", field="latitude")
    return point


async def area(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok(_area(await places.area(tx.conn, caller.account.id)))


async def settle(request: web.Request, caller: Caller) -> web.Response:
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        settled = await verbs.settle(
            tx, caller.account, _required(sent),
            reach_km=sent.integer("reach_km"), shown=sent.boolean("shown"),
        )  # fmt: skip
        return ok(_area(settled))


async def leave_area(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        await places.drop_area(tx.conn, caller.account.id)
    return empty()


async def near_calls(request: web.Request, caller: Caller | None) -> web.Response:
    """``NearCall`` each, soonest first, or nearest first with ``sort=distance``. ``anywhere``: those also
    that one takes part in from anywhere."""
    sent, viewer = await params.read(request), viewer_of(caller)
    size = paging.limit(request, 20, 40)
    async with context(request).work.reading() as tx:
        circle = await verbs.circle(tx, viewer, _point(sent), sent.integer("radius"))
        found = await places.calls(
            tx.conn, circle, viewer.id if viewer else 0, tx.now, size, paging.offset(request),
            anywhere=sent.flag("anywhere"), by_distance=sent.text("sort") == "distance",
        )  # fmt: skip
        shown = await call_entities.shown(tx, [row.id for row in found], viewer)
    body = [
        {
            "call": shown[row.id],
            "distance_km": None if row.km is None else verbs.told(row.km),
            "anywhere": row.km is None,
        }
        for row in found
        if row.id in shown
    ]
    return ok(body, headers=paging.link_by_offset(request, size, more=len(found) == size))


async def near_communities(request: web.Request, caller: Caller | None) -> web.Response:
    """``NearCommunity`` each, the nearest first: public ones of this server that want to be found."""
    sent, viewer = await params.read(request), viewer_of(caller)
    size = paging.limit(request, 20, 40)
    async with context(request).work.reading() as tx:
        circle = await verbs.circle(tx, viewer, _point(sent), sent.integer("radius"))
        found = await places.communities(tx.conn, circle, size, paging.offset(request))
        groups = await accounts.by_ids(tx.conn, [row.id for row in found])
        body = [
            {
                "community": await communities.entity(tx, groups[row.id], viewer),
                "place": _place(await places.of_community(tx.conn, row.id)),
                "distance_km": verbs.told(row.km or 0),
            }
            for row in found
        ]
    return ok(body, headers=paging.link_by_offset(request, size, more=len(found) == size))


async def community_place(request: web.Request, caller: Caller | None) -> web.Response:
    async with context(request).work.reading() as tx:
        group = await sight.group(tx, id_of(request), viewer_of(caller))
        await community_verbs.require_belonging(tx, group, viewer_of(caller))
        return ok(_place(await places.of_community(tx.conn, group.id)))


async def locate(request: web.Request, caller: Caller) -> web.Response:
    """For organisers and moderators."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        group = await sight.group(tx, id_of(request), caller.account)
        name, point = sent.text("name") or "", _required(sent)
        return ok(_place(await verbs.locate(tx, caller.account, group, name, point)))


async def unlocate(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        group = await sight.group(tx, id_of(request), caller.account)
        await verbs.unlocate(tx, caller.account, group)
    return empty()


def routes() -> list[web.RouteDef]:
    place = f"{BASE}/communities/{{id}}/place"
    return [
        for_member("GET", f"{BASE}/area", area, "read:accounts"),
        for_member("PUT", f"{BASE}/area", settle, "write:accounts"),
        for_member("DELETE", f"{BASE}/area", leave_area, "write:accounts"),
        for_anyone("GET", f"{BASE}/calls/nearby", near_calls, "read:statuses"),
        for_anyone("GET", f"{BASE}/communities/nearby", near_communities, "read:accounts"),
        for_anyone("GET", place, community_place, "read:accounts"),
        for_member("PUT", place, locate, "write:accounts"),
        for_member("DELETE", place, unlocate, "write:accounts"),
    ]


_WHERE: tuple[Param, ...] = (number("latitude"), number("longitude"))
_AROUND = (*_WHERE, integer("radius", 1, MAX_KM), *ranked())
DESCRIBED: Described = {
    f"GET {BASE}/area": op("Area"),
    f"PUT {BASE}/area": op("Area", *_WHERE, integer("reach_km", 1, MAX_KM), flag("shown")),
    f"DELETE {BASE}/area": op("Empty"),
    f"GET {BASE}/calls/nearby": op(
        array("NearCall"), *_AROUND, choice("sort", *SORTS), flag("anywhere"), also=(422,)
    ),
    f"GET {BASE}/communities/nearby": op(array("NearCommunity"), *_AROUND, also=(422,)),
    f"GET {BASE}/communities/{{id}}/place": op("CommunityPlace"),
    f"PUT {BASE}/communities/{{id}}/place": op(
        "CommunityPlace", a_text("name", required=True), *_WHERE
    ),
    f"DELETE {BASE}/communities/{{id}}/place": op("Empty"),
}
