"""Tags as the client API shows them: with a week of their use, and what the viewer did with them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

from server.render.view import Json, View
from server.urls import Urls
from storage import tags
from storage.tags import Day, Featured, Marks

DAYS = 7


async def load(view: View, names: Sequence[str]) -> list[Json]:
    """``Tag`` each, in the given order. Two statements; unknown names are tags too."""
    if not names:
        return []
    today = view.now.astimezone(UTC).date()
    used = {
        (row.name, row.day): row
        for row in await tags.days(view.conn, names, today - timedelta(days=DAYS))
    }
    marks: Mapping[str, Marks] = {}
    if view.viewer_id is not None:
        marks = await tags.marks(view.conn, view.viewer_id, names)
    return [tag(view.urls, name, today, used, marks.get(name)) for name in names]


def tag(
    urls: Urls,
    name: str,
    today: date,
    used: Mapping[tuple[str, date], Day],
    marks: Marks | None,
) -> Json:
    """``Tag``. Its id is a number that its name alone decides; a stranger gets no marks."""
    digest = hashlib.sha256(name.encode()).digest()
    days = (today - timedelta(days=ago) for ago in range(DAYS))
    entity: Json = {
        "id": str(int.from_bytes(digest[:6])),
        "name": name,
        "url": urls.tag(quote(name)),
        "history": [_day(day, used.get((name, day))) for day in days],
    }
    if marks:
        entity |= {"following": marks.following, "featuring": marks.featuring}
    return entity


def _day(day: date, row: Day | None) -> Json:
    """Figures as text, as clients expect them."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return {
        "day": str(int(midnight.timestamp())),
        "uses": str(row.uses if row else 0),
        "accounts": str(row.accounts if row else 0),
    }


def featured(urls: Urls, row: Featured) -> Json:
    """``FeaturedTag``; the count is text."""
    last = row.last_post_at
    return {
        "id": str(row.id),
        "name": row.name,
        "url": urls.tag(quote(row.name)),
        "statuses_count": str(row.posts_count),
        "last_status_at": None if last is None else f"{last.astimezone(UTC):%Y-%m-%d}",
    }
