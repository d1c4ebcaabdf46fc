"""When something that repeats takes place: rules of RFC 5545, read strictly, and counted on the clock on the wall.

Pure. A rule is taken in the part that people use and that cannot run away: days, weeks, months and years; which
weekdays, days of the month, months, and which of them; until or how often. An hour is that of the first time, in
every season: what begins at 18:00 begins at 18:00 after the clocks have changed. Where a time does not exist on
a day it is read as before the change (RFC 5545, 3.3.5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import MAXYEAR, UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from server.errors import Invalid
from server.i18n import mark

LENGTH = 200
INTERVAL_MAX = 60
PARTS = {
    "DAILY": set[str](),
    "WEEKLY": {"BYDAY", "WKST"},
    "MONTHLY": {"BYDAY", "BYMONTHDAY", "BYSETPOS"},
    "YEARLY": {"BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"},
}
"""What a rule may have beside FREQ, INTERVAL, COUNT and UNTIL."""
NUMBERS = {"BYDAY": 53, "BYMONTHDAY": 31, "BYMONTH": 12}
"""The greatest in each (RFC 5545, 3.3.10), counted from the end too."""
NUMBER = re.compile("[0-9]+")
CYCLE = 400
LAST = MAXYEAR - 10
"""The latest year in which a rule is asked for its first two times."""
AHEAD = timedelta(days=9 * 366)
"""How far the next time is looked for: the 29th of February may be eight years away (2096 to 2104)."""


def check(rule: str, first: datetime) -> str:
    """The rule, written one way. ``first``: the local time at which it begins, and which it gives. Raises ``Invalid``."""
    plain = rule.strip().upper().removeprefix("RRULE:")
    if not plain or len(plain) > LENGTH:
        raise _wrong(mark("Say how it repeats, such as FREQ=WEEKLY;BYDAY=MO."))
    parts = dict(_parts(plain))
    allowed = PARTS.get(parts.get("FREQ", ""))
    if allowed is None:
        raise _wrong(mark("It repeats by days, weeks, months or years: FREQ=WEEKLY."))
    unknown = set(parts) - allowed - {"FREQ", "INTERVAL", "COUNT", "UNTIL"}
    if unknown:
        raise _wrong(mark("%(name)s cannot be used here.", name=sorted(unknown)[0]))
    interval = parts.get("INTERVAL", "1")
    if not (interval.isascii() and interval.isdecimal()) or not 1 <= int(interval) <= INTERVAL_MAX:
        raise _wrong(mark("INTERVAL is 1 to %(most)s.", most=INTERVAL_MAX))
    _check_numbers(parts)
    _check_times(plain, first)
    return plain


def _check_times(rule: str, first: datetime) -> None:
    """Whether the first time is the rule's, and the second not too far. A rule that gives none at all is walked to the
    end of all years: so it is asked late in them, where the calendar is the same, as it repeats every 400 years.
    """
    _read(rule, first)
    without_end = ";".join(p for p in rule.split(";") if not p.startswith(("COUNT=", "UNTIL=")))
    late = first.replace(year=first.year + (LAST - first.year) // CYCLE * CYCLE)
    times = iter(_read(without_end, late))
    begun = "UNTIL=" not in rule or next(iter(_read(f"FREQ=DAILY;{_until(rule)}", first)), None)
    if not begun or next(times, None) != late:
        raise _wrong(mark("The first time is not one of those that the rule gives."))
    second = next(times, None)
    rare = second is None or second > late + AHEAD
    if rare and next(_read(rule, first).xafter(first), None):
        raise _wrong(mark("It repeats too rarely: the second time is within nine years."))


def _until(rule: str) -> str:
    return next(part for part in rule.split(";") if part.startswith("UNTIL="))


def _parts(rule: str) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for part in rule.split(";"):
        name, sign, value = part.partition("=")
        if not (name and sign and value) or name in seen:
            raise _wrong(mark("A rule is written like FREQ=WEEKLY;BYDAY=MO."))
        seen.add(name)
        yield name, value


def _check_numbers(parts: dict[str, str]) -> None:
    """Those of weekdays, days and months; the library that counts takes others and fails at one of them later."""
    for name, greatest in NUMBERS.items():
        found = NUMBER.findall(parts.get(name, ""))
        of_months = name == "BYDAY" and (parts["FREQ"] == "MONTHLY" or "BYMONTH" in parts)
        most = 5 if of_months else greatest
        if not all(1 <= int(number) <= most for number in found):
            raise _wrong(mark("A number in %(name)s is 1 to %(most)s.", name=name, most=most))


def _wrong(sentence: str) -> Invalid:
    return Invalid(sentence, field="rule")


def after(rule: str, first: datetime, since: datetime) -> Iterator[datetime]:
    """Its local times after ``since``, soonest first, at most ``AHEAD`` of it. Raises ``Invalid``."""
    for at in _read(rule, first).xafter(since):
        if at > since + AHEAD:
            return
        yield at


def _read(rule: str, first: datetime) -> rrule:
    try:
        found = rrulestr(_floating(rule), dtstart=first)
    except (ValueError, TypeError, OverflowError) as error:
        raise _wrong(mark("A rule is written like FREQ=WEEKLY;BYDAY=MO.")) from error
    if not isinstance(found, rrule):
        raise _wrong(mark("One rule is enough."))
    return found


def _floating(rule: str) -> str:
    """UNTIL is compared with local times: its zone is dropped, which moves the end by less than a day."""
    return ";".join(
        part.removesuffix("Z") if part.startswith("UNTIL=") else part for part in rule.split(";")
    )


def moment(local: datetime, timezone: str) -> datetime:
    """A time by the clock on the wall, as a moment."""
    return local.replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)


def wall(at: datetime, timezone: str) -> datetime:
    """A moment by the clock on the wall."""
    return at.astimezone(ZoneInfo(timezone)).replace(tzinfo=None)
