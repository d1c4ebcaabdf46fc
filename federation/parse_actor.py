"""Actor documents: from any neighbour's JSON to one ``Actor``.

An actor needs an https id, a known type, a user name and an inbox. Some servers answer with a stripped
actor when they do not understand a request's signature: without an inbox nothing is made of it, so it is
never stored. Inboxes, collections and the page count only on the actor's own origin.
"""

from __future__ import annotations

import re
from typing import Final, cast

from federation.errors import Refused
from federation.fields import (
    TEXT_MAX,
    Document,
    flag,
    mapping,
    mappings,
    own_page,
    own_ref,
    refs,
    require_ref,
    text,
    time,
    type_of,
    web_url,
)
from federation.fields import ref as read_ref
from federation.objects import Actor, ActorKind, Picture
from federation.origin import same_origin
from federation.tagged import emojis, is_a
from federation.vocab import ACTOR_KINDS

BIOGRAPHY_MAX: Final = 100_000
FIELDS_MAX: Final = 32
ALIASES_MAX: Final = 64
TAGS_MAX: Final = 128
PROPERTIES_MAX: Final = 10
_TOPIC: Final = re.compile(r"\w{2,40}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_USERNAME: Final = re.compile(
    # No spaces, no signs that a handle or an address is made of, nothing invisible or turned around.
    r"[^\s@/\\:?#<>\x00-\x1f\x7f\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]{1,128}"
)
_TOOT: Final = ("", "toot:", "http://joinmastodon.org/ns#")
_FIELD: Final = "http://schema.org#PropertyValue"  # Takahē's spelling, as the next
_VALUE: Final = "http://schema.org#value"
_MEDIA_TYPE: Final = re.compile(r"image/[A-Za-z0-9.+_-]{1,127}")
_WEBFINGER: Final = re.compile(r"@?([^\s@/]{1,255}@[^\s@/]{1,255})")


def parse_actor(document: Document) -> Actor:
    """Read an actor document.

    Raises Refused: unknown_type, ambiguous_type, no_id, bad_username, no_inbox, foreign_inbox.
    """
    kind = cast("ActorKind", ACTOR_KINDS[type_of(document, ACTOR_KINDS)])
    actor_id = require_ref(document, "id")
    return Actor(
        id=actor_id,
        kind=kind,
        username=_username(document),
        inbox=_inbox(document, actor_id),
        name=text(document.get("name")),
        summary=text(document.get("summary"), BIOGRAPHY_MAX),
        url=own_page(document.get("url"), actor_id),
        shared_inbox=own_ref(
            (mapping(document.get("endpoints")) or {}).get("sharedInbox"), actor_id
        ),
        outbox=own_ref(document.get("outbox"), actor_id),
        followers=own_ref(document.get("followers"), actor_id),
        following=own_ref(document.get("following"), actor_id),
        featured=own_ref(document.get("featured"), actor_id),
        featured_tags=own_ref(document.get("featuredTags"), actor_id),
        upcoming_events=own_ref(document.get("upcomingEvents"), actor_id),
        moderators=_moderators(document, actor_id) if kind == "group" else None,
        icon=_picture(document.get("icon")),
        image=_picture(document.get("image")),
        emojis=emojis(mappings(document.get("tag"), TAGS_MAX)),
        locked=document.get("manuallyApprovesFollowers") is True,
        discoverable=_toot_flag(document, "discoverable"),
        indexable=_toot_flag(document, "indexable"),
        posting_restricted=document.get("postingRestrictedToMods") is True,
        fields=_fields(document),
        published=time(document.get("published")),
        also_known_as=refs(document.get("alsoKnownAs"), ALIASES_MAX),
        moved_to=_another(document.get("movedTo"), actor_id),
        copied_to=_another(document.get("copiedTo"), actor_id),
        webfinger=_webfinger(document.get("webfinger")),
        topics=_topics(document) if kind == "group" else (),
        languages=_languages(document) if kind == "group" else (),
        document=document,
    )


def _topics(document: Document) -> tuple[str, ...]:
    """The hashtags of a group, each one word."""
    tags = (tag for tag in mappings(document.get("tag"), TAGS_MAX) if is_a(tag, "Hashtag"))
    names = (text(tag.get("name")).strip().removeprefix("#").lower() for tag in tags)
    return tuple(dict.fromkeys(name for name in names if _TOPIC.fullmatch(name)))[:PROPERTIES_MAX]


def _languages(document: Document) -> tuple[str, ...]:
    """A list of ``identifier`` and ``name`` (Lemmy, PieFed). Lemmy writes ``und`` for none."""
    said = mappings(document.get("language"), TAGS_MAX)
    codes = (text(each.get("identifier")) for each in said)
    found = dict.fromkeys(code for code in codes if _LANGUAGE.fullmatch(code) and code != "und")
    return tuple(found)[:PROPERTIES_MAX]


def _another(value: object, actor_id: str) -> str | None:
    """An actor that took the place of this one: nobody is followed by themselves."""
    named = read_ref(value)
    return named if named != actor_id else None


def _toot_flag(document: Document, name: str) -> bool | None:
    """A word of Mastodon's, which Takahē writes with its prefix or in full."""
    spelled = (document.get(start + name) for start in _TOOT)
    return next((found for found in map(flag, spelled) if found is not None), None)


def _inbox(document: Document, actor_id: str) -> str:
    """On the actor's own origin: else made-up actors could have us flood another server."""
    found = require_ref(document, "inbox")
    if not same_origin(found, actor_id):
        raise Refused("foreign_inbox", "The actor's inbox is on another server.")
    return found


def _username(document: Document) -> str:
    name = document.get("preferredUsername")
    if not isinstance(name, str) or not _USERNAME.fullmatch(name):
        raise Refused("bad_username", "An actor needs a preferredUsername.")
    return name


def _moderators(document: Document, actor_id: str) -> str | None:
    """FEP-1b12 names the collection in ``attributedTo``, PieFed in ``moderators`` too. PeerTube lists
    the owner of a channel there, as an object: that is a person and no collection."""
    attributed = document.get("attributedTo")
    named = attributed if isinstance(attributed, str) else document.get("moderators")
    return own_ref(named, actor_id)


def _fields(document: Document) -> tuple[tuple[str, str], ...]:
    found = (
        (text(entry.get("name")), text(entry.get("value", entry.get(_VALUE)), TEXT_MAX))
        for entry in mappings(document.get("attachment"), FIELDS_MAX)
        if entry.get("type") in ("PropertyValue", _FIELD)
    )
    return tuple((name, value) for name, value in found if name)


def _picture(value: object) -> Picture | None:
    """Described in ``summary`` (Mastodon) or ``name`` (GoToSocial); of several the first is taken."""
    url = web_url(value)
    if url is None:
        return None
    said = next(iter(mappings(value, 1)), None) or dict[str, object]()
    named = said.get("mediaType")
    media_type = named if isinstance(named, str) and _MEDIA_TYPE.fullmatch(named) else None
    return Picture(url, text(said.get("summary")) or text(said.get("name")), media_type)


def _webfinger(value: object) -> str | None:
    """FEP-2c59: the handle that the actor says it has; WebFinger must agree before it is shown."""
    match = _WEBFINGER.fullmatch(value) if isinstance(value, str) else None
    return match[1] if match else None
