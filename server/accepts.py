"""What a request would like to be answered with: the document of a post, or the page about it.

The doors ``activitypub`` and ``web`` live at the same addresses, and this is what parts them.
"""

from __future__ import annotations

import re
from email.message import Message

from aiohttp import web
from multidict import CIMultiDictProxy

ACTIVITYSTREAMS = "https://www.w3.org/ns/activitystreams"

_RANGE = re.compile(r'(?:[^,"]|"[^"]*")+')
_PAGES = frozenset({"text/html", "application/xhtml+xml"})


def wants_activity(request: web.Request) -> bool:
    """Whether ActivityStreams is named in ``Accept``, and a page is not liked better.

    ``*/*`` names nothing: browsers and curl get the page. ``application/ld+json`` counts without its
    profile too, as a range without parameters means every kind of the type (RFC 9110 12.5.1).
    """
    activity = page = 0.0
    for media_range in _ranges(request.headers):
        quality = _quality(media_range)
        if _is_activity(media_range):
            activity = max(activity, quality)
        elif media_range.get_content_type() in _PAGES:
            page = max(page, quality)
    return activity > 0 and activity >= page


def vary(response: web.StreamResponse, *names: str) -> None:
    """Add to ``Vary`` what the answer depended on, each name once."""
    said = response.headers.get("Vary", "").split(",")
    listed = {name.strip().lower(): name.strip() for name in (*said, *names) if name.strip()}
    response.headers["Vary"] = ", ".join(listed.values())


def _ranges(headers: CIMultiDictProxy[str]) -> list[Message]:
    found: list[Message] = []
    for part in _RANGE.findall(", ".join(headers.getall("Accept", []))):
        media_range = Message()
        media_range["Content-Type"] = part.strip()
        found.append(media_range)
    return found


def _is_activity(media_range: Message) -> bool:
    kind = media_range.get_content_type()
    if kind != "application/ld+json":
        return kind == "application/activity+json"
    profile = media_range.get_param("profile", ACTIVITYSTREAMS)
    return isinstance(profile, str) and ACTIVITYSTREAMS in profile.split()


def _quality(media_range: Message) -> float:
    """0 to 1; what cannot be read counts as 1, as if it were not there."""
    text = media_range.get_param("q", "1")
    try:
        quality = float(text) if isinstance(text, str) else 1.0
    except ValueError:
        return 1.0
    return quality if 0 <= quality <= 1 else 1.0
