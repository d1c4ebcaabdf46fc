"""Calls to action in Beckon's own API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.clock import stamp
from server.render import account
from server.render.view import Json, maybe_stamp
from server.urls import Urls
from storage.accounts import Account
from storage.calls import Call
from storage.participations import Participation
from storage.polls import Option
from storage.posts import Post
from storage.shift_roles import Role


@dataclass(frozen=True, slots=True)
class Place:
    """The viewer's answer, and where in the waiting line it stands (1 is next)."""

    participation: Participation
    in_line: int | None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A call with what is shown beside it. ``answers``: the keys of what can be answered, in the order of the
    card, and whether it is taking part; ``options``: what the card says; ``mine``: the viewer's; ``privacy``: who learns what of an answer, by door."""

    post: Post
    row: Call
    author: Account
    community: Account
    answers: Sequence[tuple[str, bool]]
    options: Sequence[Option]
    mine: Place | None
    privacy: Mapping[str, str | None]


def call(urls: Urls, loaded: Loaded) -> Json:
    """``counted`` is ``confirmed`` and ``expressed`` together; only the first are known to be people."""
    post, row = loaded.post, loaded.row
    return {
        "id": str(post.id),
        "kind": row.kind,
        "variant": row.variant or None,
        "state": row.state,
        "title": post.title,
        "about": post.content,
        "url": post.url,
        "uri": post.uri,
        "starts_at": maybe_stamp(row.starts_at),
        "ends_at": maybe_stamp(row.ends_at),
        "closes_at": maybe_stamp(row.closes_at),
        "timezone": row.timezone,
        "place": {
            "name": row.place_name,
            "address": row.place_address,
            "latitude": row.latitude,
            "longitude": row.longitude,
        },
        "capacity": row.capacity,
        "taken": row.taken,
        "guests_max": row.guests_max,
        "goal": {"value": row.goal, "metric": row.goal_metric} if row.goal else None,
        "urgent": row.urgent,
        "external_url": row.external_url,
        "answers": _answers(loaded),
        "secret_until_closed": row.secret_until_closed,
        "counted": row.counted,
        "confirmed": row.confirmed,
        "expressed": row.expressed,
        "waiting": row.waiting,
        "outcome": row.outcome or None,
        "author": account.account(urls, loaded.author),
        "community": account.account(urls, loaded.community),
        "answer": answer(loaded.mine) if loaded.mine else None,
        "privacy": loaded.privacy,
    }


def _answers(loaded: Loaded) -> list[Json]:
    hidden = loaded.row.hides_counts
    return [
        {
            "key": key,
            "title": option.title,
            "counts": counts,
            "people": None if hidden else option.votes_count,
        }
        for (key, counts), option in zip(loaded.answers, loaded.options, strict=False)
    ]


def answer(mine: Place) -> Json:
    p = mine.participation
    return {
        "answer": p.answer,
        "state": p.state,
        "place_in_line": mine.in_line,
        "answered_at": stamp(p.answered_at),
        "role": p.role,
        "guests": p.guests,
        "ballot": p.ballot,
    }


def roles(wanted: Sequence[tuple[Role, int]]) -> list[Json]:
    """Who is wanted in a shift, each with how many places of it are taken."""
    return [
        {
            "name": role.name,
            "places": role.places,
            "taken": taken,
            "skill": role.skill or None,
        }
        for role, taken in wanted
    ]


def shift(
    post: Post, row: Call, wanted: Sequence[tuple[Role, int]], mine: Participation | None
) -> Json:
    """A shift, within its call."""
    return {
        "id": str(post.id),
        "title": post.title,
        "url": post.url,
        "state": row.state,
        "starts_at": maybe_stamp(row.starts_at),
        "ends_at": maybe_stamp(row.ends_at),
        "capacity": row.capacity,
        "taken": row.taken,
        "counted": row.counted,
        "waiting": row.waiting,
        "roles": roles(wanted),
        "answer": answer(Place(mine, None)) if mine else None,
    }


def participant(urls: Urls, person: Account, row: Participation, fields: Mapping[str, str]) -> Json:
    """``fields``: what they answered, by the question."""
    return {
        "account": account.account(urls, person),
        "answer": row.answer or None,
        "state": row.state,
        "tier": row.tier,
        "answered_at": stamp(row.answered_at),
        "role": row.role,
        "guests": row.guests,
        "fields": [{"name": name, "value": value} for name, value in fields.items()],
    }
