"""``/settings/data/imports``: lists from another server. Chosen and looked at first, then begun, watched, and stopped."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from server import limits
from server.arriving import brought
from server.context import context
from server.domain.members import imports as verbs
from server.domain.members import own_archives as archives
from server.domain.members import takeout
from server.errors import Invalid, TooMany
from server.i18n import mark
from server.web.answers import back_to, form, number, page, signed_in
from server.web.forms import Form, Sent, refused, with_files
from server.web.session import Viewer
from storage import imports as rows
from storage import own_archives
from storage.imports import Import

DATA = "/settings/data"
PATH = f"{DATA}/imports"
ONE = PATH + "/{id:[0-9]+}"
BODY = verbs.BYTES + 64 * 1024
SHOWN = 50
"""Lines of those that failed; all of them are in the file."""
LISTED = 10
MODES = ("merge", "overwrite")
TOO_LARGE = mark("This file is too large: at most %(most)s MB.", most=verbs.BYTES // 1024**2)
NO_FILE = mark("Choose a file.")
BLANK: Mapping[str, str] = {"kind": "following", "mode": "merge", "file": ""}
FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def data(
    request: web.Request,
    viewer: Viewer,
    typed: Form | None = None,
    status: int = 200,
    refusal: str = "",
) -> web.Response:
    """The page of all that is taken along, with the form on it."""
    async with context(request).work.reading() as tx:
        known = await rows.of(tx.conn, viewer.account.id, LISTED)
        archive = await own_archives.of(tx.conn, viewer.account.id)
        again = archive.asked_at + archives.KEPT if archive else tx.now
    return page(
        request, "settings_data.html", viewer, status=status, form=typed or Form(BLANK), kinds=verbs.KINDS,
        imports=known, most=verbs.LINES, archive=archive, again=again if again > tx.now else None, refusal=refusal,
    )  # fmt: skip


async def bring(request: web.Request) -> web.Response:
    """``POST /settings/data/imports``: ``file``, ``kind``, ``mode``. Nothing is done yet but to look."""
    if (request.content_length or 0) > BODY:
        viewer = await signed_in(request)
        return await data(
            request, viewer, refused(BLANK, Invalid(TOO_LARGE, field="file"), {}), 422
        )
    async with with_files(request, BODY) as sent:
        try:
            made = await _check(request, sent)
        except (Invalid, TooMany) as error:
            typed = refused({**BLANK, **sent.values}, error, {})
            return await data(request, sent.viewer, typed, error.status)
    return back_to(f"{PATH}/{made.id}")


async def _check(request: web.Request, sent: Sent) -> Import:
    ctx, account = context(request), sent.viewer.account
    ctx.limits.require(limits.IMPORTS, str(account.id), ctx.work.clock.now())
    kind, mode = sent.values.get("kind", ""), sent.values.get("mode", "")
    if kind not in verbs.KINDS:
        raise Invalid("Choose what this file is.", field="kind")
    if mode not in MODES:
        raise Invalid("Choose what becomes of what you have here.", field="mode")
    if "file" not in sent.files:
        raise Invalid(NO_FILE, field="file")
    if sent.files["file"].stat().st_size > verbs.BYTES:
        raise Invalid(TOO_LARGE, field="file")
    lines = brought.read(kind, sent.files["file"].read_bytes(), ctx.work.site.urls.domain)
    async with ctx.work.transaction() as tx:
        return await verbs.check(tx, account, kind, lines, overwrites=mode == "overwrite")


async def show(request: web.Request) -> web.Response:
    """``GET /settings/data/imports/{id}``: what was read, or how far it is. Raises ``NotFound``."""
    viewer = await signed_in(request)
    async with context(request).work.reading() as tx:
        made = await verbs.own(tx, viewer.account, number(request))
        counts = await rows.counts(tx.conn, made.id)
        going = await verbs.leftover(tx, viewer.account, made) if made.state == "checked" else []
        failed = await rows.failed(tx.conn, made.id, SHOWN)
    return page(
        request, "settings_import.html", viewer, made=made, counts=counts, going=going[:SHOWN], gone=len(going),
        failed=failed, path=f"{PATH}/{made.id}", title=verbs.KINDS[made.kind],
    )  # fmt: skip


async def begin(request: web.Request) -> web.Response:
    viewer, _ = await form(request)
    async with context(request).work.transaction() as tx:
        await verbs.begin(tx, viewer.account, number(request))
    return back_to(f"{PATH}/{number(request)}")


async def cancel(request: web.Request) -> web.Response:
    viewer, _ = await form(request)
    async with context(request).work.transaction() as tx:
        stays = await verbs.cancel(tx, viewer.account, number(request))
    return back_to(f"{PATH}/{number(request)}", "done") if stays else back_to(DATA, "removed")


async def failed(request: web.Request) -> web.Response:
    """``GET …/failed.csv``: what was not done, and why, with the line of the file. Raises ``NotFound``."""
    viewer = await signed_in(request)
    async with context(request).work.reading() as tx:
        made = await verbs.own(tx, viewer.account, number(request))
        lines = await rows.failed(tx.conn, made.id, 2 * verbs.LINES)
    told = [
        (str(line.number or ""), _cell(str(line.options.get("list", ""))), _cell(line.subject), line.reason)
        for line in lines
    ]  # fmt: skip
    return csv_file("failed.csv", takeout.table([("Line", "List", "What", "Why"), *told]))


def _cell(text: str) -> str:
    """As text for spreadsheets, which take what begins so for a formula (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_file(name: str, body: str) -> web.Response:
    """A file for who asks, and for no cache."""
    return web.Response(
        text=body,
        content_type="text/csv",
        charset="utf-8",
        headers=private(name),
    )


def private(name: str) -> dict[str, str]:
    """The headers of a file that is for one person."""
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.post(PATH, bring),
        web.get(ONE, show),
        web.post(ONE + "/begin", begin),
        web.post(ONE + "/cancel", cancel),
        web.get(ONE + "/failed.csv", failed),
    ]
