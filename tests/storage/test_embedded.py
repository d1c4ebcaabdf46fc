"""The embedded PostgreSQL: what it is like, and what it survives.

The processes that are killed here are real ones (`tests/storage/writer.py`). Where the tests run as
root, each death is died twice: as root, and as a user without privileges.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from storage import cluster, embedded
from storage.embedded import EmbeddedError

ROOT = Path(__file__).parents[2]
NOBODY = 65534
USERS = ["root", "nobody"] if os.geteuid() == 0 else ["ourselves"]
PATIENCE_SECONDS = 40.0


def as_nobody() -> list[str]:
    """A command prefix that runs a program of ours as a user without privileges.

    The one thing that user keeps is reading below directories like /root, where the checkout and
    its Python may be.
    """
    setpriv = shutil.which("setpriv")
    assert setpriv, "these tests need setpriv (util-linux) when they run as root"
    kept = "+dac_read_search"
    numbers = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    return [setpriv, *numbers, f"--inh-caps={kept}", f"--ambient-caps={kept}"]


class Writer:
    """A running `writer.py`."""

    def __init__(self, directory: Path, user: str) -> None:
        prefix = as_nobody() if user == "nobody" else []
        script = [sys.executable, str(Path(__file__).with_name("writer.py")), str(directory)]
        self.directory = directory
        self.process = subprocess.Popen(
            [*prefix, *script],
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(ROOT), "PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"},
            start_new_session=True,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def began(self) -> int:
        """Wait until it serves; returns how many rows it found."""
        self.url = self.line()
        assert self.url.startswith("postgresql://beckon:"), self.url
        return int(self.line().removeprefix("found "))

    def wrote(self, more: int = 20) -> int:
        """Read so many more of its numbers; returns the last."""
        return [int(self.line()) for _ in range(more)][-1]

    def rest(self) -> list[str]:
        """Wait for its end; returns what it had still said."""
        assert self.process.stdout is not None
        with self.process.stdout as stdout:
            lines = stdout.read().splitlines()
        self.process.wait(PATIENCE_SECONDS)
        return lines

    def postmaster(self) -> int:
        return embedded._noted_postmaster(self.directory / "cluster")

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        if self.process.stdout and not self.process.stdout.closed:
            late = threading.Timer(PATIENCE_SECONDS, self.process.kill)
            late.start()
            try:
                self.rest()
            finally:
                late.cancel()


@pytest.fixture(params=USERS)
def start(request: pytest.FixtureRequest, place: Path) -> Iterator[Callable[[], Writer]]:
    """Starts writers on one directory, each time as the same user."""
    user: str = request.param
    if user == "nobody":
        os.chown(place, NOBODY, NOBODY)
    writers: list[Writer] = []

    def start_one() -> Writer:
        writers.append(Writer(place / "database", user))
        return writers[-1]

    yield start_one
    for writer in reversed(writers):
        writer.end()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


def kill(*pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def nothing_lost(before: Writer, after: Writer) -> None:
    """Every number that was said to be written is found by the next run."""
    said = [int(line) for line in before.rest()]
    assert after.began() >= len(said) + 20
    after.wrote()


# --- deaths


def test_killed_beckon_and_started_at_once(start: Callable[[], Writer]) -> None:
    first = start()
    first.began()
    first.wrote()
    kill(first.process.pid)
    nothing_lost(first, start())


def test_postgresql_dies_with_beckon(start: Callable[[], Writer]) -> None:
    first = start()
    first.began()
    first.wrote()
    data = first.directory / "cluster"
    assert len(embedded._processes_of(data)) > 1
    kill(first.process.pid)
    until(lambda: not embedded._processes_of(data))
    assert not (data / "postmaster.pid").exists(), "it did not shut down in order"
    nothing_lost(first, start())


def test_killed_postmaster_comes_back_under_the_same_address(start: Callable[[], Writer]) -> None:
    writer = start()
    writer.began()
    killed = {0}
    for _ in range(2):
        writer.wrote()
        killed.add(writer.postmaster())
        kill(writer.postmaster())
        until(lambda: writer.postmaster() not in killed)
        writer.wrote(500)


@pytest.mark.parametrize("order", ["beckon first", "postmaster first"])
def test_killed_both_and_started_at_once(start: Callable[[], Writer], order: str) -> None:
    first = start()
    first.began()
    first.wrote()
    victims = [first.process.pid, first.postmaster()]
    kill(*(victims if order == "beckon first" else reversed(victims)))
    nothing_lost(first, start())


def test_killed_both_and_started_later(start: Callable[[], Writer]) -> None:
    first = start()
    first.began()
    first.wrote()
    kill(first.process.pid, first.postmaster())
    until(lambda: not embedded._processes_of(first.directory / "cluster"))
    nothing_lost(first, start())


def test_killed_while_the_first_files_are_made(start: Callable[[], Writer]) -> None:
    first = start()
    directory = first.directory
    until(lambda: any(directory.glob(".draft-*/cluster/global")))
    kill(first.process.pid)
    first.rest()
    assert not (directory / "cluster").exists()
    assert start().began() == 0
    assert not list(directory.glob(".draft-*"))


def test_interrupt_of_the_terminal_reaches_beckon_alone(start: Callable[[], Writer]) -> None:
    writer = start()
    writer.began()
    writer.wrote()
    os.killpg(writer.process.pid, signal.SIGINT)
    assert writer.rest()[-1] == "served to the end"
    assert not embedded._processes_of(writer.directory / "cluster")


# --- two processes, one server


async def test_attaches_to_a_supervised_server_and_leaves_it_alone(
    start: Callable[[], Writer],
) -> None:
    owner = start()
    owner.began()
    async with embedded.running(owner.directory) as url:
        assert url == owner.url
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT count(*) >= 0 FROM written")
        await connection.close()
    owner.wrote()


def test_two_that_start_at_once_share_one_server(start: Callable[[], Writer]) -> None:
    one, other = start(), start()
    one.began()
    other.began()
    assert one.url == other.url
    one.wrote()
    other.wrote()


async def test_says_when_another_supervisor_has_no_server(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "ATTACH_SECONDS", 0.1)
    lock = cluster.try_lock(cluster.settle(place))
    assert lock is not None
    try:
        with pytest.raises(EmbeddedError, match="does not answer"):
            async with embedded.running(place):
                pass
    finally:
        os.close(lock)


# --- what it is like


async def settings(url: str) -> dict[str, str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT name, setting FROM pg_settings")
        return {row["name"]: row["setting"] for row in rows}
    finally:
        await connection.close()


async def test_is_private_durable_and_small(place: Path) -> None:
    async with embedded.running(place / "database") as url:
        found = await settings(url)
        connection = await asyncpg.connect(url)
        role = await connection.fetchrow(
            "SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        )
        locale = await connection.fetchrow(
            "SELECT datlocale, pg_encoding_to_char(encoding) AS encoding"
            " FROM pg_database WHERE datname = current_database()"
        )
        await connection.close()
    assert tuple(role) == (False, True)
    assert tuple(locale) == ("C.UTF-8", "UTF8")
    expected = {"listen_addresses": "", "data_checksums": "on", "fsync": "on", "jit": "off"}
    assert expected.items() <= found.items()


async def test_refuses_without_the_right_password(place: Path) -> None:
    async with embedded.running(place / "database", durable=False) as url:
        password = (place / "database/password").read_text().strip()
        for role in ("beckon", "postgres"):
            wrong = url.replace(password, "wrong").replace("//beckon:", f"//{role}:")
            with pytest.raises(asyncpg.InvalidPasswordError):
                await asyncpg.connect(wrong)


async def test_nobody_else_reads_the_files(place: Path) -> None:
    async with embedded.running(place / "database", durable=False):
        for name, mode in (("password", 0o600), ("cluster", 0o700), ("socket", 0o700)):
            assert stat.S_IMODE((place / "database" / name).stat().st_mode) == mode
        assert "password" not in (place / "database/postgresql.log").read_text()


async def test_not_durable_is_for_tests(place: Path) -> None:
    async with embedded.running(place / "database", durable=False) as url:
        assert (await settings(url))["fsync"] == "off"


@pytest.mark.parametrize(
    "name", ["with a space, a comma and 'quotes'", "Kräuter+%41", "deep/" * 30 + "end"]
)
async def test_any_directory_will_do(place: Path, name: str) -> None:
    async with embedded.running(place / name, durable=False) as url:
        await settings(url)
        socket = Path(json.loads((place / name / "runtime.json").read_bytes())["socket"])
        assert socket.is_dir()
    assert not socket.exists()


async def test_a_directory_that_the_server_cannot_reach(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root's files stay where root wants them, the server's go where its user can read them."""
    monkeypatch.setattr(cluster, "STATE", place / "state")
    private = place / "private"
    private.mkdir(mode=0o700)
    async with embedded.running(private / "database", durable=False) as url:
        await settings(url)
    note = private / "database" / cluster.NOTE
    if os.geteuid() != 0:
        assert not note.exists()
        return
    home = Path(note.read_text().splitlines()[0])
    assert home.parent == place / "state/clusters"
    private.rename(place / "moved")
    async with embedded.running(place / "moved/database", durable=False):
        assert cluster.settle(place / "moved/database").home == home
    shutil.rmtree(home)
    with pytest.raises(EmbeddedError, match="which is missing"):
        cluster.settle(place / "moved/database")


