"""Conversations as the client API shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server.render import bundle, status
from server.render.view import Json, View
from storage.conversations import Conversation
from storage.posts import Post


async def conversations(
    view: View, rows: Sequence[Conversation], seen: Mapping[int, Post]
) -> list[Json]:
    """``Conversation`` each. ``seen``: by id, the newest posts that the viewer may see.

    Who writes to nobody but themselves takes part alone; the list of accounts is never empty.
    """
    people = {i for row in rows for i in row.participants or [row.account_id]}
    loaded = await bundle.load(view, list(seen.values()), {}, also=people)
    return [_conversation(loaded, row, seen.get(row.last_post_id)) for row in rows]


def _conversation(b: bundle.Bundle, row: Conversation, last: Post | None) -> Json:
    others = row.participants or [row.account_id]
    return {
        "id": str(row.id),
        "unread": row.unread,
        "accounts": [b.people[i] for i in others if i in b.people],
        "last_status": status.status(b, last) if last else None,
    }
