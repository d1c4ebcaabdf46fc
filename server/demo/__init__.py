"""``beckon demo``: three instances on this machine, and a call to action that crosses them.

Three real servers (`instances`), each a process with a PostgreSQL of its own, meet on loopback addresses
over TLS with an authority of their own (`authority`). People of each use it through the doors that
everybody has: the command line makes them, and then they act as clients do (`people`). What they do, and
what is told of it, is `story`.

Everything is kept in one temporary folder, which goes at the end with all processes: after Ctrl-C, after
SIGTERM, when the terminal is closed, and when an instance fails, whose last words are then shown. Where
this process is killed without warning, the kernel ends the servers (see ``storage.launch``) and only the
folder stays.
"""

from __future__ import annotations

import asyncio
import fcntl
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import click

from server.demo import authority, story
from server.demo.instances import Instance, choose_addresses, forget
from server.demo.people import Hands

NAMES = ("A", "B", "C")


async def run(seconds: float | None = None) -> None:
    """Show everything, then keep a little going on until cancelled, or for ``seconds``.

    Raises ``DemoError`` where an instance fails, with its last lines.
    """
    _stop_with_the_terminal()
    with _folder() as folder, ExitStack() as stack:
        async with Hands(folder / authority.CA) as hands:
            async with _alone():
                click.echo("Starting three instances ...")
                instances = stack.enter_context(_started(folder))
                await asyncio.gather(*(hands.until_serving(i) for i in instances))
            told = await story.tell(hands, instances)
            click.echo(told.overview(folder / authority.CA))
            await story.go_on(told, seconds)


def _stop_with_the_terminal() -> None:
    task = asyncio.current_task()
    assert task, "we run in one"
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, task.cancel)


@asynccontextmanager
async def _alone() -> AsyncGenerator[None]:
    """No other demo of this installation chooses ports, until ours are taken."""
    with Path(sys.executable).open("rb") as file:  # noqa: ASYNC230 - a local file, once
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.1)
        yield


@contextmanager
def _folder() -> Generator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="beckon-demo-"))
    folder.chmod(0o711)  # root's PostgreSQL runs as another user, who passes through
    try:
        authority.make(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _started(folder: Path) -> Generator[list[Instance]]:
    """Stopped at the end, together, without giving way to another signal."""
    addresses = choose_addresses(len(NAMES))
    found = [Instance(n, a, folder) for n, a in zip(NAMES, addresses, strict=True)]
    try:
        for instance in found:
            instance.start()
        yield found
    finally:
        click.echo("\nStopping ...")
        for instance in found:
            instance.ask_to_stop()
        for instance in found:
            instance.wait_until_stopped()
            forget(instance)
