"""How often an event takes place, in the words of a form, as a rule of RFC 5545 (``server/domain/calling/recurrence.py``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from server.i18n import mark
from server.web.call_fields import CallForm, date_in

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
EVERY_MONTH = 28
"""The last day that every month has."""
FIFTH = 5


def _on_its_weekday(day: date) -> str:
    """A fifth Friday is a month's last: of four there are only some months that have one."""
    which = (day.day - 1) // 7 + 1
    return f"FREQ=MONTHLY;BYDAY={-1 if which == FIFTH else which}{WEEKDAYS[day.weekday()]}"


RULES: Mapping[str, Callable[[date], str]] = {
    "week": lambda _: "FREQ=WEEKLY",
    "2_weeks": lambda _: "FREQ=WEEKLY;INTERVAL=2",
    "4_weeks": lambda _: "FREQ=WEEKLY;INTERVAL=4",
    "month_day": lambda day: f"FREQ=MONTHLY;BYMONTHDAY={day.day}",
    "month_weekday": _on_its_weekday,
    "year": lambda _: "FREQ=YEARLY",
}
CHOICES: Mapping[str, str] = {
    "": mark("It does not"),
    "week": mark("Every week"),
    "2_weeks": mark("Every two weeks"),
    "4_weeks": mark("Every four weeks"),
    "month_weekday": mark("Every month on the same weekday, such as the second Tuesday"),
    "month_day": mark("Every month on the same day, such as the 12th"),
    "year": mark("Every year"),
}


def rule(form: CallForm) -> str | None:
    """None where it takes place once, or where it cannot be read (``form.errors`` says why)."""
    chosen = form.said("repeats")
    if not chosen:
        return None
    if chosen not in RULES:
        form.errors["repeats"] = mark("Choose one of these.")
        return None
    day = date_in(form, "date")
    if day is None:
        return None
    if chosen == "month_day" and day.day > EVERY_MONTH:
        form.errors["repeats"] = mark("Not every month has this day. Choose its weekday instead.")
        return None
    return RULES[chosen](day) + _until(form, day)


def _until(form: CallForm, first: date) -> str:
    if not form.said("repeats_until"):
        return ""
    last = date_in(form, "repeats_until")
    if last and last <= first:
        form.errors["repeats_until"] = mark("The last day comes after the first.")
    return f";UNTIL={last:%Y%m%dT235959}" if last else ""
