"""Calls from elsewhere, read from the files that other tools give out: events of iCalendar (RFC 5545), and
events and petitions of OSDI.

A file is bounded before it is read. What in it is no event is passed over; an event that cannot be
understood refuses the whole file with a named reason, so that nobody imports half of a calendar unawares.
An event that repeats is taken as its first date, and says so (``repeats``).
"""

# icalendar types its values as anything.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar import Calendar

from federation.errors import Refused

MAX_BYTES = 1024 * 1024
MOST = 500
"""Events of one file."""
TITLE_MAX, TEXT_MAX, PLACE_MAX, ADDRESS_MAX = 200, 5_000, 200, 500  # characters
CAPACITY_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """A call as a file tells it. ``uid``: its name where it comes from; times are in UTC, ``timezone`` is the
    zone that they were meant in. ``text`` is plain, or HTML where ``is_html``."""

    uid: str
    kind: str
    title: str
    text: str
    is_html: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    timezone: str = "UTC"
    place_name: str = ""
    place_address: str = ""
    latitude: float | None = None
    longitude: float | None = None
    capacity: int | None = None
    url: str | None = None
    cancelled: bool = False
    repeats: bool = False


def from_ics(body: bytes) -> list[Found]:
    """The events of a calendar, the soonest first. Raises ``Refused``."""
    _require_size(body)
    if not body.rstrip().upper().endswith(b"END:VCALENDAR"):
        raise Refused("bad_calendar", "The calendar breaks off, or is none.")
    try:
        events = [
            event for one in Calendar.from_ical(body, multiple=True) for event in one.walk("VEVENT")
        ]
        found = [_event(event) for event in _bounded(events) if "RECURRENCE-ID" not in event]
    except Refused:
        raise
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError) as error:
        raise Refused(
            "bad_calendar", "The calendar cannot be read.", cause=repr(error)[:200]
        ) from error
    return sorted(found, key=lambda each: each.starts_at or datetime.max.replace(tzinfo=UTC))


def _require_size(body: bytes) -> None:
    if len(body) > MAX_BYTES:
        raise Refused("too_large", f"A file has at most {MAX_BYTES // 1024:,} KiB.")


def _bounded(items: Iterable[Any]) -> list[Any]:
    listed = list(items)
    if len(listed) > MOST:
        raise Refused("too_many", f"A file has at most {MOST} events.")
    return listed


def _event(event: Any) -> Found:
    title = _words(event.get("SUMMARY"), TITLE_MAX)
    starts_at, zone = _time(event.decoded("DTSTART"))
    ends_at = _end(event, starts_at)
    latitude, longitude = _geo(event.get("GEO"))
    if not title:
        raise Refused("untitled_event", "An event of the calendar has no title (SUMMARY).")
    if ends_at and ends_at < starts_at:
        raise Refused("bad_time", f"“{title}” ends before it begins.")
    return Found(
        uid=str(event.get("UID") or ""),
        kind="event",
        title=title,
        text=_text(event.get("DESCRIPTION")),
        starts_at=starts_at,
        ends_at=ends_at,
        timezone=zone,
        place_address=_words(event.get("LOCATION"), ADDRESS_MAX),
        latitude=latitude,
        longitude=longitude,
        url=web_address(event.get("URL")),
        cancelled=str(event.get("STATUS") or "").upper() == "CANCELLED",
        repeats="RRULE" in event or "RDATE" in event,
    )


def _time(value: object) -> tuple[datetime, str]:
    """A date alone is that whole day, and a time without a zone is meant in UTC: who imports looks at it."""
    if isinstance(value, datetime):
        at = value if value.tzinfo else value.replace(tzinfo=UTC)
        return at.astimezone(UTC), _zone_of(value)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC), "UTC"
    raise Refused("bad_time", "An event of the calendar has no time (DTSTART).")


def _zone_of(value: datetime) -> str:
    """Its name in the tz database (Europe/Rome), else UTC."""
    name = getattr(value.tzinfo, "key", None) or getattr(value.tzinfo, "zone", None)
    try:
        return ZoneInfo(name).key if isinstance(name, str) else "UTC"
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"


def _end(event: Any, starts_at: datetime) -> datetime | None:
    """DTEND, or DTSTART with DURATION (RFC 5545, 3.6.1)."""
    if "DTEND" in event:
        return _time(event.decoded("DTEND"))[0]
    if "DURATION" in event:
        lasts = event.decoded("DURATION")
        return starts_at + lasts if isinstance(lasts, timedelta) else None
    return None


def _geo(value: Any) -> tuple[float | None, float | None]:
    if value is None:
        return None, None
    return _degrees(value.latitude, value.longitude)


