"""Bans and the log of a community, and votes, in Beckon's own API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server.clock import stamp
from server.render import account
from server.render.view import Json
from server.urls import Urls
from storage.accounts import Account
from storage.group_moderation import Ban, Entry
from storage.posts import Post


def bans(urls: Urls, rows: Sequence[Ban], people: Mapping[int, Account]) -> list[Json]:
    return [
        {
            "account": account.account(urls, people[row.account_id]),
            "reason": row.reason,
            "created_at": stamp(row.created_at),
            "expires_at": stamp(row.until) if row.until else None,
        }
        for row in rows
        if row.account_id in people
    ]


def entry(row: Entry) -> Json:
    """Who acted is named by their role alone."""
    return {
        "id": str(row.id),
        "action": row.action,
        "role": row.role,
        "status_id": str(row.post_id) if row.post_id else None,
        "account_id": str(row.account_id) if row.account_id else None,
        "reason": row.reason,
        "created_at": stamp(row.created_at),
    }


def votes(post: Post, told: int, *, liked: bool, disliked: bool) -> Json:
    """``told``: what the votes come to that its group tells of; ``liked``, ``disliked``: by the viewer."""
    mine = "up" if liked else ("down" if disliked else None)
    up, down = post.favourites_count, post.dislikes_count
    return {"upvotes": up, "downvotes": down, "score": up - down + told, "mine": mine}
