"""The form in which an organiser describes a call, of whatever kind, read field by field into what they want.

A time is typed as the clock on the wall shows it in the place's own zone. What cannot be read is told
beside its field, all at once, and everything typed comes back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from server import text
from server.domain.calling import guests
from server.domain.calling.drafting import Wanted
from server.errors import NotFound
from server.i18n import mark
from server.web import call_more, call_repeats
from server.web.call_fields import (
    CHOICES,
    ROWS,
    CallForm,
    Choice,
    choice,
    date_in,
    moment,
    number,
    typed_rows,
    with_spare,
    zone,
)
from storage.calls import Call, Details
from storage.posts import Post

__all__ = ["CHOICES", "CallForm", "Choice", "choice"]

FIELDS = (
    "title date time end_date end_time timezone place_name place_address"
    " capacity guests_max about closes_date closes_time goal external_url options".split()
)
"""What every call says; what is not on the page is empty."""
MORE = (
    "goal_metric latitude longitude online_url online_for_participants note next_call_id next_url quorum threshold"
    " open_votes secret_until_closed urgent language may_be_started category repeats repeats_until".split()
)
"""What a call keeps where it was not on the page. Besides, there is what is said in rows."""
ABOUT_MAX = 5000
GOAL_DIGITS = 9


def empty(chosen: Choice) -> CallForm:
    spare = {name: said for key in ROWS for name, said in with_spare(key, []).items()}
    values = dict.fromkeys((*FIELDS, *MORE), "") | spare
    return CallForm(chosen, values | {"may_be_started": "yes", "goal_metric": "people"})


def of_call(post: Post, call: Call, options: Sequence[str]) -> CallForm:
    """The form as it would be typed to get this call, but for what has a table of its own (``call_before``). Raises
    ``NotFound`` for a kind that has none."""
    chosen = choice(call.kind, call.variant)
    if chosen is None:
        raise NotFound
    where = ZoneInfo(call.timezone)

    def told(at: datetime | None, form: str) -> str:
        return f"{at.astimezone(where):{form}}" if at else ""

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


def typed(chosen: Choice, sent: Mapping[str, str], press: str = "") -> CallForm:
    """``press``: the button for a row more or less, where it was that."""
    said = {name: value.replace("\r\n", "\n").strip() for name, value in sent.items()}
    values = {name: said.get(name, "") for name in FIELDS}
    values |= {name: said[name] for name in MORE if name in said}
    for key in ROWS:
        values |= typed_rows(key, said, press)
    return CallForm(chosen, values)


def wanted(form: CallForm, old: Call | None = None) -> Wanted | None:
    """What the organiser wants; None where a field cannot be read (then ``form.errors`` says why)."""
    if not form.values["title"]:
        form.errors["title"] = mark("A call needs a title.")
    if len(form.values["about"]) > ABOUT_MAX:
        form.errors["about"] = mark("The text has at most %(most)s characters.", most=ABOUT_MAX)
    where = _where(form)
    details = _details(form, where, old)
    options = [line.strip() for line in form.values["options"].splitlines() if line.strip()]
    found = Wanted(
        form.values["title"],
        details,
        form.values["about"],
        language=form.said("language") or None,
        kind=form.choice.kind,
        variant=form.choice.variant,
        options=tuple(options) if form.chooses else (),
        shifts=call_more.read_shifts(form, where),
        note=form.values.get("note"),
        questions=call_more.read_questions(form),
        may_be_started=call_more.read_flag(form, "may_be_started"),
        sources=call_more.read_sources(form),
        next=call_more.read_next(form),
        online=call_more.read_online(form),
        media_ids=call_more.read_pictures(form),
        rules=call_more.read_rules(form),
        secret_until_closed=call_more.read_flag(form, "secret_until_closed"),
    )
    call_repeats.rule(form)
    call_more.read_category(form)
    return None if form.errors else found


def _where(form: CallForm) -> ZoneInfo | None:
    """Whose clock is meant."""
    needed = form.kind.timed or form.values["closes_date"] or form.values["timezone"]
    return zone(form) if needed else ZoneInfo("UTC")


def _details(form: CallForm, where: ZoneInfo | None, old: Call | None) -> Details:
    values, timed = form.values, form.kind.timed
    found = Details(
        starts_at=moment(form, where, "date", "time") if timed else None,
        ends_at=_ends(form, where) if timed else None,
        timezone=values["timezone"] or "UTC",
        place_name=text.one_line(values["place_name"]),
        place_address=text.one_line(values["place_address"]),
        latitude=call_more.degrees(form, "latitude"),
        longitude=call_more.degrees(form, "longitude"),
        capacity=number(form, "capacity", 7),
        guests_max=_guests_max(form),
        closes_at=_closes(form, where),
        goal=number(form, "goal", GOAL_DIGITS),
        external_url=values["external_url"] or None,
        urgent=form.on("urgent"),
        goal_metric=form.said("goal_metric") or "people",
    )
    return _kept(form, found, old) if old else found


def _kept(form: CallForm, found: Details, old: Call) -> Details:
    """With what was not on the page as it is. Who moves a call without a word of where that is on the map, takes it
    off the map."""
    found = replace(found, join_mode=old.join_mode)
    if "urgent" not in form.values:
        found = replace(found, urgent=old.urgent)
    if "goal_metric" not in form.values:
        found = replace(found, goal_metric=old.goal_metric)
    same = (old.place_name, old.place_address) == (found.place_name, found.place_address)
    if same and "latitude" not in form.values:
        found = replace(found, latitude=old.latitude, longitude=old.longitude)
    return found


def _closes(form: CallForm, where: ZoneInfo | None) -> datetime | None:
    """Until when answers count: a day alone means its end."""
    if not form.values["closes_date"]:
        return None
    if form.values["closes_time"]:
        return moment(form, where, "closes_date", "closes_time")
    day = date_in(form, "closes_date")
    return datetime.combine(day, time(23, 59), where).astimezone(UTC) if day and where else None


def _ends(form: CallForm, where: ZoneInfo | None) -> datetime | None:
    """The end is optional; with a time alone it is on the day of the start."""
    values = form.values
    if values["end_date"] and not values["end_time"]:
        form.errors["end_time"] = mark("At what time does it end?")
        return None
    if not values["end_time"]:
        return None
    return moment(form, where, "end_date" if values["end_date"] else "date", "end_time")


def _guests_max(form: CallForm) -> int:
    given = form.values["guests_max"] or "0"
    if not (given.isascii() and given.isdigit() and len(given) < 3 and int(given) <= guests.MOST):
        form.errors["guests_max"] = mark("Each brings 0 to %(most)s guests.", most=guests.MOST)
        return 0
    return int(given)


@cache
def zones() -> tuple[str, ...]:
    """The names that the form offers: places, and UTC."""
    places = (n for n in available_timezones() if "/" in n and not n.startswith(("Etc/", "posix/")))
    return (*sorted(places), "UTC")
