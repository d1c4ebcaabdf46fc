"""Polls. The poll of a call shows who takes part: its options are the answers to the call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from server.render.view import Json, maybe_stamp
from storage.calls import Call
from storage.participations import Participation
from storage.polls import Option, Poll


def poll(
    row: Poll, options: Sequence[Option], now: datetime, choices: Sequence[int] | None, *, own: bool
) -> Json:
    """``Poll``. ``choices``: of the viewer, None for a stranger.

    ``voted`` and ``own_votes`` stand always: Android drops a post whose poll lacks them.
    """
    mine = list(choices or ())
    total = sum(o.votes_count for o in options)
    return {
        "id": str(row.post_id),
        "expires_at": maybe_stamp(row.ends_at or row.closed_at),
        "expired": row.expired(now),
        "multiple": row.multiple,
        "votes_count": total,
        "voters_count": row.voters_count if row.multiple else total,
        "options": [{"title": o.title, "votes_count": o.votes_count} for o in options],
        "emojis": [],
        "voted": choices is not None and (own or bool(mine)),
        "own_votes": mine,
    }


def of_call(
    row: Poll, options: Sequence[Option], call: Call, answer: Participation | None, now: datetime
) -> Json:
    """``Poll`` of a call: open as long as answers are taken, voted once answered."""
    until = call.over_at
    entity = poll(row, options, now, [], own=False)
    if call.hides_counts:  # as Mastodon's own polls that hide their totals
        entity["votes_count"] = entity["voters_count"] = row.voters_count or 0
        entity["options"] = [{"title": o.title, "votes_count": None} for o in options]
    entity["expires_at"] = maybe_stamp(until)
    entity["expired"] = call.state in ("closed", "cancelled") or (until is not None and until < now)
    if answer and answer.state != "refused":
        entity["voted"] = True
        entity["own_votes"] = [answer.choice]
    return entity
