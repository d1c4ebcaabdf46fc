"""Dates and numbers as the language that is spoken writes them. Times are shown where a thing takes place."""

from __future__ import annotations

from datetime import date as day_of
from datetime import datetime, time
from zoneinfo import ZoneInfo

from babel import dates, numbers

from server import i18n

PATTERNS = {"en": "EEE d MMM yyyy"}
"""Where the common form of a day is not what we want: English without its comma."""


def number(value: int) -> str:
    return numbers.format_decimal(value, locale=i18n.spoken().locale)


def when(at: datetime, timezone: str) -> str:
    """``Sat 5 Dec 2026, 10:00 CET``, by the clock on the wall there."""
    spoken, zone = i18n.spoken().locale, ZoneInfo(timezone)
    local = at.astimezone(zone)
    if pattern := PATTERNS.get(spoken.language):
        day = dates.format_date(local, pattern, spoken)
    else:
        day = dates.format_skeleton("yMMMEd", local, locale=spoken)
    return f"{day}, {dates.format_time(local, 'short', locale=spoken)} {local:%Z}"


def date(at: datetime | day_of, timezone: str = "UTC") -> str:
    """The day alone: ``5 Dec 2026``. ``timezone``: where it is that day, of what is a time."""
    day = at.astimezone(ZoneInfo(timezone)) if isinstance(at, datetime) else at
    return dates.format_date(day, "medium", i18n.spoken().locale)


def day(at: datetime, timezone: str) -> dict[str, str]:
    """The parts of a date as the calendar on the wall shows them there."""
    local, spoken = at.astimezone(ZoneInfo(timezone)), i18n.spoken().locale
    parts = {"weekday": "EEE", "day": "d", "month": "MMM"}
    return {name: dates.format_date(local, form, spoken) for name, form in parts.items()}


def month(at: day_of) -> str:
    """``December 2026``."""
    return dates.format_skeleton("yMMMM", at, locale=i18n.spoken().locale)


def clock(at: datetime, timezone: str) -> str:
    """The hour and minute alone, by the clock on the wall there."""
    local = at.astimezone(ZoneInfo(timezone))
    return dates.format_time(local, "short", locale=i18n.spoken().locale)


def week() -> list[int]:
    """The days of a week from the one that it begins with; Monday is 0."""
    first = i18n.spoken().locale.first_week_day
    return [(first + number) % 7 for number in range(7)]


def weekday(number: int) -> str:
    """The name of a day of the week; Monday is 0."""
    return i18n.spoken().locale.days["stand-alone"]["wide"][number]


def hour(number: int) -> str:
    """An hour of the day, as a clock shows it."""
    return dates.format_time(time(number), "short", locale=i18n.spoken().locale)
