"""``/@name/calendar``: what a community calls to, a month at a time, in the past too.

A list of days, which is drawn as a grid of weeks where there is room. A call stands on the day that it begins on by the
clock of its own place. Of a private community it is for members: to anybody else there is none.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from aiohttp import web

from server import dates
from server.context import context
from server.domain.groups import communities
from server.web import accounts, answers, listed, session
from server.web.listed import ShownCall
from storage import communities as community_rows
from storage import subscriptions

CALLS = 300
MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
FIRST, LAST = 1970, 2199
"""Years that have a page."""
ZONES = timedelta(days=1)
"""No clock on a wall is further from UTC than this."""


@dataclass(frozen=True, slots=True)
class Day:
    at: date
    calls: Sequence[ShownCall]


def month_of(asked: str, today: date) -> date:
    """The first day of the month that ``2026-04`` says; what cannot be read is the month of ``today``."""
    found = MONTH.fullmatch(asked)
    if found and FIRST <= int(found[1]) <= LAST:
        return date(int(found[1]), int(found[2]), 1)
    return today.replace(day=1)


def following(month: date) -> date | None:
    """The month after; None where that has no page."""
    after = (month + timedelta(days=31)).replace(day=1)
    return after if after.year <= LAST else None


def before(month: date) -> date | None:
    last = (month - timedelta(days=1)).replace(day=1)
    return last if last.year >= FIRST else None


def days(month: date, found: Sequence[ShownCall]) -> list[Day]:
    """Every day of the month, with what begins on it."""
    by_day: dict[date, list[ShownCall]] = {}
    for shown in found:
        if at := shown.call.starts_at:
            by_day.setdefault(at.astimezone(ZoneInfo(shown.call.timezone)).date(), []).append(shown)
    length = monthrange(month.year, month.month)[1]
    each = [month + timedelta(days=number) for number in range(length)]
    return [Day(at, by_day.get(at, ())) for at in each]


async def page(request: web.Request) -> web.Response:
    """``GET /@{name}/calendar``: ``month`` as ``2026-04``."""
    viewer = await session.viewer(request)
    reader = viewer.account if viewer else None
    async with context(request).work.reading() as tx:
        group = await accounts.local_group(tx, request)
        await communities.require_inside(tx, group, reader)
        row = await community_rows.by_id(tx.conn, group.id)
        today = tx.now.date()
        month = month_of(request.query.get("month", ""), today)
        begin = datetime.combine(month, time(), UTC)
        end = begin + timedelta(days=monthrange(month.year, month.month)[1])
        found = await subscriptions.beginning(tx.conn, group.id, begin - ZONES, end + ZONES, CALLS)
        shown = await listed.shown_calls(tx, found, reader)
    return answers.page(
        request, "community_calendar.html", viewer, group=group, month=month, today=today,
        days=days(month, shown), before=before(month), after=following(month),
        week=dates.week(), column=(month.weekday() - dates.week()[0]) % 7 + 1,
        public=row is not None and row.visibility != "private",
        listed=row is not None and row.visibility == "public",
    )  # fmt: skip
