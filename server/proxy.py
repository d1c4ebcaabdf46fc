"""Files of other servers, shown at an address of ours: nobody there learns who looks at them.

The address is sealed (``urls.remote_media``), so that only what we show can be asked for. On the first view
the file is fetched through the guarded way out, judged by its first bytes, and kept for a stated time; then
it is forgotten and fetched again when somebody looks again. What is not there, too large, too slow or no
picture, film or sound is remembered as refused for an hour. All who ask meanwhile wait for one fetch. No host
takes more than its part of the places, and nothing is fetched where the disk is nearly full. Of a
host whose media are refused (``domain/moderating/host_blocks.py``) nothing is shown.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from weakref import WeakValueDictionary

import structlog

from federation import fetch
from federation.errors import Gone, Refused, Unreachable
from federation.origin import host_of
from server import blobs, ids
from server.arriving.stances import Stances
from server.blobs import MissingError, Store
from server.decoding.sniff import HEAD, sniff
from server.domain.posting import media as verbs
from server.domain.tx import Work
from server.errors import NotFound, TooMany, Unavailable
from storage import media

log = structlog.stdlib.get_logger("beckon.proxy")

REFUSED_FOR = timedelta(hours=1)
AT_ONCE = 16
AT_ONCE_EACH = 4
"""Of one host, as of all: a host that answers byte by byte holds up its own files only."""
WAITING = 400
WAITING_EACH = 100
DISK_KEPT = 2 * 1024 * 1024 * 1024
"""Bytes that files of other servers leave free, for what cannot be fetched again: the database, and our own."""
IMAGE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Proxy:
    """``folder``: where files are while they come. ``kept``: how long they are shown from here."""

    work: Work
    egress: fetch.Egress
    stances: Stances
    store: Store
    folder: Path
    kept: timedelta
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    rooms: WeakValueDictionary[str, asyncio.Semaphore] = field(
        default_factory=WeakValueDictionary[str, asyncio.Semaphore]
    )
    waiting: Counter[str] = field(default_factory=Counter[str])
    coming: dict[bytes, asyncio.Task[str]] = field(default_factory=dict[bytes, "asyncio.Task[str]"])

    async def key_of(self, url: str) -> str:
        """The name of the file in ``store``. Raises ``NotFound`` where it cannot be shown."""
        digest = ids.digest(url)
        if (await self.stances.of(_host(url))).media_refused:
            raise NotFound
        known = await self._known(digest)
        if known:
            return known
        task = self.coming.get(digest) or self._begin(digest, url)
        return await asyncio.shield(task)

    async def _known(self, digest: bytes) -> str | None:
        async with self.work.reading() as tx:
            row = await media.remote(tx.conn, digest)
        if row is None or row.expires_at <= tx.now:
            return None
        if row.key is None:
            raise NotFound
        try:
            await self.store.size(row.key)
        except MissingError:  # a backup does not hold what can be fetched again
            return None
        return row.key

    def _begin(self, digest: bytes, url: str) -> asyncio.Task[str]:
        """A task of its own: whoever asked first may go away and the others still get the file."""
        host = _host(url)
        if len(self.coming) >= WAITING or self.waiting[host] >= WAITING_EACH:
            raise TooMany("Too many files are on their way; please try again.", retry_after=5)
        self.waiting[host] += 1
        task = self.coming[digest] = asyncio.create_task(self._fetch(digest, url))

        def ended(done: asyncio.Task[str]) -> None:
            del self.coming[digest]
            self.waiting[host] -= 1
            if not self.waiting[host]:
                del self.waiting[host]
            if not done.cancelled():
                done.exception()  # those who waited were told; nobody may be left

        task.add_done_callback(ended)
        return task

    async def _fetch(self, digest: bytes, url: str) -> str:
        try:
            key = await self._stored(digest, url)
        except (Refused, Gone, Unreachable) as error:
            log.info("proxy.refused", url=url, error=str(error))
            await self._remember(digest, None, REFUSED_FOR)
            raise NotFound(cause=str(error)) from error
        return key

    async def _stored(self, digest: bytes, url: str) -> str:
        """The file is in its place before the row says so; a crash between leaves a file too many."""
        if not self.work.site.federates:
            raise Refused("not_federating", "This server does not talk to others.")
        self.folder.mkdir(parents=True, exist_ok=True)
        if (await asyncio.to_thread(shutil.disk_usage, self.folder)).free < DISK_KEPT:
            raise Unavailable("This file cannot be fetched just now.", cause="the disk is full")
        part = self.rooms.setdefault(_host(url), asyncio.Semaphore(AT_ONCE_EACH))
        with tempfile.NamedTemporaryFile(dir=self.folder) as file:
            async with part, self.room:
                await self.egress.get(url, fetch.MEDIA, into=file.file)
            file.flush()
            key = blobs.new_key(_ending(Path(file.name)))
            await self.store.put(key, Path(file.name))
        await self._remember(digest, key, self.kept)
        return key

    async def _remember(self, digest: bytes, key: str | None, kept: timedelta) -> None:
        """What was there before goes."""
        async with self.work.transaction() as tx:
            before = await media.keep_remote(tx.conn, digest, key, tx.now + kept)
            await verbs.drop_files(tx, "cache", [before] if before else [])


def _host(url: str) -> str:
    try:
        return host_of(url)
    except Refused as error:
        raise NotFound(cause=str(error)) from error


def _ending(path: Path) -> str:
    """By the first bytes, whatever its server calls it. Raises ``Refused``."""
    with path.open("rb") as file:
        found = sniff(file.read(HEAD))
    if found is None or not found.ending:
        raise Refused("wrong_type", "This is no picture, film or sound that can be shown.")
    if found.kind == "image" and path.stat().st_size > IMAGE_BYTES:
        raise Refused("too_large", f"A picture is larger than {IMAGE_BYTES} bytes.")
    return found.ending
