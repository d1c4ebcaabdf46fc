"""A file that somebody sends becomes what is shown: its row, a worker, its files, its row again.

All of it happens in the process that took the request, whether the request waits for it or not. When that
process dies, the row stays as it was, counts as failed after a while, and is removed by the daily cleaning
with the files that it names; whoever sent the file sends it again.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import structlog
from aiohttp import web

from server import blobs
from server.blobs import Store
from server.decoding import process
from server.decoding.made import Made, Purpose
from server.decoding.process import Decoders
from server.domain.posting import media as verbs
from server.domain.posting.media import Focus
from server.domain.tx import Work
from server.errors import BeckonError, Invalid, NotFound, Unavailable
from storage import media
from storage.accounts import Account
from storage.media import Media

log = structlog.stdlib.get_logger("beckon.uploads")

OLD = 24 * 3600  # seconds
COVER = "cover"
KINDS = {"image": "image", "film": "video", "sound": "audio"}


class Uploads:
    """What this process makes of files just now. ``folder``: where they are while that lasts."""

    def __init__(self, work: Work, store: Store, folder: Path) -> None:
        self._work = work
        self._store = store
        self._folder = folder.absolute()
        self._decoders = Decoders()
        self._tasks: set[asyncio.Task[Media]] = set()

    async def running(self, _app: web.Application) -> AsyncIterator[None]:
        """From the start to the end of the application: nothing old is left, and no worker outlives it."""
        await asyncio.to_thread(_sweep, self._folder)
        yield
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def take(
        self,
        owner: Account,
        source: Path,
        *,
        purpose: Purpose = "post",
        cover: Path | None = None,
        description: str = "",
        focus: Focus | None = None,
        patience: float | None = None,
    ) -> Media:
        """Make of ``source``, which is moved away, what is shown. Raises ``Invalid``.

        ``cover``: the picture that is shown before a film or a sound is played; of a picture it is passed
        over. After ``patience`` seconds (None: any) the row is given as it is, and the work goes on.
        """
        found = await asyncio.to_thread(process.accepted, source)
        if cover:
            await asyncio.to_thread(_require_picture, cover)
        async with self._work.transaction() as tx:
            row = await verbs.begin(tx, owner, KINDS[found.kind], description, focus)
        own = await asyncio.to_thread(_move, source, self._folder)
        if cover and found.kind != "image":
            await asyncio.to_thread(cover.rename, own.parent / COVER)
        task = asyncio.create_task(self._make(row, own, purpose))
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        done, _ = await asyncio.wait({task}, timeout=patience)
        return task.result() if done else row

    def _ended(self, task: asyncio.Task[Media]) -> None:
        """What fails when nobody waits any more is told by the row."""
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error and not isinstance(error, BeckonError):
            log.error("upload.failed", error=repr(error))

    async def _make(self, row: Media, source: Path, purpose: Purpose) -> Media:
        try:
            return await self._decode(row, source, purpose)
        except Exception:
            with suppress(Exception):  # its row tells so later, by its age
                async with self._work.transaction() as tx:
                    await media.fail(tx.conn, row.id)
            raise

    async def _decode(self, row: Media, source: Path, purpose: Purpose) -> Media:
        """Whatever comes of it, the folder of the source is gone then."""
        out = source.parent / "out"
        try:
            await asyncio.to_thread(out.mkdir)
            made = await self._decoders.run(source, out, purpose)
            cover = source.parent / COVER
            if cover.exists() and made.kind != "image":
                made = _covered(made, await self._decoders.run(cover, out, "cover"))
            return await self._keep(row, made, out)
        finally:
            await asyncio.to_thread(shutil.rmtree, source.parent, ignore_errors=True)

    async def _keep(self, row: Media, made: Made, out: Path) -> Media:
        files = [made.original, made.small] if made.small else [made.original]
        named = {blobs.new_key(file.name.rpartition(".")[2]): out / file.name for file in files}
        async with self._work.transaction() as tx:
            await media.expect(tx.conn, row.id, list(named))
        try:
            for key, path in named.items():
                await self._store.put(key, path)
        except Exception as error:  # each store has errors of its own
            log.exception("upload.not_kept")
            raise Unavailable("Files cannot be kept just now; please try again.") from error
        try:
            async with self._work.transaction() as tx:
                return await verbs.finish(tx, row.id, made)
        except NotFound:  # its owner deleted it meanwhile
            await self._store.delete(named)
            raise

    async def cover(self, row: Media, source: Path) -> Media:
        """Show this picture before a film or a sound is played. Raises ``Invalid``, ``NotFound``.

        The old one goes when the new one is known; in between the row names both.
        """
        await asyncio.to_thread(_require_picture, source)
        out = self._folder / source.parent.name / "out"
        await asyncio.to_thread(out.mkdir)
        made = await self._decoders.run(out.parent / source.name, out, "cover")
        key = blobs.new_key(made.original.name.rpartition(".")[2])
        async with self._work.transaction() as tx:
            await media.expect_more(tx.conn, row.id, key)
        await self._store.put(key, out / made.original.name)
        try:
            async with self._work.transaction() as tx:
                return await verbs.cover(tx, row, key, made)
        except NotFound:  # a post took it meanwhile, or its owner deleted it
            async with self._work.transaction() as tx:
                await media.expect_no_more(tx.conn, row.id, key)
            await self._store.delete([key])
            raise


def _require_picture(source: Path) -> None:
    if process.accepted(source).kind != "image":
        raise Invalid("Validation failed: Thumbnail is no picture", field="thumbnail")


def _covered(made: Made, cover: Made) -> Made:
    return replace(made, small=cover.original, blurhash=cover.blurhash)


def _move(source: Path, above: Path) -> Path:
    """Into a folder of its own, whose end is not that of the request."""
    above.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=above))
    return source.rename(folder / "source")


def _sweep(folder: Path) -> None:
    """What a process that died has left; others may be at work beside us."""
    for left in folder.iterdir() if folder.is_dir() else ():
        if time.time() - left.stat().st_mtime > OLD:
            shutil.rmtree(left, ignore_errors=True)
