"""Who a post is for: from a visibility to ``to`` and ``cc``, and back.

The conventions are Mastodon's, which every neighbour reads: Public in ``to`` is public, Public in ``cc``
is unlisted, the followers collection alone is for followers, and neither is direct.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, assert_never

from federation.vocab import PUBLIC, PUBLIC_ALIASES

Visibility = Literal["public", "unlisted", "members", "private", "direct"]


def audience(
    visibility: Visibility,
    followers_uri: str | None,
    mentions: Iterable[str] = (),
    group: str | None = None,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``to`` and ``cc`` of a post.

    A group stands first in ``to`` and those mentioned stand in ``cc`` where the post is open to more
    than them, as Lemmy and PieFed look for the group in ``to`` or ``cc`` together with Public.
    """
    groups = (group,) if group else ()
    followers = (followers_uri,) if followers_uri else ()
    named = tuple(mentions)
    match visibility:
        case "public":
            return _distinct(groups, (PUBLIC,)), _distinct(followers, named)
        case "unlisted":
            return _distinct(groups, followers), _distinct((PUBLIC,), named)
        case "members":  # of the group, whose followers these are
            return _distinct(groups, followers), _distinct(named)
        case "private":
            return _distinct(groups, followers), _distinct(named)
        case "direct":
            return _distinct(groups, named), ()
        case _:
            assert_never(visibility)


def visibility_of(
    to: Iterable[str],
    cc: Iterable[str],
    followers_uri: str | None = None,
    members_uri: str | None = None,
) -> Visibility:
    """How far a post may be shown.

    ``followers_uri`` is the followers collection of the author, ``members_uri`` that of the private group
    it was posted to; where neither is known, nothing but Public widens a post beyond those named.
    """
    first, second = set(to), set(cc)
    if first & PUBLIC_ALIASES:
        return "public"
    if second & PUBLIC_ALIASES:
        return "unlisted"
    if members_uri is not None and members_uri in first | second:
        return "members"
    if followers_uri is not None and followers_uri in first | second:
        return "private"
    return "direct"


def _distinct(*parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entry for part in parts for entry in part))
