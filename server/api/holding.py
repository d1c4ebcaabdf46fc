"""The hold queue, its rules and slow mode, below /api/beckon/v1/communities/:id; and below /held what of the
caller's own posts waits.

``HoldRule``: kind (word, host, links, newcomer), value, days, amount. ``HeldPost``: status, reason (the
kind of rule, or slow_mode), rule_id, matched, held_at, refused_at (null while it waits). All but /held is
for organisers and moderators of a community of ours.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from server.api import paging, params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, a_text, choice, integer, op, paged
from server.api.params import Params
from server.api.reading import id_of, view
from server.api.schema import array
from server.context import context
from server.domain import sight
from server.domain.moderating import group_moderation, held_posts, hold_rules
from server.domain.moderating.group_moderation import Steward
from server.domain.moderating.hold_rules import Wanted
from server.domain.tx import Tx
from server.errors import NotFound
from server.render import holding as render
from storage import held_posts as held_rows
from storage import hold_rules as rows

ONE = "/api/beckon/v1/communities/{id}"

Decide = Callable[[Tx, Steward, int, str], Awaitable[None]]


async def steward_here(tx: Tx, request: web.Request, caller: Caller) -> Steward:
    """Of a community of ours. Raises ``NotFound``, ``Forbidden``."""
    group = await sight.group(tx, id_of(request), caller.account)
    if not group.local:
        raise NotFound
    return await group_moderation.steward(tx, group, caller.account)


async def queue(request: web.Request, caller: Caller) -> web.Response:
    """``HeldPost`` each that waits, the latest first; paged by the Link header."""
    page = paging.page(request, 20, 40)
    async with context(request).work.reading() as tx:
        by = await steward_here(tx, request, caller)
        found = await held_rows.of_community(tx.conn, by.community.id, *page.bounds, page.limit)
        body = await render.held(view(tx, caller.account), found)
    ids, more = [row.post_id for row in found], len(found) == page.limit
    return ok(body, headers=paging.link(request, ids, prev="since_id", more=more))


async def own(request: web.Request, caller: Caller) -> web.Response:
    """``HeldPost`` each of the caller's own: what waits, and what was refused a while ago."""
    page = paging.page(request, 20, 40)
    async with context(request).work.reading() as tx:
        mine = caller.account.id
        found = await held_rows.of_account(tx.conn, mine, *page.bounds, page.limit)
        body = await render.held(view(tx, caller.account), found)
    ids, more = [row.post_id for row in found], len(found) == page.limit
    return ok(body, headers=paging.link(request, ids, prev="since_id", more=more))


async def _decide(request: web.Request, caller: Caller, verb: Decide) -> web.Response:
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        by = await steward_here(tx, request, caller)
        await verb(tx, by, id_of(request, "post_id"), sent.text("reason") or "")
    return empty()


async def rules(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        by = await steward_here(tx, request, caller)
        return ok([render.rule(row) for row in await rows.rules(tx.conn, by.community.id)])


async def add(request: web.Request, caller: Caller) -> web.Response:
    """In place of one of the same kind and value."""
    wanted = _wanted(await params.read(request))
    async with context(request).work.transaction() as tx:
        by = await steward_here(tx, request, caller)
        return ok(render.rule(await hold_rules.add(tx, by.community, by.account, by.role, wanted)))


def _wanted(sent: Params) -> Wanted:
    return Wanted(
        kind=sent.text("kind") or "",
        value=sent.text("value") or "",
        days=sent.integer("days", 0, hold_rules.MAX_DAYS) or 0,
        amount=sent.integer("amount", 0, hold_rules.MAX_AMOUNT) or 0,
    )


async def drop(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        by = await steward_here(tx, request, caller)
        rule_id = id_of(request, "rule_id")
        await hold_rules.drop(tx, by.community, by.account, by.role, rule_id)
    return empty()


async def slow(request: web.Request, caller: Caller) -> web.Response:
    """``seconds``: at least so many between two posts of a member; 0 ends it."""
    sent = await params.read(request)
    seconds = sent.integer("seconds", 0, hold_rules.MAX_SLOW) or 0
    async with context(request).work.transaction() as tx:
        by = await steward_here(tx, request, caller)
        await hold_rules.slow(tx, by.community, by.account, by.role, seconds)
    return empty()


def routes() -> list[web.RouteDef]:
    read, write = "read:accounts", "write:accounts"
    return [
        for_member("GET", "/api/beckon/v1/held", own, "read:statuses"),
        for_member("GET", f"{ONE}/held", queue, read),
        for_member(
            "POST", f"{ONE}/held/{{post_id}}/approve",
            partial(_decide, verb=held_posts.let_through), write,
        ),
        for_member(
            "POST", f"{ONE}/held/{{post_id}}/refuse",
            partial(_decide, verb=held_posts.refuse), write,
        ),
        for_member("GET", f"{ONE}/hold_rules", rules, read),
        for_member("POST", f"{ONE}/hold_rules", add, write),
        for_member("DELETE", f"{ONE}/hold_rules/{{rule_id}}", drop, write),
        for_member("PUT", f"{ONE}/slow_mode", slow, write),
    ]  # fmt: skip


DESCRIBED: Described = {
    "GET /api/beckon/v1/held": op(array("HeldPost"), *paged(20, 40)),
    f"GET {ONE}/held": op(array("HeldPost"), *paged(20, 40)),
    f"POST {ONE}/held/{{post_id}}/approve": op("Empty", a_text("reason")),
    f"POST {ONE}/held/{{post_id}}/refuse": op("Empty", a_text("reason", required=True)),
    f"GET {ONE}/hold_rules": op(array("HoldRule")),
    f"POST {ONE}/hold_rules": op(
        "HoldRule",
        choice("kind", *hold_rules.KINDS),
        a_text("value"),
        integer("days", 0, hold_rules.MAX_DAYS),
        integer("amount", 0, hold_rules.MAX_AMOUNT),
    ),
    f"DELETE {ONE}/hold_rules/{{rule_id}}": op("Empty"),
    f"PUT {ONE}/slow_mode": op("Empty", integer("seconds", 0, hold_rules.MAX_SLOW)),
}
