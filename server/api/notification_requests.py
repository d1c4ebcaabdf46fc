"""Who waits before the caller's door, and the policy that lets them wait. (Masto.js sends PUT, Tusky PATCH.)"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields
from typing import TypeAlias

from aiohttp import web

from server.api import paging, params
from server.api.answers import empty, ok
from server.api.auth import Caller, ForMember, for_member
from server.api.describe import Described, choice, flag, op, paged, some_ids
from server.api.notifications import seen
from server.api.reading import id_of, view
from server.api.schema import array
from server.context import context
from server.domain import notifications
from server.domain.sight import Known
from server.domain.tx import Tx
from server.errors import NotFound
from server.render import notification
from server.render.view import Json
from storage import notification_requests as rows
from storage.accounts import Account
from storage.notification_requests import Policy, Request

Act: TypeAlias = Callable[[Tx, Account, Sequence[int]], Awaitable[bool]]
KINDS = tuple(field.name for field in fields(Policy))
OLD_KINDS = tuple(k for k in KINDS if k not in ("for_limited_accounts", "for_bots"))


# Requests


async def index(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        page = paging.page(request, 40, 80)
        found = await rows.page(tx.conn, caller.account.id, page)
        body = await _render(tx, caller.account, found)
    return ok(body, headers=paging.link(request, [row.id for row in found]))


async def _render(tx: Tx, me: Account, found: Sequence[Request]) -> list[Json]:
    known: Known = {}
    posts = await seen(tx, [row.last_post_id for row in found], me, known)
    return await notification.requests(view(tx, me, known), found, posts)


async def show(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        row = await rows.by_id(tx.conn, id_of(request), caller.account.id)
        if row is None:
            raise NotFound
        return ok((await _render(tx, caller.account, [row]))[0])


async def merged(_request: web.Request, _caller: Caller) -> web.Response:
    """Accepting merges at once: there is never anything to wait for."""
    return ok({"merged": True})


def _one(act: Act) -> ForMember:
    async def answer(request: web.Request, caller: Caller) -> web.Response:
        async with context(request).work.transaction() as tx:
            if not await act(tx, caller.account, [id_of(request)]):
                raise NotFound
        return empty()

    return answer


def _many(act: Act) -> ForMember:
    """``id[]``, in the body or (Ice Cubes) in the query; those that are not there are left out."""

    async def answer(request: web.Request, caller: Caller) -> web.Response:
        wanted = (await params.read(request)).ids("id")
        async with context(request).work.transaction() as tx:
            await act(tx, caller.account, wanted)
        return empty()

    return answer


# The policy


async def _policy(request: web.Request, caller: Caller) -> tuple[Policy, Json]:
    """The policy as it stands, and its summary."""
    async with context(request).work.reading() as tx:
        pending = await rows.pending(tx.conn, caller.account.id)
        policy = await rows.policy(tx.conn, caller.account.id)
    return policy, {
        "pending_requests_count": pending.requests,
        "pending_notifications_count": pending.notifications,
    }


async def policy_2(request: web.Request, caller: Caller) -> web.Response:
    """``NotificationPolicy``: of each kind of sender, accept, filter or drop."""
    policy, summary = await _policy(request, caller)
    return ok({kind: getattr(policy, kind) for kind in KINDS} | {"summary": summary})


async def choose_2(request: web.Request, caller: Caller) -> web.StreamResponse:
    sent = await params.read(request)
    chosen = {kind: sent.text(kind) or "" for kind in KINDS}
    return await _choose(request, caller, chosen, policy_2)


async def policy_1(request: web.Request, caller: Caller) -> web.Response:
    """The first version knew only whether something is held back."""
    policy, summary = await _policy(request, caller)
    held = {_old(kind): getattr(policy, kind) != "accept" for kind in OLD_KINDS}
    return ok(held | {"summary": summary})


async def choose_1(request: web.Request, caller: Caller) -> web.StreamResponse:
    sent = await params.read(request)
    named = {None: "", True: "filter", False: "accept"}
    chosen = {kind: named[sent.boolean(_old(kind))] for kind in OLD_KINDS}
    return await _choose(request, caller, chosen, policy_1)


def _old(kind: str) -> str:
    return f"filter_{kind.removeprefix('for_')}"


async def _choose(
    request: web.Request, caller: Caller, chosen: dict[str, str], answer: ForMember
) -> web.StreamResponse:
    async with context(request).work.transaction() as tx:
        await notifications.choose(tx, caller.account, chosen)
    return await answer(request, caller)


def routes() -> list[web.RouteDef]:
    base = "/api/v1/notifications/requests"
    read, write = "read:notifications", "write:notifications"
    return [
        for_member("GET", base, index, read),
        for_member("GET", f"{base}/merged", merged, read),
        for_member("POST", f"{base}/accept", _many(notifications.accept), write),
        for_member("POST", f"{base}/dismiss", _many(notifications.dismiss), write),
        for_member("GET", f"{base}/{{id}}", show, read),
        for_member("POST", f"{base}/{{id}}/accept", _one(notifications.accept), write),
        for_member("POST", f"{base}/{{id}}/dismiss", _one(notifications.dismiss), write),
        for_member("GET", "/api/v1/notifications/policy", policy_1, read),
        for_member("PATCH", "/api/v1/notifications/policy", choose_1, write),
        for_member("GET", "/api/v2/notifications/policy", policy_2, read),
        for_member("PATCH", "/api/v2/notifications/policy", choose_2, write),
    ]


DESCRIBED: Described = {
    "GET /api/v1/notifications/requests": op(array("NotificationRequest"), *paged(40, 80)),
    "GET /api/v1/notifications/requests/merged": op("NotificationsMerged"),
    "GET /api/v1/notifications/requests/{id}": op("NotificationRequest"),
    **{
        f"POST /api/v1/notifications/requests/{path}": op("Empty", *takes)
        for act in ("accept", "dismiss")
        for path, takes in ((act, (some_ids("id"),)), (f"{{id}}/{act}", ()))
    },
    "GET /api/v1/notifications/policy": op("NotificationPolicyV1"),
    "PATCH /api/v1/notifications/policy": op(
        "NotificationPolicyV1", *(flag(_old(kind)) for kind in OLD_KINDS)
    ),
    "GET /api/v2/notifications/policy": op("NotificationPolicy"),
    "PATCH /api/v2/notifications/policy": op(
        "NotificationPolicy", *(choice(kind, *notifications.ACTIONS) for kind in KINDS)
    ),
}
