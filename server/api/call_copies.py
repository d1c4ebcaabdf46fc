"""Start this in my town, and what was started from a call, in Beckon's own API.

``CallBeginning``: what a copy of a call begins with: kind, variant?, title, about (as one types it), language?,
options[], starts_at?, ends_at?, closes_at?, timezone, capacity?, goal? {value, metric}, external_url?, shifts[]
{title, starts_at, ends_at?, capacity?, roles[] {name, places, skill?}}. ``CallCopies``: copies[] {id, title, url, state,
community (an ``Account``), range (its own figure, as its host says)} and range, over all of them: it stands beside
the figure of the call and is in no way part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from aiohttp import web

from server.api import params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.calls import BASE, FIELDS, answered, found, wanted_of
from server.api.describe import Described, a_text, an_id, op
from server.api.params import Params
from server.api.reading import id_of, viewer_of
from server.context import context
from server.domain import sight
from server.domain.calling import copies, starting
from server.domain.calling.copies import Copy
from server.domain.calling.drafting import Wanted
from server.domain.calling.shifts import Shift
from server.errors import Invalid
from server.render.account import account as render_account
from server.render.view import Json, maybe_stamp
from server.urls import Urls
from storage.calls import Details

TAKEN = ("title", "about", "language", "secret_until_closed")
TIMES = ("ends_at", "closes_at")
PLAIN = ("timezone", "capacity", "external_url", "urgent", "guests_max")
OF_PLACE = ("place_name", "place_address", "latitude", "longitude")


async def beginning(request: web.Request, caller: Caller) -> web.Response:
    """What the form of a copy begins with."""
    async with context(request).work.reading() as tx:
        post, _ = await found(tx, id_of(request), caller.account)
        return ok(_beginning(await starting.prefilled(tx, post)))


def _beginning(wanted: Wanted) -> Json:
    said = wanted.details
    return {
        "kind": wanted.kind,
        "variant": wanted.variant or None,
        "title": wanted.title,
        "about": wanted.about,
        "language": wanted.language,
        "options": list(wanted.options),
        "starts_at": maybe_stamp(said.starts_at),
        "ends_at": maybe_stamp(said.ends_at),
        "closes_at": maybe_stamp(said.closes_at),
        "timezone": said.timezone,
        "capacity": said.capacity,
        "goal": {"value": said.goal, "metric": said.goal_metric} if said.goal else None,
        "external_url": said.external_url,
        "shifts": [_shift(shift) for shift in wanted.shifts or ()],
    }


def _shift(shift: Shift) -> Json:
    return {
        "title": shift.title,
        "starts_at": maybe_stamp(shift.starts_at),
        "ends_at": maybe_stamp(shift.ends_at),
        "capacity": shift.capacity,
        "roles": [
            {"name": role.name, "places": role.places, "skill": role.skill or None}
            for role in shift.roles
        ],
    }


async def start(request: web.Request, caller: Caller) -> web.Response:
    """``community_id``: where. What else is sent stands in place of what the call says; where another
    ``starts_at`` is sent, all other times go along that are not. For who may make a call there."""
    sent = await params.read(request)
    named = sent.id("community_id")
    if named is None:
        raise Invalid("community_id names the community of the copy.", field="community_id")
    async with context(request).work.transaction() as tx:
        origin, _ = await found(tx, id_of(request), caller.account)
        group = await sight.group(tx, named, caller.account)
        wanted = edited(await starting.prefilled(tx, origin), sent)
        made = await starting.start(tx, caller.account, group, origin, wanted)
    return await answered(request, made.id, caller.account)


def edited(wanted: Wanted, sent: Params) -> Wanted:
    """With what was sent in place of what stood there. Raises ``Invalid``."""
    given = wanted_of(sent, wanted.kind, wanted.variant)
    if (given.kind, given.variant) != (wanted.kind, wanted.variant):
        raise Invalid("A copy is of the kind of its first call.", field="kind")
    if "starts_at" in sent and given.details.starts_at:
        wanted = starting.moved(wanted, given.details.starts_at)
    taken = {name: getattr(given, name) for name in TAKEN if name in sent}
    if given.shifts is not None:
        taken["shifts"] = given.shifts
    if "options" in sent:
        taken["options"] = given.options
    if given.rules is not None:
        taken["rules"] = given.rules
    details = _details(wanted.details, given.details, sent)
    more = {"note": given.note, "may_be_started": given.may_be_started}
    return replace(wanted, details=details, **taken, **more)


def _details(was: Details, given: Details, sent: Params) -> Details:
    """The place is never that of the first call."""
    names = [name for name in (*TIMES, *PLAIN) if name in sent]
    if "goal" in sent:
        names += ["goal", "goal_metric"]
    return replace(was, **{name: getattr(given, name) for name in (*names, *OF_PLACE)})


async def index(request: web.Request, caller: Caller | None) -> web.Response:
    """Those that the viewer may see, the first first."""
    viewer = viewer_of(caller)
    async with context(request).work.reading() as tx:
        post, _ = await found(tx, id_of(request), viewer)
        listed = await copies.of(tx, post, viewer)
        return ok({"copies": _copies(tx.site.urls, listed.found), "range": asdict(listed.range)})


def _copies(urls: Urls, listed: Sequence[Copy]) -> list[Json]:
    return [
        {
            "id": str(copy.post.id),
            "title": copy.post.title,
            "url": copy.post.url,
            "state": copy.call.state,
            "community": render_account(urls, copy.community),
            "range": asdict(copy.range),
        }
        for copy in listed
    ]


async def take_off(request: web.Request, caller: Caller) -> web.Response:
    """It is no more listed and counted; the copy itself stays. For organisers and moderators."""
    async with context(request).work.transaction() as tx:
        post, _ = await found(tx, id_of(request), caller.account)
        await copies.take_off(tx, caller.account, post, id_of(request, "copy_id"))
    return empty()


def routes() -> list[web.RouteDef]:
    one = f"{BASE}/calls/{{id}}"
    return [
        for_member("GET", f"{one}/start_here", beginning, "read:statuses"),
        for_member("POST", f"{one}/start_here", start, "write:statuses"),
        for_anyone("GET", f"{one}/copies", index, "read:statuses"),
        for_member("DELETE", f"{one}/copies/{{copy_id}}", take_off, "write:statuses"),
    ]


DESCRIBED: Described = {
    f"GET {BASE}/calls/{{id}}/start_here": op("CallBeginning"),
    f"POST {BASE}/calls/{{id}}/start_here": op(
        "Call",
        an_id("community_id", required=True),
        a_text("title"),
        *(field for field in FIELDS if field.name != "title"),
    ),
    f"GET {BASE}/calls/{{id}}/copies": op("CallCopies"),
    f"DELETE {BASE}/calls/{{id}}/copies/{{copy_id}}": op("Empty"),
}
