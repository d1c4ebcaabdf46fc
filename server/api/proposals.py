"""Proposals of members, in Beckon's own API. Who may see a community's posts may see what is proposed there.

``Proposal``: id, community_id, account (who proposes), kind, title, wanted (the call, as it would be made), state
(idea, trial, review, accepted, declined, withdrawn), note (of who last changed it), status_id (the call, once it is
tried), seconds_count of seconds_needed, seconded (by the viewer), created_at, changed_at.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from aiohttp import web

from server.api import paging, params
from server.api.answers import ok
from server.api.auth import Caller, ForMember, for_anyone, for_member
from server.api.calls import FIELDS, wanted_of
from server.api.communities import BASE
from server.api.describe import Described, a_text, choice, op, paged
from server.api.reading import id_of, viewer_of
from server.api.schema import array
from server.context import context
from server.domain import policy, sight
from server.domain.groups import communities
from server.domain.groups import proposals as verbs
from server.domain.tx import Tx
from server.errors import NotFound
from server.render import community as render
from server.render.view import Json
from storage import accounts
from storage import communities as community_rows
from storage import proposals as rows
from storage.accounts import Account
from storage.proposals import Proposal

OF = f"{BASE}/{{id}}/proposals"
ONE = "/api/beckon/v1/proposals/{id}"
STEPS = {
    "try": "trial",
    "review": "review",
    "accept": "accepted",
    "decline": "declined",
    "withdraw": "withdrawn",
}
"""The last word of the path, and the state that it leads to."""


async def _entity(tx: Tx, row: Proposal, viewer: Account | None) -> Json:
    return (await _entities(tx, [row], row.community_id, viewer))[0]


async def _entities(
    tx: Tx, found: Sequence[Proposal], community_id: int, viewer: Account | None
) -> list[Json]:
    """Of proposals of one community."""
    community = await community_rows.by_id(tx.conn, community_id)
    assert community, "a foreign key holds it"
    authors = await accounts.by_ids(tx.conn, sorted({row.account_id for row in found}))
    seconds = await rows.seconds_of(tx.conn, [row.id for row in found])
    steers = viewer is not None and await _steers(tx, community_id, viewer)
    viewer_id = viewer.id if viewer else None
    told: list[Json] = []
    for row in found:
        author, carried = authors[row.account_id], seconds[row.id]
        each = render.proposal(tx.site.urls, row, author, carried, community.seconds, viewer_id)
        if not steers and viewer_id != row.account_id:
            # What only those are told who take part (``participants_notes``).
            each |= {"wanted": {**row.wanted, "note": None, "online": None}}
        told.append(each)
    return told


async def _steers(tx: Tx, community_id: int, viewer: Account) -> bool:
    role = await community_rows.role(tx.conn, community_id, viewer.id)
    return policy.may_steer(role).allowed


async def _group(tx: Tx, community_id: int, viewer: Account | None) -> Account:
    group = await sight.group(tx, community_id, viewer)
    await communities.require_inside(tx, group, viewer)
    return group


async def _seen(tx: Tx, request: web.Request, viewer: Account | None) -> Proposal:
    row = await rows.by_id(tx.conn, id_of(request))
    if row is None:
        raise NotFound
    await _group(tx, row.community_id, viewer)
    return row


async def index(request: web.Request, caller: Caller | None) -> web.Response:
    """The latest first; ``state``: those alone. Paged by the Link header."""
    state = (await params.read(request)).text("state") or ""
    page = paging.page(request, 20, 40)
    async with context(request).work.reading() as tx:
        viewer = viewer_of(caller)
        group = await _group(tx, id_of(request), viewer)
        found = await rows.page(tx.conn, group.id, *page.bounds, page.limit, state)
        body = await _entities(tx, found, group.id, viewer)
    more = len(found) == page.limit
    link = paging.link(request, [row.id for row in found], prev="since_id", more=more)
    return ok(body, headers=link)


async def create(request: web.Request, caller: Caller) -> web.Response:
    """Takes what a call takes; for members."""
    wanted = wanted_of(await params.read(request))
    async with context(request).work.transaction() as tx:
        group = await _group(tx, id_of(request), caller.account)
        made = await verbs.propose(tx, caller.account, group, wanted)
        return ok(await _entity(tx, made, caller.account))


async def show(request: web.Request, caller: Caller | None) -> web.Response:
    async with context(request).work.reading() as tx:
        viewer = viewer_of(caller)
        return ok(await _entity(tx, await _seen(tx, request, viewer), viewer))


async def _second(request: web.Request, caller: Caller, *, added: bool) -> web.Response:
    async with context(request).work.transaction() as tx:
        row = await _seen(tx, request, caller.account)
        row = await verbs.second(tx, caller.account, row.id, added=added)
        return ok(await _entity(tx, row, caller.account))


def _changing(state: str) -> ForMember:
    async def answer(request: web.Request, caller: Caller) -> web.Response:
        note = (await params.read(request)).text("note") or ""
        async with context(request).work.transaction() as tx:
            row = await _seen(tx, request, caller.account)
            row = await verbs.change(tx, caller.account, row.id, state, note)
            return ok(await _entity(tx, row, caller.account))

    return answer


def routes() -> list[web.RouteDef]:
    steps = [
        for_member("POST", f"{ONE}/{name}", _changing(state), "write:statuses")
        for name, state in STEPS.items()
    ]
    return [
        for_anyone("GET", OF, index, "read:statuses"),
        for_member("POST", OF, create, "write:statuses"),
        for_anyone("GET", ONE, show, "read:statuses"),
        for_member("POST", f"{ONE}/second", partial(_second, added=True), "write:statuses"),
        for_member("POST", f"{ONE}/unsecond", partial(_second, added=False), "write:statuses"),
        *steps,
    ]


DESCRIBED: Described = {
    f"GET {OF}": op(array("Proposal"), choice("state", *verbs.MOVES), *paged(20, 40)),
    f"POST {OF}": op("Proposal", *FIELDS),
    f"GET {ONE}": op("Proposal"),
    f"POST {ONE}/second": op("Proposal"),
    f"POST {ONE}/unsecond": op("Proposal"),
    **{f"POST {ONE}/{name}": op("Proposal", a_text("note")) for name in STEPS},
}
