"""Following a community by e-mail, in Beckon's own API: for people without an account, and lists that organisers had.

``MailForm``: the statement to be shown, and the stamp of the human step. ``MailList``, for organisers and
moderators: followers (confirmed), waiting (addresses that are still to be asked), added (by this list).
"""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from server.api import params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import Described, a_text, op
from server.api.reading import id_of, viewer_of
from server.context import context
from server.domain import sight
from server.domain.mailing import human, mail_follows, mail_lists
from server.domain.moderating import barriers
from server.domain.tx import Tx
from server.errors import Forbidden, NotFound
from server.peer import address_of
from storage.accounts import Account

ONE = "/api/beckon/v1/communities/{id}"
FORM, LIST = f"{ONE}/by_email", f"{ONE}/mail_list"


async def _group(tx: Tx, request: web.Request, viewer: Account | None) -> Account:
    """Of ours. Raises ``NotFound``."""
    group = await sight.group(tx, id_of(request), viewer)
    if not group.local:
        raise NotFound
    return group


async def form(request: web.Request, caller: Caller | None) -> web.Response:
    """What to show, and what to send back with it. 404 where the community cannot be followed so."""
    async with context(request).work.reading() as tx:
        group = await _group(tx, request, viewer_of(caller))
        await mail_follows.require(tx, group)
        told = mail_follows.statement(mail_follows.name_of(group), tx.site.urls.domain)
        return ok({"statement": told, "stamp": human.stamp(tx, f"follow {group.id}")})


async def follow(request: web.Request, caller: Caller | None) -> web.Response:
    """The same answer whoever the address belongs to: a mail asks its owner."""
    sent = await params.read(request)
    source = address_of(request)
    async with context(request).work.transaction() as tx:
        group = await _group(tx, request, viewer_of(caller))
        await mail_follows.require(tx, group)
        given, trap = sent.text("stamp") or "", sent.text(human.TRAP) or ""
        human.require(tx, f"follow {group.id}", given, trap)
        if await barriers.severity(tx, source) == "sign_up_block":
            raise Forbidden("From your network nobody can do this.", reason="network")
        await mail_follows.begin(tx, group, sent.text("email") or "", source)
    return empty()


async def standing(request: web.Request, caller: Caller) -> web.Response:
    """For organisers and moderators, and never a marked account."""
    async with context(request).work.reading() as tx:
        group = await _group(tx, request, caller.account)
        return ok(asdict(await mail_lists.standing(tx, caller.account, group)))


async def upload(request: web.Request, caller: Caller) -> web.Response:
    """Put the addresses of a CSV file in line; the same people may."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        group = await _group(tx, request, caller.account)
        given = sent.text("addresses") or ""
        return ok(asdict(await mail_lists.upload(tx, caller.account, group, given)))


def routes() -> list[web.RouteDef]:
    return [
        for_anyone("GET", FORM, form, "read:accounts"),
        for_anyone("POST", FORM, follow, "write:follows"),
        for_member("GET", LIST, standing, "read:accounts"),
        for_member("POST", LIST, upload, "write:accounts"),
    ]


DESCRIBED: Described = {
    f"GET {FORM}": op("MailForm", also=(422,)),
    f"POST {FORM}": op(
        "Empty",
        a_text("email", required=True),
        a_text("stamp", required=True),
        a_text(human.TRAP),
        also=(422,),
    ),
    f"GET {LIST}": op("MailList"),
    f"POST {LIST}": op("MailList", a_text("addresses", required=True)),
}
