"""Databases go forward, once, one process at a time, and only where code and database fit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from storage.migrate import MigrationError, load, migrate

FIRST = "CREATE TABLE things (id int PRIMARY KEY);"
SECOND = "ALTER TABLE things ADD name text;"
FUNCTIONS = "CREATE OR REPLACE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 42';"


class Code:
    """A version of the code: a directory with migrations and functions."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "migrations").mkdir()

    def write(self, name: str, sql: str) -> None:
        (self.directory / name).write_text(sql)

    def migration(self, name: str, sql: str) -> None:
        self.write(f"migrations/{name}.sql", sql)


@pytest.fixture
def code(tmp_path: Path) -> Code:
    code = Code(tmp_path)
    code.migration("0001_first", FIRST)
    code.write("functions.sql", FUNCTIONS)
    return code


@pytest.fixture
async def database(empty_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(empty_database_url)
    yield opened
    await opened.close()


async def test_applies_what_is_missing_in_order(database: asyncpg.Connection, code: Code) -> None:
    assert await migrate(database, directory=code.directory) == ["0001_first"]
    assert await database.fetchval("SELECT answer()") == 42
    assert await migrate(database, directory=code.directory) == []
    code.migration("0002_second", SECOND)
    code.migration("0003_third", "-- oldest-code: 2\nALTER TABLE things DROP name;")
    assert await migrate(database, directory=code.directory) == ["0002_second", "0003_third"]
    rows = await database.fetch("SELECT version, oldest_code FROM schema_migrations ORDER BY 1")
    assert [tuple(row) for row in rows] == [(0, 0), (1, 0), (2, 0), (3, 2)]


async def test_functions_are_replaced_when_they_changed(
    database: asyncpg.Connection, code: Code
) -> None:
    await migrate(database, directory=code.directory)
    code.write("functions.sql", FUNCTIONS.replace("42", "43"))
    assert await migrate(database, directory=code.directory) == []
    assert await database.fetchval("SELECT answer()") == 43


async def test_processes_take_turns(empty_database_url: str, code: Code) -> None:
    connections = [await asyncpg.connect(empty_database_url) for _ in range(5)]
    done = await asyncio.gather(*(migrate(one, directory=code.directory) for one in connections))
    assert sorted(done) == [[], [], [], [], ["0001_first"]]
    for one in connections:
        await one.close()


async def test_a_failing_migration_leaves_nothing_behind(
    database: asyncpg.Connection, code: Code
) -> None:
    code.migration("0002_second", SECOND + "SELECT 1 / 0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(database, directory=code.directory)
    columns = await database.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'things'"
    )
    assert [row["column_name"] for row in columns] == ["id"]
    code.migration("0002_second", SECOND)
    assert await migrate(database, directory=code.directory) == ["0002_second"]


async def test_older_code_changes_nothing_in_a_newer_database_that_allows_it(
    database: asyncpg.Connection, code: Code
) -> None:
    code.migration("0002_second", "-- oldest-code: 1\n" + SECOND)
    await migrate(database, directory=code.directory)
    (code.directory / "migrations/0002_second.sql").unlink()
    code.write("functions.sql", FUNCTIONS.replace("42", "41"))
    assert await migrate(database, directory=code.directory) == []
    assert await database.fetchval("SELECT answer()") == 42


async def test_refuses_a_database_that_is_too_new(database: asyncpg.Connection, code: Code) -> None:
    code.migration("0002_second", "-- oldest-code: 2\n" + SECOND)
    await migrate(database, directory=code.directory)
    (code.directory / "migrations/0002_second.sql").unlink()
    with pytest.raises(MigrationError, match="version 2 or newer; this one has version 1"):
        await migrate(database, directory=code.directory)


async def test_refuses_a_database_of_another_history(
    database: asyncpg.Connection, code: Code
) -> None:
    await migrate(database, directory=code.directory)
    code.migration("0001_first", FIRST + " -- edited")
    with pytest.raises(MigrationError, match="another migration 0001_first"):
        await migrate(database, directory=code.directory)
    code.migration("0001_first", FIRST)
    assert await migrate(database, directory=code.directory) == []


@pytest.mark.parametrize("name", ["0003_gap", "0001_again", "2_short", "0002-dash", "0002_Upper"])
def test_refuses_bad_names(code: Code, name: str) -> None:
    code.migration(name, "SELECT 1;")
    with pytest.raises(MigrationError):
        load(code.directory / "migrations")


async def test_the_real_migrations_apply(database: asyncpg.Connection) -> None:
    assert await migrate(database) == [step.name for step in load()]
    assert await migrate(database) == []
