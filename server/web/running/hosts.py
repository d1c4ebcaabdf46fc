"""Other servers: which are kept out, kept down or let in; lists of them as files; and which of them wait for us."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from server import host_lists, ids, waiting
from server.context import context
from server.domain.moderating import host_allows, host_blocks, upkeep
from server.domain.moderating.host_blocks import Imported, Terms
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from server.web import answers
from server.web.answers import HEADERS
from server.web.running import desk
from server.web.running.desk import Form, Sent
from server.web.session import Viewer
from storage import host_allows as allow_rows
from storage import host_blocks as rows
from storage import instance
from storage.host_blocks import HostBlock
from storage.timelines import TOP, Page

SEVERITIES = {
    "silence": mark("Limit: its posts come to their followers alone"),
    "suspend": mark("Block: nothing passes between it and us"),
    "noop": mark("Neither: only what is ticked below"),
}
TAGS = {"silence": mark("Limited"), "suspend": mark("Blocked"), "noop": mark("Watched")}
FLAGS = ("reject_media", "reject_reports", "obfuscate")
COMMENTS = ("private_comment", "public_comment")
FIELDS = ("domain", "severity", *FLAGS, *COMMENTS)
SHOWN = 200
"""Hosts of a list that the preview names."""

FRESH = Form(dict.fromkeys(FIELDS, "") | {"severity": "suspend"})


async def index(request: web.Request, viewer: Viewer) -> web.Response:
    """``GET /admin/servers``"""
    return await _index(request, viewer, FRESH, Form({"domain": ""}))


async def _index(request: web.Request, viewer: Viewer, form: Form, allow: Form) -> web.Response:
    before = ids.parse(request.query.get("before", "")) or TOP
    async with context(request).work.reading() as tx:
        found = await rows.listed(tx.conn, Page(desk.ROOM, max_id=before))
        allowed = await allow_rows.listed(tx.conn, Page(desk.ROOM * 5))
        limited = await instance.limited(tx.conn)
    return desk.page(
        request, "admin_servers.html", viewer, status=422 if form.errors or allow.errors else 200,
        blocks=found, allowed=allowed, limited=limited, form=form, allow=allow, tags=TAGS,
        severities=SEVERITIES, older=found[-1].id if len(found) == desk.ROOM else None,
    )  # fmt: skip


def _typed(sent: Sent) -> Form:
    return Form({name: sent.text(name) for name in FIELDS})


def _terms(sent: Sent) -> Terms:
    return Terms(
        severity=sent.text("severity"),
        reject_media=sent.flag("reject_media"),
        reject_reports=sent.flag("reject_reports"),
        private_comment=sent.text("private_comment"),
        public_comment=sent.text("public_comment"),
        obfuscate=sent.flag("obfuscate"),
    )


async def block(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/servers/blocks``"""
    form = _typed(sent)
    try:
        host = host_lists.host_named(form.values["domain"])
        async with context(request).work.transaction() as tx:
            await host_blocks.block(tx, host, _terms(sent), await desk.user(tx, sent.viewer))
    except Invalid as error:
        form.refuse(error.field, error.sentence)
        return await _index(request, sent.viewer, form, Form({"domain": ""}))
    return answers.back_to("/admin/servers", "added")


async def _block(tx: Tx, request: web.Request) -> HostBlock:
    """Raises ``NotFound``."""
    row = await rows.by_id(tx.conn, answers.number(request))
    if row is None:
        raise NotFound
    return row


async def show(request: web.Request, viewer: Viewer) -> web.Response:
    """``GET /admin/servers/blocks/{id}``"""
    async with context(request).work.reading() as tx:
        row = await _block(tx, request)
    values = {name: getattr(row, name) or "" for name in FIELDS if name != "domain"}
    return _one(request, viewer, row, Form({"domain": row.host, **values}))


