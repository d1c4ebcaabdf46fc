"""Beckon's own API for communities, under /api/beckon/v1. Joining is following (relations.py).

``Community``: id, name, handle, title, about (HTML), purpose, norms (accepted by who joins by ``/join``), language,
topics[], questions[] (answered there, where one asks to join), capacity (of people; null: no limit), proposals (who
makes calls: open, seconded by ``seconds`` members, approved), welcome_status_id, place_in_line and norms_accepted (of
the viewer, or null), handover_offered (to the viewer), held_count (of posts that wait; null but for who steers), url, uri, local, policy (open, request, invited) and visibility
(public, unlisted, private; both null for one of another server), rules[], members_count, member, requested, role (organiser, moderator, member or
null), account (``Account``). ``Member``: account, role.
"""

from __future__ import annotations

from aiohttp import web

from server.api import paging, params
from server.api.accounts import answer_line
from server.api.answers import empty, ok
from server.api.auth import Caller, ForMember, for_anyone, for_member
from server.api.describe import Described, a_text, an_id, choice, limit, op, paged, some_texts
from server.api.group_moderation import moderates_elsewhere
from server.api.reading import account_of, id_of, viewer_of
from server.api.schema import array
from server.context import context
from server.domain import policy, sight
from server.domain.groups import communities as verbs
from server.domain.groups import joining
from server.domain.moderating import group_moderation
from server.domain.tx import Tx
from server.errors import Invalid
from server.render import community as render
from server.render.view import Json
from storage import accounts, communities, follows, group_properties, handovers, held_posts
from storage.accounts import Account

BASE = "/api/beckon/v1/communities"
MAX_LISTED = 80


async def entity(tx: Tx, group: Account, viewer: Account | None) -> Json:
    row = await communities.by_id(tx.conn, group.id)
    said = None if group.local else await group_properties.of(tx.conn, group.id)
    if viewer is None:
        return render.community(tx.site.urls, group, row, None, None, said=said)
    relations = await follows.relations(tx.conn, viewer.id, [group.id], tx.now)
    role = await communities.role(tx.conn, group.id, viewer.id)
    standing = await _standing(tx, group, viewer, role) if row else render.NOBODY
    return render.community(tx.site.urls, group, row, relations.get(group.id), role, standing, said)


async def _standing(tx: Tx, group: Account, viewer: Account, role: str | None) -> render.Standing:
    offered = await handovers.of(tx.conn, group.id)
    steers = policy.may_steer(role).allowed
    return render.Standing(
        await joining.place(tx, viewer, group),
        await joining.accepts_norms(tx, viewer, group),
        offered is not None and offered.to_id == viewer.id,
        await held_posts.count(tx.conn, group.id) if steers else None,
    )


async def index(request: web.Request, caller: Caller | None) -> web.Response:
    """Those of this server, the largest first."""
    limit = paging.limit(request, 40, MAX_LISTED)
    async with context(request).work.reading() as tx:
        groups = await accounts.local_groups(tx.conn, limit)
        return ok([await entity(tx, group, viewer_of(caller)) for group in groups])


