"""Calls to action in Beckon's own API."""

from __future__ import annotations

from dataclasses import dataclass

from server.clock import stamp
from server.render import account
from server.render.view import Json, maybe_stamp
from server.urls import Urls
from storage.accounts import Account
from storage.calls import Call, Participation
from storage.posts import Post


@dataclass(frozen=True, slots=True)
class Place:
    """The viewer's answer, and where in the waiting line it stands (1 is next)."""

    participation: Participation
    in_line: int | None


def call(
    urls: Urls, post: Post, row: Call, author: Account, community: Account, mine: Place | None
) -> Json:
    """``going`` is ``confirmed`` and ``expressed`` together; only the first are known to be people."""
    return {
        "id": str(post.id),
        "kind": row.kind,
        "state": row.state,
        "title": post.title,
        "about": post.content,
        "url": post.url,
        "uri": post.uri,
        "starts_at": stamp(row.starts_at),
        "ends_at": maybe_stamp(row.ends_at),
        "timezone": row.timezone,
        "place": {
            "name": row.place_name,
            "address": row.place_address,
            "latitude": row.latitude,
            "longitude": row.longitude,
        },
        "capacity": row.capacity,
        "going": row.going,
        "confirmed": row.confirmed,
        "expressed": row.expressed,
        "waiting": row.waiting,
        "author": account.account(urls, author),
        "community": account.account(urls, community),
        "answer": answer(mine) if mine else None,
    }


def answer(mine: Place) -> Json:
    p = mine.participation
    return {
        "answer": p.answer,
        "state": p.state,
        "place_in_line": mine.in_line,
        "answered_at": stamp(p.answered_at),
    }


def participant(urls: Urls, person: Account, row: Participation) -> Json:
    return {
        "account": account.account(urls, person),
        "answer": row.answer,
        "state": row.state,
        "tier": row.tier,
        "answered_at": stamp(row.answered_at),
    }
