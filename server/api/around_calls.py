"""Beckon's own API for what happens around a call: its outcome, messages to those who take part, reminders.

``Reminders``: on (whether the member is reminded of what they take part in).
"""

from __future__ import annotations

from aiohttp import web

from server.api import calls as calls_api
from server.api import params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, a_text, flag, op
from server.api.reading import id_of
from server.context import context
from server.domain import call_notices, outcomes
from storage import call_notices as rows

BASE = "/api/beckon/v1"


async def note_outcome(request: web.Request, caller: Caller) -> web.Response:
    """``outcome``: what came of it, as a post is typed. For organisers and moderators, once the call is over."""
    said = (await params.read(request)).text("outcome") or ""
    async with context(request).work.transaction() as tx:
        post, _ = await calls_api.found(tx, id_of(request), caller.account)
        await outcomes.note(tx, caller.account, post, said)
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


def routes() -> list[web.RouteDef]:
    one = f"{BASE}/calls/{{id}}"
    return [
        for_member("POST", f"{one}/outcome", note_outcome, "write:statuses"),
        for_member("POST", f"{one}/messages", write_to_all, "write:statuses"),
        for_member("GET", f"{BASE}/reminders", reminders, "read:notifications"),
        for_member("PUT", f"{BASE}/reminders", turn_reminders, "write:notifications"),
    ]


DESCRIBED: Described = {
    f"POST {BASE}/calls/{{id}}/outcome": op("Call", a_text("outcome", required=True)),
    f"POST {BASE}/calls/{{id}}/messages": op("Empty", a_text("text", required=True)),
    f"GET {BASE}/reminders": op("Reminders"),
    f"PUT {BASE}/reminders": op("Reminders", flag("on")),
}
