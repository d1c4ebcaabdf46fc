"""One PostgreSQL for the whole run, and a fresh database for each test that asks for one.

The server is started once, by pytest-xdist's controller or, without xdist, at the first test that
needs it. ``BECKON_TEST_DATABASE_URL`` names a server to use instead (its role may create
databases). Other settings for runs beside each other:

* ``BECKON_TEST_PORT_BASE``: ports are taken from here upwards, 200 for each worker; without it,
  any below those that a system gives to outgoing connections.
* ``BECKON_TEST_DATA``: where the files of the run are made; without it, in the temporary directory.

Where ``CI=true`` a skipped test is a failed one.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import secrets
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from storage import embedded
from storage.migrate import migrate_url

TEMPLATE = "BECKON_TEST_TEMPLATE_URL"  # from the controller to its workers
PORTS_PER_WORKER = 200


def with_database(url: str, name: str) -> str:
    """The same server and role, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def database_of(url: str) -> str:
    return urlsplit(url).path.lstrip("/")


async def on_server(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@asynccontextmanager
async def template(server_url: str) -> AsyncIterator[str]:
    """A migrated database that others are cloned from; nobody may stay connected to it."""
    name = f"beckon_template_{secrets.token_hex(4)}"
    await on_server(server_url, f"CREATE DATABASE {name}")
    try:
        await migrate_url(with_database(server_url, name))
        yield with_database(server_url, name)
    finally:
        await on_server(server_url, f"DROP DATABASE {name} WITH (FORCE)")


class DatabaseServer:
    """The run's server, in a thread of its own: the loops of the tests come and go."""

    def __init__(self) -> None:
        self._url: Future[str] = Future()
        self._loop = asyncio.new_event_loop()
        self._done = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="database server", daemon=True)

    def start(self) -> str:
        """Returns the URL of the template."""
        self._thread.start()
        return self._url.result()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:
            if self._url.done():
                raise
            self._url.set_exception(error)
        finally:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    async def _serve(self) -> None:
        own = os.environ.get("BECKON_TEST_DATABASE_URL")
        if own:
            await self._serve_templates(own)
            return
        directory = Path(tempfile.mkdtemp(prefix="beckon-tests-", dir=data_root()))
        directory.chmod(0o711)  # PostgreSQL's own user passes through, when we are root
        try:
            async with embedded.running(directory / "postgresql", durable=False) as url:
                await self._serve_templates(url)
        finally:
            shutil.rmtree(directory)

    async def _serve_templates(self, url: str) -> None:
        async with template(url) as template_url:
            self._url.set_result(template_url)
            await self._done.wait()


def data_root() -> str | None:
    root = os.environ.get("BECKON_TEST_DATA")
    if root:
        Path(root).mkdir(parents=True, exist_ok=True)
    return root or None


SERVER = pytest.StashKey[DatabaseServer]()


def pytest_configure(config: pytest.Config) -> None:
    # A shell that starts the run in the background has it ignore Ctrl-C, and so would every process
    # that the tests start, and stop with it.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    controls_workers = getattr(config.option, "numprocesses", None) and not hasattr(
        config, "workerinput"
    )
    if controls_workers and not config.option.collectonly:
        server = DatabaseServer()
        os.environ[TEMPLATE] = server.start()
        config.stash[SERVER] = server


def pytest_unconfigure(config: pytest.Config) -> None:
    if SERVER in config.stash:
        os.environ.pop(TEMPLATE, None)
        config.stash[SERVER].stop()


@pytest.fixture(scope="session")
def template_url() -> Iterator[str]:
    """The migrated template of this run."""
    if TEMPLATE in os.environ:
        yield os.environ[TEMPLATE]
        return
    server = DatabaseServer()
    yield server.start()
    server.stop()


@asynccontextmanager
async def fresh_database(template_url: str, source: str) -> AsyncIterator[str]:
    """A database cloned from ``source``, dropped on leaving."""
    name = f"beckon_test_{secrets.token_hex(6)}"
    server_url = with_database(template_url, "postgres")
    await on_server(server_url, f"CREATE DATABASE {name} TEMPLATE {source}")
    try:
        yield with_database(template_url, name)
    finally:
        await on_server(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database_url(template_url: str) -> AsyncIterator[str]:
    """A database of this test's own, migrated and otherwise empty."""
    async with fresh_database(template_url, database_of(template_url)) as url:
        yield url


@pytest.fixture
async def empty_database_url(template_url: str) -> AsyncIterator[str]:
    """A database of this test's own in which nothing was ever made."""
    async with fresh_database(template_url, "template0") as url:
        yield url


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to `database_url`."""
    opened = await asyncpg.connect(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty directory that every user of the machine may pass through (tmp_path is private)."""
    directory = Path(tempfile.mkdtemp(prefix="beckon-test-", dir=data_root()))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Gives a loopback port that nobody listens on, another one each time."""
    base = int(os.environ.get("BECKON_TEST_PORT_BASE", "0"))
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = base + worker * PORTS_PER_WORKER
    candidates = (
        range(first, first + PORTS_PER_WORKER) if base else map(anywhere, itertools.count())
    )
    usable = filter(None, map(usable_port, candidates))
    return lambda: next(usable)


def anywhere(_: int) -> int:
    """Below those that a system gives to outgoing connections, of which one may come in between."""
    return random.randrange(11_000, 32_768)


def usable_port(candidate: int) -> int | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", candidate))
        except OSError:
            return None
        port: int = probe.getsockname()[1]
        return port


# --- nothing is skipped in CI


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Skipped, and where CI=true nothing may be: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    refuse_skip(report)
    return report
