"""The form in which an organiser describes a call, of whatever kind, read field by field.

A time is typed as the clock on the wall shows it in the place's own zone. What cannot be read is told
beside its field, all at once, and everything typed comes back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from server import text
from server.domain.calling import guests
from server.domain.calling.drafting import Wanted
from server.domain.calling.kinds import KINDS, Kind
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage.calls import Call, Details
from storage.posts import Post

FIELDS = (
    "title date time end_date end_time timezone place_name place_address"
    " capacity guests_max about closes_date closes_time goal external_url options".split()
)
ABOUT_MAX = 5000
GOAL_DIGITS = 9
BESIDE = {"starts_at": "date", "ends_at": "end_time", "closes_at": "closes_date", "name": "title"}
"""Where the page shows a fault that the verb found: its field has another name there."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of what can be called for. ``title`` and ``about`` are marked."""

    kind: str
    variant: str
    title: str
    about: str


CHOICES = (
    Choice("event", "", mark("An event"), mark("People come together at a time and a place.")),
    Choice("volunteer", "", mark("Helping hands"), mark("People come and help; there may be places.")),
    Choice("petition", "", mark("A petition"), mark("Many say the same, and are counted; names only by choice.")),
    Choice("petition", "pledge", mark("A pledge"), mark("People promise what they will do themselves.")),
    Choice("contact", "", mark("Letters and phone calls"), mark("People turn to somebody, each in their own words.")),
    Choice("need", "", mark("A need"), mark("Something is wanted: a van, a room, an hour of care.")),
    Choice("need", "offer", mark("An offer"), mark("Something is there for whoever needs it.")),
    Choice("donate", "", mark("A donation"), mark("People give elsewhere; here it is counted that they did.")),
    Choice("decision", "", mark("A vote"), mark("People choose one of the options.")),
    Choice("decision", "sense", mark("A sense check"), mark("How do people feel about it? Nothing is decided yet.")),
    Choice("decision", "consent", mark("Consent"), mark("It is decided when nobody has a serious objection.")),
    Choice("decision", "score", mark("Points"), mark("Each option gets 0 to 5 points.")),
    Choice("decision", "ranked", mark("Ranking"), mark("People put the options in their order.")),
    Choice("share", "", mark("Passing on"), mark("Something that as many as possible should know.")),
)  # fmt: skip


def choice(kind: str, variant: str) -> Choice | None:
    return next((c for c in CHOICES if (c.kind, c.variant) == (kind, variant)), None)


@dataclass(frozen=True, slots=True)
class CallForm:
    """What was typed, and a sentence for each field that cannot stand."""

    choice: Choice
    values: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def kind(self) -> Kind:
        return KINDS[self.choice.kind]

    @property
    def chooses(self) -> bool:
        """Whether it has options of its own."""
        return self.choice.kind == "decision" and self.choice.variant in ("", "score", "ranked")

    def refuse(self, error: Invalid) -> None:
        """Put what the verb refused beside its field."""
        name = BESIDE.get(error.field, error.field)
        self.errors[name if name in FIELDS else "form"] = error.sentence


def empty(chosen: Choice) -> CallForm:
    return CallForm(chosen, dict.fromkeys(FIELDS, ""))


def of_call(post: Post, call: Call, options: Sequence[str]) -> CallForm:
    """The form as it would be typed to get this call. Raises ``NotFound`` for a kind that has none."""
    chosen = choice(call.kind, call.variant)
    if chosen is None:
        raise NotFound
    zone = ZoneInfo(call.timezone)

    def told(at: datetime | None, form: str) -> str:
        return f"{at.astimezone(zone):{form}}" if at else ""

    day, clock = "%Y-%m-%d", "%H:%M"
    return CallForm(
        chosen,
        {
            "title": post.title,
            "date": told(call.starts_at, day),
            "time": told(call.starts_at, clock),
            "end_date": told(call.ends_at, day),
            "end_time": told(call.ends_at, clock),
            "closes_date": told(call.closes_at, day),
            "closes_time": told(call.closes_at, clock),
            "goal": str(call.goal or ""),
            "external_url": call.external_url or "",
            "options": "\n".join(options),
            "timezone": call.timezone,
            "place_name": call.place_name,
            "place_address": call.place_address,
            "capacity": str(call.capacity or ""),
            "guests_max": str(call.guests_max or ""),
            "about": post.source,
        },
    )


def typed(chosen: Choice, form: Mapping[str, str]) -> CallForm:
    values = {name: form.get(name, "").replace("\r\n", "\n").strip() for name in FIELDS}
    return CallForm(chosen, values)


