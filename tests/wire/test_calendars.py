"""Events of calendar files, as other tools write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from federation import calendars
from federation.errors import Refused

HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n"
GOOD = (
    "UID:1@calendar.example", "SUMMARY:Dig\\, and plant", "DTSTART;TZID=Europe/Rome:20261205T100000",
    "DTEND;TZID=Europe/Rome:20261205T120000", "LOCATION:1 Lane", "GEO:45.5;9.25",
    "DESCRIPTION:Bring tea\\nand cake", "URL:https://calendar.example/1",
)  # fmt: skip


def ics(*lines: str) -> bytes:
    event = "".join(f"{line}\r\n" for line in lines)
    return f"{HEAD}BEGIN:VEVENT\r\n{event}END:VEVENT\r\nEND:VCALENDAR\r\n".encode()


def test_an_event_is_read() -> None:
    (found,) = calendars.from_ics(ics(*GOOD))
    assert (found.uid, found.title, found.text) == (
        "1@calendar.example",
        "Dig, and plant",
        "Bring tea\nand cake",
    )
    assert found.starts_at == datetime(2026, 12, 5, 9, tzinfo=UTC)
    assert found.ends_at == datetime(2026, 12, 5, 11, tzinfo=UTC)
    assert (found.timezone, found.place_address) == ("Europe/Rome", "1 Lane")
    assert (found.latitude, found.longitude) == (45.5, 9.25)
    assert (found.url, found.cancelled, found.repeats) == (
        "https://calendar.example/1",
        False,
        False,
    )


@pytest.mark.parametrize(
    ("lines", "starts_at", "ends_at"),
    [
        (("DTSTART:20261205T100000Z", "DURATION:PT90M"), "2026-12-05T10:00", "2026-12-05T11:30"),
        (("DTSTART;VALUE=DATE:20261205",), "2026-12-05T00:00", None),
        (("DTSTART:20261205T100000",), "2026-12-05T10:00", None),
        (("DTSTART;TZID=Nowhere/At all:20261205T100000",), "2026-12-05T10:00", None),
    ],
)
def test_times_as_others_write_them(
    lines: tuple[str, ...], starts_at: str, ends_at: str | None
) -> None:
    (found,) = calendars.from_ics(ics("SUMMARY:x", *lines))
    assert found.starts_at == datetime.fromisoformat(starts_at).replace(tzinfo=UTC)
    assert found.ends_at == (
        datetime.fromisoformat(ends_at).replace(tzinfo=UTC) if ends_at else None
    )
    assert found.timezone == "UTC"


def test_what_repeats_or_was_called_off_says_so() -> None:
    (found,) = calendars.from_ics(ics(*GOOD, "RRULE:FREQ=WEEKLY", "STATUS:CANCELLED"))
    assert found.repeats
    assert found.cancelled
    assert calendars.from_ics(ics(*GOOD, "RECURRENCE-ID:20261205T090000Z")) == []


def test_an_address_that_is_none_is_left_out() -> None:
    (found,) = calendars.from_ics(ics(*GOOD[:3], "URL:javascript:alert(1)", "GEO:500;9"))
    assert (found.url, found.latitude, found.longitude) == (None, None, None)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"not a calendar", "bad_calendar"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "bad_calendar"),
        (ics("SUMMARY:x"), "bad_calendar"),
        (ics("SUMMARY:x", "DTSTART:tomorrow"), "bad_time"),
        (ics("DTSTART:20261205T100000Z"), "untitled_event"),
        (ics("SUMMARY:x", "DTSTART:20261205T100000Z", "DTEND:20261204T100000Z"), "bad_time"),
        (b"x" * 1_048_577, "too_large"),
        ((HEAD + "BEGIN:VEVENT\r\nSUMMARY:x\r\nDTSTART:20261205T100000Z\r\nEND:VEVENT\r\n" * 501
          + "END:VCALENDAR\r\n").encode(), "too_many"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        calendars.from_ics(body)
    assert refused.value.reason == reason


LINE = st.sampled_from(
    [
        "SUMMARY:",
        "DTSTART:",
        "DTEND:",
        "DURATION:",
        "GEO:",
        "URL:",
        "STATUS:",
        "RRULE:",
        "DTSTART;TZID=",
    ]
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.tuples(LINE, st.text(max_size=20)), max_size=6))
def test_whatever_is_sent_is_read_or_refused(lines: list[tuple[str, str]]) -> None:
    try:
        calendars.from_ics(ics(*(name + value for name, value in lines)))
    except Refused as refused:
        assert refused.reason
