"""Every row of a database, out and in again, through COPY in its text form.

That form is the same for all versions of PostgreSQL and all machines, and needs no program beside the
server, so one way serves the embedded PostgreSQL and anybody's own. Out: one REPEATABLE READ transaction
sees one moment, whoever writes meanwhile; sequences stand outside transactions and are read after it
began, so they are never behind the rows. In: the foreign keys are taken off, the tables are filled in any
order (posts answer posts, so that no order of rows could be right), and the keys are put back, which
checks every row. All of it is the caller's one transaction: a fault leaves nothing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO, cast

from storage import migrate
from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Table:
    """``has_rows`` is the statement that finds out whether it has."""

    name: str
    columns: list[str]
    has_rows: str


@dataclass(frozen=True, slots=True)
class Counter:
    """A sequence; ``last`` is None where it gave no number yet."""

    name: str
    last: int | None


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """The statements that take it off and put it back."""

    drop: str
    add: str


TABLES = Query(
    """
    select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns,
        format('select exists (select from %s)', c.oid::regclass) as has_rows
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
        and c.relname <> 'schema_migrations'
        and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    group by c.oid, c.relname order by c.relname
    """,
    Table,
)
COUNTERS = Query(
    "select sequencename as name, last_value as last from pg_sequences"
    " where schemaname = current_schema() order by sequencename",
    Counter,
)
SET_COUNTER = Command("select setval(format('%I', $1::text)::regclass, $2::bigint)")
FOREIGN_KEYS = Query(
    """
    select format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop,
        format('alter table %s add constraint %I %s', conrelid::regclass, conname,
            pg_get_constraintdef(oid)) as add
    from pg_constraint
    where contype = 'f' and connamespace = current_schema()::regnamespace
    order by conrelid::regclass::text, conname
    """,
    ForeignKey,
)
OTHERS = Query(
    "select count(*) from pg_stat_activity where datname = current_database()"
    " and backend_type = 'client backend' and pid <> pg_backend_pid()",
    int,
)
# What the text form of a value depends on (as pg_dump sets it).
PLAIN = Command(
    "select set_config('DateStyle', 'ISO', true), set_config('TimeZone', 'UTC', true),"
    " set_config('extra_float_digits', '3', true), set_config('bytea_output', 'hex', true)"
)


async def tables(conn: Connection) -> list[Table]:
    """All tables of the schema but the one that migrations keep, by name."""
    return await TABLES.all(conn)


async def counters(conn: Connection) -> list[Counter]:
    return await COUNTERS.all(conn)


async def set_counters(conn: Connection, values: Sequence[Counter]) -> None:
    """Raises PostgreSQL's error where there is no such sequence."""
    for counter in values:
        if counter.last is not None:
            await SET_COUNTER.run(conn, counter.name, counter.last)


async def others(conn: Connection) -> int:
    """How many other connections the database has."""
    return await OTHERS.one(conn)


@asynccontextmanager
async def one_moment(conn: Connection) -> AsyncGenerator[None]:
    """A transaction in which every statement sees the same moment, and writes nothing."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        await PLAIN.run(conn)
        yield


async def copy_out(
    conn: Connection, table: Table, sink: Callable[[bytes], Coroutine[object, object, None]]
) -> int:
    """Give all rows to ``sink``, part by part; returns how many."""
    status = await conn.copy_from_table(
        table.name, output=sink, columns=table.columns, format="text", encoding="utf-8"
    )
    return _rows(status)


async def copy_in(conn: Connection, name: str, columns: Sequence[str], source: IO[bytes]) -> int:
    """Add all rows that ``source`` holds; returns how many. Raises PostgreSQL's errors."""
    status = await conn.copy_to_table(
        name, source=cast("BinaryIO", source), columns=columns, format="text", encoding="utf-8"
    )
    return _rows(status)


def _rows(status: str) -> int:
    return int(status.removeprefix("COPY "))


async def first_used(conn: Connection) -> str | None:
    """The name of a table that has rows, or None where the database is empty."""
    for table in await tables(conn):
        if await conn.fetchval(table.has_rows):
            return table.name
    return None


@asynccontextmanager
async def loading(conn: Connection) -> AsyncGenerator[None]:
    """Inside the block, rows come in any order; on leaving it, every foreign key holds again."""
    await PLAIN.run(conn)
    keys = await FOREIGN_KEYS.all(conn)
    for key in keys:
        await conn.execute(key.drop)
    yield
    for key in keys:
        await conn.execute(key.add)


async def prepare(conn: Connection, digests: dict[int, str]) -> None:
    """Bring a database without rows to the version whose migrations have these digests.

    Raises ``MigrationError`` where this code has other migrations, or the database went beyond them.
    """
    steps = migrate.load()
    version = max(digests, default=0)
    migrate.pending(steps, migrate.Applied(digests, oldest_code=version))
    now = (await migrate.applied(conn)).version
    if now > version:
        raise migrate.MigrationError(
            f"The database was made ready for version {now} already, and the rows are of version"
            f" {version}: give it a new, empty database."
        )
    await migrate.migrate(conn, until=version)
