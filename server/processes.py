"""``beckon serve --processes N``: a parent that owns PostgreSQL and the listening socket, and N children.

The children are `beckon serve` on the parent's socket: the kernel gives each connection to one of them.
One that dies is started again, at once and then less and less often; connections meanwhile go to the
others. They are in sessions of their own, so that Ctrl-C reaches the parent alone, which tells them; and
where the parent dies without a word, the kernel tells them (see ``storage.launch``).
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from socket import socket

import structlog

from server import run
from storage import launch

log = structlog.get_logger()

LONGEST_BACKOFF = 5.0
STEADY = 30.0  # a child that lived this long did not die of the way it was started
STOP_SECONDS = run.GRACE + 10.0


async def supervise(sock: socket, count: int, *, work: bool) -> None:
    """Keep ``count`` children alive until cancelled; then stop them, in order and together."""
    command = _command(sock, work=work)
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(_keep(command, sock, number + 1))


def _command(sock: socket, *, work: bool) -> list[str]:
    again = [sys.executable, "-m", "server.cli", "serve", "--socket", str(sock.fileno())]
    return again if work else [*again, "--no-work"]


async def _keep(command: list[str], sock: socket, number: int) -> None:
    """Start one child again whenever it ends."""
    backoff = 0.0
    while True:
        started = time.monotonic()
        child = Child(command, sock)
        log.info("child.started", number=number, pid=child.pid)
        try:
            await child.ended.wait()
        finally:
            await child.stop()
        if time.monotonic() - started > STEADY:
            backoff = 0.0
        log.error("child.ended", number=number, pid=child.pid, status=child.status, wait=backoff)
        await asyncio.sleep(backoff)
        backoff = min(backoff * 2 + 0.1, LONGEST_BACKOFF)


class Child:
    """A process that shares our socket; ``ended`` is set when it is over."""

    def __init__(self, command: list[str], sock: socket) -> None:
        self.ended = asyncio.Event()
        launcher = [sys.executable, "-I", "-S", str(Path(launch.__file__))]
        numbers = map(str, (os.getpid(), signal.SIGTERM.value, -1, -1))
        # Not asyncio's: the parent whose death is reported is the thread that forked (prctl(2)).
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [*launcher, *numbers, *command],
            stdin=subprocess.DEVNULL,
            pass_fds=[sock.fileno()],
            start_new_session=True,
        )
        threading.Thread(target=self._wait, args=[asyncio.get_running_loop()], daemon=True).start()

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        self._process.wait()
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(self.ended.set)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        return self._process.returncode

    async def stop(self) -> None:
        """Let it finish what it does; after STOP_SECONDS, or when cancelled again, by force."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self.ended.wait()
        except TimeoutError:
            log.warning("child.killed", pid=self.pid)
        finally:
            if self._process.poll() is None:
                self._process.kill()
