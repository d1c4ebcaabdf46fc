"""Numbers as drawings: points and bars in the units of an SVG, for templates to write with attributes alone.

No text is drawn: what a drawing means stands beside it in HTML, as each language writes it, and in the table behind it. So a
page that reads from the right mirrors the drawing and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 600, 160
FAR = 4
"""A goal that is more than so many times what there is would press the line flat: then it is told in words alone."""


@dataclass(frozen=True, slots=True)
class Line:
    """How something grew. ``points`` and ``area``: as ``polyline`` and ``polygon`` want them; ``goal``: its height from above, None
    where none is drawn; ``most``: the number at the upper edge; from the ``first`` day to the ``last``."""

    points: str
    area: str
    most: int
    first: date
    last: date
    goal: float | None


def line(values: Sequence[tuple[date, int]], goal: int | None = None) -> Line | None:
    """Of what there was on each day, in order of the days; None where one day says it all."""
    if len(values) < 2:
        return None
    (first, _), (last, _) = values[0], values[-1]
    greatest = max(number for _, number in values)
    drawn = goal if goal and goal <= FAR * greatest else None
    most = max(greatest, drawn or 0, 1)
    whole = max((last - first).days, 1)
    points = [(WIDTH * (day - first).days / whole, _height(number, most)) for day, number in values]
    said = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    area = f"0,{HEIGHT} {said} {points[-1][0]:.1f},{HEIGHT}"
    return Line(said, area, most, first, last, _height(drawn, most) if drawn else None)


def _height(number: int, most: int) -> float:
    """From above: the greatest is at 0."""
    return round(HEIGHT * (1 - max(number, 0) / most), 1)


def shares(numbers: Sequence[int]) -> list[float]:
    """How long the bar of each is beside the longest, in percent."""
    most = max(numbers, default=0)
    return [round(100 * max(number, 0) / most, 1) if most else 0.0 for number in numbers]
