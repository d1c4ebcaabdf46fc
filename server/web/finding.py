"""Finding a call or a community: all of them, of one kind, around a place, by a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

from server import ids
from server.context import context
from server.domain.calling.kinds import KINDS
from server.domain.groups import places as verbs
from server.domain.groups.places import Point
from server.domain.tx import Tx
from server.i18n import mark
from server.web import answers, listed, session
from server.web.listed import ShownCall
from server.web.session import Viewer
from storage import accounts, places
from storage import calls as rows
from storage.places import Named

CALLS, COMMUNITIES, PLACES = 30, 60, 200
PAGES_MAX = 50
RADII = (5, 10, 25, 50, 100, 250)
USUAL_KM = 25
WORDS_MAX = 100
KIND_NAMES: Mapping[str, str] = {
    "event": mark("Events"),
    "volunteer": mark("Helping hands"),
    "petition": mark("Petitions and pledges"),
    "contact": mark("Letters and phone calls"),
    "need": mark("Needs and offers"),
    "donate": mark("Donations"),
    "decision": mark("Decisions"),
    "share": mark("Passing on"),
}
DISTANCE = "distance"
HERE, NEAR_ME = "home", "me"
"""``near``: where the viewer lives; where their device says they are. Else the id of a community with a place."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for. ``near``: as it was said; ``at``: where that is, None where it is nowhere known; ``nearest``:
    the nearest first, not the soonest."""

    kind: str
    near: str
    at: Point | None
    km: int
    page: int
    nearest: bool = False

    def address(self, page: int) -> str:
        """The same wish, another page."""
        said = {"kind": self.kind, "near": self.near, "km": str(self.km) if self.near else ""}
        said["sort"] = DISTANCE if self.nearest else ""
        if self.near == NEAR_ME and self.at:
            said |= {"lat": f"{self.at.latitude:.1f}", "lon": f"{self.at.longitude:.1f}"}
        said["page"] = str(page) if page > 1 else ""
        return "?" + urlencode({name: value for name, value in said.items() if value})


async def calls(request: web.Request) -> web.Response:
    """``GET /calls``: ``kind``, ``near`` (with ``lat`` and ``lon`` for ``me``), ``km``, ``page``."""
    viewer = await session.viewer(request)
    async with context(request).work.reading() as tx:
        named = await places.named(tx.conn, PLACES)
        area = await places.area(tx.conn, viewer.account.id) if viewer else None
        home = verbs.middle(area) if area else None
        wish = _wish(request.query, named, home)
        shown, far, more = await _found(tx, wish, viewer)
    return answers.page(
        request, "calls.html", viewer,
        wish=wish, calls=shown, far=far, more=more, kinds=KIND_NAMES, radii=RADII,
        named=named, home=home is not None,
    )  # fmt: skip


def _wish(asked: Mapping[str, str], named: Sequence[Named], home: Point | None) -> Wish:
    """What cannot be read is not asked for."""
    kind = asked.get("kind", "")
    near, at = asked.get("near", ""), None
    if near == HERE:
        at = home
    elif near == NEAR_ME:
        at = _point(asked)
    else:
        at = next((Point(p.latitude, p.longitude) for p in named if str(p.id) == near), None)
    km = ids.parse(asked.get("km", ""))
    return Wish(
        kind if kind in KINDS else "", near if at else "", at,
        km if km in RADII else USUAL_KM, page_of(asked),
        nearest=at is not None and asked.get("sort") == DISTANCE,
    )  # fmt: skip


def _point(asked: Mapping[str, str]) -> Point | None:
    try:
        latitude, longitude = float(asked.get("lat", "")), float(asked.get("lon", ""))
    except ValueError:
        return None
    inside = -90 <= latitude <= 90 and -180 <= longitude <= 180
    return Point(round(latitude, 1), round(longitude, 1)) if inside else None


def page_of(asked: Mapping[str, str]) -> int:
    """``page``, from 1; what is no number is the first."""
    return min(max(ids.parse(asked.get("page", "")) or 1, 1), PAGES_MAX)


async def _found(
    tx: Tx, wish: Wish, viewer: Viewer | None
) -> tuple[list[ShownCall], dict[int, int], bool]:
    """The calls, by the id of each how many kilometres away it is where that was asked, and whether there are more."""
    skip, far = (wish.page - 1) * CALLS, dict[int, int]()
    if wish.at is None:
        found = await rows.upcoming(tx.conn, tx.now, CALLS + 1, skip, wish.kind)
    else:
        around = verbs.around(wish.at, wish.km)
        near = await places.calls(
            tx.conn, around, viewer.account.id if viewer else 0, tx.now, CALLS + 1, skip,
            anywhere=False, by_distance=wish.nearest, kind=wish.kind,
        )  # fmt: skip
        by_id = await rows.by_ids(tx.conn, [row.id for row in near])
        found = [by_id[row.id] for row in near]
        far = {row.id: verbs.told(row.km) for row in near if row.km is not None}
    shown = await listed.shown_calls(tx, found[:CALLS], viewer.account if viewer else None)
    return shown, far, len(found) > CALLS and wish.page < PAGES_MAX


async def communities(request: web.Request) -> web.Response:
    """``GET /communities``: the public ones of ours; ``words``, ``page``."""
    viewer = await session.viewer(request)
    words = request.query.get("words", "").replace("\0", "").strip()[:WORDS_MAX]
    page = page_of(request.query)
    async with context(request).work.reading() as tx:
        found = await accounts.local_groups(
            tx.conn, COMMUNITIES + 1, (page - 1) * COMMUNITIES, words
        )
        at = {place.id: place.name for place in await places.named(tx.conn, PLACES)}
    return answers.page(
        request, "communities.html", viewer,
        groups=found[:COMMUNITIES], words=words, at=at, page=page,
        more=len(found) > COMMUNITIES and page < PAGES_MAX,
    )  # fmt: skip
