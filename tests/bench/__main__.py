"""``python -m tests.bench [--quick] [--json] [--only NAME …] [--profile FOLDER]``."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from tests.bench import call_page, deliveries, inbox, machine, reaching, report, starting, timeline
from tests.bench.report import Figure

Measurement = Callable[[bool, Path | None], Awaitable[list[Figure]]]


async def _inbox(quick: bool, profile: Path | None) -> list[Figure]:
    return await inbox.measure(inbox.Size(100, rounds=1) if quick else inbox.Size(), profile)


async def _few_hosts(quick: bool, profile: Path | None) -> list[Figure]:
    size = deliveries.Size(50, 5, rounds=1) if quick else deliveries.Size(50, 40)
    return await deliveries.measure(size, profile)


async def _many_hosts(quick: bool, profile: Path | None) -> list[Figure]:
    size = deliveries.Size(500, 1, rounds=1) if quick else deliveries.Size(500, 4)
    return await deliveries.measure(size, profile)


async def _timeline(quick: bool, profile: Path | None) -> list[Figure]:
    size = timeline.Size(10_000, 20, seconds=1, rounds=1) if quick else timeline.Size()
    return await timeline.measure(size, profile)


async def _call_page(quick: bool, profile: Path | None) -> list[Figure]:
    size = call_page.Size(10_000, 20, 5, 10, seconds=1, rounds=1) if quick else call_page.Size()
    return await call_page.measure(size, profile)


async def _starting(quick: bool, _profile: Path | None) -> list[Figure]:
    return await starting.measure(starting.Size(1.0, rounds=1) if quick else starting.Size())


async def _reaching(quick: bool, _profile: Path | None) -> list[Figure]:
    return await reaching.measure(reaching.Size(2) if quick else reaching.Size())


MEASUREMENTS: dict[str, Measurement] = {
    "inbox": _inbox,
    "deliveries-50": _few_hosts,
    "deliveries-500": _many_hosts,
    "timeline": _timeline,
    "call-page": _call_page,
    "starting": _starting,
    "reaching": _reaching,
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer of everything: rough figures")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, default=list(MEASUREMENTS))
    parser.add_argument(
        "--profile", type=Path, help="a folder for the files of cProfile, which slows all down"
    )
    return parser.parse_args()


async def run(options: argparse.Namespace) -> list[Figure]:
    figures: list[Figure] = []
    for name in options.only:
        sys.stderr.write(f"Measuring: {name}\n")
        profile = options.profile / f"{name}.prof" if options.profile else None
        figures += await MEASUREMENTS[name](options.quick, profile)
    return figures


def main() -> None:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as Ctrl-C does: end what was started
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    described = machine.describe()
    with machine.pinned(set(machine.ALL[1:])):
        figures = asyncio.run(run(options))
    form = report.as_json if options.json else report.as_table
    sys.stdout.write(form(described, figures) + "\n")


main()
