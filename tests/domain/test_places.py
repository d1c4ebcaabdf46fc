"""The grid that hides where somebody lives, the box around a circle, and how far it is, over the whole globe."""

from __future__ import annotations

from cmath import phase
from math import asin, cos, degrees, radians, sin, sqrt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.domain.groups.places import GRAIN_KM, RADIUS_KM, Point, around, coarse, middle
from server.errors import Invalid
from storage.places import Area
from tests.domain.conftest import World

LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)
PLACES = st.tuples(LATITUDES, LONGITUDES)


def km(a: Point, b: Point) -> float:
    """Haversine, once more and apart from the database's."""
    north, east = radians(b.latitude - a.latitude), radians(b.longitude - a.longitude)
    half = sin(north / 2) ** 2 + (
        cos(radians(a.latitude)) * cos(radians(b.latitude)) * sin(east / 2) ** 2
    )
    return 2 * RADIUS_KM * asin(min(1, sqrt(half)))


def kept(at: tuple[float, float]) -> Point:
    return middle(Area(*coarse(Point(*at)), 25, False))


@given(PLACES)
@example((90.0, 12.0))
@example((-90.0, 180.0))
@example((89.97, -179.0))
@example((0.0, 180.0))
@example((-17.0, 179.9999))
@example((-17.0, -179.9999))
@example((60.0, 179.96))
def test_what_is_kept_is_near_and_says_no_more(at: tuple[float, float]) -> None:
    """Within a cell; in the range of the columns; and the middle of a cell is in that cell."""
    latitude, longitude = coarse(Point(*at))
    assert -900 <= latitude <= 900
    assert -1800 <= longitude <= 1799
    assert km(Point(*at), kept(at)) < 1.6 * GRAIN_KM
    assert coarse(kept(at)) == (latitude, longitude)


@given(LATITUDES)
@example(0.0)
@example(59.9)
@example(89.8)
def test_no_cell_is_narrower_than_the_grain(latitude: float) -> None:
    """A tenth of a degree is 11 km at the equator, and 1 km near a pole: there a row has fewer cells."""
    row = coarse(Point(latitude, 0))[0]
    seen = {coarse(Point(latitude, step / 20 - 180))[1] for step in range(7200)}
    around_the_row = 2 * 3.14159265 * RADIUS_KM * cos(radians(row / 10))
    assert len(seen) == 1 or around_the_row / len(seen) >= GRAIN_KM


def test_both_names_of_a_place_are_one() -> None:
    assert coarse(Point(-17, 180)) == coarse(Point(-17, -180))
    assert len({coarse(Point(90, east)) for east in (-180, -20, 0, 77.7, 180)}) == 1


@pytest.mark.parametrize(
    "at", [(90.1, 0), (-91, 0), (0, 180.5), (0, -181), (float("nan"), 0), (0, float("inf"))]
)
def test_refuses_what_is_nowhere_and_does_not_repeat_it(at: tuple[float, float]) -> None:
    with pytest.raises(Invalid) as refused:
        Point(*at)
    wrong = next(str(given) for given in at if given != 0)
    assert wrong not in refused.value.sentence
    assert refused.value.cause in (None, "")


@given(PLACES, st.floats(0, 360), st.floats(0, 1), st.integers(1, 500))
@example((89.0, 10.0), 90.0, 1.0, 200)
@example((70.0, 179.0), 80.0, 1.0, 500)
@example((70.0, -179.0), 280.0, 1.0, 500)
@example((-89.99, 0.0), 180.0, 1.0, 1)
def test_the_box_holds_the_circle(
    at: tuple[float, float], bearing: float, part: float, radius: int
) -> None:
    """Whatever is at most so far away is inside, across 180° and over the poles too."""
    centre = Point(*at)
    there = _away(centre, bearing, part * radius)
    box = around(centre, radius)
    assert box.south <= there.latitude <= box.north
    assert (box.west <= there.longitude <= box.east) or (
        box.west_again <= there.longitude <= box.east_again
    )


def _away(start: Point, bearing: float, distance: float) -> Point:
    """Where one comes by going so many kilometres straight on (on a sphere)."""
    angle, turn = distance / RADIUS_KM, radians(bearing)
    phi = radians(start.latitude)
    up = sin(phi) * cos(angle) + cos(phi) * sin(angle) * cos(turn)
    latitude = asin(max(-1, min(1, up)))
    east = sin(turn) * sin(angle) * cos(phi)
    across = phase(complex(cos(angle) - sin(phi) * sin(latitude), east))
    longitude = (start.longitude + degrees(across) + 540) % 360 - 180
    return Point(degrees(latitude), longitude)


async def test_the_database_measures_alike(world: World) -> None:
    """Known distances: a degree of the equator, pole to pole, across 180°, to the other side, and to itself."""
    pairs = [
        (0, 0, 0, 1), (90, 0, -90, 0), (-17, 179.9, -17, -179.9), (45, 9, -45, -171),
        (45.4642, 9.19, 45.4642, 9.19), (52.52, 13.405, 48.8566, 2.3522),
    ]  # fmt: skip
    async with world.work.reading() as tx:
        for pair in pairs:
            measured = await tx.conn.fetchval("select distance_km($1, $2, $3, $4)", *pair)
            assert measured == pytest.approx(km(Point(*pair[:2]), Point(*pair[2:])), abs=1e-6)
    assert measured == pytest.approx(877.5, abs=1)
