"""A round of one request after the other, for so long: how many came, how soon, and what each cost."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.bench import load, machine
from tests.bench.house import House
from tests.bench.machine import Used


@dataclass(frozen=True)
class Round:
    """Answers per second; the cost and the bytes of each, as they were sent; latencies in seconds."""

    rate: float
    cpu: Used
    size: float
    p50: float
    p99: float


async def one_round(
    here: House, messages: Iterator[bytes], connections: int, seconds: float, least: int
) -> Round:
    """Raises ``RuntimeError`` where an answer was not 200, or shorter than ``least`` bytes."""
    before = machine.used(here.pid)
    began = time.perf_counter()
    answers = await load.drive(here.port, load.until(began + seconds, messages), connections)
    elapsed = time.perf_counter() - began
    used = machine.used(here.pid).per(before, len(answers))
    _whole(answers, least)
    latencies = [answer.seconds for answer in answers]
    return Round(
        rate=len(answers) / elapsed,
        cpu=used,
        size=load.percentile([float(answer.size) for answer in answers], 0.5),
        p50=load.percentile(latencies, 0.5),
        p99=load.percentile(latencies, 0.99),
    )


def _whole(answers: Sequence[load.Answer], least: int) -> None:
    wrong = {answer.status for answer in answers} - {200}
    if wrong or min(answer.size for answer in answers) < least:
        raise RuntimeError(f"Not every page came, or one was empty: {wrong}")
