"""What a search engine reads of a call that people come to: a schema.org Event, as data in its page (JSON-LD 1.1, 7).

Of public calls of our own, in communities that are listed. The block runs nothing, so that the pages' policy need not allow inline scripts; the template writes it
with ``tojson``, which leaves no character that could end it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from server.text import plain
from storage.accounts import Account
from storage.calls import Call
from storage.posts import Post

TEXT_MAX = 500
"""Characters of a description: who finds it reads the rest on the page."""

SCHEMA = "https://schema.org"
STATUSES = {"cancelled": "EventCancelled", "postponed": "EventPostponed"}


def event(post: Post, call: Call, community: Account) -> Mapping[str, object] | None:
    """The Event, or None where a page says nothing of the kind. The caller asks for it of calls alone that are listed."""
    if not (post.local and post.is_public and call.starts_at):
        return None
    said: dict[str, object] = {
        "@context": SCHEMA,
        "@type": "Event",
        "@id": post.uri,
        "url": post.url,
        "name": post.title,
        "description": plain(post.content)[:TEXT_MAX],
        "startDate": _at(call.starts_at, call.timezone),
        "eventStatus": f"{SCHEMA}/{STATUSES.get(call.state, 'EventScheduled')}",
        "organizer": {
            "@type": "Organization",
            "name": community.display_name or community.username,
            "url": community.url,
        },
    }
    said |= {"endDate": _at(call.ends_at, call.timezone)} if call.ends_at else {}
    said |= {"maximumAttendeeCapacity": call.capacity} if call.capacity else {}
    return said | ({"location": _place(call)} if call.place_name or call.place_address else {})


def _at(time: datetime, zone: str) -> str:
    return time.astimezone(ZoneInfo(zone)).isoformat()


def _place(call: Call) -> Mapping[str, object]:
    place: dict[str, object] = {"@type": "Place", "name": call.place_name or call.place_address}
    place |= {"address": call.place_address} if call.place_address else {}
    if call.latitude is None or call.longitude is None:
        return place
    where = {"latitude": call.latitude, "longitude": call.longitude}
    return place | {"geo": {"@type": "GeoCoordinates", **where}}
