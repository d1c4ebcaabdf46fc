"""An instance of its own for a measurement: data of its own, pinned, ended when the block is left."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from server.clock import Clock
from server.domain.tx import Site, Work
from server.urls import Urls
from storage import db, embedded
from tests.bench import load, machine

ROOT = Path(__file__).parents[2]
DOMAIN = "here.example"
URLS = Urls(DOMAIN, f"https://{DOMAIN}")
START_SECONDS = 60.0
STOP_SECONDS = 20.0
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class House:
    """A running instance. ``work`` writes to its database from outside, to fill it."""

    pid: int
    port: int
    dsn: str
    work: Work


def environment(data: Path, port: int, ca_file: Path | None = None) -> dict[str, str]:
    """The settings of an instance under test, and nothing that was set for another one."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BECKON_", "DATABASE_"))}
    return kept | {"PYTHONPATH": str(ROOT)} | settings(data, port, ca_file)


def settings(data: Path, port: int, ca_file: Path | None = None) -> dict[str, str]:
    ours = {
        "BECKON_DOMAIN": DOMAIN,
        "BECKON_SCHEME": "https",
        "BECKON_LISTEN": f"127.0.0.1:{port}",
        "BECKON_DATA": str(data),
        "BECKON_ALLOW_NETWORKS": "127.0.0.0/8",
        "BECKON_LOG_LEVEL": "warning",
        "BECKON_RATE_LIMITS": "off",
    }
    return ours | ({"BECKON_CA_FILE": str(ca_file)} if ca_file else {})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def empty_place() -> AsyncIterator[Path]:
    """A folder that PostgreSQL's own user may pass through, when we are root."""
    place = Path(tempfile.mkdtemp(prefix="beckon-bench-"))
    place.chmod(0o711)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def start(settings: dict[str, str], profile: Path | None = None) -> subprocess.Popen[bytes]:
    """``beckon serve`` on the cores that the load keeps off."""
    profiler = ["-m", "cProfile", "-o", str(profile)] if profile else []
    command = [sys.executable, *profiler, "-m", "server.cli", "serve"]
    with machine.pinned(machine.left_over()):
        return subprocess.Popen(command, env=settings, cwd=ROOT, stdout=subprocess.DEVNULL)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()  # its PostgreSQL goes with it (storage/launch.py)
        process.wait()


async def healthy(process: subprocess.Popen[bytes], port: int) -> None:
    """Until it answers. Raises ``RuntimeError`` where the process ended before."""
    deadline = time.monotonic() + START_SECONDS
    look = load.request("GET", "/health", {"Host": DOMAIN})
    while process.poll() is None and time.monotonic() < deadline:
        try:
            answers = await load.drive(port, iter([look]), 1)
        except OSError:
            await asyncio.sleep(0.005)
            continue
        if answers[0].status == 200:
            return
    raise RuntimeError(f"The instance did not start: {process.poll()}")


@asynccontextmanager
async def house(ca_file: Path | None = None, profile: Path | None = None) -> AsyncIterator[House]:
    async with empty_place() as place:
        port = free_port()
        process = start(environment(place, port, ca_file), profile)
        try:
            await healthy(process, port)
            async with attached(place / "postgresql") as (dsn, work):
                yield House(process.pid, port, dsn, work)
        finally:
            stop(process)


@asynccontextmanager
async def attached(directory: Path) -> AsyncIterator[tuple[str, Work]]:
    """Into the database of a running instance."""
    async with embedded.running(directory) as dsn, db.pool(dsn, size=4) as pool:
        yield dsn, Work(pool, Clock(), Site(URLS, federates=True))


async def postgresql_version(dsn: str) -> str:
    connection = await asyncpg.connect(dsn)
    try:
        return str(await connection.fetchval("show server_version"))
    finally:
        await connection.close()


async def until_empty(house: House, query: str) -> None:
    """Until a count is 0. Each look costs the instance a little of its core. Raises ``TimeoutError``."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await left(house, query):  # noqa: ASYNC110 - another process empties it
            await asyncio.sleep(0.05)


async def left(house: House, query: str) -> int:
    async with house.work.reading() as tx:
        return int(await tx.conn.fetchval(query))
