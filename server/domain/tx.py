"""What every verb is given: a transaction, the time, and where we are."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from server.clock import Clock
from server.urls import Urls
from storage.db import Connection, Pool


@dataclass(frozen=True, slots=True)
class Site:
    """This instance. ``federates`` is false where nothing may leave (localhost)."""

    urls: Urls
    federates: bool
    title: str = ""


@dataclass(frozen=True, slots=True)
class Tx:
    """A connection (inside a transaction, when something is written), the time, and the site."""

    conn: Connection
    now: datetime
    site: Site


@dataclass(frozen=True, slots=True)
class Arrived:
    """A remote act as it came: its id and the very document, so that a proof in it survives."""

    uri: str
    document: Mapping[str, object]


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
            yield Tx(conn, self.clock.now(), self.site)

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[Tx]:
        """For looking only: each statement sees the latest commit."""
        async with self.pool.acquire() as conn:
            yield Tx(conn, self.clock.now(), self.site)
