"""What the instance says of itself and to its members: its first words, its settings, announcements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from aiohttp import web

from server import i18n
from server.context import context
from server.domain.members import sign_up
from server.domain.moderating import announcements as verbs
from server.domain.moderating import host_allows
from server.domain.moderating import instance as instance_verbs
from server.domain.tx import Tx
from server.errors import Invalid
from server.i18n import mark
from server.web import answers
from server.web.running import desk
from server.web.running.desk import Form, Sent
from server.web.running.people import MODES
from server.web.session import Viewer
from storage import announcements as rows
from storage import instance, users
from storage.users import User

FIELDS = ("title", "description", "contact", "rules", "mode", "limited", "language")
FEDERATES = {
    "no": mark("With all servers that are not blocked"),
    "yes": mark("Only with servers on a list that you keep"),
}


async def settings(request: web.Request, viewer: Viewer) -> web.Response:
    """``GET /admin/settings``"""
    return _page(request, viewer, "admin_settings.html", Form(await _stands(request, viewer)))


async def begin(request: web.Request, viewer: Viewer) -> web.Response:
    """``GET /admin/begin``: the second step of the first run."""
    return _page(request, viewer, "admin_begin.html", Form(await _stands(request, viewer)))


async def _stands(request: web.Request, viewer: Viewer) -> dict[str, str]:
    async with context(request).work.reading() as tx:
        here = await instance.get(tx.conn)
    if here is None:
        return dict.fromkeys(FIELDS, "")
    return {
        "title": here.title,
        "description": here.description,
        "contact": here.contact_email,
        "rules": "\n".join(here.rules),
        "mode": here.registrations,
        "limited": "yes" if here.limited else "no",
        "language": answers.language_of(request, viewer),
    }


def _page(request: web.Request, viewer: Viewer, name: str, form: Form) -> web.Response:
    return desk.page(
        request, name, viewer, status=422 if form.errors else 200, form=form, modes=MODES,
        federates=FEDERATES,
    )  # fmt: skip


def _saving(template: str, after: str) -> desk.Act:
    async def answer(request: web.Request, sent: Sent) -> web.Response:
        form = Form({name: sent.text(name) for name in FIELDS})
        ctx = context(request)
        try:
            async with ctx.work.transaction() as tx:
                await _save(tx, await desk.user(tx, sent.viewer), form.values)
        except Invalid as error:
            form.refuse("contact" if error.field == "email" else error.field, error.sentence)
            return _page(request, sent.viewer, template, form)
        ctx.named.title = form.values["title"]
        return answers.back_to(after, "saved")

    return answer


async def _save(tx: Tx, by: User, typed: Mapping[str, str]) -> None:
    """What changed alone, so that the log tells no more. Raises ``Invalid``."""
    here = await instance.get(tx.conn)
    assert here, "it is made at the first start"
    rules = [line.strip() for line in typed["rules"].splitlines() if line.strip()]
    title, description, contact = typed["title"], typed["description"], typed["contact"]
    given = (title, description, rules, contact)
    if given != (here.title, here.description, here.rules, here.contact_email):
        await instance_verbs.describe(
            tx, title=title, description=description, rules=rules, contact=contact, by=by
        )
    if typed["mode"] and typed["mode"] != here.registrations:
        await sign_up.set_mode(tx, typed["mode"], by)
    if typed["limited"] in FEDERATES:
        await host_allows.limit(tx, limited=typed["limited"] == "yes", by=by)
    if typed["language"] in i18n.LANGUAGES:
        await users.set_language(tx.conn, by.id, typed["language"])


# Announcements


async def announcements(request: web.Request, viewer: Viewer) -> web.Response:
    """``GET /admin/announcements``"""
    return await _announcements(request, viewer, Form({"text": "", "ends_at": ""}))


async def _announcements(request: web.Request, viewer: Viewer, form: Form) -> web.Response:
    async with context(request).work.reading() as tx:
        found = await rows.current(tx.conn, tx.now)
    return desk.page(
        request, "admin_announcements.html", viewer, status=422 if form.errors else 200, form=form,
        announcements=found,
    )  # fmt: skip


async def announce(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/announcements``"""
    form = Form({name: sent.text(name) for name in ("text", "ends_at")})
    try:
        ends = _time(form.values["ends_at"])
        async with context(request).work.transaction() as tx:
            by = await desk.user(tx, sent.viewer)
            await verbs.announce(tx, form.values["text"], ends_at=ends, by=by)
    except Invalid as error:
        form.refuse(error.field, error.sentence)
        return await _announcements(request, sent.viewer, form)
    return answers.back_to("/admin/announcements", "sent")


def _time(typed: str) -> datetime | None:
    """In UTC. Raises ``Invalid``."""
    if not typed:
        return None
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=UTC)
    except ValueError as error:
        raise Invalid(mark("This is no date and time."), field="ends_at") from error


async def withdraw(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/announcements/{id}/withdraw``"""
    async with context(request).work.transaction() as tx:
        await verbs.withdraw(tx, answers.number(request), await desk.user(tx, sent.viewer))
    return answers.back_to("/admin/announcements", "removed")


def routes() -> list[web.RouteDef]:
    return [
        desk.look("/admin/settings", settings, admin=True),
        desk.act("/admin/settings", _saving("admin_settings.html", "/admin/settings"), admin=True),
        desk.look("/admin/begin", begin, admin=True),
        desk.act("/admin/begin", _saving("admin_begin.html", "/admin"), admin=True),
        desk.look("/admin/announcements", announcements, admin=True),
        desk.act("/admin/announcements", announce, admin=True),
        desk.act("/admin/announcements/{id}/withdraw", withdraw, admin=True),
    ]
