"""Communities in Beckon's own API."""

from __future__ import annotations

from collections.abc import Sequence

from server.render import account
from server.render.view import Json
from server.urls import Urls
from storage.accounts import Account
from storage.communities import Community
from storage.follows import Relation


def community(
    urls: Urls, group: Account, row: Community | None, relation: Relation | None, role: str | None
) -> Json:
    """``row``: None for a community of another server, whose policy and rules are not known here.

    ``relation`` and ``role``: the viewer's, None for a stranger.
    """
    member = relation is not None and relation.following
    return {
        "id": str(group.id),
        "name": group.username,
        "handle": f"{group.username}@{group.handle_host or urls.domain}",
        "title": group.display_name or group.username,
        "about": group.note,
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
