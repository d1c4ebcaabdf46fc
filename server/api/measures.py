"""What happened here, counted for those who run the instance: ``measures``, and no ``dimensions``.

Who posts in which language or from which server is ranked for nobody, so each dimension is empty. A key that
is not counted is left out, as Mastodon leaves out what it does not know.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aiohttp import web

from server.api import params
from server.api.admin import BASE, for_staff
from server.api.answers import ok
from server.api.auth import Caller
from server.api.describe import Described, a_text, op, some_texts
from server.api.params import Params
from server.api.schema import array
from server.clock import stamp
from server.context import context
from server.domain.tx import Tx
from server.errors import Invalid
from server.render.view import Json
from storage import measures

DAY = timedelta(days=1)
DAYS_MAX = 366
DIMENSIONS = (
    "languages", "sources", "servers", "space_usage", "software_versions", "tag_servers",
    "tag_languages", "instance_accounts", "instance_languages",
)  # fmt: skip


async def measure(request: web.Request, _caller: Caller) -> web.Response:
    """``keys[]``, from ``start_at`` to ``end_at``, both days included; a month where they are not said."""
    sent = await params.read(request)
    keys = [key for key in dict.fromkeys(sent.texts("keys")) if key in measures.MEASURES]
    async with context(request).work.reading() as tx:
        until = _day(sent, "end_at", tx.now)
        since = _day(sent, "start_at", until - 29 * DAY)
        days = (until - since) // DAY + 1
        if not 0 < days <= DAYS_MAX:
            raise Invalid(f"At most {DAYS_MAX} days can be counted.", field="start_at")
        return ok([await _measured(tx, key, since, days) for key in keys])


def _day(sent: Params, name: str, otherwise: datetime) -> datetime:
    """The beginning of the day. Raises ``Invalid`` for what is no date."""
    given = sent.text(name)
    try:
        at = datetime.fromisoformat(given) if given else otherwise
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"{name} is no date.", field=name) from error
    if not 1970 <= at.year < 9000:
        raise Invalid(f"{name} is no date.", field=name)
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


async def _measured(tx: Tx, key: str, since: datetime, days: int) -> Json:
    """``Admin::Measure``, with as many days before to compare it with."""
    before = since - days * DAY
    found = await measures.counts(tx.conn, key, before, since + days * DAY)
    shown = [(since + n * DAY, found.get(since + n * DAY, 0)) for n in range(days)]
    return {
        "key": key,
        "unit": None,
        "total": str(sum(count for _, count in shown)),
        "previous_total": str(sum(count for day, count in found.items() if day < since)),
        "data": [{"date": stamp(day), "value": str(count)} for day, count in shown],
    }


async def dimensions(request: web.Request, _caller: Caller) -> web.Response:
    asked = dict.fromkeys((await params.read(request)).texts("keys"))
    empty: list[Json] = [{"key": key, "data": []} for key in asked if key in DIMENSIONS]
    return ok(empty)


def routes() -> list[web.RouteDef]:
    return [
        for_staff("POST", f"{BASE}/measures", measure, "admin:read"),
        for_staff("POST", f"{BASE}/dimensions", dimensions, "admin:read"),
    ]


_TAKES = (some_texts("keys"), a_text("start_at"), a_text("end_at"))
DESCRIBED: Described = {
    f"POST {BASE}/measures": op(array("AdminMeasure"), *_TAKES),
    f"POST {BASE}/dimensions": op(array("AdminDimension"), *_TAKES),
}