def _one(request: web.Request, viewer: Viewer, row: HostBlock, form: Form) -> web.Response:
    return desk.page(
        request, "admin_server.html", viewer, status=422 if form.errors else 200, block=row,
        form=form, severities=SEVERITIES, tags=TAGS,
    )  # fmt: skip


async def change(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/servers/blocks/{id}``"""
    form = _typed(sent)
    async with context(request).work.reading() as tx:
        row = await _block(tx, request)
    try:
        async with context(request).work.transaction() as tx:
            by = await desk.user(tx, sent.viewer)
            await host_blocks.change(tx, await _block(tx, request), _terms(sent), by)
    except Invalid as error:
        form.refuse(error.field, error.sentence)
        return _one(request, sent.viewer, row, form)
    return answers.back_to("/admin/servers", "saved")


async def lift(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/servers/blocks/{id}/lift``"""
    async with context(request).work.transaction() as tx:
        await host_blocks.lift(tx, await _block(tx, request), await desk.user(tx, sent.viewer))
    return answers.back_to("/admin/servers", "removed")


# A limited instance


async def allow(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/servers/allows``"""
    form = Form({"domain": sent.text("domain")})
    try:
        host = host_lists.host_named(form.values["domain"])
    except Invalid as error:
        form.refuse("domain", error.sentence)
        return await _index(request, sent.viewer, FRESH, form)
    async with context(request).work.transaction() as tx:
        await host_allows.allow(tx, host, await desk.user(tx, sent.viewer))
    return answers.back_to("/admin/servers", "added")


async def disallow(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/servers/allows/{id}/remove``"""
    async with context(request).work.transaction() as tx:
        row = await allow_rows.by_id(tx.conn, answers.number(request))
        if row is None:
            raise NotFound
        await host_allows.disallow(tx, row, await desk.user(tx, sent.viewer))
    return answers.back_to("/admin/servers", "removed")


async def limit(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/servers/limit``"""
    limited = answers.choice(sent.fields, "limited", ("yes", "no")) == "yes"
    async with context(request).work.transaction() as tx:
        await host_allows.limit(tx, limited=limited, by=await desk.user(tx, sent.viewer))
    return answers.back_to("/admin/servers", "saved")


# Lists as files


def _file(text: str, name: str) -> web.Response:
    return web.Response(
        text=text,
        content_type="text/csv",
        charset="utf-8",
        headers={
            **HEADERS,
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        },
    )


async def blocks_file(request: web.Request, _viewer: Viewer) -> web.Response:
    """``GET /admin/servers/blocks.csv``"""
    async with context(request).work.reading() as tx:
        return _file(host_lists.written_blocks(await rows.every(tx.conn)), "blocks.csv")


async def allows_file(request: web.Request, _viewer: Viewer) -> web.Response:
    """``GET /admin/servers/allows.csv``"""
    async with context(request).work.reading() as tx:
        return _file(host_lists.written_allows(await allow_rows.every(tx.conn)), "allows.csv")


@dataclass(frozen=True, slots=True)
class Preview:
    """What would come of a list. ``hosts``: the first of them, with what they get."""

    outcome: Imported
    hosts: list[tuple[str, str]]
    more: int


async def list_page(request: web.Request, viewer: Viewer) -> web.Response:
    """``GET /admin/servers/import``"""
    return _list(request, viewer, Form({"list": "", "kind": "blocks"}), None)


def _list(
    request: web.Request, viewer: Viewer, form: Form, preview: Preview | None
) -> web.Response:
    return desk.page(
        request, "admin_import.html", viewer, status=422 if form.errors else 200, form=form,
        preview=preview,
    )  # fmt: skip


async def import_list(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/servers/import``: ``step`` preview or apply; ``kind`` blocks or allows."""
    kind = answers.choice(sent.fields, "kind", ("blocks", "allows"))
    step = answers.choice(sent.fields, "step", ("preview", "apply"))
    try:
        text = await _uploaded(request) or sent.fields.get("list", "")
        form = Form({"list": text, "kind": kind})
        preview = await _imposed(request, sent, form, dry_run=step == "preview")
    except Invalid as error:
        form = Form({"list": sent.fields.get("list", ""), "kind": kind})
        form.refuse("list", error.sentence)
        return _list(request, sent.viewer, form, None)
    if step == "preview":
        return _list(request, sent.viewer, form, preview)
    return answers.back_to("/admin/servers", "added")


async def _uploaded(request: web.Request) -> str:
    """The text of the file in the form, if there is one. Raises ``Invalid`` for what is no text."""
    file = (await request.post()).get("file")
    if not isinstance(file, web.FileField):
        return ""
    try:
        return file.file.read(host_lists.MAX_BYTES).decode()
    except UnicodeDecodeError as error:
        raise Invalid(mark("This file is no text in UTF-8."), field="list") from error


async def _imposed(request: web.Request, sent: Sent, form: Form, *, dry_run: bool) -> Preview:
    """Raises ``Invalid`` with every bad line, and for an empty list."""
    text = form.values["list"]
    blocks = form.values["kind"] == "blocks"
    wanted = host_lists.blocks(text) if blocks else dict.fromkeys(host_lists.allows(text), Terms())
    if not wanted:
        raise Invalid(mark("There is no server in this list."), field="list")
    async with context(request).work.trying(dry_run=dry_run) as tx:
        by = await desk.user(tx, sent.viewer)
        if blocks:
            outcome = await host_blocks.impose(tx, wanted, by)
        else:
            added = await host_allows.allow_all(tx, wanted, by)
            outcome = Imported(added, 0, len(wanted) - added)
    named = [(host, TAGS[t.severity] if blocks else "") for host, t in wanted.items()]
    return Preview(outcome, named[:SHOWN], max(0, len(named) - SHOWN))


# Who waits


async def deliveries(request: web.Request, viewer: Viewer) -> web.Response:
    """``GET /admin/deliveries``: what waits for other servers and from them, since when, and why."""
    async with context(request).work.reading() as tx:
        report = await waiting.report(tx)
    return desk.page(
        request, "admin_deliveries.html", viewer, lanes=report.deliveries[:SHOWN],
        arrivals=report.arrivals[:SHOWN], refused=report.refused[:SHOWN],
        over=report.over_budget[:SHOWN],
    )  # fmt: skip


async def retry(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/deliveries/retry``"""
    async with context(request).work.transaction() as tx:
        await upkeep.retry_host(tx, await desk.user(tx, sent.viewer), sent.text("host"))
    return answers.back_to("/admin/deliveries", "done")


async def forget(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/deliveries/forget``"""
    async with context(request).work.transaction() as tx:
        await upkeep.forget_host(tx, await desk.user(tx, sent.viewer), sent.text("host"))
    return answers.back_to("/admin/deliveries", "removed")


def routes() -> list[web.RouteDef]:
    top = "/admin/servers"
    return [
        desk.look(top, index, admin=True),
        desk.look(f"{top}/blocks.csv", blocks_file, admin=True),
        desk.look(f"{top}/allows.csv", allows_file, admin=True),
        desk.look(f"{top}/import", list_page, admin=True),
        desk.act(f"{top}/import", import_list, admin=True),
        desk.act(f"{top}/limit", limit, admin=True),
        desk.act(f"{top}/allows", allow, admin=True),
        desk.act(f"{top}/allows/{{id}}/remove", disallow, admin=True),
        desk.act(f"{top}/blocks", block, admin=True),
        desk.look(f"{top}/blocks/{{id}}", show, admin=True),
        desk.act(f"{top}/blocks/{{id}}", change, admin=True),
        desk.act(f"{top}/blocks/{{id}}/lift", lift, admin=True),
        desk.look("/admin/deliveries", deliveries),
        desk.act("/admin/deliveries/retry", retry, admin=True),
        desk.act("/admin/deliveries/forget", forget, admin=True),
    ]
