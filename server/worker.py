"""The loops that do what waits: apply arrivals, deliver, run jobs, push.

Each queue has a loop that leases lanes as long as some are ready and there is room, runs each on its own
(so that a slow server holds up nobody else), and then sleeps until the next lane is ready, or until
PostgreSQL notifies that something was added. Any number of processes may run these loops; the lanes keep
them out of each other's way.

One connection of each process listens and enlists it as a worker. When the process dies, so does the
connection, and what it had leased is free for whoever starts next. Losing that connection alone costs
latency only: a loop looks again after ``LONGEST_SLEEP`` seconds in any case.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

import structlog

from server.arriving import budgets, inbox
from server.arriving.resolve import Net
from server.jobs import deliver, later, push
from storage import db, lanes

log = structlog.get_logger()

LONGEST_SLEEP = 30.0
PAUSE_AFTER_FAULT = 1.0
RECONNECT = 1.0
RECLAIM_EVERY = 30.0
CROWDED = 0.25
GATHER = 0.005
"""Seconds. While most places are taken, lanes end one by one; a claim costs the same for one as for many."""


class Lane(Protocol):
    """Leased, with what is to be done in it."""

    @property
    def key(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Queue:
    """How a queue is worked: lease lanes, run each."""

    claim: Callable[[Net, int, int | None], Awaitable[list[Any]]]
    run: Callable[[Net, Any], Awaitable[None]]
    at_once: int
    at_most: int = 0
    """With those that wait for slow servers; they leave their places to others. 0: they keep them."""


QUEUES = {
    lanes.INBOX: Queue(inbox.claim, inbox.run, inbox.AT_ONCE, budgets.PLACES),
    lanes.DELIVERY: Queue(deliver.claim, deliver.run, deliver.AT_ONCE),
    lanes.JOBS: Queue(later.claim, later.run, later.AT_ONCE),
    lanes.PUSH: Queue(push.claim, push.run, push.AT_ONCE),
}


@dataclass(frozen=True, slots=True)
class Loop:
    """One queue in one process. The bell rings when there is something to look at."""

    net: Net
    queue: str
    worker: int
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    running: dict[asyncio.Task[None], float] = field(
        default_factory=dict[asyncio.Task[None], float]
    )
    """Since when, in the seconds of the event loop."""


@asynccontextmanager
async def working(net: Net, database_url: str) -> AsyncGenerator[None]:
    """Run all loops in the background until the block is left."""
    worker = secrets.randbelow(2**31)
    loops = [Loop(net, queue, worker) for queue in QUEUES]
    async with net.work.transaction() as tx:
        await later.plan(tx)
    enlisted = asyncio.Event()
    tasks = [asyncio.create_task(_listen(database_url, loops, enlisted))]
    try:
        await enlisted.wait()
        tasks += [asyncio.create_task(_loop(loop)) for loop in loops]
        yield
    finally:
        await _stop(tasks)
        await _stop([task for loop in loops for task in loop.running])


async def _stop(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel until they end. Where the database breaks off in the midst of a transaction, the error of
    its rollback takes the place of the cancellation, and the loop goes on."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=1.0)


async def _loop(loop: Loop) -> None:
    while True:
        loop.bell.clear()
        pause = await _fill(loop)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await loop.bell.wait()


async def _fill(loop: Loop) -> float | None:
    """Start as many lanes as there is room for. Gives how long to wait at most, in seconds."""
    queue = QUEUES[loop.queue]
    room = _room(loop)
    if room <= 0:
        return budgets.SLOW if queue.at_most else None  # or until one ends
    if room < queue.at_once // 4:
        await asyncio.sleep(GATHER)
        room = _room(loop)
    try:
        leased = await queue.claim(loop.net, room, loop.worker)
        for lane in leased:
            _start(loop, lane)
        return 0.0 if len(leased) == room else await _until_next(loop)
    except Exception:
        log.exception("worker.fault", queue=loop.queue)
        return PAUSE_AFTER_FAULT


def _room(loop: Loop) -> int:
    """How many lanes may begin."""
    queue, running = QUEUES[loop.queue], len(loop.running)
    if not queue.at_most:
        return queue.at_once - running
    since = asyncio.get_running_loop().time() - budgets.SLOW
    quick = sum(begun > since for begun in loop.running.values())
    return min(queue.at_once - quick, queue.at_most - running)


def _start(loop: Loop, lane: Lane) -> None:
    task = asyncio.create_task(_run(loop, lane))
    loop.running[task] = asyncio.get_running_loop().time()

    def ended(done: asyncio.Task[None]) -> None:
        loop.running.pop(done, None)
        loop.bell.set()

    task.add_done_callback(ended)


async def _run(loop: Loop, lane: Lane) -> None:
    try:
        await QUEUES[loop.queue].run(loop.net, lane)
    except Exception:
        log.exception("worker.fault", queue=loop.queue, lane=lane.key)
        await asyncio.sleep(PAUSE_AFTER_FAULT)
        with suppress(*db.LOST):  # then its lease runs out
            async with loop.net.work.transaction() as tx:
                again = tx.now + timedelta(seconds=PAUSE_AFTER_FAULT)
                await lanes.release(tx.conn, loop.queue, lane.key, again)


async def _until_next(loop: Loop) -> float:
    """Seconds until the next lane is ready."""
    async with loop.net.work.reading() as tx:
        at = await lanes.next_ready(tx.conn, loop.queue, tx.now)
    if at is None:
        return LONGEST_SLEEP
    left = (at - loop.net.work.clock.now()).total_seconds()
    # Of what is ready something may have to wait until others of its share end: that rings the bell.
    least = CROWDED if QUEUES[loop.queue].at_most and loop.running else 0.01
    return min(max(left, least), LONGEST_SLEEP)


async def _listen(database_url: str, loops: list[Loop], enlisted: asyncio.Event) -> None:
    """Ring the bell of a queue when PostgreSQL says that it grew; connect again when that is lost."""
    while True:
        with suppress(*db.LOST):
            await _listen_once(database_url, loops, enlisted)
        await asyncio.sleep(RECONNECT)


async def _listen_once(database_url: str, loops: list[Loop], enlisted: asyncio.Event) -> None:
    lost = asyncio.Event()

    def ring(_conn: object, _pid: object, _channel: object, payload: object) -> None:
        for loop in loops:
            if loop.queue == payload:
                loop.bell.set()

    conn = await db.connect(database_url)
    try:
        conn.add_termination_listener(lambda _conn: lost.set())
        await conn.add_listener(lanes.CHANNEL, ring)
        await lanes.enlist(conn, loops[0].worker)
        while not lost.is_set():
            await lanes.reclaim(conn)
            enlisted.set()
            for loop in loops:
                loop.bell.set()  # what came while nobody listened, or was reclaimed
            with suppress(TimeoutError):
                async with asyncio.timeout(RECLAIM_EVERY):
                    await lost.wait()
    finally:
        await conn.close()
