"""The machine that a figure was taken on, and what its processes use."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

PROC = Path("/proc")
LIBRARIES = ("aiohttp", "asyncpg", "cryptography", "orjson", "uvloop")
TICKS = os.sysconf("SC_CLK_TCK")


def describe() -> dict[str, str]:
    """What a reader needs to compare figures; PostgreSQL is added by whoever starts it."""
    return {
        "cpu": cpu_model(),
        "cores": str(len(ALL)),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "libraries": ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        "load average at the start": " ".join(f"{value:.2f}" for value in os.getloadavg()),
        "pinning": "the instance to one core, the load to the others"
        if can_pin()
        else "none: instance and load share all cores",
    }


def cpu_model() -> str:
    info = PROC / "cpuinfo"
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def cores() -> list[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


ALL = tuple(cores())
"""The cores that we were given, before we kept ourselves off one of them."""


def can_pin() -> bool:
    return hasattr(os, "sched_setaffinity") and len(ALL) > 1


def left_over() -> set[int]:
    """The cores that this process keeps off; all, where it keeps off none."""
    return set(ALL) - set(cores()) or set(ALL)


@contextmanager
def pinned(chosen: set[int]) -> Iterator[None]:
    """Processes that are started inside run on these cores only; so do we until the block is left."""
    if not can_pin() or not chosen:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, chosen)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def tree(pid: int) -> list[int]:
    """A process and all its descendants (Linux; elsewhere the process alone)."""
    children: dict[int, list[int]] = {}
    for entry in PROC.glob("[0-9]*"):
        parent = parent_of(entry)
        if parent is not None:
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for each in found:  # grows while we walk it
        found += children.get(each, [])
    return found


def parent_of(entry: Path) -> int | None:
    fields = stat_fields(entry)
    return int(fields[1]) if fields else None


def stat_fields(entry: Path) -> list[str]:
    """The fields of /proc/PID/stat behind the name (proc(5)): state, parent, … ; empty if it is gone."""
    try:
        return (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []


@dataclass(frozen=True, slots=True)
class Used:
    """CPU seconds, user and system, of all processes of a tree, and of PostgreSQL's among them."""

    total: float
    postgresql: float

    def per(self, before: Used, count: int) -> Used:
        """What was used since ``before``, for each of so many things done."""
        total, postgresql = self.total - before.total, self.postgresql - before.postgresql
        return Used(total / count, postgresql / count)


def used(pid: int) -> Used:
    """Since each process began, with that of its children that ended."""
    spent = {each: _ticks(stat_fields(PROC / str(each))) / TICKS for each in tree(pid)}
    database = (seconds for each, seconds in spent.items() if name_of(each) == "PostgreSQL")
    return Used(sum(spent.values()), sum(database))


def _ticks(fields: list[str]) -> int:
    return sum(int(value) for value in fields[11:15])  # utime, stime, cutime, cstime


def pss_bytes(pid: int) -> dict[str, int]:
    """Proportional set size of each process of a tree, by pid and name; empty where none can be read."""
    return {
        f"{name_of(each)} {each}": size
        for each in tree(pid)
        if (size := _pss(PROC / str(each) / "smaps_rollup"))
    }


def name_of(pid: int) -> str:
    try:
        words = (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return "?"
    return "PostgreSQL" if "postgres" in words.partition(" ")[0] else "Beckon"


def _pss(rollup: Path) -> int:
    try:
        lines = rollup.read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
