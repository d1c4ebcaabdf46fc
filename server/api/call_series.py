"""Beckon's own API for calls that repeat.

``CallSeries``: id, title, rule (RFC 5545), timezone, state (running, paused, ended), confirmed_at, asked_at (since when
the organisers are asked whether it goes on), calls (those to come, ``Call`` each).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from aiohttp import web

from server.api import call_entities, paging, params
from server.api import calls as calls_api
from server.api.answers import empty, ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import Described, a_text, op, paged
from server.api.reading import id_of, viewer_of
from server.api.schema import array
from server.clock import stamp
from server.context import context
from server.domain import sight
from server.domain.calling import call_series
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import NotFound
from server.render.view import Json, maybe_stamp
from storage import call_series as rows
from storage.accounts import Account
from storage.call_series import Series

BASE = "/api/beckon/v1"


async def _entities(tx: Tx, found: Sequence[Series], viewer: Account | None) -> list[Json]:
    ahead = await call_series.ahead(tx, found)
    shown = await call_entities.shown(tx, [one.post_id for one in ahead], viewer)
    to_come: dict[int, list[Json]] = defaultdict(list)
    for one in ahead:
        if one.post_id in shown:
            to_come[one.series_id].append(shown[one.post_id])
    return [_entity(series, to_come[series.id]) for series in found]


def _entity(series: Series, to_come: list[Json]) -> Json:
    return {
        "id": str(series.id),
        "title": series.template["title"],
        "rule": series.rule,
        "timezone": series.timezone,
        "state": series.state,
        "confirmed_at": stamp(series.confirmed_at),
        "asked_at": maybe_stamp(series.asked_at),
        "calls": to_come,
    }


async def _answer(request: web.Request, series_id: int, viewer: Account) -> web.Response:
    async with context(request).work.reading() as tx:
        series = await rows.by_id(tx.conn, series_id)
        if series is None:
            raise NotFound
        return ok((await _entities(tx, [series], viewer))[0])


async def _seen(tx: Tx, request: web.Request, caller: Caller) -> int:
    """The series of ``{id}``, of a community whose inside the caller sees. Raises ``NotFound``."""
    series = await rows.by_id(tx.conn, id_of(request))
    if series is None:
        raise NotFound
    group = await sight.group(tx, series.community_id, caller.account)
    await communities.require_inside(tx, group, caller.account)
    return series.id


async def create(request: web.Request, caller: Caller) -> web.Response:
    """The first one, as a call is sent, and ``rule``. For organisers and moderators."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        group = await sight.group(tx, id_of(request), caller.account)
        wanted = calls_api.wanted_of(sent)
        series = await call_series.create(
            tx, caller.account, group, wanted, sent.text("rule") or ""
        )
    return await _answer(request, series.id, caller.account)


async def of_community(request: web.Request, caller: Caller | None) -> web.Response:
    """Those that have not ended, the newest first. Paged by the Link header."""
    viewer, page = viewer_of(caller), paging.page(request, 20, 40)
    async with context(request).work.reading() as tx:
        group = await sight.group(tx, id_of(request), viewer)
        if group.local:
            await communities.require_inside(tx, group, viewer)
        found = await rows.of_community(tx.conn, group.id, *page.bounds, page.limit)
        body = await _entities(tx, found, viewer)
    more = len(found) == page.limit
    link = paging.link(request, [row.id for row in found], prev="since_id", more=more)
    return ok(body, headers=link)


async def edit(request: web.Request, caller: Caller) -> web.Response:
    """All that are to come, as a call is sent; of ``starts_at`` the hour counts alone."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        series_id = await _seen(tx, request, caller)
        await call_series.edit(tx, caller.account, series_id, calls_api.wanted_of(sent))
    return await _answer(request, series_id, caller.account)


async def confirm(request: web.Request, caller: Caller) -> web.Response:
    """It goes on for another quarter."""
    async with context(request).work.transaction() as tx:
        series_id = await _seen(tx, request, caller)
        await call_series.confirm(tx, caller.account, series_id)
    return await _answer(request, series_id, caller.account)


async def end(request: web.Request, caller: Caller) -> web.Response:
    """All that are to come are called off."""
    async with context(request).work.transaction() as tx:
        series_id = await _seen(tx, request, caller)
        await call_series.end(tx, caller.account, series_id)
    return empty()


def routes() -> list[web.RouteDef]:
    of, one = f"{BASE}/communities/{{id}}/series", f"{BASE}/series/{{id}}"
    return [
        for_member("POST", of, create, "write:statuses"),
        for_anyone("GET", of, of_community, "read:statuses"),
        for_member("PUT", one, edit, "write:statuses"),
        for_member("POST", f"{one}/confirm", confirm, "write:statuses"),
        for_member("DELETE", one, end, "write:statuses"),
    ]


DESCRIBED: Described = {
    f"POST {BASE}/communities/{{id}}/series": op(
        "CallSeries", *calls_api.FIELDS, a_text("rule", required=True)
    ),
    f"GET {BASE}/communities/{{id}}/series": op(array("CallSeries"), *paged(20, 40)),
    f"PUT {BASE}/series/{{id}}": op("CallSeries", *calls_api.FIELDS),
    f"POST {BASE}/series/{{id}}/confirm": op("CallSeries"),
    f"DELETE {BASE}/series/{{id}}": op("Empty"),
}
