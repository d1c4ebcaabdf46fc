"""What an app may do, in words: a sentence for each scope (server/domain/members/scopes.py), each marked whole."""

from __future__ import annotations

from collections.abc import Iterable

from server.i18n import mark

WORDS = {
    "read": mark("See everything that you can see"),
    "read:accounts": mark("See your profile and those of others"),
    "read:blocks": mark("See whom you block"),
    "read:bookmarks": mark("See your bookmarks"),
    "read:favourites": mark("See what you marked as a favourite"),
    "read:filters": mark("See your filters"),
    "read:follows": mark("See whom you follow, and your communities"),
    "read:lists": mark("See your lists"),
    "read:mutes": mark("See whom you mute"),
    "read:notifications": mark("See your notifications"),
    "read:search": mark("Search for you"),
    "read:statuses": mark("See posts and calls that you can see"),
    "write": mark("Write, answer and change everything in your name"),
    "write:accounts": mark("Change your profile"),
    "write:blocks": mark("Block people and servers for you"),
    "write:bookmarks": mark("Set bookmarks for you"),
    "write:conversations": mark("Mute and remove conversations for you"),
    "write:favourites": mark("Mark favourites for you"),
    "write:filters": mark("Change your filters"),
    "write:follows": mark("Follow people and join communities for you"),
    "write:lists": mark("Change your lists"),
    "write:media": mark("Upload pictures and other files for you"),
    "write:mutes": mark("Mute people for you"),
    "write:notifications": mark("Clear your notifications"),
    "write:reports": mark("Report to moderators for you"),
    "write:statuses": mark("Post and answer calls in your name"),
    "follow": mark("Change whom you follow, mute and block"),
    "push": mark("Receive your notifications"),
    "profile": mark("Know who you are"),
    "admin:read": mark("See what you may see as one who runs this server"),
    "admin:read:accounts": mark("See accounts as one who runs this server"),
    "admin:read:reports": mark("See reports as one who runs this server"),
    "admin:read:domain_allows": mark("See with which servers this one speaks"),
    "admin:read:domain_blocks": mark("See which servers are blocked"),
    "admin:read:ip_blocks": mark("See which networks are blocked"),
    "admin:read:email_domain_blocks": mark("See which mail providers are blocked"),
    "admin:read:canonical_email_blocks": mark("See which mail addresses are blocked"),
    "admin:write": mark("Do what you may do as one who runs this server"),
    "admin:write:accounts": mark("Moderate accounts as one who runs this server"),
    "admin:write:reports": mark("Work on reports as one who runs this server"),
    "admin:write:domain_allows": mark("Change with which servers this one speaks"),
    "admin:write:domain_blocks": mark("Block and unblock servers"),
    "admin:write:ip_blocks": mark("Block and unblock networks"),
    "admin:write:email_domain_blocks": mark("Block and unblock mail providers"),
    "admin:write:canonical_email_blocks": mark("Block and unblock mail addresses"),
}


def meanings(scopes: Iterable[str]) -> list[str]:
    """The sentences of these scopes, to be said; of what a wider one covers only the wider."""
    held = list(dict.fromkeys(scopes))
    return [WORDS[word] for word in held if not _covered(word, held)]


def _covered(word: str, held: list[str]) -> bool:
    parents = (word[:at] for at, letter in enumerate(word) if letter == ":")
    return any(parent in held for parent in parents)
