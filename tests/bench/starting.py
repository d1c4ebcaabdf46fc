"""Start-up, first and second, and the memory of all processes when nothing happens: ``beckon serve``."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench import machine
from tests.bench.house import empty_place, environment, free_port, healthy, start, stop
from tests.bench.report import Figure


@dataclass(frozen=True)
class Size:
    """``rest``: seconds of quiet before memory is read."""

    rest: float = 5.0
    rounds: int = 3


async def measure(size: Size, _profile: Path | None = None) -> list[Figure]:
    firsts, seconds, memory = [], [], []
    for _ in range(size.rounds):
        async with empty_place() as place:
            firsts.append((await one_start(place, 0.0))[0])
            again, used = await one_start(place, size.rest)
            seconds.append(again)
            memory.append(used)
    parts = sorted(memory, key=lambda used: sum(used.values()))[len(memory) // 2]
    return [
        Figure("start until it serves, first", median(firsts), "s", "database and keys are made"),
        Figure("start until it serves, second", median(seconds), "s"),
        Figure(
            "memory when idle, all processes",
            sum(parts.values()) / 2**20 if parts else None,
            "MiB (PSS)",
            by_name(parts) or "this system does not tell it",
        ),
    ]


async def one_start(place: Path, rest: float) -> tuple[float, dict[str, int]]:
    """Seconds until it serves, and after ``rest`` seconds of quiet the PSS of each process."""
    port = free_port()
    began = time.perf_counter()
    process = start(environment(place, port))
    try:
        await healthy(process, port)
        elapsed = time.perf_counter() - began
        await asyncio.sleep(rest)
        return elapsed, machine.pss_bytes(process.pid)
    finally:
        stop(process)


def by_name(parts: dict[str, int]) -> str:
    """Memory by program: ``Beckon 70 in 1, PostgreSQL 23 in 7``."""
    sums: dict[str, list[int]] = {}
    for name, size in parts.items():
        sums.setdefault(name.partition(" ")[0], []).append(size)
    told = (f"{name} {sum(s) / 2**20:.0f} in {len(s)}" for name, s in sorted(sums.items()))
    return ", ".join(told)
