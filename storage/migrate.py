"""Brings a database to the version of this code, forward only.

``storage/migrations/NNNN_name.sql`` are numbered from 0001 without gaps. Each runs once, in a
transaction of its own that also notes it in ``schema_migrations``; an advisory lock lets one process
at a time do so, and the others find nothing left to do. ``storage/functions.sql`` is not numbered:
it replaces all functions whenever it changed or a migration ran.

The database's version is its highest migration. A line ``-- oldest-code: N`` in a migration says
that code which knows fewer than N migrations can no longer use the database; without such a line
older code goes on working, so that several machines can be upgraded one after the other. Code that
is older than the database, but allowed, changes nothing in it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from asyncpg.pool import PoolConnectionProxy

HERE = Path(__file__).parent
FUNCTIONS = 0  # the version under which functions.sql is noted

_LOCK_KEY = 0x626563_6B6F6E  # "beckon"
_FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_OLDEST_CODE = re.compile(r"^-- oldest-code: (\d+)$", re.MULTILINE)

_CREATE_TABLE = """
    CREATE TABLE IF NOT EXISTS schema_migrations (
        version int PRIMARY KEY,
        name text NOT NULL,
        digest text NOT NULL,
        oldest_code int NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    )
"""
_SELECT = "SELECT version, name, digest, oldest_code FROM schema_migrations"
_NOTE = """
    INSERT INTO schema_migrations (version, name, digest, oldest_code) VALUES ($1, $2, $3, $4)
    ON CONFLICT (version) DO UPDATE SET digest = excluded.digest, applied_at = now()
    WHERE schema_migrations.version = 0
"""


class MigrationError(Exception):
    """The database and this code do not fit; the message says why, for a person."""


@dataclass(frozen=True)
class Migration:
    """One step; ``oldest_code`` is 0 where it shuts out no code."""

    version: int
    name: str
    sql: str
    oldest_code: int

    @property
    def digest(self) -> str:
        """SHA-256 of the text, in hexadecimal digits."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


@dataclass(frozen=True)
class Applied:
    """What the database says that it has gone through."""

    digests: dict[int, str]  # by version, FUNCTIONS among them
    oldest_code: int

    @property
    def version(self) -> int:
        """The version of the database, 0 for an empty one."""
        return max(self.digests, default=0)


def load(directory: Path = HERE / "migrations") -> list[Migration]:
    """All migrations in order. Raises MigrationError for a bad name, a gap, or a number used twice."""
    steps = [_read(path) for path in sorted(directory.glob("*.sql"))]
    for expected, step in enumerate(steps, start=1):
        if step.version != expected:
            raise MigrationError(f"Migration {step.name} should have the number {expected:04}.")
    return steps


def _read(path: Path) -> Migration:
    match = _FILE_NAME.fullmatch(path.name)
    if match is None:
        raise MigrationError(f"{path.name} is not named like a migration: 0001_name.sql.")
    sql = path.read_text(encoding="utf-8")
    oldest = _OLDEST_CODE.search(sql)
    return Migration(int(match[1]), path.stem, sql, int(oldest[1]) if oldest else 0)


async def migrate(
    connection: asyncpg.Connection | PoolConnectionProxy,
    *,
    directory: Path = HERE,
    until: int | None = None,
) -> list[str]:
    """Apply what is missing; returns the names of the migrations applied, in order.

    ``directory`` holds ``migrations/`` and ``functions.sql``; ``until`` is the last version wanted, for
    rows that were made at it. Raises MigrationError where the database is too new for this code or was
    made by other migrations, asyncpg's errors where a statement fails: that migration then left nothing
    behind, and those before it stay.
    """
    steps = load(directory / "migrations")
    wanted = steps[:until]
    await connection.execute("SELECT pg_advisory_lock($1)", _LOCK_KEY)
    try:
        await connection.execute(_CREATE_TABLE)
        before = await applied(connection)
        missing = pending(wanted, before)
        for step in missing:
            await _apply(connection, step)
        if before.version <= len(wanted) == len(steps):
            functions = _functions(directory / "functions.sql")
            if missing or before.digests.get(FUNCTIONS) != functions.digest:
                await _apply(connection, functions)
        return [step.name for step in missing]
    finally:
        if not connection.is_closed():
            await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK_KEY)


def pending(steps: list[Migration], done: Applied) -> list[Migration]:
    """The steps that a database still needs. Raises MigrationError as `migrate` does."""
    if done.oldest_code > len(steps):
        raise MigrationError(
            f"The database is at version {done.version} and may only be used by Beckon with "
            f"version {done.oldest_code} or newer; this one has version {len(steps)}: upgrade it."
        )
    for step in steps:
        if done.digests.get(step.version, step.digest) != step.digest:
            raise MigrationError(
                f"The database went through another migration {step.name} than this code has: "
                "it was made by a different or unreleased version of Beckon."
            )
    return [step for step in steps if step.version > done.version]


async def applied(connection: asyncpg.Connection | PoolConnectionProxy) -> Applied:
    """What a database has gone through: nothing, where nobody ever made anything in it."""
    known = await connection.fetchval("SELECT to_regclass('schema_migrations') IS NOT NULL")
    rows = await connection.fetch(_SELECT) if known else []
    return Applied(
        digests={row["version"]: row["digest"] for row in rows},
        oldest_code=max((row["oldest_code"] for row in rows), default=0),
    )


async def _apply(connection: asyncpg.Connection | PoolConnectionProxy, step: Migration) -> None:
    async with connection.transaction():
        await connection.execute(step.sql)
        await connection.execute(_NOTE, step.version, step.name, step.digest, step.oldest_code)


def _functions(path: Path) -> Migration:
    return Migration(FUNCTIONS, path.name, path.read_text(encoding="utf-8"), 0)


async def migrate_url(url: str) -> list[str]:
    """`migrate` over a connection of its own to ``url``."""
    connection = await asyncpg.connect(url)
    try:
        return await migrate(connection)
    finally:
        await connection.close()
