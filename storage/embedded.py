"""Our own PostgreSQL: made, started, watched and stopped here, with nothing to install.

The flow of `running`: settle where the server lies (`storage.cluster`) → take the lock of that
place → stop what an earlier run left → make the first files if there are none → start the
postmaster → connect until it answers → see to the role and the database → hand out the connection
string and watch the process until the caller leaves → stop it.

Who does not get the lock attaches: another Beckon of this machine supervises the server already
(``beckon account create`` beside ``beckon serve``), and goes on doing so when we leave.

What can die, and what then survives:

* Beckon: the kernel asks the postmaster to shut down (see `storage.launch`), and whatever is still
  there at the next start is stopped first. Nothing is adopted.
* The postmaster: it is started again, at once and then less and less often, behind the same
  connection string. Open connections break, as with any restart of a database.
* Both, or the machine: the write-ahead log is replayed at the next start, however long that takes.

A server is alive when it answers a connection. A process id alone is never trusted: a process
belongs to a server when it works in that server's data directory.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from enum import Enum
from pathlib import Path

import asyncpg

from storage import cluster
from storage.cluster import EmbeddedError, Place, User

__all__ = ["EmbeddedError", "running"]

log = logging.getLogger(__name__)

ATTACH_SECONDS = 30.0  # how long another Beckon may take to start a server that we attach to
UNREACHABLE_SECONDS = 30.0  # for a server that calls itself ready and does not let us in
STOP_SECONDS = 15.0  # for an orderly stop, before open sessions are cut off
PAUSE_SECONDS = 0.01  # between two looks at something that changes in a moment
LONGEST_BACKOFF_SECONDS = 5.0
STEADY_SECONDS = 30.0  # a server that lived this long did not die of the way it was started

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "48MB",
    "work_mem": "4MB",
    "maintenance_work_mem": "32MB",
    "effective_cache_size": "256MB",
    "huge_pages": "off",
    "random_page_cost": "1.1",
    "jit": "off",  # compiling costs more than any query of ours
    "io_method": "sync",  # three worker processes less
    "max_parallel_workers_per_gather": "0",
    "max_worker_processes": "4",
    "autovacuum_max_workers": "2",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",  # statements carry what people wrote
    "log_checkpoints": "off",
}
NOT_DURABLE = {
    "max_connections": "200",  # of the tests: many instances at once
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",  # its processes would hold a test's database that is to be dropped
}


@asynccontextmanager
async def running(directory: Path, *, durable: bool = True) -> AsyncGenerator[str, None]:
    """A PostgreSQL whose files are in ``directory``; yields a connection string for asyncpg.

    The string names the role ``beckon`` (no superuser; it may create databases), its password, and
    the database ``beckon`` that it owns, over a unix socket. The server stops on leaving, unless
    another process of this machine supervises it. ``durable=False`` is for tests: faster, and a
    crash of the machine loses data.

    Raises EmbeddedError, with a sentence for a person, when there can be no server.
    """
    place = await asyncio.to_thread(cluster.settle, directory)
    lock = await _lock_or_attach(place)
    if lock is None:
        yield place.dsn()
        return
    server = _Server(place, durable=durable)
    try:
        await server.start()
        yield place.dsn()
    finally:
        try:
            await server.stop()
        finally:
            os.close(lock)


async def _lock_or_attach(place: Place) -> int | None:
    """The supervisor's lock, or None once the server of another supervisor answers."""
    deadline = time.monotonic() + ATTACH_SECONDS
    while True:
        lock = cluster.try_lock(place)
        if lock is not None:
            return lock
        with suppress(EmbeddedError):  # no socket named yet: the other one is just starting
            answer = await _ask(place.dsn())
            if answer is _Answer.READY:
                return None
            if answer is _Answer.STARTING:
                deadline = time.monotonic() + ATTACH_SECONDS
        if time.monotonic() > deadline:
            raise EmbeddedError(
                f"Another Beckon supervises the database in {place.home}, but it does not answer."
            )
        await asyncio.sleep(PAUSE_SECONDS)


class _Answer(Enum):
    READY = "ready"
    STARTING = "starting"  # it says so itself: SQLSTATE 57P03, cannot_connect_now
    ABSENT = "absent"


# The last is what asyncpg says when a connection breaks between two of its own steps.
_UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


async def _ask(dsn: str) -> _Answer:
    """Whether a server answers there, found out by connecting."""
    try:
        connection = await asyncpg.connect(dsn, timeout=10)
    except asyncpg.CannotConnectNowError:
        return _Answer.STARTING
    except _UNREACHABLE:
        return _Answer.ABSENT
    await connection.close()
    return _Answer.READY


