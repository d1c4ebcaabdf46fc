"""The loops that do what waits: apply arrivals, deliver, run jobs.

Each queue has a loop that works while there is work and then sleeps until the next lane is ready, or until
PostgreSQL notifies that something was added. Any number of processes may run these loops; the lanes keep
them out of each other's way. Losing the connection that listens costs latency only: a loop looks again
after ``LONGEST_SLEEP`` seconds in any case.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import asyncpg
import structlog

from server import inbox
from server.jobs import deliver, later
from server.resolve import Net
from storage import db, lanes

log = structlog.get_logger()

LONGEST_SLEEP = 30.0
PAUSE_AFTER_FAULT = 1.0
RECONNECT = 1.0

QUEUES: dict[str, Callable[[Net], Awaitable[bool]]] = {
    lanes.INBOX: inbox.work_once,
    lanes.DELIVERY: deliver.work_once,
    lanes.JOBS: later.work_once,
}


@asynccontextmanager
async def working(net: Net, database_url: str) -> AsyncGenerator[None]:
    """Run all loops in the background until the block is left."""
    bells = {queue: asyncio.Event() for queue in QUEUES}
    async with net.work.transaction() as tx:
        await later.plan(tx)
    tasks = [asyncio.create_task(_loop(net, queue, bells[queue])) for queue in QUEUES]
    tasks.append(asyncio.create_task(_listen(database_url, bells)))
    try:
        yield
    finally:
        await _stop(tasks)


async def _stop(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel until they end. Where the database breaks off in the midst of a transaction, the error of
    its rollback takes the place of the cancellation, and the loop goes on."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=1.0)


async def _loop(net: Net, queue: str, bell: asyncio.Event) -> None:
    while True:
        bell.clear()
        try:
            if await QUEUES[queue](net):
                continue
            pause = await _until_next(net, queue)
        except Exception:
            log.exception("worker.fault", queue=queue)
            pause = PAUSE_AFTER_FAULT
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await bell.wait()


async def _until_next(net: Net, queue: str) -> float:
    """Seconds until the next lane is ready."""
    async with net.work.reading() as tx:
        at = await lanes.next_ready(tx.conn, queue)
    if at is None:
        return LONGEST_SLEEP
    return min(max((at - net.work.clock.now()).total_seconds(), 0.01), LONGEST_SLEEP)


async def _listen(database_url: str, bells: dict[str, asyncio.Event]) -> None:
    """Ring the bell of a queue when PostgreSQL says that it grew; connect again when that is lost."""
    while True:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await _listen_once(database_url, bells)
        await asyncio.sleep(RECONNECT)


async def _listen_once(database_url: str, bells: dict[str, asyncio.Event]) -> None:
    lost = asyncio.Event()

    def ring(_conn: object, _pid: object, _channel: object, payload: object) -> None:
        if isinstance(payload, str) and payload in bells:
            bells[payload].set()

    conn = await db.connect(database_url)
    try:
        conn.add_termination_listener(lambda _conn: lost.set())
        await conn.add_listener(lanes.CHANNEL, ring)
        for bell in bells.values():
            bell.set()  # what came while nobody listened
        await lost.wait()
    finally:
        await conn.close()
