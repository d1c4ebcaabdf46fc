"""Needs and offers in Beckon's own API: what is still missing, what fits it, and what was promised.

``Need``: call (``Call``), category (space, transport, tools, food, care, money, law, language, media, work, other),
missing? (how much is still wanted, of what says a number) and distance_km?. ``Commitment``: id, account? (null once it
was cancelled), quantity, text, state (promised, accepted, declined, fulfilled, cancelled), changed_at.
"""

from __future__ import annotations

from aiohttp import web

from server.api import call_entities, paging, params
from server.api.answers import empty, ok
from server.api.auth import Caller, ForMember, for_anyone, for_member
from server.api.describe import (
    Described,
    a_text,
    an_id,
    choice,
    flag,
    integer,
    number,
    op,
    ranked,
)
from server.api.params import Params
from server.api.reading import call_of, id_of, viewer_of
from server.api.schema import array
from server.clock import stamp
from server.context import context
from server.domain import sight
from server.domain.calling import commitments as verbs
from server.domain.groups import places
from server.domain.groups.places import Point
from server.domain.tx import Tx
from server.errors import Invalid
from server.render import account
from server.render.view import Json
from storage import accounts, commitments, ties
from storage.accounts import Account
from storage.commitments import Open, Sought
from storage.places import Around

BASE = "/api/beckon/v1"
ONE = f"{BASE}/calls/{{id}}"
OF = f"{ONE}/commitments"


async def index(request: web.Request, caller: Caller | None) -> web.Response:
    """``Need`` each: what is still missing, the nearest first where it says near what. ``offers``: offers
    instead; ``community``: of that one and those to which it is linked."""
    sent, viewer = await params.read(request), viewer_of(caller)
    size = paging.limit(request, 20, 40)
    async with context(request).work.reading() as tx:
        category = sent.text("category")
        sought = Sought(
            variant="offer" if sent.flag("offers") else "",
            category=verbs.known(category) if category else None,
            communities=await _communities(tx, sent, viewer),
            around=await _around(tx, sent, viewer),
            viewer_id=viewer.id if viewer else 0,
        )
        offset = paging.offset(request)
        found = await commitments.still_open(tx.conn, sought, tx.now, size, offset)
        body = await _shown(tx, found, viewer)
    return ok(body, headers=paging.link_by_offset(request, size, more=len(found) == size))


async def _communities(tx: Tx, sent: Params, viewer: Account | None) -> list[int] | None:
    asked = sent.id("community")
    if asked is None:
        return None
    group = await sight.group(tx, asked, viewer)
    return [group.id, *(other.id for other in await ties.linked(tx.conn, group.id))]


async def _around(tx: Tx, sent: Params, viewer: Account | None) -> Around | None:
    if "latitude" not in sent:
        return None
    try:
        point = Point(float(sent.text("latitude") or ""), float(sent.text("longitude") or ""))
    except ValueError as error:
        raise Invalid("Latitude and longitude are numbers.", field="latitude") from error
    return await places.circle(tx, viewer, point, sent.integer("radius"))


async def _shown(tx: Tx, found: list[Open], viewer: Account | None) -> list[Json]:
    """Those that the viewer may see."""
    seen = await call_entities.shown(tx, [row.id for row in found], viewer)
    return [
        {
            "call": seen[row.id],
            "category": row.category,
            "missing": row.missing,
            "distance_km": None if row.km is None else places.told(row.km),
        }
        for row in found
        if row.id in seen
    ]


async def matches(request: web.Request, caller: Caller | None) -> web.Response:
    """``Need`` each: to a need the open offers that fit it, to an offer the needs."""
    viewer = viewer_of(caller)
    async with context(request).work.reading() as tx:
        post, _ = await call_of(tx, request, viewer)
        return ok(await _shown(tx, await verbs.matches(tx, post), viewer))


async def categorise(request: web.Request, caller: Caller) -> web.Response:
    """``category``; for organisers and moderators."""
    said = (await params.read(request)).text("category") or ""
    async with context(request).work.transaction() as tx:
        post, _ = await call_of(tx, request, caller.account)
        await verbs.categorise(tx, caller.account, post, said)
    return empty()


async def of_call(request: web.Request, caller: Caller) -> web.Response:
    """``Commitment`` each: all for organisers and moderators, for others their own."""
    async with context(request).work.reading() as tx:
        post, _ = await call_of(tx, request, caller.account)
        found = await verbs.of_call(tx, caller.account, post)
        people = await accounts.by_ids(tx.conn, [c.account_id for c in found if c.account_id])
    return ok(
        [
            {
                "id": str(row.id),
                "account": account.account(tx.site.urls, people[row.account_id])
                if row.account_id in people
                else None,
                "quantity": row.quantity,
                "text": row.said,
                "state": row.state,
                "changed_at": stamp(row.changed_at),
            }
            for row in found
        ]
    )


async def promise(request: web.Request, caller: Caller) -> web.Response:
    """``text`` and ``quantity`` (1 by default): help with something. It answers the call with "help"; taking
    that answer back cancels it."""
    sent = await params.read(request)
    quantity = sent.integer("quantity")
    async with context(request).work.transaction() as tx:
        post, _ = await call_of(tx, request, caller.account)
        wanted = 1 if quantity is None else quantity
        await verbs.promise(tx, caller.account, post, wanted, sent.text("text") or "")
    return await of_call(request, caller)


def _step(name: str) -> ForMember:
    async def answer(request: web.Request, caller: Caller) -> web.Response:
        async with context(request).work.transaction() as tx:
            post, _ = await call_of(tx, request, caller.account)
            await verbs.step(tx, caller.account, post, id_of(request, "commitment"), name)
        return await of_call(request, caller)

    return answer


def routes() -> list[web.RouteDef]:
    steps = [
        for_member("POST", f"{OF}/{{commitment}}/{name}", _step(name), "write:statuses")
        for name in verbs.STEPS
    ]
    return [
        for_anyone("GET", f"{BASE}/needs", index, "read:statuses"),
        for_anyone("GET", f"{ONE}/matches", matches, "read:statuses"),
        for_member("PUT", f"{ONE}/category", categorise, "write:statuses"),
        for_member("GET", OF, of_call, "read:statuses"),
        for_member("POST", OF, promise, "write:statuses"),
        *steps,
    ]


DESCRIBED: Described = {
    f"GET {BASE}/needs": op(
        array("Need"), choice("category", *verbs.CATEGORIES), flag("offers"), an_id("community"),
        number("latitude"), number("longitude"), integer("radius", 1), *ranked(20, 40), also=(404, 422),
    ),
    f"GET {ONE}/matches": op(array("Need")),
    f"PUT {ONE}/category": op("Empty", choice("category", *verbs.CATEGORIES, required=True)),
    f"GET {OF}": op(array("Commitment")),
    f"POST {OF}": op(array("Commitment"), integer("quantity", 1), a_text("text")),
    **{f"POST {OF}/{{commitment}}/{name}": op(array("Commitment")) for name in verbs.STEPS},
}  # fmt: skip
