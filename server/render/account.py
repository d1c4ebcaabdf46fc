"""Accounts as the client API shows them. Nothing that strict decoders want set is null."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server import text
from server.clock import stamp
from server.render.emoji import emojis
from server.render.view import Json, View, maybe_stamp
from server.urls import Urls
from storage import accounts, follows
from storage.accounts import Account
from storage.follows import Relation
from storage.preferences import Preferences

NOBODY_MAY_QUOTE: Json = {"automatic": [], "manual": [], "current_user": "denied"}


def account(urls: Urls, row: Account, role: str = "member") -> Json:
    """``Account``. Avatar and header are always addresses: old Tusky crashes without.

    ``role`` is asked for where a profile is shown, and not for each author of a page.
    """
    avatar = _picture(urls, row, row.avatar_url) or urls.asset("avatar.png")
    header = _picture(urls, row, row.header_url) or urls.asset("header.png")
    entity: Json = {
        "id": str(row.id),
        "username": row.username,
        "acct": row.handle,
        "display_name": row.display_name,
        "locked": row.locked,
        "bot": row.bot or row.kind in ("application", "service"),
        "group": row.kind == "group",
        "discoverable": row.discoverable,
        "indexable": row.indexable,
        "hide_collections": row.hide_collections,
        "created_at": stamp(row.created_at),
        "note": row.note,
        "url": row.url,
        "uri": row.uri,
        "avatar": avatar,
        "avatar_static": avatar,
        "avatar_description": row.avatar_description,
        "header": header,
        "header_static": header,
        "header_description": row.header_description,
        "followers_count": row.followers_count,
        "following_count": row.following_count,
        "statuses_count": row.posts_count,
        "last_status_at": None if row.last_post_at is None else f"{row.last_post_at:%Y-%m-%d}",
        "emojis": emojis(urls, row.emojis),
        "fields": [
            {"name": f["name"], "value": f["value"], "verified_at": None} for f in row.fields
        ],
        "show_media": True,
        "show_media_replies": True,
        "show_featured": True,
        "feature_approval": NOBODY_MAY_QUOTE,
    }
    if row.local:
        entity["noindex"] = not row.indexable
        entity["roles"] = _badges(role, row.affiliation)
    if row.suspended_at:
        entity["suspended"] = True
    if row.silenced_at:
        entity["limited"] = True
    return entity


def _picture(urls: Urls, row: Account, url: str | None) -> str | None:
    if url is None or row.media_refused:
        return None
    return url if row.local else urls.remote_media(url)


ROLES: Mapping[str, Json] = {
    "member": {"id": "-99", "name": "", "permissions": "0", "color": "", "highlighted": False},
    "moderator": {
        "id": "1",
        "name": "Moderator",
        "permissions": "1308",  # the bits of Mastodon's own role of that name
        "color": "",
        "highlighted": True,
    },
    "admin": {"id": "2", "name": "Admin", "permissions": "1", "color": "", "highlighted": True},
}


AFFILIATIONS: Mapping[str, Json] = {
    "official": {"id": "101", "name": "Official", "color": ""},
    "commercial": {"id": "102", "name": "Commercial", "color": ""},
}
"""Shown as Mastodon shows roles: its clients have a place for them beside the name."""


def _badges(role: str, affiliation: str | None) -> list[Json]:
    shown = ROLES[role]
    badges = [AFFILIATIONS[affiliation]] if affiliation else []
    if shown["highlighted"]:
        badges.append({name: shown[name] for name in ("id", "name", "color")})
    return badges


def _typed_fields(row: Account) -> list[Json]:
    return [
        {
            "name": f["name"],
            "value": f.get("source") or text.plain(f["value"]),
            "verified_at": None,
        }
        for f in row.fields
    ]


def profile(urls: Urls, row: Account, featured: Sequence[Json]) -> Json:
    """``Profile`` (Mastodon 4.6): a member's own, as it was typed. A picture never set is null.

    ``featured``: the tags on it, ``FeaturedTag`` each.
    """
    return {
        "id": str(row.id),
        "display_name": row.display_name,
        "note": row.note_source,
        "formatted_note": row.note,
        "fields": _typed_fields(row),
        "formatted_fields": account(urls, row)["fields"],
        "avatar": row.avatar_url,
        "avatar_static": row.avatar_url,
        "avatar_description": row.avatar_description,
        "header": row.header_url,
        "header_static": row.header_url,
        "header_description": row.header_description,
        "locked": row.locked,
        "bot": row.bot,
        "hide_collections": row.hide_collections,
        "discoverable": row.discoverable,
        "indexable": row.indexable,
        "show_media": True,
        "show_media_replies": True,
        "show_featured": True,
        "attribution_domains": [],
        "featured_tags": list(featured),
    }


def credential_account(urls: Urls, row: Account, role: str, requests: int) -> Json:
    """``CredentialAccount``: what its owner may see. ``requests``: follows that wait for an answer."""
    return account(urls, row, role) | {
        "source": {
            "privacy": "public",
            "sensitive": False,
            "language": "",
            "note": row.note_source,
            "fields": _typed_fields(row),
            "follow_requests_count": requests,
            "hide_collections": row.hide_collections,
            "discoverable": row.discoverable,
            "indexable": row.indexable,
            "attribution_domains": [],
            "quote_policy": row.quote_policy,
        },
        "role": ROLES[role],
    }


def defaults(row: Preferences) -> Json:
    """What ``source`` says of the posts to come; no language is an empty text there."""
    return {
        "privacy": row.visibility,
        "sensitive": row.sensitive,
        "language": row.language or "",
    }


def relationship(row: Relation) -> Json:
    """``Relationship``. Swift decoders want every boolean."""
    return {
        "id": str(row.account_id),
        "following": row.following,
        "showing_reblogs": row.following and row.reblogs,
        "notifying": row.following and row.notify,
        "languages": row.languages,
        "followed_by": row.followed_by,
        "blocking": row.blocking,
        "blocked_by": row.blocked_by,
        "muting": row.muting,
        "muting_notifications": row.muting_notifications,
        "muting_expires_at": maybe_stamp(row.muting_expires_at),
        "requested": row.requested,
        "requested_by": row.requested_by,
        "domain_blocking": row.domain_blocking,
        "endorsed": row.endorsed,
        "note": row.note,
    }


async def accounts_in_order(view: View, ids: list[int]) -> list[Json]:
    """The accounts of these ids; who is gone is left out."""
    rows = await accounts.by_ids(view.conn, ids)
    return [account(view.urls, rows[i]) for i in ids if i in rows and not rows[i].waiting]


async def relationships(view: View, ids: list[int]) -> list[Json]:
    """Between the viewer and each of these accounts; unknown ids are left out."""
    assert view.viewer_id is not None, "a stranger has no relationships"
    rows = await follows.relations(view.conn, view.viewer_id, ids, view.now)
    return [relationship(rows[i]) for i in ids if i in rows]