class _Server:
    """The one server that this process supervises, from start to stop."""

    def __init__(self, place: Place, *, durable: bool) -> None:
        self._place = place
        self._durable = durable
        self._socket: Path | None = None
        self._postmaster: _Child | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Return when the database ``beckon`` can be used. Raises EmbeddedError."""
        await stop_leftovers(self._place.data)
        if not self._place.data.exists():
            await _make_cluster(self._place, durable=self._durable)
        cluster.check_version(self._place)
        self._socket = cluster.prepare_socket(self._place)
        await self._launch()
        await _see_to_database(self._place)
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Stop the server in order; after STOP_SECONDS, or when cancelled, at once."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        if self._postmaster is not None:
            await self._postmaster.stop()
        if self._socket is not None:
            cluster.clear_socket(self._socket, directory_too=True)

    async def _launch(self) -> None:
        """Start the postmaster and wait until it answers, for as long as it says it is starting."""
        assert self._socket is not None
        cluster.clear_socket(self._socket)
        settings = SETTINGS | {"unix_socket_directories": _quoted(self._socket)}
        settings |= {} if self._durable else NOT_DURABLE
        command = [str(self._place.binaries / "postgres"), "-D", str(self._place.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self._postmaster = _Child(self._place, command, self._place.user, signal.SIGINT)
        await self._answering(self._postmaster)

    async def _answering(self, postmaster: _Child) -> None:
        dsn = self._place.dsn(role="postgres", database="postgres")
        ready_since: float | None = None
        while await _ask(dsn) is not _Answer.READY:
            if postmaster.ended.is_set():
                raise EmbeddedError(f"PostgreSQL did not start. It said: {postmaster.said()}")
            if ready_since is None and _says_ready(self._place.data):
                ready_since = time.monotonic()
            if ready_since is not None and time.monotonic() - ready_since > UNREACHABLE_SECONDS:
                raise EmbeddedError(
                    f"PostgreSQL runs, but cannot be reached. It said: {postmaster.said()}"
                )
            await asyncio.sleep(PAUSE_SECONDS)

    async def _keep(self) -> None:
        """Start the postmaster again whenever it ends, until cancelled."""
        backoff = 0.0
        while True:
            assert self._postmaster is not None
            started = time.monotonic()
            await self._postmaster.ended.wait()
            if time.monotonic() - started > STEADY_SECONDS:
                backoff = 0.0
            log.error("PostgreSQL ended (%s); starting it again", self._postmaster.status())
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2 + 0.1, LONGEST_BACKOFF_SECONDS)
            await self._restart()

    async def _restart(self) -> None:
        try:
            await stop_leftovers(self._place.data)
            await self._launch()
        except (EmbeddedError, OSError) as error:
            log.error("PostgreSQL could not be started again: %s", error)
        else:
            log.warning("PostgreSQL serves again")


def _quoted(path: Path) -> str:
    """One element of a list setting: commas and spaces in a path are no separators."""
    return '"' + str(path).replace('"', '""') + '"'


async def _make_cluster(place: Place, *, durable: bool) -> None:
    made = cluster.draft(place, durable=durable)
    initdb = _Child(place, made.command, made.user, signal.SIGKILL)
    try:
        await initdb.ended.wait()
    finally:
        await initdb.stop()
    if initdb.process.returncode != 0:
        raise EmbeddedError(f"PostgreSQL's files could not be made. initdb said: {initdb.said()}")
    cluster.adopt(place, made)


_ROLE_STATEMENT = """
    SELECT format('CREATE ROLE beckon LOGIN CREATEDB PASSWORD %L', $1::text)
    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'beckon')
