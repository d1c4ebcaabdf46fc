"""Reporting somebody to the moderators."""

from __future__ import annotations

from aiohttp import web

from server import limits
from server.api import params
from server.api.answers import ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, a_text, an_id, choice, flag, op, some_ids
from server.api.params import Params
from server.api.reading import account_of
from server.context import context
from server.domain.moderating import reports
from server.domain.moderating.reports import Complaint
from server.errors import NotFound
from server.render import account
from server.render import report as render


async def create(request: web.Request, caller: Caller) -> web.Response:
    """``account_id``, ``status_ids[]``, ``comment``, ``category``, ``rule_ids[]``, ``forward``."""
    sent = await params.read(request)
    target_id = sent.id("account_id")
    if target_id is None:
        raise NotFound
    async with context(request).work.transaction() as tx:
        target = await account_of(tx, target_id, caller.account)
        made = await reports.report(tx, caller.account, target, _complaint(sent))
        return ok(render.report(made, account.account(tx.site.urls, target)))


def _complaint(sent: Params) -> Complaint:
    return Complaint(
        post_ids=sent.ids("status_ids"),
        comment=sent.text("comment") or "",
        category=sent.text("category") or None,
        rule_ids=sent.integers("rule_ids"),
        forward=sent.flag("forward"),
    )


def routes() -> list[web.RouteDef]:
    return [for_member("POST", "/api/v1/reports", create, "write:reports", limit=limits.REPORTS)]


DESCRIBED: Described = {
    "POST /api/v1/reports": op(
        "Report",
        an_id("account_id", required=True),
        some_ids("status_ids"),
        a_text("comment"),
        choice("category", *reports.CATEGORIES),
        some_ids("rule_ids"),
        flag("forward"),
        also=(404,),  # who or what is reported
    ),
}
