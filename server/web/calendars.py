"""Calls as iCalendar (RFC 5545): one event, or a community's calendar to subscribe to.

UID is the id of the call and never changes; SEQUENCE grows with time, place and state, so that calendars
take the newer copy; times carry their own zone, with its VTIMEZONE beside them.
"""

# icalendar types its values as anything.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from aiohttp import web
from icalendar import Calendar, Event

from server import text
from server.context import context
from server.domain import sight
from server.errors import NotFound
from server.web import listed
from server.web.accounts import local_group
from server.web.calls import known
from storage import calls
from storage.calls import Call
from storage.posts import Post

PAST = timedelta(days=90)
LIMIT = 300
STATUS = {
    "open": "CONFIRMED",
    "closed": "CONFIRMED",
    "postponed": "TENTATIVE",
    "cancelled": "CANCELLED",
}

YEARS_AHEAD = 10


async def one(request: web.Request) -> web.Response:
    """``GET /calls/{id}.ics``."""
    async with context(request).work.reading() as tx:
        post, call = await known(tx, request)
    if call.starts_at is None:
        raise NotFound
    return _answer(calendar("", [(post, call)], tx.now), f"call-{post.id}.ics")


async def community(request: web.Request) -> web.Response:
    """``GET /@{name}.ics``: what comes, and what was in the last ninety days."""
    async with context(request).work.reading() as tx:
        group = await sight.require_known(tx, await local_group(tx, request), None)
        found = await calls.of_community(tx.conn, group.id, tx.now - PAST, LIMIT)
        shown = await listed.shown_calls(tx, found)
    entries = [(entry.post, entry.call) for entry in shown]
    name = group.display_name or group.username
    return _answer(calendar(name, entries, tx.now), f"{group.username}.ics")


def calendar(name: str, entries: Iterable[tuple[Post, Call]], now: datetime) -> bytes:
    """A VCALENDAR; ``name`` is shown by calendars that are subscribed to it."""
    made = Calendar()
    made.add("prodid", "-//Beckon//Calls to action//EN")
    made.add("version", "2.0")
    if name:
        made.add("name", name)  # RFC 7986, 5.1
        made.add("x-wr-calname", name)  # what most calendars read instead
        made.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    listed_calls = [(post, call) for post, call in entries if call.starts_at]
    for post, call in listed_calls:
        made.add_component(_event(post, call, now))
    latest = now.year + YEARS_AHEAD  # a call may claim any year
    ends = [call.ends_at or call.starts_at or now for _, call in listed_calls]
    years = [now.year, *(min(end.year, latest) for end in ends)]
    # A zone is told for the years that are needed; by default it would end in 2038.
    made.add_missing_timezones(date(min(years) - 1, 1, 1), date(max(years) + 2, 1, 1))
    return made.to_ical()


def _event(post: Post, call: Call, now: datetime) -> Event:
    zone = ZoneInfo(call.timezone)
    event = Event()
    event.add("uid", post.uri)
    event.add("dtstamp", now)
    event.add("sequence", call.revision)
    event.add("summary", post.title)
    if call.starts_at:
        event.add("dtstart", call.starts_at.astimezone(zone))
    if call.ends_at:
        event.add("dtend", call.ends_at.astimezone(zone))
    event.add("status", STATUS[call.state])
    event.add("url", post.url)
    place = ", ".join(part for part in (call.place_name, call.place_address) if part)
    if place:
        event.add("location", place)
    if call.latitude is not None and call.longitude is not None:
        event.add("geo", (call.latitude, call.longitude))
    about = text.plain(post.content)
    event.add("description", f"{about}\n\n{post.url}".strip())
    return event


def _answer(body: bytes, name: str) -> web.Response:
    return web.Response(
        body=body,
        content_type="text/calendar",
        charset="utf-8",
        headers={
            "Content-Disposition": f'inline; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-cache",
        },
    )
