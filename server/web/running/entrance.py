"""Who comes in: invitations, and whom nobody lets in: domains of addresses, addresses, networks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from aiohttp import web

from server.context import context
from server.domain.members import sign_up
from server.domain.moderating import barriers as verbs
from server.domain.moderating import upkeep
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from server.web import answers
from server.web.running import desk
from server.web.running.desk import Form, Sent
from server.web.session import Viewer
from storage import barriers as rows
from storage import invites
from storage.timelines import Page
from storage.users import User

MOST = 200
USES = (1, 5, 25, 0)
DAYS = (1, 7, 30, 0)
"""What the form offers; 0: without end."""

SEVERITIES = {
    "sign_up_requires_approval": mark("Somebody has to say yes first"),
    "sign_up_block": mark("Nobody can sign up from there"),
}


async def invitations(request: web.Request, viewer: Viewer) -> web.Response:
    """``GET /admin/invitations``"""
    return await _invitations(request, viewer, "")


async def _invitations(request: web.Request, viewer: Viewer, link: str) -> web.Response:
    async with context(request).work.reading() as tx:
        found = await invites.listed(tx.conn, tx.now, MOST)
        mode, now = await sign_up.mode(tx), tx.now
    return desk.page(
        request, "admin_invitations.html", viewer, invites=found, link=link, uses=USES, days=DAYS,
        mode=mode, now=now,
    )  # fmt: skip


async def invite(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/invitations``: the page with the link, which is shown this once."""
    uses = int(answers.choice(sent.fields, "uses", [str(n) for n in USES]))
    days = int(answers.choice(sent.fields, "days", [str(n) for n in DAYS]))
    async with context(request).work.transaction() as tx:
        by = await desk.user(tx, sent.viewer)
        link = tx.site.urls.invite(await sign_up.invite(tx, uses or None, days or None, by))
    return await _invitations(request, sent.viewer, link)


async def revoke(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/invitations/revoke``: by its ``digest``."""
    try:
        digest = bytes.fromhex(sent.text("digest"))
    except ValueError as error:
        raise NotFound from error
    async with context(request).work.transaction() as tx:
        await upkeep.revoke_invite(tx, await desk.user(tx, sent.viewer), digest)
    return answers.back_to("/admin/invitations", "removed")


# Whom nobody lets in

FIELDS = ("domain", "email", "ip", "severity", "comment")
FRESH = Form(dict.fromkeys(FIELDS, ""))


async def barred(request: web.Request, viewer: Viewer) -> web.Response:
    """``GET /admin/barred``"""
    return await _barred(request, viewer, FRESH)


async def _barred(request: web.Request, viewer: Viewer, form: Form) -> web.Response:
    async with context(request).work.reading() as tx:
        domains = await rows.email_domains(tx.conn, Page(MOST))
        emails = await rows.emails(tx.conn, Page(MOST))
        networks = await rows.networks(tx.conn, Page(MOST))
    return desk.page(
        request, "admin_barred.html", viewer, status=422 if form.errors else 200, form=form,
        domains=domains, emails=emails, networks=networks, severities=SEVERITIES,
    )  # fmt: skip


Add: TypeAlias = Callable[[Tx, Mapping[str, str], User], Awaitable[object]]


async def _add_network(tx: Tx, typed: Mapping[str, str], by: User) -> None:
    await verbs.block_network(tx, typed["ip"], typed["severity"], typed["comment"], None, by)


ADDS: Mapping[str, Add] = {
    "domain": lambda tx, typed, by: verbs.block_email_domain(tx, typed["domain"], by),
    "email": lambda tx, typed, by: verbs.block_email(tx, typed["email"], "", by),
    "network": _add_network,
}
Lift: TypeAlias = Callable[[Tx, int, User], Awaitable[None]]
LIFTS: Mapping[str, Lift] = {
    "domain": verbs.lift_email_domain,
    "email": verbs.lift_email,
    "network": verbs.lift_network,
}


async def bar(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/barred``: ``kind``: of ``ADDS``."""
    kind = answers.choice(sent.fields, "kind", ADDS)
    form = Form({name: sent.text(name) for name in FIELDS})
    try:
        async with context(request).work.transaction() as tx:
            await ADDS[kind](tx, form.values, await desk.user(tx, sent.viewer))
    except Invalid as error:
        form.refuse(error.field, error.sentence)
        return await _barred(request, sent.viewer, form)
    return answers.back_to("/admin/barred", "added")


async def lift(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/barred/{id}/lift``"""
    kind = answers.choice(sent.fields, "kind", LIFTS)
    async with context(request).work.transaction() as tx:
        await LIFTS[kind](tx, answers.number(request), await desk.user(tx, sent.viewer))
    return answers.back_to("/admin/barred", "removed")


def routes() -> list[web.RouteDef]:
    return [
        desk.look("/admin/invitations", invitations, admin=True),
        desk.act("/admin/invitations", invite, admin=True),
        desk.act("/admin/invitations/revoke", revoke, admin=True),
        desk.look("/admin/barred", barred),
        desk.act("/admin/barred", bar),
        desk.act("/admin/barred/{id}/lift", lift),
    ]
