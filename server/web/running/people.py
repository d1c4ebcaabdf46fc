"""Accounts: finding one, seeing how it stands, deciding about it; and who waits to be let in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from aiohttp import web

from server import ids
from server.context import context
from server.domain.members import sign_up
from server.domain.moderating import moderation, upkeep
from server.domain.moderating.moderation import Action
from server.domain.moderating.staff_log import ACTIONS
from server.domain.tx import Tx
from server.errors import Forbidden, Invalid
from server.i18n import mark
from server.web import answers
from server.web.running import desk
from server.web.running.desk import Form, Sent
from server.web.running.log import ROLES as LOG_ROLES
from server.web.session import Viewer
from storage import accounts, instance, reports, running, users
from storage import moderation as rows
from storage import staff_log as log_rows
from storage.accounts import Account
from storage.moderation import Sought
from storage.reports import Asked
from storage.timelines import TOP, Page
from storage.users import User

STATUSES = {
    "active": mark("Active"),
    "pending": mark("Waiting to be let in"),
    "silenced": mark("Silenced"),
    "disabled": mark("Closed to their owner"),
    "suspended": mark("Suspended"),
}
TYPES = {
    "none": mark("Only tell them something"),
    "sensitive": mark("Hide their pictures and films behind a click"),
    "silence": mark("Silence: their posts come to their followers alone"),
    "disable": mark("Close the account to its owner: they cannot sign in, what they wrote stays"),
    "suspend": mark("Suspend: nobody sees the account or what it wrote, until you take that back"),
}
ROLES = {
    "member": mark("Member"),
    "moderator": mark("Moderator"),
    "admin": mark("Administrator"),
}


async def index(request: web.Request, viewer: Viewer) -> web.Response:
    """``GET /admin/accounts``: ``q`` a handle or its beginning, or an e-mail address."""
    asked = {name: request.query.get(name, "").strip() for name in ("q", "where", "status")}
    before = ids.parse(request.query.get("before", "")) or TOP
    async with context(request).work.reading() as tx:
        found = await rows.accounts(tx.conn, _sought(asked), Page(desk.ROOM, max_id=before))
        people = await accounts.by_ids(tx.conn, found)
        known = await _users(tx, people)
    shown = [people[i] for i in found if i in people]
    return desk.page(
        request, "admin_accounts.html", viewer, asked=asked, people=shown, users=known,
        statuses=STATUSES, roles=ROLES, older=found[-1] if len(found) == desk.ROOM else None,
    )  # fmt: skip


def _sought(asked: Mapping[str, str]) -> Sought:
    name, _, host = asked["q"].removeprefix("@").partition("@")
    local = {"here": True, "elsewhere": False}.get(asked["where"])
    status = asked["status"] if asked["status"] in STATUSES else None
    if host and not asked["q"].startswith("@"):
        return Sought(local=local, status=status, email=asked["q"])
    staff = asked["where"] == "staff"
    return Sought(local=local, status=status, staff=staff, username=name, host=host)


async def _users(tx: Tx, people: Mapping[int, Account]) -> dict[int, User]:
    return await users.by_ids(tx.conn, [a.user_id for a in people.values() if a.user_id])


async def show(request: web.Request, viewer: Viewer) -> web.Response:
    """``GET /admin/accounts/{id}``"""
    return await _page(request, viewer, Form({"type": "none", "text": "", "mail": "1"}))


async def _page(request: web.Request, viewer: Viewer, form: Form) -> web.Response:
    async with context(request).work.reading() as tx:
        account = await desk.account(tx, request)
        user = await moderation.user_of(tx, account)
        asked = Asked(resolved=None, target_id=account.id)
        about = await reports.listed(tx.conn, Page(10), asked)
        log = await log_rows.listed(tx.conn, Page(10), log_rows.Asked(account_id=account.id))
        named = {i for e in log for i in (e.by_id, e.account_id) if i}
        actors = await accounts.by_ids(tx.conn, sorted(named))
        me = await desk.user(tx, viewer)
    return desk.page(
        request, "admin_account.html", viewer, status=422 if form.errors else 200, account=account,
        user=user, form=form, reports=about, log=log, actors=actors,
        actions=ACTIONS, log_roles=LOG_ROLES, types=_offered(user),
        roles=ROLES, may_act=moderation.outranks(me, user),
    )  # fmt: skip


def _offered(user: User | None) -> dict[str, str]:
    """Nobody here signs in to an account of another server, and nobody there reads our words."""
    far = {"sensitive", "silence", "suspend"}
    return {name: said for name, said in TYPES.items() if user or name in far}


async def decide(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/accounts/{id}/action``"""
    form = Form({name: sent.text(name) for name in ("type", "text", "mail")})
    wanted = Action(form.values["type"], form.values["text"], mail=sent.flag("mail"))
    try:
        async with context(request).work.transaction() as tx:
            account = await desk.account(tx, request)
            by = await desk.user(tx, sent.viewer)
            await moderation.act(tx, by, sent.viewer.account, account, wanted)
    except Invalid as error:
        form.refuse(error.field, error.sentence)
        return await _page(request, sent.viewer, form)
    return answers.back_to(f"/admin/accounts/{account.id}", "done")


