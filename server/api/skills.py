"""What members can do, and calls that ask for it.

``Skills``: skills[], shown (others see them), matched (who calls is told how many can help, and never who);
neither unless the member says so. ``Offered``: skills[] and area {latitude, longitude} of somebody, as far as
they show them. ``CallSkills``: skills[] that a call asks for, and matching: how many members could help, for
organisers and moderators alone; null where they are fewer than three.
"""

from __future__ import annotations

from aiohttp import web

from server.api import call_entities, paging, params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import Described, flag, op, ranked, some_texts
from server.api.reading import account_of, id_of, viewer_of
from server.api.schema import array
from server.context import context
from server.domain import policy, sight
from server.domain.groups import places
from server.domain.groups import skills as verbs
from server.domain.tx import Tx
from server.errors import NotFound
from server.render.view import Json
from storage import calls as call_rows
from storage import communities as community_rows
from storage import places as place_rows
from storage import skills
from storage.accounts import Account
from storage.posts import Post
from storage.skills import SkillSet

BASE = "/api/beckon/v1"


def _entity(own: SkillSet) -> Json:
    return {"skills": own.skills, "shown": own.shown, "matched": own.matched}


async def show(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok(_entity(await skills.of(tx.conn, caller.account.id) or SkillSet([])))


async def choose(request: web.Request, caller: Caller) -> web.Response:
    """``skills[]`` (all of them), ``shown``, ``matched``; what is not sent stays."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        said = sent.texts("skills") if "skills" in sent else None
        chosen = await verbs.choose(
            tx, caller.account, said, shown=sent.boolean("shown"), matched=sent.boolean("matched")
        )
    return ok(_entity(chosen))


async def forget(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        await skills.drop(tx.conn, caller.account.id)
    return empty()


async def offered(request: web.Request, caller: Caller) -> web.Response:
    """Who shows nothing and who said nothing look the same."""
    async with context(request).work.reading() as tx:
        person = await account_of(tx, id_of(request), caller.account)
        if person.is_hidden:
            raise NotFound
        own = await skills.of(tx.conn, person.id)
        area = await place_rows.area(tx.conn, person.id)
    point = places.middle(area) if area and area.shown else None
    where = point and {"latitude": point.latitude, "longitude": point.longitude}
    return ok({"skills": own.skills if own and own.shown else [], "area": where})


async def matching(request: web.Request, caller: Caller) -> web.Response:
    """``Call`` each that asks for what the caller can do and is in their reach, soonest first."""
    size, offset = paging.limit(request, 20, 40), paging.offset(request)
    async with context(request).work.reading() as tx:
        found = await skills.matching(tx.conn, caller.account.id, tx.now, size, offset)
        shown = await call_entities.shown(tx, found, caller.account)
    headers = paging.link_by_offset(request, size, more=len(found) == size)
    return ok([shown[i] for i in found if i in shown], headers=headers)


async def asked(request: web.Request, caller: Caller | None) -> web.Response:
    async with context(request).work.reading() as tx:
        post = await _call(tx, request, viewer_of(caller))
        return ok(await _asked(tx, post, viewer_of(caller)))


async def ask(request: web.Request, caller: Caller) -> web.Response:
    """``skills[]``: all of them; none asks for nothing. For organisers and moderators."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        post = await _call(tx, request, caller.account)
        await verbs.ask(tx, caller.account, post, sent.texts("skills"))
        return ok(await _asked(tx, post, caller.account))


async def _call(tx: Tx, request: web.Request, viewer: Account | None) -> Post:
    post = await sight.post(tx, id_of(request), viewer)
    if await call_rows.by_id(tx.conn, post.id) is None:
        raise NotFound
    return post


async def _asked(tx: Tx, post: Post, viewer: Account | None) -> Json:
    steers = viewer and post.local and await _steers(tx, post, viewer)
    count = await verbs.how_many(tx, viewer, post) if viewer and steers else None
    return {"skills": await skills.asked(tx.conn, post.id), "matching": count}


async def _steers(tx: Tx, post: Post, viewer: Account) -> bool:
    role = await community_rows.role(tx.conn, post.community_id or 0, viewer.id)
    return policy.may_steer(role).allowed


def routes() -> list[web.RouteDef]:
    own, of_call = f"{BASE}/skills", f"{BASE}/calls/{{id}}/skills"
    return [
        for_member("GET", own, show, "read:accounts"),
        for_member("PUT", own, choose, "write:accounts"),
        for_member("DELETE", own, forget, "write:accounts"),
        for_member("GET", f"{BASE}/accounts/{{id}}/skills", offered, "read:accounts"),
        for_member("GET", f"{BASE}/calls/matching", matching, "read:statuses"),
        for_anyone("GET", of_call, asked, "read:statuses"),
        for_member("PUT", of_call, ask, "write:statuses"),
    ]


DESCRIBED: Described = {
    f"GET {BASE}/skills": op("Skills"),
    f"PUT {BASE}/skills": op("Skills", some_texts("skills"), flag("shown"), flag("matched")),
    f"DELETE {BASE}/skills": op("Empty"),
    f"GET {BASE}/accounts/{{id}}/skills": op("Offered"),
    f"GET {BASE}/calls/matching": op(array("Call"), *ranked()),
    f"GET {BASE}/calls/{{id}}/skills": op("CallSkills"),
    f"PUT {BASE}/calls/{{id}}/skills": op("CallSkills", some_texts("skills")),
}
