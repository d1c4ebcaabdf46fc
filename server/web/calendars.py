"""Calls as iCalendar (RFC 5545): one event, or a calendar to subscribe to.

There is one of the instance, of each community and of each person (what they call to), for everybody; and
behind a secret address a member's own, with all that they take part in (subscribed.py).

UID is the id of the call and never changes; SEQUENCE grows with time, place and state, so that calendars
take the newer copy. A cancelled event stays, and says so: one that vanished would stay in many calendars as
it was. Times carry their own zone, with its VTIMEZONE beside them.
"""

# icalendar types its values as anything.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from aiohttp import web
from icalendar import Calendar, Event, vUri

from server import text
from server.context import context
from server.domain import sight
from server.domain.calling import online
from server.domain.members import subscriptions
from server.domain.tx import Tx
from server.errors import NotFound
from server.web import session, subscribed
from server.web.calls import known
from storage import calls, posts
from storage import subscriptions as rows
from storage.accounts import Account
from storage.calls import Call
from storage.posts import Post

PAST = timedelta(days=90)
LIMIT = 300
REFRESH = timedelta(hours=1)
STATUS = {
    "open": "CONFIRMED",
    "closed": "CONFIRMED",
    "postponed": "TENTATIVE",
    "cancelled": "CANCELLED",
}

YEARS_AHEAD = 10
NOWHERE: Mapping[int, str] = MappingProxyType({})


async def one(request: web.Request) -> web.Response:
    """``GET /calls/{id}.ics``; of what is for members, in a browser of theirs alone."""
    viewer = await session.viewer(request)
    async with context(request).work.reading() as tx:
        post, call = await known(tx, request, viewer)
        below = await calls.shifts(tx.conn, [post.id])
        shown = await posts.by_ids(tx.conn, [shift.post_id for shift in below])
        entries = [(post, call), *((shown[shift.post_id], shift) for shift in below)]
        titled = await _titled(tx, entries)
        afar = await online.public(tx, [entry for _, entry in titled])
    if call.starts_at is None:
        raise NotFound
    body = calendar("", titled, tx.now, afar)
    member = viewer.account if viewer and not post.is_public else None
    return subscribed.answer(request, body, "text/calendar", f"call-{post.id}.ics", member)


async def whole(request: web.Request) -> web.Response:
    """``GET /calendar.ics``: the public events of this server."""
    async with context(request).work.reading() as tx:
        found = await rows.of_instance(tx.conn, tx.now - PAST, LIMIT)
        name = tx.site.title or tx.site.urls.domain
        return await _listed(tx, request, name, found, None)


async def profile(request: web.Request) -> web.Response:
    """``GET /@{name}.ics``: what a community, or a person, calls to."""
    async with context(request).work.reading() as tx:
        of = await subscribed.public(tx, request)
        if of.is_group:
            return await _community(tx, request, of, None)
        found = await rows.of_author(tx.conn, of.id, tx.now - PAST, LIMIT)
        return await _listed(tx, request, of.display_name or of.username, found, None)


async def community(request: web.Request) -> web.Response:
    """``GET /subscriptions/{secret}/communities/{id}.ics``: as a member sees it."""
    async with context(request).work.reading() as tx:
        return await _community(tx, request, *await subscribed.own(tx, request))


async def taken_part(request: web.Request) -> web.Response:
    """``GET /subscriptions/{secret}/calendar.ics``: all that a member takes part in."""
    async with context(request).work.reading() as tx:
        member = await subscriptions.holder(tx, request.match_info["secret"])
        found = await rows.taken_part(tx.conn, member.id, tx.now - PAST, LIMIT)
        name = f"{member.display_name or member.username} ({tx.site.urls.domain})"
        return await _listed(tx, request, name, found, member)


async def _community(
    tx: Tx, request: web.Request, group: Account, viewer: Account | None
) -> web.Response:
    found = await rows.of_community(tx.conn, group.id, tx.now - PAST, LIMIT)
    return await _listed(tx, request, group.display_name or group.username, found, viewer)


