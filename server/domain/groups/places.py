"""Where somebody lives, about, and what is near.

A member may say where they live, so that what is near finds them. It is rounded before anything else is
done with it, to a grid of about 10 km, and the column could not hold more. Nobody else is told, unless the
member says so. Where a community is at home is for its organisers to say, and is as public as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, ceil, cos, degrees, floor, radians, sin

from server import text
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import places
from storage.accounts import Account
from storage.places import Area, Around, Place

GRAIN_KM = 10
TENTHS = 3600
"""Tenths of a degree around the globe; at the equator each is 11.1 km."""
RADIUS_KM = 6371.0088
MAX_KM = 500
REACH_KM = 25
MAX_NAME = 200
SLACK = 0.001
"""Degrees that a box is wider, so that rounding leaves out nothing at its rim."""


@dataclass(frozen=True, slots=True)
class Point:
    """In degrees. Raises ``Invalid`` for what is nowhere; the sentence does not repeat it."""

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        if not -90 <= self.latitude <= 90:
            raise Invalid("A latitude is between -90 and 90 degrees.", field="latitude")
        if not -180 <= self.longitude <= 180:
            raise Invalid("A longitude is between -180 and 180 degrees.", field="longitude")


def coarse(point: Point) -> tuple[int, int]:
    """The middle of the cell of the grid, in tenths of a degree: latitude, longitude.

    Meridians draw together towards the poles, so a row has the fewer cells the further it is from the
    equator: nowhere is one narrower than at the equator. 180° E is 180° W, and a pole is one cell.
    """
    row = floor(point.latitude * 10 + 0.5)
    cells = max(1, floor(TENTHS * cos(radians(row / 10))))
    cell = floor((point.longitude + 180) * cells / 360 + 0.5) % cells
    return row, floor(cell * TENTHS / cells + 0.5) - 1800


def middle(area: Area) -> Point:
    return Point(area.latitude / 10, area.longitude / 10)


def around(point: Point, radius_km: float) -> Around:
    """The box around a circle. Where a pole is inside, it is all the way round."""
    reach = degrees(radius_km / RADIUS_KM) + SLACK
    south, north = point.latitude - reach, point.latitude + reach
    if south <= -90 or north >= 90:
        return _box(point, radius_km, south, north, (-180, 180), None)
    # Where the circle touches a meridian, it is nearer to the pole than its centre is.
    aside = degrees(asin(min(1, sin(radians(reach)) / cos(radians(point.latitude))))) + SLACK
    west, east = point.longitude - aside, point.longitude + aside
    if west < -180:
        return _box(point, radius_km, south, north, (-180, east), (west + 360, 180))
    if east > 180:
        return _box(point, radius_km, south, north, (west, 180), (-180, east - 360))
    return _box(point, radius_km, south, north, (west, east), None)


def _box(
    point: Point,
    radius_km: float,
    south: float,
    north: float,
    first: tuple[float, float],
    second: tuple[float, float] | None,
) -> Around:
    """``second``: None is a range that nothing is in."""
    return Around(
        point.latitude, point.longitude, radius_km, south, north, *first, *(second or (1, 0))
    )


async def settle(
    tx: Tx, owner: Account, point: Point, *, reach_km: int | None, shown: bool | None
) -> Area:
    """The owner lives about there (None: as before, or what is usual). Raises ``Invalid``."""
    latitude, longitude = coarse(point)
    old = await places.area(tx.conn, owner.id)
    reach = reach_km or (old.reach_km if old else REACH_KM)
    if not 1 <= reach <= MAX_KM:
        raise Invalid(
            mark("A reach is between 1 and %(most)s kilometres.", most=MAX_KM), field="reach_km"
        )
    seen = shown if shown is not None else bool(old and old.shown)
    area = Area(latitude, longitude, reach, seen)
    await places.put_area(tx.conn, owner.id, area)
    return area


async def circle(
    tx: Tx, viewer: Account | None, point: Point | None, radius_km: int | None
) -> Around:
    """Around a point, or around where the viewer lives. Raises ``Invalid`` where neither is known."""
    area = await places.area(tx.conn, viewer.id) if viewer and point is None else None
    if point is None and area is None:
        raise Invalid("Say near what: latitude and longitude, or your own area.", field="latitude")
    usual = area.reach_km if area else REACH_KM
    centre = point or (middle(area) if area else Point(0, 0))
    return around(centre, min(max(radius_km or usual, 1), MAX_KM))


def told(km: float) -> int:
    """A distance as it is told: whole kilometres, never less than the truth."""
    return ceil(km)


async def locate(tx: Tx, actor: Account, group: Account, name: str, point: Point) -> Place:
    """An organiser or moderator says where a community is at home. Raises ``Forbidden``, ``Invalid``."""
    await _require_ours(tx, actor, group)
    place = Place(text.one_line(name, MAX_NAME), point.latitude, point.longitude)
    if not place.name:
        raise Invalid("A place needs a name.", field="name")
    await places.put_of_community(tx.conn, group.id, place)
    return place


async def unlocate(tx: Tx, actor: Account, group: Account) -> None:
    """It is at home nowhere in particular. Raises ``Forbidden``."""
    await _require_ours(tx, actor, group)
    await places.drop_of_community(tx.conn, group.id)


async def _require_ours(tx: Tx, actor: Account, group: Account) -> None:
    if not group.local:
        raise NotFound
    await communities.require_steward(tx, group, actor)
