"""What holds for a host, remembered by each process: it is asked for every arrival and every picture.

It is remembered only while this process hears of changes: a trigger of the database tells of every change
of the blocks, the list and the limit, with the commit that makes it, and then all is forgotten. An answer
that was on its way meanwhile is not kept. Without a connection that hears, the database is asked each time.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import structlog

from federation.errors import Refused
from server.domain.moderating import host_blocks
from server.domain.moderating.host_blocks import Stance
from server.domain.tx import Work
from storage import db, instance

log = structlog.get_logger()

CHANNEL = "beckon_hosts"  # storage/migrations/0001_first.sql
KEPT = 10_000  # hosts
RECONNECT = 1.0


class Stances:
    """The memory of one process."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._known: OrderedDict[str, Stance] = OrderedDict()
        self._limited: bool | None = None
        self._hearing = False
        self._changes = 0

    async def of(self, host: str) -> Stance:
        """``host``: as in ``accounts.host``."""
        known = self._known.get(host)
        if known is not None:
            self._known.move_to_end(host)
            return known
        changes = self._changes
        async with self._work.reading() as tx:
            found = await host_blocks.stance(tx, host)
        if self._hearing and changes == self._changes:
            self._known[host] = found
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        return found

    async def limited(self) -> bool:
        """Whether this instance speaks with listed hosts only."""
        if self._limited is not None:
            return self._limited
        changes = self._changes
        async with self._work.reading() as tx:
            found = await instance.limited(tx.conn)
        if self._hearing and changes == self._changes:
            self._limited = found
        return found

    def remembers(self, host: str) -> bool:
        return host in self._known

    async def require_open(self, host: str) -> None:
        """Raises ``Refused`` for a host that nothing passes to or from (``host_blocks.SENTENCES``)."""
        refusal = (await self.of(host)).refusal
        if refusal:
            raise Refused(refusal, host_blocks.SENTENCES[refusal], cause=host)

    @asynccontextmanager
    async def hearing(self, database_url: str) -> AsyncGenerator[None]:
        """Hear of changes, and so remember, until the block is left."""
        task = asyncio.create_task(self._listen(database_url))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _forget(self, *_event: object) -> None:
        self._changes += 1
        self._known.clear()
        self._limited = None

    async def _listen(self, database_url: str) -> None:
        while True:
            with suppress(*db.LOST):
                await self._listen_once(database_url)
            log.warning("stances.lost", again_in=RECONNECT)
            await asyncio.sleep(RECONNECT)

    async def _listen_once(self, database_url: str) -> None:
        lost = asyncio.Event()

        def end(_conn: object) -> None:
            self._hearing = False
            self._forget()
            lost.set()

        conn = await db.connect(database_url)
        try:
            conn.add_termination_listener(end)
            await conn.add_listener(CHANNEL, self._forget)
            self._forget()
            self._hearing = True
            await lost.wait()
        finally:
            self._hearing = False
            self._forget()
            await conn.close()
