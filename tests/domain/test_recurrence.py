"""Rules of what repeats: none costs more than one cycle of the calendar, however it is written."""

from __future__ import annotations

from datetime import datetime

import pytest
from dateutil import rrule
from hypothesis import given
from hypothesis import strategies as st

from server.domain.calling import recurrence
from server.errors import Invalid

FIRST = datetime(2026, 2, 3, 18, 0)  # noqa: DTZ001 - on the clock on the wall
STEPS = 12 * (recurrence.CYCLE + 12)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=7",
        "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYDAY=53MO",
    ],
)
def test_what_never_is_is_refused_within_one_cycle_of_the_calendar(
    rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked = 0
    info = vars(rrule)["_iterinfo"]
    rebuild = info.rebuild

    def counting(self: object, year: int, month: int) -> None:
        nonlocal walked
        walked += 1
        rebuild(self, year, month)

    monkeypatch.setattr(info, "rebuild", counting)
    with pytest.raises(Invalid):
        recurrence.check(rule, FIRST)
    assert walked <= STEPS


@given(
    st.sampled_from(["FREQ=MONTHLY", "FREQ=YEARLY", "FREQ=MONTHLY;INTERVAL=12"]),
    st.sampled_from(["", ";BYDAY=TU", ";BYDAY=1TU", ";BYDAY=5TU"]),
    st.sampled_from(["", ";BYMONTHDAY=3", ";BYMONTHDAY=-26", ";BYMONTHDAY=31"]),
    st.sampled_from(["", ";BYSETPOS=1", ";BYSETPOS=-1", ";BYSETPOS=6"]),
    st.sampled_from(
        ["", ";COUNT=1", ";COUNT=3", ";UNTIL=20260203T170000", ";UNTIL=20260203T180000Z"]
    ),
)
def test_what_is_taken_begins_with_its_first_time_and_goes_on_or_ends(
    freq: str, day: str, month_day: str, position: str, end: str
) -> None:
    rule = freq + day + month_day + position + end
    try:
        taken = recurrence.check(rule, FIRST)
    except Invalid:
        return
    times = list(recurrence.after(taken, FIRST, FIRST.replace(month=1)))
    assert times[0] == FIRST
    assert "170000" not in rule
    if end.startswith((";COUNT=1", ";UNTIL")):
        assert times == [FIRST]