def wanted(form: CallForm, old: Call | None = None) -> Wanted | None:
    """What the organiser wants; None where a field cannot be read (then ``form.errors`` says why)."""
    values = form.values
    timed = form.kind.timed
    zone = _zone(form) if timed or values["closes_date"] or values["timezone"] else ZoneInfo("UTC")
    starts = _moment(form, zone, "date", "time") if timed else None
    ends = _ends(form, zone) if timed else None
    closes = _closes(form, zone)
    capacity, guests_max = _number(form, "capacity", 7), _guests_max(form)
    goal = _number(form, "goal", GOAL_DIGITS)
    if not values["title"]:
        form.errors["title"] = mark("A call needs a title.")
    if len(values["about"]) > ABOUT_MAX:
        form.errors["about"] = mark("The text has at most %(most)s characters.", most=ABOUT_MAX)
    if form.errors or (timed and starts is None):
        return None
    name = text.one_line(values["place_name"])
    address = text.one_line(values["place_address"])
    same = old is not None and (old.place_name, old.place_address) == (name, address)
    details = Details(
        starts, ends, values["timezone"] or "UTC", name, address,
        latitude=old.latitude if old and same else None,
        longitude=old.longitude if old and same else None,
        capacity=capacity, guests_max=guests_max, closes_at=closes, goal=goal,
        external_url=values["external_url"] or None,
        join_mode=old.join_mode if old else "free", urgent=bool(old and old.urgent),
        goal_metric=old.goal_metric if old else "people",
    )  # fmt: skip
    options = [line.strip() for line in values["options"].splitlines() if line.strip()]
    return Wanted(
        values["title"], details, values["about"], kind=form.choice.kind,
        variant=form.choice.variant, options=tuple(options) if form.chooses else (),
    )  # fmt: skip


def _closes(form: CallForm, zone: ZoneInfo | None) -> datetime | None:
    """Until when answers count: a day alone means its end."""
    if not form.values["closes_date"]:
        return None
    if form.values["closes_time"]:
        return _moment(form, zone, "closes_date", "closes_time")
    day = _date(form, "closes_date")
    return datetime.combine(day, time(23, 59), zone).astimezone(UTC) if day and zone else None


def _zone(form: CallForm) -> ZoneInfo | None:
    name = form.values["timezone"]
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        form.errors["timezone"] = mark("Choose a time zone from the list, such as Europe/Rome.")
        return None


def _ends(form: CallForm, zone: ZoneInfo | None) -> datetime | None:
    """The end is optional; with a time alone it is on the day of the start."""
    values = form.values
    if values["end_date"] and not values["end_time"]:
        form.errors["end_time"] = mark("At what time does it end?")
        return None
    if not values["end_time"]:
        return None
    return _moment(form, zone, "end_date" if values["end_date"] else "date", "end_time")


def _moment(
    form: CallForm, zone: ZoneInfo | None, date_field: str, time_field: str
) -> datetime | None:
    day = _date(form, date_field)
    clock = _time(form, time_field)
    if day is None or clock is None or zone is None:
        return None
    try:
        local = datetime.combine(day, clock, zone)
        at = local.astimezone(UTC)
    except OverflowError:
        form.errors[date_field] = mark("This day is too far away.")
        return None
    if at.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        form.errors[time_field] = mark(
            "The clocks go forward then: this time does not exist on that day."
        )
        return None
    return at


def _date(form: CallForm, name: str) -> date | None:
    try:
        return date.fromisoformat(form.values[name])
    except ValueError:
        form.errors[name] = mark("Choose a day, such as 2030-05-17.")
        return None


def _time(form: CallForm, name: str) -> time | None:
    try:
        return time.fromisoformat(form.values[name]).replace(tzinfo=None)
    except ValueError:
        form.errors[name] = mark("Choose a time, such as 18:30.")
        return None


def _guests_max(form: CallForm) -> int:
    given = form.values["guests_max"] or "0"
    if not (given.isascii() and given.isdigit() and len(given) < 3 and int(given) <= guests.MOST):
        form.errors["guests_max"] = mark("Each brings 0 to %(most)s guests.", most=guests.MOST)
        return 0
    return int(given)


def _number(form: CallForm, name: str, digits: int) -> int | None:
    given = form.values[name]
    if not given:
        return None
    if not given.isascii() or not given.isdigit() or len(given) > digits:
        form.errors[name] = mark("A number, such as 40, or nothing.")
        return None
    return int(given)


@cache
def zones() -> tuple[str, ...]:
    """The names that the form offers: places, and UTC."""
    places = (n for n in available_timezones() if "/" in n and not n.startswith(("Etc/", "posix/")))
    return (*sorted(places), "UTC")
