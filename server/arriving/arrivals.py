"""Arrival: what the door has proven is written down, many at once, before anybody says 202."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from federation.origin import host_of
from server.arriving.budgets import OverBudget
from server.domain.tx import Work
from storage import db, inbox, outbox
from storage.inbox import Arrival

MAX_BATCH = 500
MAX_WAITING = 64 * 1024 * 1024
"""Bytes of arrivals that may wait to be written; beyond it the door says 503."""
WAITING_OF_DOMAIN = 5_000
BYTES_OF_DOMAIN = 128 * 1024 * 1024
"""Arrivals of one domain that may wait to be applied; beyond it the door says 503 to that domain."""
NESTING = frozenset({"Accept", "Announce", "Reject", "TentativeAccept", "Undo"})
MAX_NESTING = 3
LOOK_AGAIN = timedelta(seconds=1)
RETRY_AFTER = timedelta(minutes=5)
NOT_TRIED = timedelta(minutes=10)
"""A host that took nothing is tried again at once when it speaks, but not as often as it speaks."""


class Arrivals:
    """Writes arrivals in batches: whoever comes while a write is under way is in the next one."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._waiting: list[tuple[Arrival, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._bytes = 0
        self._shares: dict[str, tuple[int, int]] = {}
        self._looked_at: datetime | None = None

    async def require_room(self, domain: str) -> None:
        """Raises ``OverBudget`` where too much of this domain waits to be applied: nobody else notices."""
        now = self._work.clock.now()
        if self._looked_at is None or not timedelta() <= now - self._looked_at < LOOK_AGAIN:
            self._looked_at = now
            async with self._work.reading() as tx:
                rows = await inbox.by_domain(tx.conn)
            self._shares = {row.domain: (row.waiting, row.size) for row in rows}
        waiting, size = self._shares.get(domain, (0, 0))
        if waiting >= WAITING_OF_DOMAIN or size >= BYTES_OF_DOMAIN:
            raise OverBudget("arrivals", domain, int(RETRY_AFTER.total_seconds()))

    async def put(self, arrival: Arrival) -> None:
        """Returns when the row is on disk (or was there before). Raises what the database raises."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, written))
        self._bytes += len(arrival.body)
        waiting, size = self._shares.get(arrival.domain, (0, 0))
        self._shares[arrival.domain] = (waiting + 1, size + len(arrival.body))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        await written

    @property
    def full(self) -> bool:
        return self._bytes >= MAX_WAITING

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
            self._bytes -= sum(len(arrival.body) for arrival, _ in batch)
            try:
                await self._write([arrival for arrival, _ in batch])
            except Exception:
                await self._write_singly(batch)
            else:
                for _, written in batch:
                    _resolve(written, None)

    async def _write(self, arrivals: list[Arrival]) -> None:
        async with self._work.transaction() as tx:
            await db.plan_once(tx.conn)
            await inbox.receive(tx.conn, arrivals, tx.now)
            hosts = [host_of(arrival.signer) for arrival in arrivals]
            await outbox.awake(tx.conn, hosts, tx.now, tx.now - NOT_TRIED)

    async def _write_singly(self, batch: list[tuple[Arrival, asyncio.Future[None]]]) -> None:
        for arrival, written in batch:
            try:
                await self._write([arrival])
            except Exception as error:
                _resolve(written, error)
            else:
                _resolve(written, None)


def _resolve(written: asyncio.Future[None], error: Exception | None) -> None:
    if written.done():
        return  # who waited is gone
    if error:
        written.set_exception(error)
    else:
        written.set_result(None)


def lane_of(sender: str, document: Mapping[str, object]) -> str:
    """What orders an activity: the object it is about, as far as one sender tells of it.

    Between senders the network keeps no order, and none of them may make the others wait.
    """
    return hashlib.sha256(f"{sender} {subject_of(document)}".encode()).hexdigest()


def subject_of(document: Mapping[str, object]) -> str:
    """The object that orders an activity: what it is about, through Undo, Accept and Announce."""
    about = document
    for _ in range(MAX_NESTING):
        inner = about.get("object")
        if isinstance(inner, str):
            return inner
        if not isinstance(inner, dict):
            break
        about = cast("Mapping[str, object]", inner)
        kind = about.get("type")
        nests = isinstance(kind, str) and kind in NESTING
        if not nests and "actor" not in about:
            break
    found = about.get("id")
    return found if isinstance(found, str) else str(document.get("id"))