def _degrees(latitude: object, longitude: object) -> tuple[float | None, float | None]:
    """Both or none; what is not on the Earth is none."""
    if isinstance(latitude, bool) or isinstance(longitude, bool):
        return None, None
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return None, None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None, None
    return float(latitude), float(longitude)


def web_address(value: object) -> str | None:
    """An address that a link may have, or None."""
    address = str(value or "").strip()
    parts = urlsplit(address) if len(address) <= 2_000 else None
    return address if parts and parts.scheme in ("http", "https") and parts.hostname else None


def _words(value: object, most: int) -> str:
    return " ".join(str(value or "").replace("\0", "").split())[:most]


def _text(value: object) -> str:
    return str(value or "").replace("\0", "").replace("\r\n", "\n").strip()[:TEXT_MAX]


# OSDI


def from_osdi(body: bytes) -> list[Found]:
    """The events and petitions of an OSDI document: one, or a collection of them. Raises ``Refused``."""
    _require_size(body)
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused("bad_json", "The file is not valid JSON.") from error
    if not isinstance(document, dict):
        raise Refused("bad_osdi", "The file is no OSDI document.")
    found = [
        _osdi(kind, each) for kind, each in _bounded(_resources(cast("dict[str, Any]", document)))
    ]
    if not found:
        raise Refused("bad_osdi", "The file holds neither an event nor a petition of OSDI.")
    return found


def _resources(document: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    embedded = document.get("_embedded")
    listed = cast("dict[str, Any]", embedded) if isinstance(embedded, dict) else {}
    for kind in ("event", "petition"):
        items = listed.get(f"osdi:{kind}s")
        for each in cast("list[object]", items) if isinstance(items, list) else []:
            if isinstance(each, dict):
                yield kind, cast("dict[str, Any]", each)
    if "start_date" in document:
        yield "event", document
    elif "petition_text" in document or "total_signatures" in document:
        yield "petition", document


def _osdi(kind: str, sent: Mapping[str, Any]) -> Found:
    title = _words(sent.get("title") or sent.get("name"), TITLE_MAX)
    if not title:
        raise Refused("untitled_event", "A resource of the file has no title.")
    description = sent.get("description") or sent.get("petition_text") or sent.get("summary")
    common = Found(
        uid=_identifier(sent),
        kind=kind,
        title=title,
        text=_text(description),
        is_html=bool(sent.get("description")),
        url=web_address(sent.get("browser_url")),
        cancelled=sent.get("status") == "cancelled",
    )
    return _osdi_event(common, sent) if kind == "event" else common


def _osdi_event(common: Found, sent: Mapping[str, Any]) -> Found:
    starts_at, ends_at = _osdi_time(sent, "start_date"), _osdi_time(sent, "end_date")
    if starts_at is None:
        raise Refused("bad_time", f"“{common.title}” has no start_date.")
    if ends_at and ends_at < starts_at:
        raise Refused("bad_time", f"“{common.title}” ends before it begins.")
    place = _object(sent.get("location"))
    point = _object(place.get("location"))
    latitude, longitude = _degrees(point.get("latitude"), point.get("longitude"))
    return Found(
        uid=common.uid, kind="event", title=common.title, text=common.text, is_html=common.is_html,
        starts_at=starts_at, ends_at=ends_at, place_name=_words(place.get("venue"), PLACE_MAX),
        place_address=_osdi_address(place), latitude=latitude, longitude=longitude,
        capacity=_capacity(sent.get("capacity")), url=common.url, cancelled=common.cancelled,
    )  # fmt: skip


def _osdi_time(sent: Mapping[str, Any], name: str) -> datetime | None:
    given = sent.get(name)
    if not given:
        return None
    try:
        at = datetime.fromisoformat(str(given))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refused("bad_time", f"{name} is no time (ISO 8601).") from error


def _osdi_address(place: Mapping[str, Any]) -> str:
    lines = place.get("address_lines")
    parts = [*(cast("list[object]", lines) if isinstance(lines, list) else [])]
    parts += [place.get(name) for name in ("postal_code", "locality", "region", "country")]
    return _words(", ".join(str(part) for part in parts if part), ADDRESS_MAX)


def _identifier(sent: Mapping[str, Any]) -> str:
    listed = sent.get("identifiers")
    first = cast("list[object]", listed)[:1] if isinstance(listed, list) else []
    return _words(first[0], 500) if first else ""


def _capacity(value: object) -> int | None:
    known = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= CAPACITY_MAX
    return cast("int", value) if known else None


def _object(value: object) -> Mapping[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
