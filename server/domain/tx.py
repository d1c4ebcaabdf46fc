"""What every verb is given: a transaction, the time, and where we are."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from server.clock import Clock
from server.sealing import Secret
from server.urls import Urls
from storage import events, jobs, lanes, outbox
from storage.db import Connection, Pool
from storage.events import Event


@dataclass(frozen=True, slots=True)
class Site:
    """This instance. ``federates`` is false where nothing may leave (localhost)."""

    urls: Urls
    federates: bool
    title: str = ""
    mail: bool = False
    """Whether mail can be sent: then an address is confirmed, and a password can be had anew."""
    authorized_fetch: bool = False
    """Whether documents are for those alone who sign what they ask."""
    secret: Secret | None = None
    """What opens contact data; without one there is none."""


@dataclass(frozen=True, slots=True)
class Tx:
    """A connection (inside a transaction, when something is written), the time, and the site."""

    conn: Connection
    now: datetime
    site: Site
    woken: dict[str, dict[str, datetime]] = field(default_factory=dict[str, dict[str, datetime]])
    """Lanes that were given work, by queue, with their times; touched once, when all is written."""
    shares: dict[str, str] = field(default_factory=dict[str, str])
    """With whom a lane takes turns."""
    carried: list[int] = field(default_factory=list[int])
    """Communities of ours that pass something on to all who follow them."""
    news: list[Event] = field(default_factory=list[Event])
    """What open streams are told, when it is committed."""

    def wake(self, queue: str, keys: Iterable[str], at: datetime) -> None:
        """These lanes have work from ``at`` on."""
        times = self.woken.setdefault(queue, {})
        for key in keys:
            times[key] = min(at, times.get(key, at))

    def happened(self, *events: Event) -> None:
        """Tell who listens (``storage.events``), if this is committed."""
        self.news.extend(events)

    async def later(self, lane: str, kind: str, args: Mapping[str, Any], run_at: datetime) -> None:
        """Add a job in the same transaction; the same work waiting twice is one job."""
        await jobs.add(self.conn, lane, kind, args, run_at, self.now)
        self.wake(lanes.JOBS, [lane], run_at)

    async def flush(self) -> None:
        """The last thing that a transaction does: touch the lanes, in an order common to all."""
        await events.publish(self.conn, self.news)
        await outbox.meet(self.conn, sorted(self.woken.get(lanes.DELIVERY, ())))
        for queue in sorted(self.woken):
            await lanes.touch(self.conn, queue, self.woken[queue])


@dataclass(frozen=True, slots=True)
class Arrived:
    """A remote act as it came: its id and the very document, so that a proof in it survives.

    ``history``: it was looked for, long after others had it: it enters no home and notifies nobody.
    """

    uri: str
    document: Mapping[str, object]
    history: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """Makes ``Tx`` values. The network is never asked inside ``transaction``."""

    pool: Pool
    clock: Clock
    site: Site

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        """All that is written inside is committed together, or not at all."""
        async with self.pool.acquire() as conn, conn.transaction():
            tx = Tx(conn, self.clock.now(), self.site)
            yield tx
            await tx.flush()

    @asynccontextmanager
    async def trying(self, *, dry_run: bool) -> AsyncGenerator[Tx]:
        """A transaction that, with ``dry_run``, is undone at its end: to learn what would come of it."""
        if not dry_run:
            async with self.transaction() as tx:
                yield tx
            return
        async with self.pool.acquire() as conn:
            attempt = conn.transaction()
            await attempt.start()
            try:
                yield Tx(conn, self.clock.now(), self.site)
            finally:
                await attempt.rollback()

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[Tx]:
        """For looking only: each statement sees the latest commit."""
        async with self.pool.acquire() as conn:
            yield Tx(conn, self.clock.now(), self.site)
