"""Beckon's own API for what happens around a call: its outcome, messages to those who take part, reminders.

``AtDoor``: id, name, answer, state, role?, guests, attended (null: not written down), recorded_by, fields [{name,
value}] (what they answered, for who steers). ``Reminders``: on (whether the member is reminded of what they take part in).
"""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from server.api import calls as calls_api
from server.api import params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, a_text, an_id, flag, op, some_ids
from server.api.reading import id_of
from server.api.schema import array
from server.context import context
from server.domain.calling import attendance, call_notices, outcomes, urgency
from server.domain.calling.attendance import AtDoor
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.render import account as render
from server.render.view import Json
from storage import accounts
from storage import call_notices as rows

BASE = "/api/beckon/v1"


async def note_outcome(request: web.Request, caller: Caller) -> web.Response:
    """``outcome``: what came of it, as a post is typed; ``media_ids``: of pictures of the caller, four at most, each with a
    description, which are the community's from then on; without it those shown stay. For organisers and moderators, once the
    call is over."""
    sent = await params.read(request)
    said = sent.text("outcome") or ""
    files = sent.ids("media_ids") if "media_ids" in sent else None
    async with context(request).work.transaction() as tx:
        post, _ = await calls_api.found(tx, id_of(request), caller.account)
        await outcomes.note(tx, caller.account, post, said, files)
    return await calls_api.answered(request, post.id, caller.account)


async def write_to_all(request: web.Request, caller: Caller) -> web.Response:
    """``text``: to all who take part, each through their door. For organisers and moderators, three a week."""
    said = (await params.read(request)).text("text") or ""
    async with context(request).work.transaction() as tx:
        post, _ = await calls_api.found(tx, id_of(request), caller.account)
        await call_notices.write_to_all(tx, caller.account, post, said)
    return empty()


async def reminders(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok({"on": not await rows.reminders_off(tx.conn, caller.account.id)})


async def turn_reminders(request: web.Request, caller: Caller) -> web.Response:
    """``on``: whether to be reminded the day before and on the day."""
    on = (await params.read(request)).flag("on")
    async with context(request).work.transaction() as tx:
        await rows.turn_reminders(tx.conn, caller.account.id, on=on)
    return ok({"on": on})


async def strip_urgent(request: web.Request, caller: Caller) -> web.Response:
    """Take the mark off. For organisers and moderators."""
    async with context(request).work.transaction() as tx:
        post, _ = await calls_api.found(tx, id_of(request), caller.account)
        await urgency.strip(tx, caller.account, post)
    return await calls_api.answered(request, post.id, caller.account)


async def door(request: web.Request, caller: Caller) -> web.Response:
    """``AtDoor`` each, who has a place before who waits. For who writes down who came."""
    async with context(request).work.transaction() as tx:
        post, _ = await calls_api.found(tx, id_of(request), caller.account)
        return ok(await _list(tx, await attendance.at_door(tx, caller.account, post)))


async def _list(tx: Tx, found: Sequence[AtDoor]) -> list[Json]:
    by = [line.came.recorded_by for line in found if line.came and line.came.recorded_by]
    named = await accounts.by_ids(tx.conn, by)
    shown = {i: render.account(tx.site.urls, who) for i, who in named.items()}
    return [
        {
            "id": str(line.given.id),
            "name": line.name,
            "answer": line.given.answer,
            "state": line.given.state,
            "role": line.given.role,
            "guests": line.given.guests,
            "attended": line.came.attended if line.came else None,
            "recorded_by": shown.get(line.came.recorded_by or 0) if line.came else None,
            "fields": [{"name": n, "value": v} for n, v in line.fields.items()],
        }
        for line in found
    ]


async def record(request: web.Request, caller: Caller) -> web.Response:
    """``id`` (of an ``AtDoor``) and ``attended``. For organisers, moderators, and whom they asked to."""
    sent = await params.read(request)
    which = sent.id("id")
    if which is None:
        raise Invalid("Who came, or did not?", field="id")
    async with context(request).work.transaction() as tx:
        post, _ = await calls_api.found(tx, id_of(request), caller.account)
        came = sent.flag("attended")
        await attendance.record(tx, caller.account, post, which, attended=came)
    return empty()


async def appoint(request: web.Request, caller: Caller) -> web.Response:
    """``account_id``: a member who is to write down who came. For organisers and moderators."""
    return await _recorder(request, caller, on=True)


async def dismiss(request: web.Request, caller: Caller) -> web.Response:
    return await _recorder(request, caller, on=False)


async def _recorder(request: web.Request, caller: Caller, *, on: bool) -> web.Response:
    asked = (await params.read(request)).id("account_id")
    async with context(request).work.transaction() as tx:
        post, _ = await calls_api.found(tx, id_of(request), caller.account)
        who = await accounts.by_id(tx.conn, asked or 0)
        if who is None:
            raise NotFound
        await attendance.appoint(tx, caller.account, post, who, on=on)
    return empty()


def routes() -> list[web.RouteDef]:
    one = f"{BASE}/calls/{{id}}"
    return [
        for_member("POST", f"{one}/outcome", note_outcome, "write:statuses"),
        for_member("POST", f"{one}/messages", write_to_all, "write:statuses"),
        for_member("DELETE", f"{one}/urgent", strip_urgent, "write:statuses"),
        for_member("GET", f"{one}/door", door, "read:statuses"),
        for_member("PUT", f"{one}/attendance", record, "write:statuses"),
        for_member("POST", f"{one}/recorders", appoint, "write:statuses"),
        for_member("DELETE", f"{one}/recorders", dismiss, "write:statuses"),
        for_member("GET", f"{BASE}/reminders", reminders, "read:notifications"),
        for_member("PUT", f"{BASE}/reminders", turn_reminders, "write:notifications"),
    ]


DESCRIBED: Described = {
    f"POST {BASE}/calls/{{id}}/outcome": op(
        "Call", a_text("outcome", required=True), some_ids("media_ids")
    ),
    f"POST {BASE}/calls/{{id}}/messages": op("Empty", a_text("text", required=True)),
    f"DELETE {BASE}/calls/{{id}}/urgent": op("Call"),
    f"GET {BASE}/calls/{{id}}/door": op(array("AtDoor")),
    f"PUT {BASE}/calls/{{id}}/attendance": op(
        "Empty", an_id("id", required=True), flag("attended")
    ),
    f"POST {BASE}/calls/{{id}}/recorders": op("Empty", an_id("account_id", required=True)),
    f"DELETE {BASE}/calls/{{id}}/recorders": op("Empty", an_id("account_id", required=True)),
    f"GET {BASE}/reminders": op("Reminders"),
    f"PUT {BASE}/reminders": op("Reminders", flag("on")),
}
