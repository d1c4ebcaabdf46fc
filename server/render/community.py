"""Communities in Beckon's own API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.clock import stamp
from server.render import account
from server.render.view import Json
from server.urls import Urls
from storage.accounts import Account
from storage.communities import Community
from storage.community_links import Link
from storage.follows import Relation
from storage.group_properties import Properties
from storage.proposals import Proposal


@dataclass(frozen=True, slots=True)
class Standing:
    """How the viewer stands to a community of ours. ``norms``: accepted; None where there are none. ``held``:
    how many posts wait; None for who does not see them."""

    place: int | None = None
    norms: bool | None = None
    handover: bool = False
    held: int | None = None


NOBODY = Standing()


def community(
    urls: Urls,
    group: Account,
    row: Community | None,
    relation: Relation | None,
    role: str | None,
    standing: Standing = NOBODY,
    said: Properties | None = None,
) -> Json:
    """``row``: None for a community of another server, whose policy and rules are not known here; ``said``: what its
    document says that it is about.

    ``relation`` and ``role``: the viewer's, None for a stranger.
    """
    member = relation is not None and relation.following
    return {
        "id": str(group.id),
        "name": group.username,
        "handle": f"{group.username}@{group.handle_host or urls.domain}",
        "title": group.display_name or group.username,
        "about": group.note,
        "purpose": row.purpose if row else "",
        "norms": row.norms if row else "",
        "language": row.language if row else next(iter(said.languages if said else ()), None),
        "topics": row.topics if row else said.topics if said else [],
        "questions": row.questions if row else [],
        "capacity": row.capacity if row else None,
        "proposals": row.proposals if row else None,
        "seconds": row.seconds if row else None,
        "welcome_status_id": str(row.welcome_post_id) if row and row.welcome_post_id else None,
        "place_in_line": standing.place,
        "norms_accepted": standing.norms,
        "handover_offered": standing.handover,
        "held_count": standing.held,
        "url": group.url,
        "uri": group.uri,
        "local": group.local,
        "policy": row.policy if row else None,
        "visibility": row.visibility if row else None,
        "rules": row.rules if row else [],
        "members_count": group.followers_count,
        "member": member,
        "requested": relation is not None and relation.requested,
        "role": role or ("member" if member else None),
        "account": account.account(urls, group),
    }


def members(urls: Urls, people: Sequence[Account], roles: dict[int, str]) -> list[Json]:
    """``roles``: of those who have one, by account id."""
    return [
        {"account": account.account(urls, p), "role": roles.get(p.id, "member")} for p in people
    ]


def link(row: Link, url: str | None = None) -> Json:
    """``url``: known only when it was just made."""
    return {
        "id": str(row.id),
        "community_id": str(row.community_id),
        "url": url,
        "admits": row.admits,
        "joined": row.uses,
        "max_uses": row.max_uses,
        "expires_at": stamp(row.expires_at),
        "created_at": stamp(row.created_at),
    }


def application(urls: Urls, person: Account, answers: Sequence[str], *, waits: bool) -> Json:
    return {"account": account.account(urls, person), "answers": list(answers), "waits": waits}


def settings(
    urls: Urls,
    group: Account,
    row: Community,
    figures: Mapping[str, int],
    to: Account | None,
    asked: Sequence[Account],
) -> Json:
    """``figures``: members, asking, waiting. ``to``: whom the role is offered."""
    return {
        "id": str(group.id),
        "about": group.note_source,
        **figures,
        "split_suggested": row.capacity is not None and figures["members"] >= row.capacity,
        "handover": account.account(urls, to) if to else None,
        "asked_by": [account.account(urls, other) for other in asked],
    }


def proposal(
    urls: Urls, row: Proposal, author: Account, seconds: set[int], needed: int, viewer: int | None
) -> Json:
    return {
        "id": str(row.id),
        "community_id": str(row.community_id),
        "account": account.account(urls, author),
        "kind": row.kind,
        "title": row.title,
        "wanted": row.wanted,
        "state": row.state,
        "note": row.note,
        "status_id": str(row.post_id) if row.post_id else None,
        "seconds_count": len(seconds),
        "seconds_needed": needed,
        "seconded": viewer in seconds,
        "created_at": stamp(row.created_at),
        "changed_at": stamp(row.changed_at),
    }
