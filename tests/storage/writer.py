"""A process that supervises a PostgreSQL and writes rows into it, to be killed by the tests.

Prints the connection string, then ``found N`` (rows of earlier runs), then every number whose row
is committed, and ``served to the end`` when it is interrupted and the database still answers.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from contextlib import suppress
from pathlib import Path

import asyncpg

from storage import embedded

CREATE = "CREATE TABLE IF NOT EXISTS written (number int PRIMARY KEY)"
INSERT = "INSERT INTO written VALUES ($1) ON CONFLICT DO NOTHING"
BROKEN = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the connection broke between two of asyncpg's own steps
)


def say(what: object) -> None:
    print(what, flush=True)  # noqa: T201 - the way the tests listen


def end_if_asked() -> None:
    """A cancelled statement may end as PostgreSQL's own error instead: the wish to end stays."""
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError


async def write(url: str, number: int) -> asyncpg.Connection:
    """Commit one row over a new connection, however often that takes."""
    while True:
        try:
            connection = await asyncpg.connect(url)
            await connection.execute(INSERT, number)
        except BROKEN:
            end_if_asked()
            await asyncio.sleep(0.01)
        else:
            return connection


async def work(url: str) -> None:
    connection = await asyncpg.connect(url)
    with suppress(
        asyncpg.UniqueViolationError, asyncpg.DuplicateTableError, asyncpg.DuplicateObjectError
    ):  # two at once: IF NOT EXISTS does not wait
        await connection.execute(CREATE)
    say(f"found {await connection.fetchval('SELECT count(*) FROM written')}")
    for number in itertools.count():
        try:
            await connection.execute(INSERT, number)
        except BROKEN:
            end_if_asked()
            connection.terminate()
            connection = await write(url, number)
        say(number)


async def main(directory: Path) -> None:
    async with embedded.running(directory) as url:
        say(url)
        try:
            await work(url)
        except asyncio.CancelledError:
            connection = await asyncpg.connect(url)
            await connection.close()
            say("served to the end")
            raise


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
