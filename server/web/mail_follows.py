"""Following a community by e-mail: the form, the link that confirms, and the link that ends it.

Looking changes nothing, for mail programs open links before people do. The link that ends it takes the POST of
a mail program too, in one click (RFC 8058, 3.2: no cookie, no token of a form and no redirect).
"""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from server.context import context
from server.domain import sight
from server.domain.mailing import human, mail_follows
from server.domain.moderating import barriers
from server.domain.tx import Tx
from server.errors import Forbidden, NotFound
from server.peer import address_of
from server.web import answers, session
from storage import accounts
from storage.accounts import Account
from storage.mail_follows import MailFollow

CONFIRM, STOP = "/by-email/confirm/{token}", "/by-email/stop/{token}"


@dataclass(frozen=True, slots=True)
class Form:
    """``stamp``: the human step."""

    statement: str
    stamp: str


async def form(tx: Tx, group: Account) -> Form | None:
    """What the form on a community's page needs; None where there is none."""
    if not (mail_follows.offered(tx) and await mail_follows.may_follow(tx, group)):
        return None
    told = mail_follows.statement(mail_follows.name_of(group), tx.site.urls.domain)
    return Form(told, human.stamp(tx, f"follow {group.id}"))


async def send(request: web.Request) -> web.Response:
    """``POST /@{name}/by-email``: whoever's address it is, the page says the same."""
    session.require_same_origin(request)
    sent = {n: v for n, v in (await request.post()).items() if isinstance(v, str)}
    source = address_of(request)
    async with context(request).work.transaction() as tx:
        group = await _group(tx, request.match_info["name"])
        human.require(tx, f"follow {group.id}", sent.get("stamp", ""), sent.get(human.TRAP, ""))
        if await barriers.severity(tx, source) == "sign_up_block":
            raise Forbidden("From your network nobody can do this.", reason="network")
        given = sent.get("email", "").replace("\0", "")
        spoken = answers.language_of(request, None)
        await mail_follows.begin(tx, group, given, source, spoken)
    return _page(request, "sent", group=group)


async def _group(tx: Tx, name: str) -> Account:
    found = await accounts.by_handle(tx.conn, name)
    if found is None or not found.is_group or not found.local:
        raise NotFound
    return await sight.require_known(tx, found, None)


async def ask(request: web.Request) -> web.Response:
    async with context(request).work.reading() as tx:
        group, follow = await mail_follows.asked(tx, request.match_info["token"])
    return _page(request, "ask", group=group, follow=follow)


async def confirm(request: web.Request) -> web.Response:
    session.require_same_origin(request)
    async with context(request).work.transaction() as tx:
        group, _ = await mail_follows.confirm(tx, request.match_info["token"])
    return _page(request, "done", group=group)


async def look(request: web.Request) -> web.Response:
    async with context(request).work.reading() as tx:
        mail_follows.stopping(tx, request.match_info["token"])
    return _page(request, "stop")


async def stop(request: web.Request) -> web.Response:
    async with context(request).work.transaction() as tx:
        await mail_follows.stop(tx, request.match_info["token"])
    return _page(request, "stopped")


def _page(
    request: web.Request,
    step: str,
    group: Account | None = None,
    follow: MailFollow | None = None,
) -> web.Response:
    response = answers.page(
        request, "mail_follow.html", None, step=step, group=group, follow=follow
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get(CONFIRM, ask),
        web.post(CONFIRM, confirm),
        web.get(STOP, look),
        web.post(STOP, stop),
    ]
