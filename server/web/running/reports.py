"""Reports: what members and other servers ask to look at, one at a time, and what becomes of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeAlias

from aiohttp import web

from server import ids
from server.context import context
from server.domain.moderating import moderation
from server.domain.moderating import reports as verbs
from server.domain.moderating.moderation import Action
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from server.web import answers
from server.web.running import desk
from server.web.running.desk import Form, Sent
from server.web.running.people import TYPES
from server.web.session import Viewer
from storage import accounts, instance, posts
from storage import reports as rows
from storage.accounts import Account
from storage.reports import Asked, Report
from storage.timelines import TOP, Page

CATEGORIES = {
    "spam": mark("Spam"),
    "legal": mark("Perhaps against the law"),
    "violation": mark("Breaks a rule"),
    "other": mark("Something else"),
}
FILTERS = {"open": False, "closed": True}


async def index(request: web.Request, viewer: Viewer) -> web.Response:
    """``GET /admin/reports``: open ones, or with ``which=closed`` those."""
    which = request.query.get("which", "open")
    asked = Asked(FILTERS.get(which, False))
    before = ids.parse(request.query.get("before", "")) or TOP
    async with context(request).work.reading() as tx:
        found = await rows.listed(tx.conn, Page(desk.ROOM, max_id=before), asked)
        people = await _people(tx, found)
    return desk.page(
        request, "admin_reports.html", viewer, reports=found, people=people, which=which,
        categories=CATEGORIES, older=found[-1].id if len(found) == desk.ROOM else None,
    )  # fmt: skip


async def _people(tx: Tx, found: Iterable[Report]) -> dict[int, Account]:
    named = {i for r in found for i in (r.account_id, r.target_id, r.assigned_id, r.resolved_by_id)}
    return await accounts.by_ids(tx.conn, sorted(i for i in named if i))


async def _report(tx: Tx, request: web.Request) -> Report:
    """Raises ``NotFound``."""
    row = await rows.show(tx.conn, answers.number(request))
    if row is None:
        raise NotFound
    return row


async def show(request: web.Request, viewer: Viewer) -> web.Response:
    """``GET /admin/reports/{id}``"""
    return await _page(request, viewer, Form({"type": "none", "text": "", "mail": "1"}))


async def _page(request: web.Request, viewer: Viewer, form: Form) -> web.Response:
    """The posts are shown as they are, whoever may see them elsewhere: somebody who could asked the staff to look."""
    async with context(request).work.reading() as tx:
        row = await _report(tx, request)
        people = await _people(tx, [row])
        found = await posts.by_ids(tx.conn, row.post_ids)
        here = await instance.get(tx.conn)
        user = await moderation.user_of(tx, people[row.target_id])
        me = await desk.user(tx, viewer)
    rules = here.rules if here else []
    far = {"none", "sensitive", "silence", "suspend"}
    return desk.page(
        request, "admin_report.html", viewer, status=422 if form.errors else 200, report=row,
        people=people, target=people[row.target_id], user=user, form=form, categories=CATEGORIES,
        posts=[found[i] for i in row.post_ids if i in found], rules=rules,
        broken=[rules[n - 1] for n in row.rule_ids if n <= len(rules)],
        types={k: v for k, v in TYPES.items() if user or k in far},
        may_act=moderation.outranks(me, user),
    )  # fmt: skip


async def decide(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/reports/{id}/action``: it closes the report too."""
    form = Form({name: sent.text(name) for name in ("type", "text", "mail")})
    try:
        async with context(request).work.transaction() as tx:
            row = await _report(tx, request)
            target = await accounts.by_id(tx.conn, row.target_id)
            assert target, "the report would be gone with them"
            wanted = Action(
                form.values["type"], form.values["text"], row.id, mail=sent.flag("mail")
            )
            by = await desk.user(tx, sent.viewer)
            await moderation.act(tx, by, sent.viewer.account, target, wanted)
    except Invalid as error:
        form.refuse(error.field, error.sentence)
        return await _page(request, sent.viewer, form)
    return answers.back_to("/admin/reports", "done")


async def sort(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/reports/{id}/sort``"""
    category = answers.choice(sent.fields, "category", CATEGORIES)
    async with context(request).work.transaction() as tx:
        row = await _report(tx, request)
        await verbs.sort(tx, row, category, row.rule_ids, sent.viewer.account)
    return answers.back_to(f"/admin/reports/{row.id}", "saved")


Verb: TypeAlias = Callable[[Tx, Account, Report], Awaitable[Report]]
VERBS: Mapping[str, Verb] = {
    "take-on": verbs.take_on,
    "let-go": verbs.let_go,
    "resolve": verbs.resolve,
    "reopen": verbs.reopen,
}


def _acting(verb: Verb) -> desk.Act:
    async def answer(request: web.Request, sent: Sent) -> web.Response:
        async with context(request).work.transaction() as tx:
            row = await verb(tx, sent.viewer.account, await _report(tx, request))
        return answers.back_to(f"/admin/reports/{row.id}", "done")

    return answer


def routes() -> list[web.RouteDef]:
    one = "/admin/reports/{id}"
    return [
        desk.look("/admin/reports", index),
        desk.look(one, show),
        desk.act(f"{one}/action", decide),
        desk.act(f"{one}/sort", sort),
        *(desk.act(f"{one}/{name}", _acting(verb)) for name, verb in VERBS.items()),
    ]
