"""What a token may do: words such as ``read`` or ``write:statuses``, in Mastodon's words."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from server.errors import BadRequest

READ = (
    "accounts blocks bookmarks favourites filters follows lists mutes notifications search statuses"
)
WRITE = (
    "accounts blocks bookmarks conversations favourites filters follows lists media mutes"
    " notifications reports statuses"
)
ADMIN = (
    "accounts reports domain_allows domain_blocks ip_blocks email_domain_blocks"
    " canonical_email_blocks"
)
KNOWN: tuple[str, ...] = (
    "read",
    *(f"read:{part}" for part in READ.split()),
    "write",
    *(f"write:{part}" for part in WRITE.split()),
    "follow",
    "push",
    "profile",
    "admin:read",
    *(f"admin:read:{part}" for part in ADMIN.split()),
    "admin:write",
    *(f"admin:write:{part}" for part in ADMIN.split()),
)
# The old word for all that concerns relations (Mastodon before 2.4.3; every client still asks for it).
FOLLOW = frozenset(
    f"{verb}:{part}" for verb in ("read", "write") for part in ("blocks", "follows", "mutes")
)
DEFAULT = ("read",)


def parse(text: str) -> list[str]:
    """The words of a list, in its order. Raises ``BadRequest`` for a word that does not exist."""
    words = list(dict.fromkeys(text.replace("+", " ").split()))
    unknown = [word for word in words if word not in KNOWN]
    if unknown:
        raise BadRequest("The requested scope is invalid, unknown, or malformed.")
    return words or list(DEFAULT)


def covers(granted: Collection[str], needed: str) -> bool:
    """Whether a token with ``granted`` may do what ``needed`` names: ``read`` covers ``read:lists``."""
    parents = {needed[:at] for at, letter in enumerate(needed) if letter == ":"}
    wanted = {needed, *parents}
    return not wanted.isdisjoint(granted) or (needed in FOLLOW and "follow" in granted)


def within(wanted: Sequence[str], registered: Collection[str]) -> bool:
    """Whether an app that registered ``registered`` may ask for ``wanted`` (RFC 6749, 3.3)."""
    return all(covers(registered, word) for word in wanted)
