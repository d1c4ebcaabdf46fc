"""Notifications, version 1: one entity per row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server.clock import stamp
from server.render import bundle
from server.render.status import status
from server.render.view import Json, View
from storage.notifications import Notification
from storage.posts import Post

ABOUT_POSTS = frozenset(
    {"mention", "status", "reblog", "favourite", "poll", "update", "quote", "quoted_update"}
)
"""Types that always carry a status: decoders fail on one without."""


async def notifications(
    view: View, rows: Sequence[Notification], posts: Mapping[int, Post]
) -> list[Json]:
    """``posts``: those that the viewer may see; a row about any other is left out."""
    kept = [r for r in rows if r.type not in ABOUT_POSTS or r.post_id in posts]
    loaded = await bundle.load(
        view, list(posts.values()), {}, also=[r.from_account_id for r in kept]
    )
    return [_notification(loaded, r, posts) for r in kept]


def _notification(b: bundle.Bundle, row: Notification, posts: Mapping[int, Post]) -> Json:
    entity: Json = {
        "id": str(row.id),
        "type": row.type,
        "created_at": stamp(row.created_at),
        "group_key": f"ungrouped-{row.id}",
        "account": b.people[row.from_account_id],
    }
    if row.post_id is not None and row.type in ABOUT_POSTS:
        entity["status"] = status(b, posts[row.post_id])
    return entity
