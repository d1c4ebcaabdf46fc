"""``/@name/impact``: what came of a community's calls, for everybody: bars drawn here, and a table behind each.

The drawing is SVG in the page, its colours those of the style sheet; who does not see it reads the tables, which
say the same. Of a private community there is no such page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from server.context import context
from server.domain.calling import impact
from server.domain.calling.impact import Impact, OfCall, Period
from server.domain.calling.kinds import KINDS
from server.domain.tx import Tx
from server.errors import NotFound
from server.web import answers, session, subscribed
from storage import communities

SHOWN = 50
"""Calls whose progress is drawn."""
WIDTH, HEIGHT = 600, 120
PARTS = 60
"""Bars in the drawing of the days, the latest ones."""
FEWEST = 20
"""There is room for so many: a single day is no wall."""


@dataclass(frozen=True, slots=True)
class Bar:
    """In units of the drawing."""

    x: float
    y: float
    width: float
    height: float


def bars(days: Sequence[Period]) -> list[Bar]:
    """One for each part of the time, the greatest as high as the drawing."""
    most = max((day.answered for day in days), default=0)
    step = WIDTH / max(len(days), FEWEST)
    heights = [HEIGHT * day.answered / most if most else 0 for day in days]
    return [
        Bar(round(at * step, 1), round(HEIGHT - high, 1), round(step * 0.8, 1), round(high, 1))
        for at, high in enumerate(heights)
    ]


def share(one: OfCall) -> float:
    """How far a call is on the way to its goal: 0 to 100."""
    return min(100.0, round(100 * one.figures.counted / (one.call.goal or 1), 1))


async def page(request: web.Request) -> web.Response:
    viewer = await session.viewer(request)
    async with context(request).work.reading() as tx:
        group = await subscribed.public(tx, request)
        if not group.is_group:
            raise NotFound
        found = await impact.of_community(tx, group, viewer.account if viewer else None)
        listed = await _is_listed(tx, group.id)
    days = found.days[-PARTS:]
    return answers.page(
        request, "impact.html", viewer, account=group, found=found, titles=KINDS, listed=listed,
        days=days, bars=bars(days), width=WIDTH, height=HEIGHT, progress=_progress(found),
    )  # fmt: skip


async def _is_listed(tx: Tx, community_id: int) -> bool:
    row = await communities.by_id(tx.conn, community_id)
    return row is not None and row.visibility == "public"


def _progress(found: Impact) -> list[tuple[OfCall, float]]:
    with_goal = [one for one in found.calls if one.call.goal]
    return [(one, share(one)) for one in with_goal[:SHOWN]]
