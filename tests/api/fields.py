"""The field table of the client API, as the strictest decoders read it, and a check against it.

A type in quotes is another entity. ``maybe``: may be null. ``absent``: may be left out. What is not in
the table must not be sent either, for it was not thought about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
DATE = re.compile(r"\d{4}-\d\d-\d\d")
ID = re.compile(r"0|[1-9]\d{0,18}")
URL = re.compile(r"https?://[^\s]+")
VISIBILITIES = ("public", "unlisted", "private", "direct")


@dataclass(frozen=True)
class Field:
    kind: Any
    maybe: bool = False
    absent: bool = False


def maybe(kind: Any) -> Field:
    return Field(kind, maybe=True)


def absent(kind: Any) -> Field:
    return Field(kind, absent=True)


QUOTE_APPROVAL = {"automatic": [str], "manual": [str], "current_user": str}

TABLE: dict[str, dict[str, Any]] = {
    "Account": {
        "id": ID, "username": str, "acct": str, "display_name": str, "locked": bool, "bot": bool,
        "group": bool, "created_at": TIME, "note": str, "url": URL, "uri": URL, "avatar": URL,
        "avatar_static": URL, "avatar_description": str, "header": URL, "header_static": URL,
        "header_description": str, "followers_count": int, "following_count": int,
        "statuses_count": int, "last_status_at": maybe(DATE), "emojis": [dict],
        "fields": ["Field"], "discoverable": maybe(bool), "indexable": bool,
        "hide_collections": maybe(bool), "noindex": absent(bool), "roles": absent([dict]),
        "suspended": absent(bool), "show_media": bool, "show_media_replies": bool,
        "show_featured": bool, "feature_approval": QUOTE_APPROVAL, "source": absent("Source"),
        "role": absent("Role"),
    },
    "Field": {"name": str, "value": str, "verified_at": maybe(TIME)},
    "Source": {
        "privacy": VISIBILITIES, "sensitive": bool, "language": maybe(str), "note": str,
        "fields": ["Field"], "follow_requests_count": int, "hide_collections": maybe(bool),
        "discoverable": maybe(bool), "indexable": bool, "attribution_domains": [str],
        "quote_policy": str,
    },
    "Role": {"id": str, "name": str, "permissions": str, "color": str, "highlighted": bool},
    "Status": {
        "id": ID, "uri": URL, "created_at": TIME, "account": "Account", "content": str,
        "visibility": VISIBILITIES, "sensitive": bool, "spoiler_text": str,
        "media_attachments": ["MediaAttachment"], "mentions": ["Mention"], "tags": ["TagLink"],
        "emojis": [dict], "replies_count": int, "reblogs_count": int, "favourites_count": int,
        "quotes_count": int, "url": maybe(URL), "in_reply_to_id": maybe(ID),
        "in_reply_to_account_id": maybe(ID), "reblog": maybe("Status"), "poll": maybe("Poll"),
        "card": maybe("PreviewCard"), "language": maybe(str), "edited_at": maybe(TIME), "quote": maybe(dict),
        "quote_approval": QUOTE_APPROVAL, "application": absent({"name": str, "website": maybe(URL)}),
        "favourited": absent(bool), "reblogged": absent(bool), "muted": absent(bool),
        "bookmarked": absent(bool), "pinned": absent(bool), "filtered": absent([dict]),
        "text": absent(str),
    },
    "MediaAttachment": {
        "id": ID, "type": ("image", "gifv", "video", "audio", "unknown"), "url": URL,
        "preview_url": maybe(URL), "remote_url": maybe(URL), "preview_remote_url": maybe(URL),
        "text_url": maybe(URL), "meta": maybe(dict), "description": maybe(str),
        "blurhash": maybe(str),
    },
    "Mention": {"id": ID, "username": str, "url": URL, "acct": str},
    "TagLink": {"name": str, "url": URL},
    "Poll": {
        "id": ID, "expires_at": maybe(TIME), "expired": bool, "multiple": bool, "votes_count": int,
        "voters_count": maybe(int), "options": [{"title": str, "votes_count": maybe(int)}],
        "emojis": [dict], "voted": bool, "own_votes": [int],
    },
    "Relationship": {
        "id": ID, "following": bool, "showing_reblogs": bool, "notifying": bool,
        "languages": maybe([str]), "followed_by": bool, "blocking": bool, "blocked_by": bool,
        "muting": bool, "muting_notifications": bool, "muting_expires_at": maybe(TIME),
        "requested": bool, "requested_by": bool, "domain_blocking": bool, "endorsed": bool,
        "note": str,
    },
    "Notification": {
        "id": ID, "type": str, "created_at": TIME, "group_key": str, "account": "Account",
        "status": absent("Status"),
    },
    "StatusEdit": {
        "content": str, "spoiler_text": str, "sensitive": bool, "created_at": TIME,
        "account": "Account", "media_attachments": ["MediaAttachment"], "emojis": [dict],
    },
    "StatusSource": {"id": ID, "text": str, "spoiler_text": str},
    "Context": {"ancestors": ["Status"], "descendants": ["Status"]},
    "List": {"id": ID, "title": str, "replies_policy": ("followed", "list", "none"), "exclusive": bool},
    "Tag": {
        "id": ID, "name": str, "url": URL, "history": [dict], "following": absent(bool),
        "featuring": absent(bool),
    },
    "Search": {"accounts": ["Account"], "statuses": ["Status"], "hashtags": ["Tag"]},
    "PreviewCard": {
        "url": URL, "title": str, "description": str, "language": maybe(str),
        "type": ("link", "photo", "video", "rich"), "author_name": str, "author_url": str,
        "provider_name": str, "provider_url": str, "html": str, "width": int, "height": int,
        "image": maybe(URL), "image_description": str, "embed_url": str, "blurhash": maybe(str),
        "published_at": maybe(TIME), "authors": [{"name": str, "url": str, "account": maybe(dict)}],
    },
    "AsyncRefresh": {
        "async_refresh": {"id": ID, "status": ("running", "finished"), "result_count": maybe(int)},
    },
    "Report": {
        "id": ID, "action_taken": bool, "action_taken_at": maybe(TIME),
        "category": ("spam", "legal", "violation", "other"), "comment": str, "forwarded": bool,
        "created_at": TIME, "status_ids": [ID], "rule_ids": [ID], "collection_ids": [ID],
        "target_account": "Account",
    },
    "Profile": {
        "id": ID, "display_name": str, "note": str, "formatted_note": str, "fields": ["Field"],
        "formatted_fields": ["Field"], "avatar": maybe(URL), "avatar_static": maybe(URL),
        "avatar_description": str, "header": maybe(URL), "header_static": maybe(URL),
        "header_description": str, "locked": bool, "bot": bool, "hide_collections": maybe(bool),
        "discoverable": maybe(bool), "indexable": bool, "show_media": bool,
        "show_media_replies": bool, "show_featured": bool, "attribution_domains": [str],
        "featured_tags": [dict],
    },
    "ScheduledStatus": {
        "id": ID, "scheduled_at": TIME, "media_attachments": ["MediaAttachment"],
        "failure": maybe(str), "params": "ScheduledParams",
    },
    "ScheduledParams": {
        "text": str, "visibility": VISIBILITIES, "spoiler_text": str, "sensitive": bool,
        "language": maybe(str), "in_reply_to_id": maybe(ID), "poll": maybe("ScheduledPoll"),
        "application_id": maybe(int), "scheduled_at": maybe(TIME), "idempotency": maybe(str),
        "with_rate_limit": bool, "media_ids": maybe([ID]), "quoted_status_id": maybe(ID),
        "quote_approval_policy": ("public", "followers", "nobody"),
    },
    "ScheduledPoll": {"options": [str], "expires_in": str, "multiple": bool, "hide_totals": bool},
    "Conversation": {
        "id": ID, "unread": bool, "accounts": ["Account"], "last_status": maybe("Status"),
    },
    "Marker": {"last_read_id": ID, "version": int, "updated_at": TIME},
}  # fmt: skip


def check(entity: Any, kind: Any, where: str = "") -> None:
    """Raises ``AssertionError`` naming the field that a strict decoder would refuse."""
    if isinstance(kind, str):
        check(entity, TABLE[kind], where or kind)
    elif isinstance(kind, dict):
        _hash(entity, kind, where)
    elif isinstance(kind, list):
        assert isinstance(entity, list), f"{where}: {entity!r} is no list"
        for item in entity:
            check(item, kind[0], f"{where}[]")
    else:
        assert _fits(entity, kind), f"{where}: {entity!r}"


def _hash(entity: Any, fields: dict[str, Any], where: str) -> None:
    assert isinstance(entity, dict), f"{where}: {entity!r} is no object"
    assert not set(entity) - set(fields), f"{where}: unknown {set(entity) - set(fields)}"
    for name, wanted in fields.items():
        rule = wanted if isinstance(wanted, Field) else Field(wanted)
        if name not in entity:
            assert rule.absent, f"{where}.{name} is missing"
        elif entity[name] is None:
            assert rule.maybe, f"{where}.{name} is null"
        else:
            check(entity[name], rule.kind, f"{where}.{name}")


def _fits(value: Any, kind: Any) -> bool:
    if isinstance(kind, re.Pattern):
        return isinstance(value, str) and kind.fullmatch(value) is not None
    if isinstance(kind, tuple):
        return value in kind
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)
