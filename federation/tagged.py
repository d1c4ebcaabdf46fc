"""What the tags of a document name besides people: custom emoji, in posts and in the names of actors."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from federation.fields import Document, mapping, text, uri, web_url
from federation.objects import Emoji

EMOJIS_MAX: Final = 64
_SHORTCODE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def is_a(tag: Document, kind: str) -> bool:
    """Whether it is of that type: by its short name, or with the prefix that every context has."""
    return tag.get("type") in {kind, f"as:{kind}"} if isinstance(tag.get("type"), str) else False


def emojis(tags: Iterable[Document]) -> tuple[Emoji, ...]:
    """The first of each shortcode, at most ``EMOJIS_MAX``; a drawing with scripts is none."""
    found: dict[str, Emoji] = {}
    for tag in tags:
        read = _emoji(tag) if is_a(tag, "Emoji") else None
        if read and len(found) < EMOJIS_MAX:
            found.setdefault(read.shortcode, read)
    return tuple(found.values())


def _emoji(tag: Document) -> Emoji | None:
    shortcode = text(tag.get("name")).strip(":")
    url = uri(web_url(tag.get("icon")))
    drawing = (mapping(tag.get("icon")) or {}).get("mediaType") == "image/svg+xml"
    if url is None or drawing or not _SHORTCODE.fullmatch(shortcode):
        return None
    return Emoji(shortcode, url)
