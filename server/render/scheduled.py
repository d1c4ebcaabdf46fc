"""Posts to be as the client API shows them."""

from __future__ import annotations

from collections.abc import Sequence

from server.clock import stamp
from server.render.view import Json
from storage.scheduled import Scheduled


def scheduled(row: Scheduled, media: Sequence[Json] = ()) -> Json:
    """``ScheduledStatus``. ``failure`` is Beckon's own: why it was refused at its time, or null."""
    return {
        "id": str(row.id),
        "scheduled_at": stamp(row.scheduled_at),
        "params": _params(row),
        "media_attachments": list(media),
        "failure": row.failure,
    }


def _params(row: Scheduled) -> Json:
    """As they were sent, under the names that a client sends to post them again."""
    wanted = row.wanted
    return {
        "text": wanted["text"],
        "visibility": wanted["visibility"],
        "spoiler_text": wanted["summary"],
        "sensitive": wanted["sensitive"],
        "language": wanted["language"],
        "in_reply_to_id": _id(wanted["in_reply_to_id"]),
        "poll": _poll(wanted["poll"]),
        "application_id": wanted["app_id"],
        "scheduled_at": None,
        "idempotency": None,
        "with_rate_limit": False,
        "media_ids": [str(number) for number in wanted.get("media_ids") or ()] or None,
        "quoted_status_id": _id(wanted.get("quoted_id")),
        "quote_approval_policy": wanted.get("quote_policy"),
    }


def _poll(poll: Json | None) -> Json | None:
    if poll is None:
        return None
    return {
        "options": poll["options"],
        "expires_in": str(poll["expires_in"]),
        "multiple": poll["multiple"],
        "hide_totals": False,
    }


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)
