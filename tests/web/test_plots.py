"""Drawings of numbers: nothing leaves the paper, more is never lower, and few or strange numbers draw no nonsense."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from server.web.plots import HEIGHT, WIDTH, line, shares

START = date(2030, 1, 1)
grown = st.lists(st.tuples(st.integers(1, 400), st.integers(0, 10**9)), min_size=2, max_size=60)


def dated(steps: list[tuple[int, int]]) -> list[tuple[date, int]]:
    day, found = START, list[tuple[date, int]]()
    for days, number in steps:
        day += timedelta(days=days)
        found.append((day, number))
    return found


def points(said: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (each.split(",") for each in said.split())]


@given(grown, st.none() | st.integers(1, 10**9))
def test_a_line_stays_on_the_paper_and_higher_is_more(
    steps: list[tuple[int, int]], goal: int | None
) -> None:
    values = dated(steps)
    drawn = line(values, goal)
    assert drawn
    at = points(drawn.points)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in (*at, *points(drawn.area)))
    assert [x for x, _ in at] == sorted(x for x, _ in at)
    assert (at[0][0], at[-1][0]) == (0, WIDTH)
    for (_, one), (_, other), (_, high), (_, higher) in zip(
        values, values[1:], at, at[1:], strict=False
    ):
        assert (one <= other) == (high >= higher) or abs(high - higher) <= 0.1
    assert drawn.most >= max(number for _, number in values)
    assert drawn.goal is None or 0 <= drawn.goal <= HEIGHT


def test_one_day_is_no_line() -> None:
    assert line([]) is None
    assert line([(START, 5)]) is None


def test_a_goal_that_is_far_is_told_and_not_drawn() -> None:
    values = dated([(1, 1), (1, 10)])
    near, far = line(values, 40), line(values, 41)
    assert near
    assert near.goal == 0
    assert far
    assert far.goal is None
    assert far.most == 10


@given(st.lists(st.integers(0, 10**9)))
def test_bars_are_as_long_as_their_numbers(numbers: list[int]) -> None:
    found = shares(numbers)
    assert all(0 <= share <= 100 for share in found)
    assert not any(numbers) or max(found) == 100
    assert [n for _, n in sorted(zip(found, numbers, strict=True))] == sorted(numbers) or len(
        set(found)
    ) < len(set(numbers))
