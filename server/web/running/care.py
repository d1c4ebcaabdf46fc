"""Taking care of the machine: files and backups, jobs, and whether mail goes out."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from server import blobs, i18n, mail
from server.context import context
from server.domain.moderating import staff_log, upkeep
from server.i18n import gettext, mark
from server.mail import Mail
from server.web import answers
from server.web.running import desk
from server.web.running.desk import Sent
from server.web.session import Viewer
from storage import instance, jobs, running, status
from storage.timelines import TOP

SUBJECT = mark("A test from your server")
BODY = mark("You asked for this mail on the page for testing mail. It arrived, so all is well.")


@dataclass(frozen=True, slots=True)
class Disk:
    """In bytes; ``own`` and ``cache`` are None where files are in a bucket."""

    own: int | None
    cache: int | None
    free: int


async def storage(request: web.Request, viewer: Viewer) -> web.Response:
    """``GET /admin/storage``"""
    ctx = context(request)
    async with ctx.work.reading() as tx:
        files = await running.files(tx.conn, tx.now)
        backup = await instance.last_backup(tx.conn)
    disk = await asyncio.to_thread(_disk, ctx.settings.data, bool(ctx.settings.s3_bucket))
    return desk.page(
        request, "admin_storage.html", viewer, files=files, backup=backup, disk=disk,
        bucket=ctx.settings.s3_bucket,
    )  # fmt: skip


def _disk(data: Path, bucket: bool) -> Disk | None:
    """None where the folder is not there yet."""
    try:
        free = shutil.disk_usage(data).free
    except OSError:
        return None
    if bucket:
        return Disk(None, None, free)
    return Disk(blobs.used(data / "media"), blobs.used(data / "cache"), free)


async def clean(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/storage/clean``: ``cache``: all copies of other servers' files too."""
    async with context(request).work.transaction() as tx:
        by = await desk.user(tx, sent.viewer)
        await upkeep.clean_up(tx, by, cache=sent.flag("cache"))
    return answers.back_to("/admin/storage", "done")


async def work(request: web.Request, viewer: Viewer) -> web.Response:
    """``GET /admin/jobs``"""
    async with context(request).work.reading() as tx:
        kinds = await status.jobs(tx.conn, tx.now)
        failing = await jobs.failing(tx.conn, TOP, desk.ROOM)
        pushes = await status.pushes(tx.conn)
    return desk.page(
        request, "admin_jobs.html", viewer, kinds=kinds, failing=failing, pushes=pushes
    )


async def again(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/jobs/{id}/again``"""
    async with context(request).work.transaction() as tx:
        await upkeep.job_again(tx, await desk.user(tx, sent.viewer), answers.number(request))
    return answers.back_to("/admin/jobs", "done")


# Mail


@dataclass(frozen=True, slots=True)
class Answer:
    """What the relay said; ``good``: whether it took the mail."""

    good: bool
    said: str


async def mail_page(request: web.Request, viewer: Viewer) -> web.Response:
    """``GET /admin/mail``"""
    return await _mail(request, viewer, None)


async def _mail(request: web.Request, viewer: Viewer, answer: Answer | None) -> web.Response:
    ctx = context(request)
    async with ctx.work.reading() as tx:
        to = (await desk.user(tx, viewer)).email
    return desk.page(
        request, "admin_mail.html", viewer, relay=mail.relay(ctx.settings), to=to, answer=answer
    )


async def test_mail(request: web.Request, sent: Sent) -> web.Response:
    """``POST /admin/mail``: to whoever asks for it, and nobody else."""
    ctx = context(request)
    async with ctx.work.transaction() as tx:
        by, now = await desk.user(tx, sent.viewer), tx.now
        await staff_log.note(tx, by, "mail_test")
    relay = mail.relay(ctx.settings)
    if relay is None:
        return await _mail(request, sent.viewer, None)
    with i18n.speaking(answers.language_of(request, sent.viewer)):
        written = Mail(by.email, gettext(SUBJECT), gettext(BODY), now)
    try:
        answer = Answer(True, await mail.send(relay, written))
    except mail.FAILURES as error:
        answer = Answer(False, f"{type(error).__name__}: {error}"[:1000])
    return await _mail(request, sent.viewer, answer)


def routes() -> list[web.RouteDef]:
    return [
        desk.look("/admin/storage", storage, admin=True),
        desk.act("/admin/storage/clean", clean, admin=True),
        desk.look("/admin/jobs", work, admin=True),
        desk.act("/admin/jobs/{id}/again", again, admin=True),
        desk.look("/admin/mail", mail_page, admin=True),
        desk.act("/admin/mail", test_mail, admin=True),
    ]
