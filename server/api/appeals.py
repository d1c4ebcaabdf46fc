"""Decisions that met the caller, appeals against them, and stewards' notes, in Beckon's own API.

``Decision``: id, community_id, action (remove, refuse, ban), reason, status_id, created_at, appeal (an
``Appeal``, null: none yet). ``Appeal``: id, community_id, decision_id, account_id, text, state (pending, approved, rejected),
answer, created_at, answered_at. ``PostNote``: text, role, created_at; text is empty where there is none.
"""

from __future__ import annotations

from functools import partial

from aiohttp import web

from server.api import paging, params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import Described, a_text, op, paged
from server.api.holding import ONE, steward_here
from server.api.reading import id_of, viewer_of
from server.api.schema import array
from server.context import context
from server.domain import sight
from server.domain.groups import post_notes
from server.domain.moderating import appeals
from server.errors import NotFound
from server.render import appeals as render
from storage import appeals as rows
from storage import post_notes as note_rows
from storage import posts

MINE = "/api/beckon/v1/decisions"
NOTE = "/api/beckon/v1/posts/{post_id}/note"


async def decisions(request: web.Request, caller: Caller) -> web.Response:
    """``Decision`` each that met the caller, the latest first; paged by the Link header."""
    page = paging.page(request, 20, 40)
    async with context(request).work.reading() as tx:
        mine = caller.account.id
        found = await rows.decisions(tx.conn, mine, *page.bounds, page.limit)
        said = await rows.of_entries(tx.conn, [row.id for row in found])
    ids, more = [row.id for row in found], len(found) == page.limit
    link = paging.link(request, ids, prev="since_id", more=more)
    return ok([render.decision(row, said.get(row.id)) for row in found], headers=link)


async def appeal(request: web.Request, caller: Caller) -> web.Response:
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        words = sent.text("text") or ""
        return ok(render.appeal(await appeals.appeal(tx, caller.account, id_of(request), words)))


async def of_community(request: web.Request, caller: Caller) -> web.Response:
    """``Appeal`` each, the latest first, for who steers the community; paged by the Link header."""
    page = paging.page(request, 20, 40)
    async with context(request).work.reading() as tx:
        by = await steward_here(tx, request, caller)
        found = await rows.of_community(tx.conn, by.community.id, *page.bounds, page.limit)
    ids, more = [row.id for row in found], len(found) == page.limit
    link = paging.link(request, ids, prev="since_id", more=more)
    return ok([render.appeal(row) for row in found], headers=link)


async def _answer(request: web.Request, caller: Caller, *, approved: bool) -> web.Response:
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        by = await steward_here(tx, request, caller)
        words = sent.text("reason") or ""
        await appeals.answer(tx, by, id_of(request, "appeal_id"), words, approved=approved)
    return empty()


async def put_note(request: web.Request, caller: Caller) -> web.Response:
    """``text``: none takes it away."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        by = await steward_here(tx, request, caller)
        post = await posts.by_id(tx.conn, id_of(request, "post_id"))
        if post is None or post.community_id != by.community.id:
            raise NotFound
        await post_notes.put(tx, by, post, sent.text("text") or "")
    return empty()


async def note(request: web.Request, caller: Caller | None) -> web.Response:
    """For everybody who may see the post."""
    async with context(request).work.reading() as tx:
        post = await sight.post(tx, id_of(request, "post_id"), viewer_of(caller))
        return ok(render.note(await note_rows.of_post(tx.conn, post.id)))


def routes() -> list[web.RouteDef]:
    write, one = "write:accounts", f"{ONE}/appeals/{{appeal_id}}"
    approve, reject = partial(_answer, approved=True), partial(_answer, approved=False)
    return [
        for_member("GET", MINE, decisions, "read:accounts"),
        for_member("POST", f"{MINE}/{{id}}/appeal", appeal, write),
        for_member("GET", f"{ONE}/appeals", of_community, "read:accounts"),
        for_member("POST", f"{one}/approve", approve, write),
        for_member("POST", f"{one}/reject", reject, write),
        for_member("POST", f"{ONE}/posts/{{post_id}}/note", put_note, write),
        for_anyone("GET", NOTE, note, "read:statuses"),
    ]


DESCRIBED: Described = {
    f"GET {MINE}": op(array("Decision"), *paged(20, 40)),
    f"POST {MINE}/{{id}}/appeal": op("Appeal", a_text("text", required=True)),
    f"GET {ONE}/appeals": op(array("Appeal"), *paged(20, 40)),
    f"POST {ONE}/appeals/{{appeal_id}}/approve": op("Empty", a_text("reason")),
    f"POST {ONE}/appeals/{{appeal_id}}/reject": op("Empty", a_text("reason")),
    f"POST {ONE}/posts/{{post_id}}/note": op("Empty", a_text("text")),
    f"GET {NOTE}": op("PostNote"),
}
