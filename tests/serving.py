"""`beckon` as a process of its own, as whoever installs it meets it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import requests

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0
T = TypeVar("T")


def until(what: str, look: Callable[[], T]) -> T:
    """Look until it gives something true: other processes have no clock that a test could move."""
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)
    return found


def environment(data: Path, port: int, **settings: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BECKON_", "DATABASE_URL"))}
    return kept | {
        "PYTHONPATH": str(ROOT),
        "BECKON_DATA": str(data),
        "BECKON_LISTEN": f"127.0.0.1:{port}",
        "BECKON_DOMAIN": f"localhost:{port}",
        **settings,
    }


def beckon(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """One command, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "server.cli", *words],
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


class Server:
    """`beckon serve` with a session of its own, whose process group is what a terminal interrupts."""

    def __init__(self, env: dict[str, str], *words: str) -> None:
        self.env = env
        self.url = f"http://{env['BECKON_LISTEN']}"
        self.log = Path(env["BECKON_DATA"]).with_suffix(".log")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "server.cli", "serve", *words],
                env=env,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )

    def line(self) -> str:
        """The next line that it prints; fails where it ends instead."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, self.log.read_text()[-3000:]
        return line.strip()

    def healthy(self) -> bool:
        try:
            return requests.get(f"{self.url}/health", timeout=5).ok
        except requests.RequestException:
            return False

    def interrupt(self) -> int:
        """Ctrl-C in its terminal; gives the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)
        assert self.process.stdout
        self.process.stdout.close()


def children_of(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def processes_with(data: Path) -> list[int]:
    """Whoever has our data directory in its environment or its command: Beckon, PostgreSQL, children."""
    return [int(p.name) for p in Path("/proc").glob("[0-9]*") if _concerns(p, str(data).encode())]


def _concerns(process: Path, data: bytes) -> bool:
    try:
        told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        at = bytes((process / "cwd").readlink())
    except OSError:
        return False
    return data in told or at.startswith(data)


def postmaster_of(data: Path) -> int:
    return int((data / "postgresql/cluster/postmaster.pid").read_text().split("\n", 1)[0])
