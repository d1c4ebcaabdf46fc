"""The life of a server: first start, stop, death in every form, and what is still there afterwards."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.serving import (
    ROOT,
    Server,
    beckon,
    children_of,
    command_of,
    environment,
    postmaster_of,
    processes_with,
    until,
)

Start = Callable[..., Server]


@pytest.fixture
def data(place: Path) -> Path:
    return place / "data"


@pytest.fixture
def env(data: Path, free_port: Callable[[], int]) -> dict[str, str]:
    return environment(data, free_port())


@pytest.fixture
def start(env: dict[str, str]) -> Iterator[Start]:
    """Starts `beckon serve` with options; whatever runs at the end is stopped."""
    servers: list[Server] = []

    def started(*words: str, **settings: str) -> Server:
        servers.append(Server(env | settings, *words))
        return servers[-1]

    yield started
    for server in servers:
        server.close()


def serving(server: Server) -> Server:
    assert server.line().startswith("Beckon serves ")
    until("healthy", server.healthy)
    return server


def add_gardener(env: dict[str, str]) -> None:
    made = beckon(env, "account", "create", "gardener", "--email", "gardener@mail.example")
    assert made.returncode == 0, made.stderr


def assert_gardener_is_there(env: dict[str, str]) -> None:
    assert beckon(env, "token", "create", "gardener").returncode == 0
    assert beckon(env, "check").stdout == "All is well.\n"


def status_of(url: str) -> int:
    return requests.get(url, headers={"Accept": "application/json"}, timeout=10).status_code


# --- starting


def test_the_first_start_prints_a_link_for_the_first_administrator(start: Start) -> None:
    server = serving(start(BECKON_LOG_FORMAT="json"))
    link = re.search(r"http://localhost:\d+(/setup/[\w-]{43})$", server.line())
    assert link
    assert status_of(server.url + link[1]) == 200
    assert status_of(server.url + link[1][:-1] + "_") == 404
    assert status_of(f"{server.url}/api/v1/instance") == 200
    assert status_of(f"{server.url}/") == 200
    for line in server.log.read_text().splitlines():
        assert "event" in json.loads(line), line


def test_the_link_is_printed_until_there_is_an_administrator(
    start: Start, env: dict[str, str]
) -> None:
    first = serving(start())
    old = first.line()
    assert first.interrupt() == 0
    began = time.monotonic()
    second = serving(start())
    seconds = time.monotonic() - began
    new = second.line()
    assert "/setup/" in new
    assert new != old
    assert status_of(second.url + old[old.index("/setup/") :]) == 404
    assert seconds < 5, "a second start is a matter of a second or two"
    sys.stdout.write(f"second start: {seconds:.2f} s\n")
    beckon(env, "account", "create", "gardener", "--email", "g@mail.example", "--role", "admin")
    assert second.interrupt() == 0
    third = serving(start())
    assert third.interrupt() == 0
    assert third.process.stdout
    assert third.process.stdout.read() == ""


def test_a_start_imports_no_more_than_it_needs() -> None:
    code = "import server.run, sys; print(*sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(shown.stdout.split())
    assert "aiohttp" in loaded
    assert loaded.isdisjoint({"pyld", "hypothesis", "pytest", "PIL", "av"})


# --- stopping


@pytest.mark.parametrize("words", [(), ("--processes", "2"), ("--no-work",)], ids=" ".join)
def test_ctrl_c_stops_all_of_it(start: Start, data: Path, words: tuple[str, ...]) -> None:
    server = serving(start(*words))
    assert len(processes_with(data)) > 1
    assert server.interrupt() == 0
    assert processes_with(data) == []
    with pytest.raises(ProcessLookupError):
        os.killpg(server.process.pid, 0)


def test_work_runs_without_serving(start: Start, data: Path, env: dict[str, str]) -> None:
    serving(start("--no-work"))
    worker = subprocess.Popen(
        [sys.executable, "-m", "server.cli", "work"], env=env, stdout=subprocess.PIPE, text=True
    )
    try:
        assert worker.stdout
        assert worker.stdout.readline() == "Beckon works, and serves nothing.\n"
    finally:
        worker.terminate()
        worker.communicate(timeout=30)
    assert worker.returncode == 0
    assert command_of(postmaster_of(data)), "it was not ours to stop"


# --- dying


@pytest.mark.parametrize("order", ["beckon", "postmaster first", "beckon first"])
def test_what_was_written_survives_a_kill(
    start: Start, data: Path, env: dict[str, str], order: str
) -> None:
    server = serving(start())
    add_gardener(env)
    postmaster = postmaster_of(data)
    if order == "postmaster first":
        os.kill(postmaster, signal.SIGKILL)
    server.kill()
    if order == "beckon first":
        os.kill(postmaster, signal.SIGKILL)
    serving(start())
    assert_gardener_is_there(env)


def test_a_start_long_after_a_kill(start: Start, data: Path, env: dict[str, str]) -> None:
    server = serving(start())
    add_gardener(env)
    server.kill()
    until("PostgreSQL stopped by itself", lambda: processes_with(data) == [])
    serving(start())
    assert_gardener_is_there(env)


def test_a_server_outlives_its_postmaster(start: Start, data: Path, env: dict[str, str]) -> None:
    server = serving(start())
    add_gardener(env)
    killed = postmaster_of(data)
    os.kill(killed, signal.SIGKILL)
    until("another postmaster", lambda: _is_new(data, killed))
    until("healthy", server.healthy)
    assert_gardener_is_there(env)
    assert server.interrupt() == 0
    assert processes_with(data) == []


def _is_new(data: Path, killed: int) -> bool:
    try:
        return postmaster_of(data) != killed
    except (OSError, ValueError):
        return False


def kids(server: Server) -> list[int]:
    return [p for p in children_of(server.process.pid) if "--socket" in command_of(p)]


def serving_children(server: Server) -> list[int]:
    """Those that have become Beckon."""
    return [p for p in kids(server) if "-m server.cli serve" in command_of(p)]


def test_a_child_that_dies_is_replaced(start: Start) -> None:
    server = serving(start("--processes", "2"))
    until("two children", lambda: len(serving_children(server)) == 2)
    before = set(serving_children(server))
    os.kill(min(before), signal.SIGKILL)
    until("another child", lambda: len(set(serving_children(server)) - before) == 1)
    until("healthy", server.healthy)
    assert len(set(serving_children(server)) & before) == 1


def test_children_do_not_outlive_their_parent(start: Start, data: Path) -> None:
    server = serving(start("--processes", "2"))
    until("two children", lambda: len(serving_children(server)) == 2)
    server.kill()
    until("all gone", lambda: processes_with(data) == [])
    serving(start())


# --- refusing


def test_a_used_database_keeps_its_domain(start: Start, env: dict[str, str]) -> None:
    serving(start()).interrupt()
    other = beckon(env | {"BECKON_DOMAIN": "other.example"}, "serve")
    assert other.returncode == 3
    assert other.stdout == ""
    assert other.stderr.splitlines() == [
        f"BECKON_DOMAIN is other.example, but this database was made for {env['BECKON_DOMAIN']}:"
        " the domain of an instance cannot be changed.",
        f"BECKON_WEB_DOMAIN is other.example, but this database was made for"
        f" {env['BECKON_DOMAIN']}: the domain of an instance cannot be changed.",
    ]
    serving(start())


def test_an_address_in_use_is_said(env: dict[str, str], data: Path) -> None:
    host, _, port = env["BECKON_LISTEN"].partition(":")
    with socket.create_server((host, int(port))):
        refused = beckon(env, "serve")
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert "cannot be used: Address already in use." in refused.stderr
    assert processes_with(data) == []


def test_a_post_that_is_retried_over_a_crash_stands_once(start: Start, env: dict[str, str]) -> None:
    server = serving(start(BECKON_RATE_LIMITS="off"))
    add_gardener(env)
    token = beckon(env, "token", "create", "gardener", "--scopes", "read write").stdout.strip()
    answered: list[str] = []

    def post(number: int) -> str:
        """As a client does that never saw its answer: the same key, until there is one."""
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"post {number}"}
        ids: list[str] = []

        def asked() -> bool:
            try:
                answer = requests.post(
                    f"{server.url}/api/v1/statuses",
                    json={"status": f"Tea {number}"},
                    headers=headers,
                    timeout=10,
                )
            except requests.RequestException:
                return False
            ids.extend([answer.json()["id"]] if answer.ok else [])
            return answer.ok

        until("an answer", asked)
        answered.append(ids[0])
        return ids[0]

    with ThreadPoolExecutor(6) as clients:
        waiting = [clients.submit(post, number) for number in range(80)]
        until("posts are under way", lambda: len(answered) > 15)
        server.kill()
        serving(start(BECKON_RATE_LIMITS="off"))
        made = [each.result() for each in waiting]
    assert len(set(made)) == 80
    instance = requests.get(f"{server.url}/api/v1/instance", timeout=10).json()
    assert instance["stats"]["status_count"] == 80
    assert_gardener_is_there(env)