def test_binaries_are_copied_once_and_repaired(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "STATE", place / "state")
    wheel = cluster._wheel()
    copy = cluster._published(wheel)
    before = copy.stat().st_ino
    assert cluster._published(wheel).stat().st_ino == before
    program = copy / cluster._PROGRAMS / "postgres"
    program.write_bytes(program.read_bytes()[:1000])
    assert cluster._published(wheel) == copy
    assert subprocess.run([program, "--version"], check=True, capture_output=True).stdout
    assert stat.S_IMODE(program.stat().st_mode) == 0o755


# --- what goes wrong


@pytest.fixture
async def used(place: Path) -> Path:
    """A directory whose server ran and stopped."""
    async with embedded.running(place / "database", durable=False):
        pass
    return place / "database"


async def refusal(directory: Path) -> str:
    with pytest.raises(EmbeddedError) as caught:
        async with embedded.running(directory, durable=False):
            pass
    assert not embedded._processes_of(directory / "cluster")
    return str(caught.value)


async def test_says_what_postgresql_said(used: Path) -> None:
    with (used / "cluster/postgresql.conf").open("a") as file:
        file.write("nonsense = 1\n")
    assert 'unrecognized configuration parameter "nonsense"' in await refusal(used)


async def test_refuses_files_of_another_major_version(used: Path) -> None:
    (used / "cluster/PG_VERSION").write_text("15\n")
    assert "was made by PostgreSQL 15" in await refusal(used)


