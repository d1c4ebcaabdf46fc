"""The form in which an organiser describes an event, read field by field.

A time is typed as the clock on the wall shows it in the place's own zone. What cannot be read is told
beside its field, all at once, and everything typed comes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from server import text
from server.domain.calling import guests
from server.domain.calling.drafting import Wanted
from server.errors import Invalid, NotFound
from storage.calls import Call, Details
from storage.posts import Post

FIELDS = (
    "title date time end_date end_time timezone place_name place_address"
    " capacity guests_max about".split()
)
ABOUT_MAX = 5000
BESIDE = {"starts_at": "date", "ends_at": "end_time", "name": "title"}
"""Where the page shows a fault that the verb found: its field has another name there."""


@dataclass(frozen=True, slots=True)
class EventForm:
    """What was typed, and a sentence for each field that cannot stand."""

    values: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict[str, str])

    def refuse(self, error: Invalid) -> None:
        """Put what the verb refused beside its field."""
        name = BESIDE.get(error.field, error.field)
        self.errors[name if name in FIELDS else "form"] = error.sentence


def empty() -> EventForm:
    return EventForm(dict.fromkeys(FIELDS, ""))


def of_call(post: Post, call: Call) -> EventForm:
    """The form as it would be typed to get this event. Raises ``NotFound`` for the other kinds."""
    if call.starts_at is None:
        raise NotFound
    starts = call.starts_at.astimezone(ZoneInfo(call.timezone))
    ends = call.ends_at.astimezone(ZoneInfo(call.timezone)) if call.ends_at else None
    return EventForm(
        {
            "title": post.title,
            "date": f"{starts:%Y-%m-%d}",
            "time": f"{starts:%H:%M}",
            "end_date": f"{ends:%Y-%m-%d}" if ends else "",
            "end_time": f"{ends:%H:%M}" if ends else "",
            "timezone": call.timezone,
            "place_name": call.place_name,
            "place_address": call.place_address,
            "capacity": str(call.capacity or ""),
            "guests_max": str(call.guests_max or ""),
            "about": post.source,
        }
    )


def typed(form: Mapping[str, str]) -> EventForm:
    return EventForm({name: form.get(name, "").strip() for name in FIELDS})


def wanted(form: EventForm, old: Call | None = None) -> Wanted | None:
    """What the organiser wants; None where a field cannot be read (then ``form.errors`` says why)."""
    values = form.values
    zone = _zone(form)
    starts = _moment(form, zone, "date", "time")
    ends = _ends(form, zone)
    capacity, guests_max = _capacity(form), _guests_max(form)
    if not values["title"]:
        form.errors["title"] = "An event needs a title."
    if len(values["about"]) > ABOUT_MAX:
        form.errors["about"] = f"The text has at most {ABOUT_MAX:,} characters."
    if form.errors or starts is None:
        return None
    name = text.one_line(values["place_name"])
    address = text.one_line(values["place_address"])
    same = old is not None and (old.place_name, old.place_address) == (name, address)
    details = Details(
        starts, ends, values["timezone"], name, address,
        latitude=old.latitude if old and same else None,
        longitude=old.longitude if old and same else None,
        capacity=capacity, guests_max=guests_max,
    )  # fmt: skip
    kind = old.kind if old else "event"
    return Wanted(values["title"], details, values["about"], kind=kind)


def _zone(form: EventForm) -> ZoneInfo | None:
    name = form.values["timezone"]
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        form.errors["timezone"] = "Choose a time zone from the list, such as Europe/Rome."
        return None


def _ends(form: EventForm, zone: ZoneInfo | None) -> datetime | None:
    """The end is optional; with a time alone it is on the day of the start."""
    values = form.values
    if values["end_date"] and not values["end_time"]:
        form.errors["end_time"] = "At what time does it end?"
        return None
    if not values["end_time"]:
        return None
    return _moment(form, zone, "end_date" if values["end_date"] else "date", "end_time")


def _moment(
    form: EventForm, zone: ZoneInfo | None, date_field: str, time_field: str
) -> datetime | None:
    day = _date(form, date_field)
    clock = _time(form, time_field)
    if day is None or clock is None or zone is None:
        return None
    try:
        local = datetime.combine(day, clock, zone)
        at = local.astimezone(UTC)
    except OverflowError:
        form.errors[date_field] = "This day is too far away."
        return None
    if at.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        form.errors[time_field] = (
            "The clocks go forward then: this time does not exist on that day."
        )
        return None
    return at


def _date(form: EventForm, name: str) -> date | None:
    try:
        return date.fromisoformat(form.values[name])
    except ValueError:
        form.errors[name] = "Choose a day, such as 2030-05-17."
        return None


def _time(form: EventForm, name: str) -> time | None:
    try:
        return time.fromisoformat(form.values[name]).replace(tzinfo=None)
    except ValueError:
        form.errors[name] = "Choose a time, such as 18:30."
        return None


def _guests_max(form: EventForm) -> int:
    given = form.values["guests_max"] or "0"
    if not (given.isascii() and given.isdigit() and len(given) < 3 and int(given) <= guests.MOST):
        form.errors["guests_max"] = f"Each brings 0 to {guests.MOST} guests."
        return 0
    return int(given)


def _capacity(form: EventForm) -> int | None:
    given = form.values["capacity"]
    if not given:
        return None
    if not given.isascii() or not given.isdigit() or len(given) > 7:
        form.errors["capacity"] = "The number of places is 1 to 1,000,000."
        return None
    return int(given)


@cache
def zones() -> tuple[str, ...]:
    """The names that the form offers: places, and UTC."""
    places = (n for n in available_timezones() if "/" in n and not n.startswith(("Etc/", "posix/")))
    return (*sorted(places), "UTC")
