"""Figures as a plain table, or as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median

import orjson

from tests.bench.machine import Used


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; ``value`` is None where it could not be measured, and ``note`` says why."""

    name: str
    value: float | None
    unit: str
    note: str = ""


def cost(what: str, rounds: Sequence[Used]) -> Figure:
    """The median CPU time of one of them, in milliseconds, and how much of it PostgreSQL takes."""
    total = median(each.total for each in rounds) * 1000
    share = median(each.postgresql for each in rounds) * 1000
    return Figure(f"CPU per {what}", total, "ms", f"{number(share)} ms of it PostgreSQL")


def as_json(machine: Mapping[str, str], figures: Sequence[Figure]) -> str:
    report = {"machine": dict(machine), "figures": [asdict(figure) for figure in figures]}
    return orjson.dumps(report, option=orjson.OPT_INDENT_2).decode()


def as_table(machine: Mapping[str, str], figures: Sequence[Figure]) -> str:
    left = max(len(name) for name in [*machine, *(figure.name for figure in figures)])
    lines = [f"{name:<{left}}  {value}" for name, value in machine.items()]
    return "\n".join([*lines, "", *(_line(figure, left) for figure in figures)])


def _line(figure: Figure, left: int) -> str:
    value = "not measured" if figure.value is None else f"{number(figure.value)} {figure.unit}"
    note = f"  ({figure.note})" if figure.note else ""
    return f"{figure.name:<{left}}  {value}{note}"


def number(value: float) -> str:
    """Three significant digits are more than such a figure holds."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
