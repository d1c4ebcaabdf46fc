"""Where things are: about where members live, where communities are at home, and what is near a place.

What is near is found in two steps: a box on an index of latitude and longitude, then the distance along the
surface (``distance_km`` in functions.sql). No extension of PostgreSQL is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Area:
    """Where somebody lives, in whole tenths of a degree, and how far they go to help."""

    latitude: int
    longitude: int
    reach_km: int
    shown: bool


@dataclass(frozen=True, slots=True)
class Place:
    name: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Around:
    """A circle, and the box around it: its longitudes are in one range or, across 180°, in two."""

    latitude: float
    longitude: float
    radius_km: float
    south: float
    north: float
    west: float
    east: float
    west_again: float
    east_again: float


@dataclass(frozen=True, slots=True)
class Near:
    """``km``: None where it takes place anywhere."""

    id: int
    km: float | None


@dataclass(frozen=True, slots=True)
class Named:
    """Where the community of that id is at home."""

    id: int
    name: str
    latitude: float
    longitude: float


AREA = Query(
    "select latitude, longitude, reach_km, shown from home_areas where account_id = $1", Area
)
PUT_AREA = Command(
    """
    insert into home_areas (account_id, latitude, longitude, reach_km, shown)
    values ($1, $2, $3, $4, $5) on conflict (account_id) do update set
        latitude = excluded.latitude, longitude = excluded.longitude,
        reach_km = excluded.reach_km, shown = excluded.shown
    """
)
DROP_AREA = Command("delete from home_areas where account_id = $1")
OF_COMMUNITY = Query(
    "select name, latitude, longitude from community_places where community_id = $1", Place
)
PUT_OF_COMMUNITY = Command(
    """
    insert into community_places (community_id, name, latitude, longitude) values ($1, $2, $3, $4)
    on conflict (community_id) do update set
        name = excluded.name, latitude = excluded.latitude, longitude = excluded.longitude
    """
)
DROP_OF_COMMUNITY = Command("delete from community_places where community_id = $1")
CALLS = Query(
    """
    with found as (
        select post_id, distance_km($1, $2, latitude, longitude) as km from calls
        where latitude between $4 and $5
            and (longitude between $6 and $7 or longitude between $8 and $9)
        union all
        select post_id, null from calls
        where $10 and latitude is null and place_name = '' and place_address = ''
    )
    select c.post_id as id, n.km
    from found n join calls c on c.post_id = n.post_id join posts p on p.id = c.post_id
    where (n.km is null or n.km <= $3)
        and c.state in ('open', 'postponed') and coalesce(c.ends_at, c.starts_at, c.closes_at, 'infinity') >= $11
        and (p.visibility = 'public' and not exists (select from communities m
                where m.account_id = c.community_id and m.visibility <> 'public')
            or p.visibility in ('public', 'unlisted', 'members') and exists (select from follows f
                where f.follower_id = $12 and f.target_id = c.community_id
                and f.accepted_at is not null))
        and ($14 = '' or c.kind = $14)
    order by case when $13 then n.km end, coalesce(c.starts_at, c.closes_at), c.post_id
    limit $15 offset $16
    """,
    Near,
)
NAMED = Query(
    """
    select p.community_id as id, p.name, p.latitude, p.longitude
    from community_places p join communities c on c.account_id = p.community_id
    join accounts a on a.id = p.community_id
    where c.visibility = 'public' and a.discoverable and a.suspended_at is null
    order by lower(p.name), p.community_id limit $1
    """,
    Named,
)
COMMUNITIES = Query(
    """
    with found as (
        select community_id, distance_km($1, $2, latitude, longitude) as km from community_places
        where latitude between $4 and $5
            and (longitude between $6 and $7 or longitude between $8 and $9)
    )
    select a.id, n.km
    from found n join communities c on c.account_id = n.community_id
    join accounts a on a.id = n.community_id
    where n.km <= $3 and c.visibility = 'public' and a.discoverable and a.suspended_at is null
    order by n.km, a.id
    limit $10 offset $11
    """,
    Near,
)


async def area(conn: Connection, account_id: int) -> Area | None:
    return await AREA.first(conn, account_id)


async def put_area(conn: Connection, account_id: int, chosen: Area) -> None:
    await PUT_AREA.run(
        conn, account_id, chosen.latitude, chosen.longitude, chosen.reach_km, chosen.shown
    )


async def drop_area(conn: Connection, account_id: int) -> None:
    await DROP_AREA.run(conn, account_id)


async def of_community(conn: Connection, community_id: int) -> Place | None:
    return await OF_COMMUNITY.first(conn, community_id)


async def put_of_community(conn: Connection, community_id: int, place: Place) -> None:
    await PUT_OF_COMMUNITY.run(conn, community_id, place.name, place.latitude, place.longitude)


async def drop_of_community(conn: Connection, community_id: int) -> None:
    await DROP_OF_COMMUNITY.run(conn, community_id)


def _bounds(around: Around) -> tuple[float, ...]:
    return (
        around.latitude, around.longitude, around.radius_km, around.south, around.north,
        around.west, around.east, around.west_again, around.east_again,
    )  # fmt: skip


async def calls(
    conn: Connection,
    around: Around,
    viewer_id: int,
    now: datetime,
    limit: int,
    offset: int,
    *,
    anywhere: bool,
    by_distance: bool,
    kind: str = "",
) -> list[Near]:
    """Calls in the circle that are not over, for everybody or in a community of the viewer (0: nobody);
    soonest first, or nearest first. ``anywhere``: and those that have no place. ``kind``: of that one alone."""
    return await CALLS.all(
        conn, *_bounds(around), anywhere, now, viewer_id, by_distance, kind, limit, offset
    )


async def communities(conn: Connection, around: Around, limit: int, offset: int) -> list[Near]:
    """Public communities of ours that want to be found and are at home in the circle; nearest first."""
    return await COMMUNITIES.all(conn, *_bounds(around), limit, offset)


async def named(conn: Connection, limit: int) -> list[Named]:
    """Where public communities of ours are at home, by name."""
    return await NAMED.all(conn, limit)
