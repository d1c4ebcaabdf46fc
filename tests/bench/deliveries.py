"""Deliveries per second: activities that wait for many hosts, signed and sent over TLS by the worker.

A host is a port of 127.0.0.1 with a certificate of an authority of the run's own; the receivers have the
other cores. Each round sends the same number of activities to every host. Connections are kept as the
client keeps them: what it has to open anew it opens, handshake included, as with real hosts.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import orjson
import trustme

from federation import build
from server.domain.members import accounts
from storage import lanes, outbox
from storage.accounts import Account
from storage.db import next_id
from tests.bench import machine
from tests.bench.house import ROOT, House, empty_place, house, until_empty
from tests.bench.machine import Used
from tests.bench.report import Figure, cost

WAITING = "select count(*) from deliveries"


@dataclass(frozen=True)
class Size:
    """``activities``: how many each host gets in a round."""

    hosts: int
    activities: int
    rounds: int = 3


@dataclass(frozen=True)
class Receivers:
    """Running receivers: their ports, and the processes to ask."""

    ports: Sequence[int]
    processes: Sequence[subprocess.Popen[str]]

    def counts(self) -> tuple[int, int]:
        """Requests and connections until now."""
        told = [_ask(process) for process in self.processes]
        return sum(t[0] for t in told), sum(t[1] for t in told)


def _ask(process: subprocess.Popen[str]) -> list[int]:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()
    return _line(process)


def _line(process: subprocess.Popen[str]) -> list[int]:
    assert process.stdout
    found: list[int] = orjson.loads(process.stdout.readline())
    return found


async def measure(size: Size, profile: Path | None = None) -> list[Figure]:
    async with (
        empty_place() as place,
        receivers(place, size.hosts) as there,
        house(place / "authority.pem", profile) as here,
    ):
        async with here.work.transaction() as tx:
            sender = await accounts.create(tx, "person", "sender")
        rounds = [await one_round(here, there, sender, size) for _ in range(size.rounds)]
        memory = sum(machine.pss_bytes(here.pid).values()) / 2**20
    name = f"to {size.hosts} hosts"
    handshakes = median(r[2] for r in rounds)
    return [
        Figure(
            f"deliveries {name}",
            median(r[0] for r in rounds),
            "per second per core",
            f"{handshakes:.2f} new connections each",
        ),
        cost(f"delivery {name}", [r[1] for r in rounds]),
        Figure(f"memory after deliveries {name}", memory or None, "MiB (PSS)", "connections kept"),
    ]


@asynccontextmanager
async def receivers(place: Path, hosts: int, processes: int = 2) -> AsyncIterator[Receivers]:
    certificate, key = certify(place)
    share = -(-hosts // processes)
    counts = [min(share, hosts - first) for first in range(0, hosts, share)]
    started = [receiver(count, certificate, key) for count in counts]
    try:
        ports = [port for process in started for port in await asyncio.to_thread(_line, process)]
        yield Receivers(ports, started)
    finally:
        for process in started:
            process.communicate()  # closes its input, which ends it


def receiver(count: int, certificate: str, key: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.bench.receivers", str(count), certificate, key],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def certify(place: Path) -> tuple[str, str]:
    """The files of a certificate for 127.0.0.1, and beside them ``authority.pem`` that vouches for it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(place / "authority.pem"))
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(str(place / "key.pem"))
    issued.cert_chain_pems[0].write_to_path(str(place / "certificate.pem"))
    return str(place / "certificate.pem"), str(place / "key.pem")


async def one_round(
    here: House, there: Receivers, sender: Account, size: Size
) -> tuple[float, Used, float]:
    """Deliveries per second; what each costs, and its new connections."""
    expected = size.hosts * size.activities
    requests, connections = there.counts()
    before = machine.used(here.pid)
    began = time.perf_counter()
    await enqueue(here, there, sender, size.activities)
    await until_empty(here, WAITING)
    elapsed = time.perf_counter() - began
    used = machine.used(here.pid).per(before, expected)
    now_requests, now_connections = there.counts()
    if now_requests - requests != expected:
        raise RuntimeError(f"{now_requests - requests} of {expected} deliveries came.")
    return expected / elapsed, used, (now_connections - connections) / expected


async def enqueue(here: House, there: Receivers, sender: Account, activities: int) -> None:
    hosts = [f"127.0.0.1:{port}" for port in there.ports]
    inboxes = {f"https://{host}/inbox": host for host in hosts}
    async with here.work.transaction() as tx:
        for _ in range(activities):
            number = await next_id(tx.conn, tx.now)
            uri, post = tx.site.urls.activity(number), tx.site.urls.post(number)
            body = orjson.dumps(note(uri, sender, post))
            await outbox.send(tx.conn, uri, sender.id, post, body, inboxes, tx.now)
            tx.wake(lanes.DELIVERY, inboxes.values(), tx.now)


def note(uri: str, sender: Account, post: str) -> dict[str, object]:
    """A Create of a short Note; a body of usual size."""
    return build.create(
        uri,
        sender.uri,
        {
            "id": post,
            "type": "Note",
            "attributedTo": sender.uri,
            "to": ["https://www.w3.org/ns/activitystreams#Public"],
            "cc": [f"{sender.uri}/followers"],
            "content": "<p>" + "The greenhouse needs a new door. " * 12 + "</p>",
        },
    )