async def _listed(
    tx: Tx, request: web.Request, name: str, found: Sequence[Call], viewer: Account | None
) -> web.Response:
    """What of these the viewer may see."""
    by_id = {call.post_id: call for call in found}
    seen = await sight.posts_by_ids(tx, list(by_id), viewer)
    titled = await _titled(tx, [(post, by_id[post.id]) for post in seen])
    body = calendar(name, titled, tx.now, await online.public(tx, [entry for _, entry in titled]))
    file = request.path.rpartition("/")[2].removeprefix("@")
    return subscribed.answer(request, body, "text/calendar", file, viewer)


async def _titled(tx: Tx, entries: Sequence[tuple[Post, Call]]) -> list[tuple[Post, Call]]:
    """A call with shifts is shown by them alone, and each says of what it is one."""
    above = await posts.by_ids(tx.conn, [call.parent_id for _, call in entries if call.parent_id])
    shown = [(post, call) for post, call in entries if post.id not in above]
    return [
        (replace(post, title=f"{above[call.parent_id].title}: {post.title}"), call)
        if call.parent_id in above
        else (post, call)
        for post, call in shown
    ]


def calendar(
    name: str,
    entries: Iterable[tuple[Post, Call]],
    now: datetime,
    afar: Mapping[int, str] = NOWHERE,
) -> bytes:
    """A VCALENDAR; ``name`` is shown by calendars that are subscribed to it; ``afar``: by call, where one takes
    part online."""
    made = Calendar()
    made.add("prodid", "-//Beckon//Calls to action//EN")
    made.add("version", "2.0")
    if name:
        made.add("name", name)  # RFC 7986, 5.1
        made.add("x-wr-calname", name)  # what most calendars read instead
        made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
        made.add("x-published-ttl", REFRESH)  # what Outlook reads instead
    listed_calls = [(post, call) for post, call in entries if call.starts_at]
    for post, call in listed_calls:
        made.add_component(_event(post, call, afar.get(post.id)))
    latest = now.year + YEARS_AHEAD  # a call may claim any year
    ends = [call.ends_at or call.starts_at or now for _, call in listed_calls]
    years = [now.year, *(min(end.year, latest) for end in ends)]
    # A zone is told for the years that are needed; by default it would end in 2038.
    made.add_missing_timezones(date(min(years) - 1, 1, 1), date(max(years) + 2, 1, 1))
    return made.to_ical()


def _event(post: Post, call: Call, afar: str | None) -> Event:
    zone = ZoneInfo(call.timezone)
    event = Event()
    event.add("uid", post.uri)
    # Without a METHOD it is when the event last changed (RFC 5545, 3.8.7.2), and not now.
    event.add("dtstamp", post.edited_at or post.published_at)
    event.add("sequence", call.revision)
    event.add("summary", post.title)
    if call.starts_at:
        event.add("dtstart", _told(call.starts_at, zone))
    if call.ends_at:
        event.add("dtend", _told(call.ends_at, zone))
    event.add("status", STATUS[call.state])
    event.add("url", post.url)
    place = ", ".join(part for part in (call.place_name, call.place_address) if part)
    if place or afar:
        event.add("location", place or afar)
    if afar:  # RFC 7986, 5.11
        event.add("conference", vUri(afar, params={"VALUE": "URI", "LABEL": "Online"}))
    if call.latitude is not None and call.longitude is not None:
        event.add("geo", (call.latitude, call.longitude))
    about = text.plain(post.content)
    told = [about, f"Online: {afar}" if afar else "", post.url]
    event.add("description", "\n\n".join(part for part in told if part))
    return event


def _told(at: datetime, zone: ZoneInfo) -> datetime:
    """In its zone; in UTC within the hour that the end of summer time repeats, of which a local time would
    mean the first (RFC 5545, 3.3.5)."""
    local = at.astimezone(zone)
    return at.astimezone(UTC) if local.fold else local
