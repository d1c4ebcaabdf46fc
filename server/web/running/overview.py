"""What waits for those who run the instance, on one page."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

from aiohttp import web

from server.context import context
from server.version import VERSION
from server.web.running import desk
from server.web.session import Viewer
from storage import instance, running, status

DAY = timedelta(days=1)
WARM = timedelta(days=8)
"""A backup that is older should be made anew."""


async def page(request: web.Request, viewer: Viewer) -> web.Response:
    """``GET /admin``"""
    ctx = context(request)
    async with ctx.work.reading() as tx:
        waits = await running.waits(tx.conn, tx.now - DAY)
        figures = await status.figures(tx.conn, tx.now)
        backup = await instance.last_backup(tx.conn)
        now = tx.now
    free = await asyncio.to_thread(_free, ctx.settings.data)
    return desk.page(
        request, "admin.html", viewer, waits=waits, figures=figures, backup=backup,
        stale=backup is None or now - backup.made_at > WARM, free=free, version=VERSION,
    )  # fmt: skip


def _free(folder: Path) -> int | None:
    """Bytes that are left where the files are."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def routes() -> list[web.RouteDef]:
    return [desk.look("/admin", page)]
