"""Notifications: one entity per row (version 1), or groups with what they point to (version 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from server.clock import stamp
from server.render import bundle
from server.render.bundle import Bundle
from server.render.status import status
from server.render.view import Json, View
from storage.notification_requests import Request
from storage.notifications import Group, Notification
from storage.posts import Post

ABOUT_POSTS = frozenset(
    {"mention", "status", "reblog", "favourite", "poll", "update", "quote", "quoted_update"}
)
"""Types that always carry a status: decoders fail on one without."""
SUBJECTS = {
    "admin.report": "report",
    "moderation_warning": "moderation_warning",
    "severed_relationships": "event",
}
"""Types that carry something else, and under which name."""
PARTIAL = ("id", "acct", "locked", "bot", "url", "avatar", "avatar_static")


async def notifications(
    view: View, rows: Sequence[Notification], posts: Mapping[int, Post]
) -> list[Json]:
    """``posts``: those that the viewer may see; a row about any other is left out."""
    kept = [r for r in rows if r.type not in ABOUT_POSTS or r.post_id in posts]
    also = {r.from_account_id for r in kept} | {_target(r.about) for r in kept}
    loaded = await bundle.load(view, list(posts.values()), {}, also=_known(also))
    return [_notification(loaded, r, posts) for r in kept]


def _target(about: Mapping[str, Any] | None) -> int | None:
    """Whom a report or a warning is about."""
    return about.get("target_account_id") if about else None


def _known(ids: set[int | None]) -> list[int]:
    return [i for i in ids if i is not None]


def _notification(b: Bundle, row: Notification, posts: Mapping[int, Post]) -> Json:
    entity: Json = {
        "id": str(row.id),
        "type": row.type,
        "created_at": stamp(row.created_at),
        "group_key": row.group_key,
        "account": b.people[row.from_account_id],
    }
    if row.filtered:
        entity["filtered"] = True
    if row.post_id is not None and row.type in ABOUT_POSTS:
        entity["status"] = status(b, posts[row.post_id])
    return entity | _subject(b, row.type, row.id, row.created_at, row.about)


def _subject(
    b: Bundle, type_: str, id_: int, at: datetime, about: Mapping[str, Any] | None
) -> Json:
    """The report, warning or event: its own id and time where it says them, else the notification's."""
    if about is None or type_ not in SUBJECTS:
        return {}
    told: Json = {"id": str(id_), "created_at": stamp(at)} | dict(about)
    target = told.pop("target_account_id", None)
    if target is not None:
        told["target_account"] = b.people.get(target)
    return {SUBJECTS[type_]: told}


async def grouped(
    view: View, rows: Sequence[Group], posts: Mapping[int, Post], *, partial: bool
) -> Json:
    """``GroupedNotificationsResults``: every id in the groups is found beside them.

    ``posts``: those that the viewer may see; a group about any other is left out. ``partial``: only the
    first account of a group is sent whole, of the others what an avatar needs.
    """
    kept = [g for g in rows if g.type not in ABOUT_POSTS or g.post_id in posts]
    about = {g.post_id for g in kept if g.type in ABOUT_POSTS}
    shown = [p for p in posts.values() if p.id in about]
    senders = list(dict.fromkeys(i for g in kept for i in g.senders))
    also = {*senders, *(_target(g.about) for g in kept)}
    loaded = await bundle.load(view, shown, {}, also=_known(also))
    first = {g.senders[0] for g in kept}
    whole = [i for i in senders if i in first or not partial]
    results: Json = {
        "accounts": [loaded.people[i] for i in whole],
        "statuses": [status(loaded, p) for p in shown],
        "notification_groups": [_group(loaded, g) for g in kept],
    }
    if partial:
        rest = [loaded.people[i] for i in senders if i not in first]
        results["partial_accounts"] = [{k: entity[k] for k in PARTIAL} for entity in rest]
    return results


def _group(b: Bundle, row: Group) -> Json:
    entity: Json = {
        "group_key": row.key,
        "notifications_count": row.count,
        "type": row.type,
        "most_recent_notification_id": row.page_max_id,
        "page_min_id": str(row.page_min_id),
        "page_max_id": str(row.page_max_id),
        "latest_page_notification_at": stamp(row.latest_at),
        "sample_account_ids": [str(i) for i in row.senders],
    }
    if row.type in ABOUT_POSTS:
        entity["status_id"] = str(row.post_id)
    return entity | _subject(b, row.type, row.page_max_id, row.latest_at, row.about)


async def requests(view: View, rows: Sequence[Request], posts: Mapping[int, Post]) -> list[Json]:
    """``NotificationRequest`` each. ``posts``: as above; another is not shown."""
    senders = [row.from_account_id for row in rows]
    loaded = await bundle.load(view, list(posts.values()), {}, also=senders)
    return [_request(loaded, row, posts) for row in rows]


def _request(b: Bundle, row: Request, posts: Mapping[int, Post]) -> Json:
    post = posts.get(row.last_post_id) if row.last_post_id is not None else None
    return {
        "id": str(row.id),
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.updated_at),
        "account": b.people[row.from_account_id],
        "notifications_count": str(row.count),
        "last_status": status(b, post) if post else None,
    }
