"""Posts to be: listed, moved to another time, given up. They are made by ``POST statuses``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from aiohttp import web

from server.api import paging, params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, a_text, op, paged
from server.api.params import Params
from server.api.reading import id_of
from server.api.schema import array
from server.context import context
from server.domain.posting import media
from server.domain.posting import scheduled as verbs
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.render import media as render_media
from server.render import scheduled as render
from server.render.view import Json
from storage import media as media_rows
from storage import scheduled
from storage.scheduled import Scheduled


def time_of(sent: Params) -> datetime | None:
    """``scheduled_at``, ISO 8601; without an offset it is UTC. Raises ``Invalid``."""
    given = sent.text("scheduled_at")
    if not given:
        return None
    try:
        at = datetime.fromisoformat(given)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid("Validation failed: Scheduled at is no time", field="scheduled_at") from error


async def entities(tx: Tx, rows: Sequence[Scheduled]) -> list[Json]:
    """``ScheduledStatus`` each, with its files in their order."""
    wanted = {row.id: verbs.wanted_of(row).media_ids for row in rows}
    holding = [number for number, files in wanted.items() if files]
    found = await media_rows.of_scheduled(tx.conn, holding) if holding else []
    urls = tx.site.urls
    shown = {row.id: render_media.attachment(urls, media.entry(urls, row)) for row in found}
    return [
        render.scheduled(row, [shown[each] for each in wanted[row.id] if each in shown])
        for row in rows
    ]


async def entity(tx: Tx, row: Scheduled) -> Json:
    return (await entities(tx, [row]))[0]


async def index(request: web.Request, caller: Caller) -> web.Response:
    page = paging.page(request)
    async with context(request).work.reading() as tx:
        rows = await scheduled.of_account(tx.conn, caller.account.id, page)
        shown = await entities(tx, rows)
    link = paging.link(request, [row.id for row in rows])
    return ok(shown, headers=link)


async def show(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        row = await scheduled.by_id(tx.conn, id_of(request), caller.account.id)
        if row is None:
            raise NotFound
        return ok(await entity(tx, row))


async def move(request: web.Request, caller: Caller) -> web.Response:
    """``scheduled_at``: the only thing that changes; without it, nothing does."""
    at = time_of(await params.read(request))
    if at is None:
        return await show(request, caller)
    async with context(request).work.transaction() as tx:
        row = await verbs.move(tx, caller.account, id_of(request), at)
        return ok(await entity(tx, row))


async def drop(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        await verbs.drop(tx, caller.account, id_of(request))
    return empty()


def routes() -> list[web.RouteDef]:
    base = "/api/v1/scheduled_statuses"
    one = f"{base}/{{id}}"
    return [
        for_member("GET", base, index, "read:statuses"),
        for_member("GET", one, show, "read:statuses"),
        for_member("PUT", one, move, "write:statuses"),
        for_member("DELETE", one, drop, "write:statuses"),
    ]


_ONE = "/api/v1/scheduled_statuses/{id}"
DESCRIBED: Described = {
    "GET /api/v1/scheduled_statuses": op(array("ScheduledStatus"), *paged()),
    f"GET {_ONE}": op("ScheduledStatus"),
    f"PUT {_ONE}": op("ScheduledStatus", a_text("scheduled_at")),
    f"DELETE {_ONE}": op("Empty"),
}
