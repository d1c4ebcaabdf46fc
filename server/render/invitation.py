"""Invitations in Beckon's own API."""

from __future__ import annotations

from collections.abc import Mapping

from server.clock import stamp
from server.render import account
from server.render.view import Json
from server.urls import Urls
from storage.accounts import Account
from storage.invitations import Invitation
from storage.posts import Post


def invitation(
    urls: Urls, row: Invitation, people: Mapping[int, Account], events: Mapping[int, Post]
) -> Json:
    """``people``: who invites, and groups."""
    group = people.get(row.group_id or 0)
    return {
        "id": str(row.id),
        "created_at": stamp(row.created_at),
        "account": account.account(urls, people[row.by_id]),
        "community": account.account(urls, group) if group else None,
        "event": _event(events.get(row.post_id or 0)),
    }


def _event(post: Post | None) -> Json | None:
    if post is None:
        return None
    return {"id": str(post.id), "title": post.title, "url": post.url, "uri": post.uri}
