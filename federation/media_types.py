"""The media types of ActivityStreams 2, read the way its specification (section 8.1) means them.

A document counts as an activity or an actor only when it is served as one: JSON that somebody
uploaded to a host must never be taken for that host's word (Mastodon GHSA-jhrq-qvrm-qr36).
"""

from __future__ import annotations

from email.message import Message

from federation.vocab import AS

ACTIVITY_JSON = "application/activity+json"
LD_JSON = f'application/ld+json; profile="{AS}"'


def essence(header: str) -> str:
    """The media type in a Content-Type header: lower case, no parameters, text/plain if odd."""
    return _message(header).get_content_type()


def is_activity(header: str) -> bool:
    """Whether a Content-Type means ActivityStreams 2.

    ``application/ld+json`` counts only with the profile, quoted or not, alone or among others.
    """
    if essence(header) != "application/ld+json":
        return essence(header) == ACTIVITY_JSON
    profile = _message(header).get_param("profile", "")
    return isinstance(profile, str) and AS in profile.split()


def _message(header: str) -> Message:
    message = Message()
    message["Content-Type"] = header
    return message
