"""What was counted outside for a call: on paper, in the street. A ``Call`` shows its claims apart.

``Claim``: id, people, what (was counted), evidence (an address), account (who says so), created_at.
"""

from __future__ import annotations

from aiohttp import web

from server.api import calls, params
from server.api.auth import Caller, for_member
from server.api.describe import Described, a_text, integer, op
from server.api.reading import id_of
from server.context import context
from server.domain import sight
from server.domain.calling import claims as verbs
from server.errors import Invalid


async def add(request: web.Request, caller: Caller) -> web.Response:
    """``people``, ``what`` and ``evidence``. For organisers and moderators."""
    sent = await params.read(request)
    people = sent.integer("people")
    if people is None:
        raise Invalid("How many people are they?", field="people")
    async with context(request).work.transaction() as tx:
        post = await sight.post(tx, id_of(request), caller.account)
        what, evidence = sent.text("what") or "", sent.text("evidence") or ""
        await verbs.add(tx, caller.account, post, people, what, evidence)
    return await calls.answered(request, id_of(request), caller.account)


async def remove(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        post = await sight.post(tx, id_of(request), caller.account)
        await verbs.remove(tx, caller.account, post, id_of(request, "claim"))
    return await calls.answered(request, id_of(request), caller.account)


def routes() -> list[web.RouteDef]:
    of = f"{calls.BASE}/calls/{{id}}/claims"
    return [
        for_member("POST", of, add, "write:statuses"),
        for_member("DELETE", f"{of}/{{claim}}", remove, "write:statuses"),
    ]


DESCRIBED: Described = {
    f"POST {calls.BASE}/calls/{{id}}/claims": op(
        "Call",
        integer("people", required=True),
        a_text("what", required=True),
        a_text("evidence", required=True),
    ),
    f"DELETE {calls.BASE}/calls/{{id}}/claims/{{claim}}": op("Call"),
}
