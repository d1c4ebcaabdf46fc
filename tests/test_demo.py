"""``beckon demo``: a call crosses three instances, and nothing is left when it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.demo import authority
from server.demo.instances import FIRST_PORT, choose_addresses

ROOT = Path(__file__).parents[1]
PATIENCE = 180.0
READY = "Ctrl-C ends it"
ADDRESS = re.compile(r"^  [ABC]  https://([\d.]+):(\d+)", re.MULTILINE)


@pytest.fixture
def temporary(place: Path) -> Path:
    """Where the demo makes its folder."""
    folder = place / "temporary"
    folder.mkdir()
    folder.chmod(0o711)
    return folder


def start(temporary: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "server.cli", "demo", *words],
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def read_until(demo: subprocess.Popen[str], words: str) -> str:
    """What it printed so far, once it printed ``words``."""
    assert demo.stdout
    printed = ""
    for line in demo.stdout:
        printed += line
        if words in line:
            return printed
    raise AssertionError(printed)


def end(demo: subprocess.Popen[str]) -> str:
    out, _ = demo.communicate(timeout=PATIENCE)
    return out


@pytest.fixture
def shown(temporary: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A demo that has shown everything, and what it printed."""
    demo = start(temporary)
    try:
        yield demo, read_until(demo, READY)
    finally:
        if demo.poll() is None:
            demo.terminate()
        demo.communicate(timeout=PATIENCE)


def processes(folder: Path) -> list[str]:
    """Processes that know of this folder, by their settings or where they work."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            about = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
            about += os.fsencode((process / "cwd").readlink())
        except OSError:
            continue
        if os.fsencode(folder) in about and int(process.name) != os.getpid():
            found.append(about.decode(errors="replace"))
    return found


def nothing_is_left(temporary: Path, printed: str) -> None:
    """No folder and no process, so no port either (another demo may have taken ours by now)."""
    assert list(temporary.iterdir()) == []
    assert processes(temporary) == []
    assert len(set(ADDRESS.findall(printed))) == 3


def test_a_call_crosses_and_nothing_is_left(temporary: Path) -> None:
    demo = start(temporary, "--seconds", "0")
    printed = end(demo)
    assert demo.returncode == 0, printed
    assert re.search(r"the call of A was seen on B after [\d.]+ s, on C after [\d.]+ s", printed)
    assert "3 of 3 places taken, 1 waiting" in printed
    assert "baker (B) answered, and has a place" in printed
    assert "nurse (C) answered, and waits for a place" in printed
    nothing_is_left(temporary, printed)


def test_says_which_instance_failed(
    shown: tuple[subprocess.Popen[str], str], temporary: Path
) -> None:
    demo, printed = shown
    os.kill(server_of("b", temporary), signal.SIGKILL)
    assert "Instance B" in (told := end(demo)), told
    assert demo.returncode == 1
    nothing_is_left(temporary, printed)


def server_of(name: str, temporary: Path) -> int:
    """The process that serves one of the three."""
    data = f"BECKON_DATA={next(temporary.iterdir()) / name}\0".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if data in (process / "environ").read_bytes():
                return int(process.name)
        except OSError:
            continue
    raise AssertionError(f"{name} does not run")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_nothing_is_left(temporary: Path, number: signal.Signals) -> None:
    demo = start(temporary)
    read_until(demo, "Making six people")
    demo.send_signal(number)
    end(demo)
    assert list(temporary.iterdir()) == []
    assert processes(temporary) == []


def test_killed_without_warning_no_process_is_left(temporary: Path) -> None:
    demo = start(temporary)
    read_until(demo, "Making six people")
    demo.kill()
    demo.communicate(timeout=PATIENCE)
    deadline = time.monotonic() + 60
    while (left := processes(temporary)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []


def test_takes_the_next_ports_where_some_are_taken() -> None:
    first = choose_addresses(1)[0]
    host, port = first.split(":")
    with socket.create_server((host, int(port))):
        assert first not in choose_addresses(3)
    assert int(port) >= FIRST_PORT


def test_the_authority_vouches_for_loopback_alone(tmp_path: Path) -> None:
    authority.make(tmp_path)
    trusted = ssl.create_default_context(cafile=str(tmp_path / authority.CA))
    constraint = trusted.get_ca_certs(binary_form=True)[0]
    assert bytes([127, 0, 0, 0, 255, 0, 0, 0]) in constraint
    assert (tmp_path / authority.KEY).stat().st_mode & 0o077 == 0
    assert {p.name for p in tmp_path.iterdir()} == {
        authority.CA,
        authority.CERTIFICATE,
        authority.KEY,
    }
