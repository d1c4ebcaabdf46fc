"""The log of those who run the instance."""

from __future__ import annotations

from aiohttp import web

from server import ids
from server.context import context
from server.domain.moderating.staff_log import ACTIONS
from server.i18n import mark
from server.web.running import desk
from server.web.session import Viewer
from storage import accounts, users
from storage import staff_log as rows
from storage.timelines import TOP, Page

ROLES = {
    "admin": mark("Administrator"),
    "moderator": mark("Moderator"),
    "operator": mark("Command line"),
    "member": mark("Member"),
}


async def page(request: web.Request, viewer: Viewer) -> web.Response:
    """``GET /admin/log``: of one ``role`` or ``person`` (an account's id), where one is named."""
    role = request.query.get("role", "")
    asked = rows.Asked(
        by_id=ids.parse(request.query.get("person", "")), role=role if role in ROLES else ""
    )
    before = ids.parse(request.query.get("before", "")) or TOP
    async with context(request).work.reading() as tx:
        found = await rows.listed(tx.conn, Page(desk.ROOM, max_id=before), asked)
        named = {i for e in found for i in (e.by_id, e.account_id) if i}
        people = await accounts.by_ids(tx.conn, sorted(named))
        staff = await users.staff(tx.conn)
    return desk.page(
        request, "admin_log.html", viewer, log=found, people=people, staff=staff, asked=asked,
        roles=ROLES, actions=ACTIONS, older=found[-1].id if len(found) == desk.ROOM else None,
    )  # fmt: skip


def routes() -> list[web.RouteDef]:
    return [desk.look("/admin/log", page)]
