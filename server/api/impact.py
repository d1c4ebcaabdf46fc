"""What came of calls, in Beckon's own API: for one, and for a community; as JSON and as a table.

``Impact``: kinds [{kind, variant?, calls, figures}], which are never added to each other; calls [{call_id, title,
url, state, goal?, outcome (whether it was told), figures}], the newest first; days [{from, to, answered,
withdrawn?}]. ``figures``: answered (all who ever did), confirmed and expressed (who takes part), waiting, withdrawn,
attended? (where somebody wrote down who came), support (likes), spread (boosts). A day is one in the call's time
zone. Strangers and members are shown days put together until three people answered in each part, with no
``withdrawn``; those who steer the community see each day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiohttp import web

from server.api.answers import ok
from server.api.auth import Caller, for_anyone
from server.api.describe import Described, op
from server.api.reading import id_of, viewer_of
from server.context import context
from server.domain import sight
from server.domain.calling import impact
from server.domain.calling.impact import Figures, Impact, OfCall, OfKind, Period
from server.render import spreadsheet
from server.render.view import Json

CALL = "/api/beckon/v1/calls/{id}/impact"
COMMUNITY = "/api/beckon/v1/communities/{id}/impact"
FIGURES = ("answered", "confirmed", "expressed", "waiting", "withdrawn", "attended", "support", "spread")  # fmt: skip
HEAD = ("of", "title", "kind", "variant", "from", "to", "calls", *FIGURES)


async def _call(request: web.Request, caller: Caller | None) -> Impact:
    viewer = viewer_of(caller)
    async with context(request).work.reading() as tx:
        return await impact.of_call(tx, await sight.post(tx, id_of(request), viewer), viewer)


async def _community(request: web.Request, caller: Caller | None) -> Impact:
    viewer = viewer_of(caller)
    async with context(request).work.reading() as tx:
        return await impact.of_community(tx, await sight.group(tx, id_of(request), viewer), viewer)


async def of_call(request: web.Request, caller: Caller | None) -> web.Response:
    """Of a call that is counted here."""
    return ok(_entity(await _call(request, caller)))


async def of_community(request: web.Request, caller: Caller | None) -> web.Response:
    """Of the newest calls of a community of ours, 1000 at most."""
    return ok(_entity(await _community(request, caller)))


async def call_as_csv(request: web.Request, caller: Caller | None) -> web.Response:
    """The same figures, for a spreadsheet: a line for each kind, call and part of the time."""
    return _csv(await _call(request, caller), f"call-{id_of(request)}")


async def community_as_csv(request: web.Request, caller: Caller | None) -> web.Response:
    """The same figures, for a spreadsheet: a line for each kind, call and part of the time."""
    return _csv(await _community(request, caller), f"community-{id_of(request)}")


def _entity(found: Impact) -> Json:
    return {
        "kinds": [_kind(each) for each in found.kinds],
        "calls": [_one(each) for each in found.calls],
        "days": [_period(each) for each in found.days],
    }


def _kind(each: OfKind) -> Json:
    said = {"kind": each.kind, "variant": each.variant or None, "calls": each.calls}
    return {**said, "figures": _figures(each.figures)}


def _one(each: OfCall) -> Json:
    call = each.call
    goal = {"value": call.goal, "metric": call.goal_metric} if call.goal else None
    return {
        "call_id": str(each.post.id),
        "title": each.post.title,
        "url": each.post.url,
        "state": call.state,
        "goal": goal,
        "outcome": call.outcome_at is not None,
        "figures": _figures(each.figures),
    }


def _figures(found: Figures) -> Json:
    return {name: getattr(found, name) for name in FIGURES}


def _period(each: Period) -> Json:
    between = {"from": each.first.isoformat(), "to": each.last.isoformat()}
    return {**between, "answered": each.answered, "withdrawn": each.withdrawn}


def _csv(found: Impact, name: str) -> web.Response:
    return web.Response(
        body=spreadsheet.table(HEAD, _lines(found)),
        content_type="text/csv",
        charset="utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="impact-{name}.csv"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def _lines(found: Impact) -> Iterator[tuple[object, ...]]:
    for kind in found.kinds:
        told = ("kind", None, kind.kind, kind.variant, None, None, kind.calls)
        yield (*told, *_cells(kind.figures))
    for one in found.calls:
        told = ("call", one.post.title, one.call.kind, one.call.variant, None, None, 1)
        yield (*told, *_cells(one.figures))
    yield from _of_days(found.days)


def _cells(found: Figures) -> list[object]:
    return [getattr(found, name) for name in FIGURES]


def _of_days(days: Iterable[Period]) -> Iterator[tuple[object, ...]]:
    for day in days:
        told = ("days", None, None, None, day.first.isoformat(), day.last.isoformat(), None)
        yield (*told, day.answered, None, None, None, day.withdrawn, None, None, None)


def routes() -> list[web.RouteDef]:
    return [
        for_anyone("GET", CALL, of_call, "read:statuses"),
        for_anyone("GET", f"{CALL}.csv", call_as_csv, "read:statuses"),
        for_anyone("GET", COMMUNITY, of_community, "read:statuses"),
        for_anyone("GET", f"{COMMUNITY}.csv", community_as_csv, "read:statuses"),
    ]


DESCRIBED: Described = {
    f"GET {CALL}": op("Impact"),
    f"GET {CALL}.csv": op(None, media_type="text/csv"),
    f"GET {COMMUNITY}": op("Impact"),
    f"GET {COMMUNITY}.csv": op(None, media_type="text/csv"),
}