async def test_refuses_without_its_password_file(used: Path) -> None:
    (used / "password").unlink()
    assert "password of the database" in await refusal(used)


async def test_refuses_a_link_in_place_of_its_log(used: Path) -> None:
    (used / "postgresql.log").unlink()
    (used / "postgresql.log").symlink_to("/etc/hostname")
    assert "cannot be opened" in await refusal(used)


async def test_says_when_a_ready_server_lets_nobody_in(
    used: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "UNREACHABLE_SECONDS", 0.1)
    (used / "password").write_text("another\n")
    assert "cannot be reached" in await refusal(used)


async def test_a_process_id_alone_proves_nothing(used: Path) -> None:
    """In a container the old postmaster's number soon belongs to somebody else: here, to us."""
    (used / "cluster/postmaster.pid").write_text(f"{os.getpid()}\n{used / 'cluster'}\n")
    async with embedded.running(used, durable=False) as url:
        await settings(url)


async def test_a_long_log_is_put_aside(used: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "LOG_BYTES", 10)
    before = (used / "postgresql.log").read_text()
    async with embedded.running(used, durable=False):
        assert (used / "postgresql.log.1").read_text() == before


async def test_stops_when_cancelled(place: Path) -> None:
    ready = asyncio.Event()

    async def serve() -> None:
        async with embedded.running(place, durable=False):
            ready.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(serve())
    await ready.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not embedded._processes_of(place / "cluster")


def test_a_strict_umask_shuts_nobody_out(place: Path) -> None:
    """As root, PostgreSQL's own user passes through what is made under ``umask 077`` too."""
    before = os.umask(0o077)
    try:
        settled = cluster.settle(place / "data" / "postgresql")
    finally:
        os.umask(before)
    assert settled.home == (place / "data" / "postgresql").resolve()
