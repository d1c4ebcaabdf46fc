"""The benchmarks still run: each with numbers so small that its figures mean nothing."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time

import orjson
import pytest

from tests.bench import (
    call_page,
    deliveries,
    inbox,
    load,
    machine,
    reaching,
    report,
    starting,
    timeline,
)
from tests.bench.report import Figure


def values(figures: list[Figure]) -> dict[str, float]:
    return {f.name: f.value for f in figures if f.value is not None}


async def test_inbox() -> None:
    size = inbox.Size(each=2, senders=2, members=2, rounds=2)
    found = values(await inbox.measure(size))
    assert found["signed inbox activities, fully processed"] > 0
    assert len(found) == 2


async def test_deliveries() -> None:
    found = values(await deliveries.measure(deliveries.Size(hosts=3, activities=2, rounds=2)))
    assert found["deliveries to 3 hosts"] > 0
    assert len(found) == 3


async def test_timeline() -> None:
    size = timeline.Size(statuses=300, readers=2, seconds=0.2, rounds=1)
    found = values(await timeline.measure(size))
    assert found["pages of home, 1 connection"] > 0
    assert found["queries per page of home"] >= 3
    assert found["bytes per page of home"] > 1000


async def test_call_page() -> None:
    size = call_page.Size(100, participants=3, servers=2, comments=2, seconds=0.2, rounds=1)
    found = values(await call_page.measure(size))
    assert found["a call's page, 1 connection"] > 0
    assert found["queries per call's page"] >= 3
    assert found["bytes per call's page"] > 1000


async def test_starting() -> None:
    found = values(await starting.measure(starting.Size(rest=0.0, rounds=1)))
    assert found["start until it serves, first"] > 0
    assert found["start until it serves, second"] > 0
    assert found["memory when idle, all processes"] > 10


async def test_reaching() -> None:
    found = values(await reaching.measure(reaching.Size(calls=1)))
    assert found["a call until it is seen elsewhere"] > 0


def test_the_command_explains_itself() -> None:
    command = [sys.executable, "-m", "tests.bench", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=os.curdir)
    assert "--quick" in done.stdout


def test_reports_what_could_not_be_measured() -> None:
    figures = [Figure("pages", 1234.5, "per second"), Figure("memory", None, "MiB", "not told")]
    table = report.as_table({"cpu": "one"}, figures)
    assert table.splitlines() == [
        "cpu     one",
        "",
        "pages   1,234 per second",
        "memory  not measured  (not told)",
    ]
    told = orjson.loads(report.as_json({"cpu": "one"}, figures))
    assert told["figures"][1]["value"] is None


async def test_load_counts_what_came() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        message = load.request("GET", "/", {"Host": "here.example"})
        found = await load.drive(port, iter([message] * 5), 2)
    assert [(a.status, a.size) for a in found] == [(404, 4)] * 5


def test_load_ends_in_time() -> None:
    assert list(load.until(time.perf_counter() - 1, iter([b"never"]))) == []


@pytest.mark.parametrize(("part", "wanted"), [(0.0, 1.0), (0.5, 3.0), (0.99, 4.0)])
def test_percentile(part: float, wanted: float) -> None:
    assert load.percentile([4.0, 2.0, 3.0, 1.0], part) == wanted


@pytest.mark.skipif(not machine.PROC.exists(), reason="only Linux tells who is whose child")
def test_a_tree_holds_its_children() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        try:
            assert child.pid in machine.tree(os.getpid())
        finally:
            child.kill()
