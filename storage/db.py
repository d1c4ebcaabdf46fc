"""The one boundary between untyped database rows and the typed rest.

SQL is fixed text held in a ``Query`` (with the type of its rows) or a ``Command`` (no rows), beside the
function that runs it. Each one registers itself, so that a test can prepare every statement against the
migrated database. A row type is a frozen dataclass whose fields are exactly the selected columns, or a
scalar type for a single column.

Nothing here retries: a failed transaction is rolled back whole and the caller decides.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields, is_dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Generic, LiteralString, TypeAlias, TypeVar, cast

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

Record: TypeAlias = asyncpg.Record
Connection: TypeAlias = "asyncpg.Connection[Record] | PoolConnectionProxy[Record]"
Pool: TypeAlias = "asyncpg.Pool[Record]"
Row = TypeVar("Row")
First = TypeVar("First")
Second = TypeVar("Second")
Third = TypeVar("Third")

Deadlock = asyncpg.DeadlockDetectedError
UniqueViolation = asyncpg.UniqueViolationError
ForeignKeyViolation = asyncpg.ForeignKeyViolationError

MOVED = (Deadlock, UniqueViolation, ForeignKeyViolation)
"""What a transaction raises when others change the same things beside it; a moment later it sees how."""

LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What a statement raises when PostgreSQL goes away under it; a moment later it may be back."""

statements: list[tuple[str, type[Any] | tuple[type[Any], ...] | None]] = []
"""Every SQL text of the program with the type of its rows, for the test that prepares them all."""


class Query(Generic[Row]):
    """Fixed SQL that returns rows of one type."""

    def __init__(self, text: LiteralString, row: type[Row]) -> None:
        self.text = text
        self._row: type[Any] = row
        self._structured = is_dataclass(row)
        statements.append((text, row))

    async def all(self, conn: Connection, *args: object) -> list[Row]:
        """Every row, in the order of the statement."""
        return [self._read(record) for record in await conn.fetch(self.text, *args)]

    async def first(self, conn: Connection, *args: object) -> Row | None:
        """The first row, or None."""
        record = await conn.fetchrow(self.text, *args)
        return None if record is None else self._read(record)

    async def one(self, conn: Connection, *args: object) -> Row:
        """The first row. Raises ``LookupError`` where there is none."""
        record = await conn.fetchrow(self.text, *args)
        if record is None:
            raise LookupError(self.text.strip().splitlines()[0])
        return self._read(record)

    def _read(self, record: Record) -> Row:
        value = self._row(**dict(record)) if self._structured else record[0]
        return cast("Row", value)


class Joined(Generic[First, Second, Third]):
    """Fixed SQL whose rows are three rows side by side: ``select a.*, b.*, c.* from a left join …``."""

    def __init__(
        self, text: LiteralString, first: type[First], second: type[Second], third: type[Third]
    ) -> None:
        self.text = text
        self._rows: tuple[type[Any], ...] = (first, second, third)
        statements.append((text, self._rows))

    async def first(
        self, conn: Connection, *args: object
    ) -> tuple[First, Second | None, Third | None] | None:
        """The first row, or None; a part of which nothing was joined is None."""
        record = await conn.fetchrow(self.text, *args)
        if record is None:
            return None
        return cast("tuple[First, Second | None, Third | None]", tuple(self._parts(record)))

    def _parts(self, record: Record) -> Iterator[object]:
        columns = zip(record.keys(), record.values(), strict=True)
        for row in self._rows:
            part = dict(islice(columns, len(fields(row))))
            yield row(**part) if any(value is not None for value in part.values()) else None


class Command:
    """Fixed SQL that returns no rows."""

    def __init__(self, text: LiteralString) -> None:
        self.text = text
        statements.append((text, None))

    async def run(self, conn: Connection, *args: object) -> int:
        """Run once; gives the number of rows touched."""
        status = await conn.execute(self.text, *args)
        last = status.rpartition(" ")[2]
        return int(last) if last.isdigit() else 0

    async def many(self, conn: Connection, rows: Iterable[Sequence[object]]) -> None:
        """Run once per row of arguments, in one round trip."""
        await conn.executemany(self.text, rows)


async def _prepare_connection(conn: asyncpg.Connection[Record]) -> None:
    for name in ("json", "jsonb"):
        await conn.set_type_codec(
            name,
            encoder=lambda value: orjson.dumps(value).decode(),
            decoder=orjson.loads,
            schema="pg_catalog",
        )


async def connect(dsn: str) -> asyncpg.Connection[Record]:
    """One connection with our codecs; the caller closes it."""
    conn = await asyncpg.connect(dsn)
    await _prepare_connection(conn)
    return conn


async def _leave_as_is(_: asyncpg.Connection[Record]) -> None:
    """asyncpg's reset query costs 125 µs a loan; we use no session state outside transactions."""


PREPARED = 400
"""Statements that a connection keeps prepared: about as many as there are, so that none is planned anew."""


@asynccontextmanager
async def pool(dsn: str, *, size: int = 10) -> AsyncGenerator[Pool]:
    """A pool of connections with our codecs, closed on leaving."""
    async with asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        init=_prepare_connection,
        reset=_leave_as_is,
        statement_cache_size=PREPARED,
        max_cached_statement_lifetime=0,
    ) as made:
        yield made


# PostgreSQL plans a statement anew each time where it believes that it gains by knowing the arguments, which for
# our longer ones costs more than to run them.
PLAN_ONCE = Query("select set_config('plan_cache_mode', 'force_generic_plan', true)", str)
NEXT_ID = Query("select next_id($1)", int)


async def plan_once(conn: Connection) -> None:
    """Use the plans that fit any arguments, until the end of the transaction: for many like it, of single rows."""
    await PLAN_ONCE.one(conn)


async def next_id(conn: Connection, at: datetime) -> int:
    """An id that grows with ``at`` (milliseconds since 1970 above 16 bits of sequence)."""
    return await NEXT_ID.one(conn, at)