async def create(request: web.Request, caller: Caller) -> web.Response:
    """``name``, ``title``, ``about``, ``policy``, ``visibility``, ``rules[]``. 409: the name is taken."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        group = await verbs.create(
            tx,
            caller.account,
            sent.text("name") or "",
            sent.text("title") or "",
            about=sent.text("about") or "",
            community_policy=sent.text("policy") or "open",
            visibility=sent.text("visibility") or "public",
            rules=sent.texts("rules"),
        )
        group = await account_of(tx, group.id, caller.account)
        return ok(await entity(tx, group, caller.account))


async def show(request: web.Request, caller: Caller | None) -> web.Response:
    async with context(request).work.reading() as tx:
        group = await sight.group(tx, id_of(request), viewer_of(caller))
        return ok(await entity(tx, group, viewer_of(caller)))


async def members(request: web.Request, caller: Caller) -> web.Response:
    """``Member`` each, who came last first; paged by the Link header."""
    page = paging.page(request, 40, 80)
    async with context(request).work.reading() as tx:
        group = await sight.group(tx, id_of(request), caller.account)
        await verbs.require_belonging(tx, group, caller.account)
        rows = await follows.followers(tx.conn, group.id, *page.bounds, page.limit)
        found = await accounts.by_ids(tx.conn, [row.account_id for row in rows])
        people = [found[row.account_id] for row in rows if row.account_id in found]
        body = render.members(tx.site.urls, people, await communities.roles(tx.conn, group.id))
    more = len(rows) == page.limit
    return ok(
        body, headers=paging.link(request, [r.row_id for r in rows], prev="since_id", more=more)
    )


async def requests(request: web.Request, caller: Caller) -> web.Response:
    """``Account`` of each who asks to join; for organisers and moderators."""
    async with context(request).work.reading() as tx:
        group = await sight.group(tx, id_of(request), caller.account)
        await verbs.require_steward(tx, group, caller.account)
        return await answer_line(request, tx, group, caller.account, follows.requests)


def _deciding(*, admitted: bool) -> ForMember:
    async def answer(request: web.Request, caller: Caller) -> web.Response:
        async with context(request).work.transaction() as tx:
            group = await sight.group(tx, id_of(request), caller.account)
            asking = await account_of(tx, id_of(request, "account_id"), caller.account)
            await verbs.decide(tx, caller.account, group, asking, admitted=admitted)
        return empty()

    return answer


async def invite(request: web.Request, caller: Caller) -> web.Response:
    """``account_id``: who may join, of whatever server; for organisers and moderators."""
    sent = await params.read(request)
    account_id = sent.id("account_id")
    if account_id is None:
        raise Invalid("account_id names who is invited.", field="account_id")
    async with context(request).work.transaction() as tx:
        group = await sight.group(tx, id_of(request), caller.account)
        await verbs.invite(
            tx, caller.account, group, await account_of(tx, account_id, caller.account)
        )
    return empty()


async def grant(request: web.Request, caller: Caller) -> web.Response:
    """``account_id`` and ``role`` (organiser, moderator); for organisers. Answers all who have a role.

    A group of another server is asked to list a moderator, by one whom it lists.
    """
    sent = await params.read(request)
    account_id = sent.id("account_id")
    if account_id is None:
        raise Invalid("account_id names a member.", field="account_id")
    elsewhere = await moderates_elsewhere(request, caller)
    async with context(request).work.transaction() as tx:
        group = await sight.group(tx, id_of(request), caller.account)
        member = await account_of(tx, account_id, caller.account)
        role = sent.text("role") or ""
        if elsewhere and role == "moderator":
            by = group_moderation.vouched(group, caller.account)
            await group_moderation.appoint(tx, by, member, added=True)
        else:
            await verbs.grant(tx, caller.account, group, member, role)
        return ok(await _stewards(tx, group))


async def stewards(request: web.Request, caller: Caller | None) -> web.Response:
    """Organisers and moderators, as ``Member`` each."""
    async with context(request).work.reading() as tx:
        viewer = viewer_of(caller)
        group = await sight.group(tx, id_of(request), viewer)
        await verbs.require_belonging(tx, group, viewer)
        return ok(await _stewards(tx, group))


async def _stewards(tx: Tx, group: Account) -> list[Json]:
    people = await communities.stewards(tx.conn, group.id)
    return render.members(tx.site.urls, people, await communities.roles(tx.conn, group.id))


def routes() -> list[web.RouteDef]:
    one = f"{BASE}/{{id}}"
    asking = f"{one}/requests/{{account_id}}"
    return [
        for_anyone("GET", BASE, index, "read:accounts"),
        for_member("POST", BASE, create, "write:accounts"),
        for_anyone("GET", one, show, "read:accounts"),
        for_member("GET", f"{one}/members", members, "read:accounts"),
        for_member("GET", f"{one}/requests", requests, "read:follows"),
        for_member("POST", f"{asking}/approve", _deciding(admitted=True), "write:follows"),
        for_member("POST", f"{asking}/reject", _deciding(admitted=False), "write:follows"),
        for_member("POST", f"{one}/invites", invite, "write:follows"),
        for_anyone("GET", f"{one}/roles", stewards, "read:accounts"),
        for_member("POST", f"{one}/roles", grant, "write:accounts"),
    ]


DESCRIBED: Described = {
    f"GET {BASE}": op(array("Community"), limit(40, MAX_LISTED)),
    f"POST {BASE}": op(
        "Community",
        a_text("name", required=True),
        a_text("title"),
        a_text("about"),
        choice("policy", *verbs.POLICIES),
        choice("visibility", *verbs.VISIBILITIES),
        some_texts("rules"),
        also=(409,),
    ),
    f"GET {BASE}/{{id}}": op("Community"),
    f"GET {BASE}/{{id}}/members": op(array("Member"), *paged(40, 80)),
    f"GET {BASE}/{{id}}/requests": op(array("Account"), *paged(40, 80)),
    f"POST {BASE}/{{id}}/requests/{{account_id}}/approve": op("Empty"),
    f"POST {BASE}/{{id}}/requests/{{account_id}}/reject": op("Empty"),
    f"POST {BASE}/{{id}}/invites": op("Empty", an_id("account_id", required=True)),
    f"GET {BASE}/{{id}}/roles": op(array("Member")),
    f"POST {BASE}/{{id}}/roles": op(
        array("Member"),
        an_id("account_id", required=True),
        choice("role", "organiser", "moderator", required=True),
        also=(503,),
    ),
}
