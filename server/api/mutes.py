"""Mutes: of accounts. (Those of conversations stand among what is done with a post: marks.)"""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from server.api import paging, params
from server.api.answers import ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, flag, integer, op, paged
from server.api.reading import account_of, id_of, view
from server.api.relations import relationship
from server.api.schema import array
from server.context import context
from server.domain.members import mutes
from server.render import account
from server.render.view import maybe_stamp
from storage import mutes as rows

MAX_DURATION = 10 * 365 * 24 * 3600  # seconds


async def mute(request: web.Request, caller: Caller) -> web.Response:
    """``notifications`` (true unless given), ``duration`` in seconds (0 or none: until unmuted)."""
    sent = await params.read(request)
    notifications = sent.boolean("notifications")
    seconds = sent.integer("duration", 0, MAX_DURATION)
    async with context(request).work.transaction() as tx:
        target = await account_of(tx, id_of(request), caller.account)
        await mutes.mute(
            tx,
            caller.account,
            target,
            notifications=True if notifications is None else notifications,
            duration=timedelta(seconds=seconds) if seconds else None,
        )
    return await relationship(request, caller, target.id)


async def unmute(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        target = await account_of(tx, id_of(request), caller.account)
        await mutes.unmute(tx, caller.account, target)
    return await relationship(request, caller, target.id)


async def index(request: web.Request, caller: Caller) -> web.Response:
    """Accounts with ``mute_expires_at``."""
    page = paging.page(request, 40, 80)
    async with context(request).work.reading() as tx:
        found = await rows.of(tx.conn, caller.account.id, *page.bounds, page.limit, tx.now)
        people = await account.accounts_in_order(
            view(tx, caller.account), [row.account_id for row in found]
        )
    ends = {str(row.account_id): maybe_stamp(row.expires_at) for row in found}
    body = [entity | {"mute_expires_at": ends[entity["id"]]} for entity in people]
    shown = [row.row_id for row in found]
    link = paging.link(request, shown, prev="since_id", more=len(shown) == page.limit)
    return ok(body, headers=link)


def routes() -> list[web.RouteDef]:
    one = "/api/v1/accounts/{id}"
    return [
        for_member("GET", "/api/v1/mutes", index, "read:mutes"),
        for_member("POST", f"{one}/mute", mute, "write:mutes"),
        for_member("POST", f"{one}/unmute", unmute, "write:mutes"),
    ]


DESCRIBED: Described = {
    "GET /api/v1/mutes": op(array("Account"), *paged(40, 80)),
    "POST /api/v1/accounts/{id}/mute": op(
        "Relationship", flag("notifications"), integer("duration", 0, MAX_DURATION)
    ),
    "POST /api/v1/accounts/{id}/unmute": op("Relationship"),
}
