"""Taking part from one's own server: a visitor types their handle, and is led to where they can act at home.

Their server says by WebFinger where that is (FEP-3b86, else the older ``subscribe``). We ask it once, for what is
ours alone, so many times for each address; the visitor's handle is not kept. The way there is a page with a link
that browsers follow by themselves: a form of ours may send nobody to another host (its policy says so).
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from federation import origin, webfinger
from federation.errors import Gone, Refused, Unreachable
from federation.webfinger import Handle
from server import limits
from server.context import NET, context
from server.errors import BadRequest
from server.i18n import mark
from server.peer import address_of
from server.web import answers, session

INTENTS: Mapping[str, tuple[str, ...]] = {
    "follow": ("Follow", "Object"),
    "join": ("Join", "Object"),
    "object": ("Object",),
}
"""What is looked for, the best first."""

SILENT = mark(
    "Your server does not say how to take part from there. Please paste the address into its search."
)


async def visit(request: web.Request) -> web.Response:
    """``POST /take-part``"""
    session.require_same_origin(request)
    sent = await request.post()
    form = {name: value for name, value in sent.items() if isinstance(value, str)}
    kind, uri = answers.choice(form, "kind", INTENTS), form.get("uri", "")
    if not context(request).work.site.urls.is_ours(uri):
        raise BadRequest("This form is not one of ours.", cause=f"uri={uri!r}")
    typed = form.get("handle", "").strip()
    try:
        there = await _at_home(request, typed, kind, uri)
    except (Refused, Gone, Unreachable) as error:
        fault = getattr(error, "sentence", "") or mark("There is nobody of that name.")
        return _page(request, 422, kind, uri, typed, fault, None)
    return _page(request, 200, kind, uri, typed, "", there)


async def _at_home(request: web.Request, typed: str, kind: str, uri: str) -> str:
    handle = Handle.parse(typed)
    ctx, net = context(request), request.app.get(NET)
    if net is None:
        raise Refused("not_federating", mark("This server does not talk to others."))
    rule, who = limits.LOOK_UPS, limits.neighbourhood(address_of(request))
    ctx.limits.require(rule, f"address/{who}", ctx.work.clock.now())
    there = webfinger.intent(await net.fingers.ask(handle), INTENTS[kind], uri)
    if there is None:
        raise Refused("no_intent", SILENT)
    return there


def _page(
    request: web.Request,
    status: int,
    kind: str,
    uri: str,
    typed: str,
    fault: str,
    there: str | None,
) -> web.Response:
    host = origin.host_of(there) if there else ""
    response = answers.page(
        request, "visitor.html", None, status=status,
        kind=kind, uri=uri, typed=typed, fault=fault, there=there, host=host,
    )  # fmt: skip
    if there:
        response.headers["Refresh"] = f"0; url={there}"
    return response


def routes() -> list[web.AbstractRouteDef]:
    return [web.post("/take-part", visit)]