Verb: TypeAlias = Callable[[Tx, User, Account], Awaitable[object]]
UNDO: Mapping[str, Verb] = {
    "enable": moderation.enable,
    "unsensitive": moderation.unsensitize,
    "unsilence": moderation.unsilence,
    "unsuspend": moderation.unsuspend,
    "sign-out": upkeep.sign_out,
}


def _undoing(verb: Verb) -> desk.Act:
    async def answer(request: web.Request, sent: Sent) -> web.Response:
        async with context(request).work.transaction() as tx:
            account = await desk.account(tx, request)
            await verb(tx, await desk.user(tx, sent.viewer), account)
        return answers.back_to(f"/admin/accounts/{account.id}", "done")

    return answer


async def set_role(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/accounts/{id}/role``"""
    async with context(request).work.transaction() as tx:
        account = await desk.account(tx, request)
        by = await desk.user(tx, sent.viewer)
        await upkeep.set_role(tx, by, account, answers.choice(sent.fields, "role", ROLES))
    return answers.back_to(f"/admin/accounts/{account.id}", "saved")


async def erase(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/accounts/{id}/erase``: for good; ``name`` is typed, so that no slip does it."""
    async with context(request).work.transaction() as tx:
        account = await desk.account(tx, request)
        if sent.text("name").removeprefix("@") != account.handle:
            raise Forbidden(mark("The handle was not typed as it is. Nothing was deleted."))
        await moderation.erase(tx, await desk.user(tx, sent.viewer), account)
    return answers.back_to("/admin/accounts", "removed")


# Who waits


async def waiting(request: web.Request, viewer: Viewer) -> web.Response:
    """``GET /admin/sign-ups``"""
    before = ids.parse(request.query.get("before", "")) or TOP
    async with context(request).work.reading() as tx:
        found = await running.sign_ups(tx.conn, before, desk.ROOM)
        people = await accounts.by_ids(tx.conn, found)
        known = await _users(tx, people)
        here = await instance.get(tx.conn)
    return desk.page(
        request, "admin_sign_ups.html", viewer, people=[people[i] for i in found], users=known,
        mode=here.registrations if here else "closed", modes=MODES,
        older=found[-1] if len(found) == desk.ROOM else None,
    )  # fmt: skip


MODES = {
    "closed": mark("Nobody"),
    "invited": mark("People with an invitation"),
    "approved": mark("Everybody, after you have said yes"),
    "open": mark("Everybody, at once"),
}
"""Who may sign up: as in ``sign_up.MODES``."""


def _letting(*, let: bool) -> desk.Act:
    async def answer(request: web.Request, sent: Sent) -> web.Response:
        async with context(request).work.transaction() as tx:
            account = await desk.account(tx, request)
            by = await desk.user(tx, sent.viewer)
            user = await moderation.waiting_user(tx, by, account)
            await (sign_up.approve if let else sign_up.reject)(tx, user, by)
        return answers.back_to("/admin/sign-ups", "done")

    return answer


async def set_mode(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/sign-ups/mode``"""
    mode = answers.choice(sent.fields, "mode", MODES)
    async with context(request).work.transaction() as tx:
        await sign_up.set_mode(tx, mode, await desk.user(tx, sent.viewer))
    return answers.back_to("/admin/sign-ups", "saved")


def routes() -> list[web.RouteDef]:
    one = "/admin/accounts/{id}"
    return [
        desk.look("/admin/accounts", index),
        desk.look(one, show),
        desk.act(f"{one}/action", decide),
        *(desk.act(f"{one}/{name}", _undoing(verb)) for name, verb in UNDO.items()),
        desk.act(f"{one}/role", set_role, admin=True),
        desk.act(f"{one}/erase", erase, admin=True),
        desk.look("/admin/sign-ups", waiting),
        desk.act("/admin/sign-ups/mode", set_mode, admin=True),
        desk.act("/admin/sign-ups/{id}/approve", _letting(let=True)),
        desk.act("/admin/sign-ups/{id}/reject", _letting(let=False)),
    ]