"""
_DATABASE_EXISTS = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'beckon')"


async def _see_to_database(place: Place) -> None:
    """Make the role and the database where they are missing: each step may be the first one left."""
    superuser = await asyncpg.connect(place.dsn(role="postgres", database="postgres"))
    try:
        statement = await superuser.fetchval(_ROLE_STATEMENT, place.password())
        if statement is not None:
            await superuser.execute(statement)
        if not await superuser.fetchval(_DATABASE_EXISTS):
            await superuser.execute("CREATE DATABASE beckon OWNER beckon")
    finally:
        await superuser.close()


# --- processes


class _Child:
    """A program of PostgreSQL that we started; ``ended`` is set when it is over.

    It gets a session of its own, so that Ctrl-C in a terminal reaches us and not it, an
    environment without the caller's, and the log for its output.
    """

    def __init__(
        self, place: Place, command: list[str], user: User | None, farewell: signal.Signals
    ) -> None:
        self.ended = asyncio.Event()
        self._log_file = place.log
        output = cluster.open_log(place)
        self._log_offset = os.fstat(output).st_size
        uid, gid = (user.uid, user.gid) if user else (-1, -1)
        numbers = (os.getpid(), farewell.value, uid, gid)
        launcher = [sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py"))]
        try:
            # Not asyncio's: its child watcher may start the process from another thread, and
            # the kernel's "parent" whose death is reported is the thread that forked (prctl(2)).
            self.process = subprocess.Popen(  # noqa: S603 - our own programs
                [*launcher, *map(str, numbers), *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                start_new_session=True,
            )
        finally:
            os.close(output)
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._wait, args=[loop], daemon=True).start()

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        self.process.wait()
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(self.ended.set)

    async def stop(self) -> None:
        """Stop it in order (SIGINT: fast shutdown), then at once (SIGQUIT), then by force."""
        try:
            self._signal(signal.SIGINT)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), STOP_SECONDS)
        finally:
            self._stop_at_once()

    def _stop_at_once(self) -> None:
        for urgent in (signal.SIGQUIT, signal.SIGKILL):
            self._signal(urgent)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=5)
                return

    def _signal(self, number: signal.Signals) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)

    def status(self) -> str:
        """How it ended, for the log."""
        code = self.process.returncode
        return f"signal {-code}" if code is not None and code < 0 else f"exit status {code}"

    def said(self) -> str:
        """The last lines that it wrote."""
        with self._log_file.open("rb") as file:
            file.seek(self._log_offset)
            text = file.read().decode(errors="replace")
        return "\n".join(text.strip().splitlines()[-15:]) or f"nothing ({self.status()})"


async def stop_leftovers(data: Path) -> None:
    """End every process that works on the files in ``data``, and the trace of one that is gone.

    A postmaster gets time for a fast shutdown; processes that lost theirs are told to quit without
    touching anything (SIGINT would ask a lone checkpointer for a shutdown checkpoint). Raises
    EmbeddedError when one of them stays.
    """
    for polite, urgent, seconds in (
        (signal.SIGINT, signal.SIGQUIT, STOP_SECONDS),
        (signal.SIGQUIT, signal.SIGQUIT, 5.0),
        (signal.SIGKILL, signal.SIGKILL, 5.0),
    ):
        found = await asyncio.to_thread(_processes_of, data)
        postmaster = _noted_postmaster(data)
        if postmaster in found:
            log.warning("Stopping a PostgreSQL that an earlier run left (process %d)", postmaster)
            _send(postmaster, polite)
        else:
            for orphan in found:
                _send(orphan, urgent)
        if await _nothing_left(data, seconds):
            _forget_recycled_pid(data, postmaster)
            return
    raise EmbeddedError(f"Processes of an earlier PostgreSQL still use {data} and do not stop.")


async def _nothing_left(data: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while await asyncio.to_thread(_processes_of, data):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(PAUSE_SECONDS)
    return True


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
    except PermissionError as error:
        raise EmbeddedError(f"Process {pid} of another user uses this database.") from error


def _noted_postmaster(data: Path) -> int:
    """The process id in postmaster.pid, or 0."""
    try:
        return int((data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return 0


def _says_ready(data: Path) -> bool:
    """Whether the postmaster has noted (in the last line of its file) that it takes connections."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return bool(lines) and lines[-1].strip() == "ready"


def _forget_recycled_pid(data: Path, pid: int) -> None:
    """Remove postmaster.pid where its number now belongs to some other program.

    PostgreSQL would take that program for a living postmaster and refuse to start, and in a
    container, where ids are small, that is the rule. A file with a dead id stays: PostgreSQL finds
    the shared memory of survivors through it.
    """
    with suppress(ProcessLookupError):
        if pid:
            with suppress(PermissionError):
                os.kill(pid, 0)
            (data / "postmaster.pid").unlink(missing_ok=True)


def _processes_of(data: Path) -> list[int]:
    """The live processes of the server in ``data``: a postmaster and its children work there."""
    if not Path("/proc/self/cwd").exists():
        return _processes_by_ps(data)
    found: list[int] = []
    for entry in os.listdir("/proc"):  # noqa: PTH208 - names only, hundreds of them, at each start
        with suppress(OSError):  # gone, a zombie, or somebody else's
            if entry.isdigit() and os.readlink(f"/proc/{entry}/cwd") == str(data):  # noqa: PTH115
                found.append(int(entry))
    return found


def _processes_by_ps(data: Path) -> list[int]:
    """The same without /proc (macOS), for the postmaster alone: by its command line."""
    pid = _noted_postmaster(data)
    if not pid:
        return []
    command = ["/bin/ps", "-p", str(pid), "-o", "args="]
    shown = subprocess.run(  # noqa: S603 - a number
        command, capture_output=True, text=True, check=False
    ).stdout
    return [pid] if "postgres" in shown and f"-D {data} " in shown else []
