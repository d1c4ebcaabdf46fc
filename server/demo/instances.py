"""The three servers: ``beckon serve`` three times, as anybody would start it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from server.demo import authority
from server.errors import BeckonError
from storage import cluster, launch

FIRST_PORT = 8431
PORTS = 400
STOP_SECONDS = 30.0
COMMAND_SECONDS = 60.0
LAST_LINES = 20
BECKON = [sys.executable, "-m", "server.cli"]


class DemoError(BeckonError):
    """The demo cannot go on; the sentence says which instance failed, and shows its last lines."""


def choose_addresses(count: int) -> list[str]:
    """ADDRESS:PORT for each instance, free at the moment. Raises ``DemoError``.

    Cookies belong to an address and not to a port: with an address for each, one browser can be signed in
    to all of them. Linux has all of 127.0.0.0/8; elsewhere there is 127.0.0.1 alone.
    """
    found: list[str] = []
    for port in range(FIRST_PORT, FIRST_PORT + PORTS):
        wanted = (f"127.0.0.{len(found) + 1}", "127.0.0.1")
        host = next((host for host in wanted if _is_free(host, port)), None)
        if host:
            found.append(f"{host}:{port}")
        if len(found) == count:
            return found
    raise DemoError(f"No free ports were found from {FIRST_PORT} on.")


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


class Instance:
    """One server of the demo. ``domain``: its address and port, which its handles end in."""

    def __init__(self, name: str, domain: str, folder: Path) -> None:
        self.name = name
        self.domain = domain
        self.data = folder / name.lower()
        self._log = folder / f"{name.lower()}.log"
        self._process: subprocess.Popen[bytes] | None = None
        # Nothing of the caller's settings is meant for these.
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("BECKON_", "DATABASE_"))}
        self._environment = kept | {
            "BECKON_DOMAIN": domain,
            "BECKON_LISTEN": domain,
            "BECKON_DATA": str(self.data),
            "BECKON_TLS_CERT": str(folder / authority.CERTIFICATE),
            "BECKON_TLS_KEY": str(folder / authority.KEY),
            "BECKON_CA_FILE": str(folder / authority.CA),
            "BECKON_ALLOW_NETWORKS": str(authority.LOOPBACK),
            "BECKON_RATE_LIMITS": "off",  # we look far more often than people do
            "BECKON_LOG_LEVEL": "warning",
        }

    @property
    def url(self) -> str:
        return f"https://{self.domain}"

    def start(self) -> None:
        """Start the server, which the kernel tells to stop should we die without a word."""
        self.data.mkdir(mode=0o711)
        launcher = [sys.executable, "-I", "-S", str(Path(launch.__file__))]
        numbers = map(str, (os.getpid(), signal.SIGTERM.value, -1, -1))
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                [*launcher, *numbers, *BECKON, "serve"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches us, and we tell them
            )

    def require_alive(self) -> None:
        """Raises ``DemoError`` where the server has ended."""
        if self._process and self._process.poll() is not None:
            raise self.failed(f"ended with status {self._process.returncode}")

    def failed(self, how: str) -> DemoError:
        """What to raise where this instance did not do its part."""
        return DemoError(
            f"Instance {self.name} ({self.url}) {how}. Its last lines:\n{self._tail()}"
        )

    def _tail(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return "\n".join(f"  {line}" for line in lines[-LAST_LINES:]) or "  (none)"

    async def beckon(self, *words: str) -> str:
        """Run a ``beckon`` command of this instance and give what it prints. Raises ``DemoError``."""
        process = await asyncio.create_subprocess_exec(
            *BECKON, *words,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                out, err = await process.communicate()
        except BaseException:
            process.kill()
            await process.wait()
            raise
        if process.returncode:
            raise self.failed(f"refused `beckon {' '.join(words[:3])}`: {err.decode().strip()}")
        return out.decode().strip()

    def ask_to_stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def wait_until_stopped(self) -> None:
        """After ``STOP_SECONDS`` by force; its PostgreSQL is then ended by the kernel."""
        if self._process is None:
            return
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def forget(instance: Instance) -> None:
    """Remove what root's PostgreSQL may have had to keep elsewhere (see ``storage.cluster``)."""
    if os.geteuid() == 0 and (instance.data / "postgresql").exists():
        shutil.rmtree(cluster.settle(instance.data / "postgresql").home, ignore_errors=True)
