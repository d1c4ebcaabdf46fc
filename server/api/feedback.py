"""Beckon's own API for what people say of a call that is over, to its organisers and without a name.

``FeedbackForm``: open (whether the caller may), reason? (why not), given (they did already), audience (who will read it),
length (characters of each text). ``Feedback``: people (how many), shown (whether it can be read yet), said [{good,
better, again? (yes, maybe, no), day}], in no order.
"""

from __future__ import annotations

from aiohttp import web

from server.api import calls as calls_api
from server.api import params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, a_text, choice, op
from server.api.reading import id_of
from server.context import context
from server.domain.calling import feedback
from server.errors import Forbidden

BASE = "/api/beckon/v1"


async def form(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        post, call = await calls_api.found(tx, id_of(request), caller.account)
        shown = {
            "audience": await feedback.readers(tx, call, member=True),
            "length": feedback.TEXT_MAX,
        }
        try:
            giver = await feedback.member(tx, caller.account, post)
        except Forbidden as refused:
            return ok({"open": False, "reason": refused.sentence, "given": False, **shown})
        given = await feedback.has_given(tx, giver)
    return ok({"open": not given, "reason": None, "given": given, **shown})


async def give(request: web.Request, caller: Caller) -> web.Response:
    """``good``, ``better`` and ``again``: one of them at least. By who took part, once."""
    sent = await params.read(request)
    said = feedback.Said(*(sent.text(name) or "" for name in ("good", "better", "again")))
    async with context(request).work.transaction() as tx:
        post, _ = await calls_api.found(tx, id_of(request), caller.account)
        await feedback.give(tx, await feedback.member(tx, caller.account, post), said)
    return empty()


async def read(request: web.Request, caller: Caller) -> web.Response:
    """For organisers and moderators who may see who takes part."""
    async with context(request).work.reading() as tx:
        post, _ = await calls_api.found(tx, id_of(request), caller.account)
        heard = await feedback.heard(tx, caller.account, post)
    said = [
        {"good": s.good, "better": s.better, "again": s.again, "day": s.said_on.isoformat()}
        for s in heard.said or ()
    ]
    return ok({"people": heard.people, "shown": heard.said is not None, "said": said})


def routes() -> list[web.RouteDef]:
    of = f"{BASE}/calls/{{id}}/feedback"
    return [
        for_member("GET", of, read, "read:statuses"),
        for_member("POST", of, give, "write:statuses"),
        for_member("GET", f"{of}/form", form, "read:statuses"),
    ]


DESCRIBED: Described = {
    f"GET {BASE}/calls/{{id}}/feedback": op("Feedback"),
    f"POST {BASE}/calls/{{id}}/feedback": op(
        "Empty", a_text("good"), a_text("better"), choice("again", *feedback.AGAIN), also=(409,)
    ),
    f"GET {BASE}/calls/{{id}}/feedback/form": op("FeedbackForm"),
}
