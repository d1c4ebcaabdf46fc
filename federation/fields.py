"""Reads one field of a document at a time, by plain JSON semantics and within bounds.

A reader takes whatever a peer put there and gives a clean value, or None (or nothing) where it is not
usable. Only what decides identity or audience is refused here; everything else is cut to its limit, as
a document is not worth losing for an oversized name. Text loses its NUL characters, which no database
of ours can hold.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, TypeAlias, cast
from urllib.parse import urlsplit

from federation.errors import Refused
from federation.origin import host_of, same_origin
from federation.vocab import PUBLIC, PUBLIC_ALIASES

Document: TypeAlias = Mapping[str, object]

URL_MAX: Final = 2048
NAME_MAX: Final = 500
SUMMARY_MAX: Final = 10_000
TEXT_MAX: Final = 5_000
CONTENT_MAX: Final = 1 << 20
RECIPIENTS_MAX: Final = 1_000
COUNT_MAX: Final = 1_000_000_000
_UNCLEAN: Final = re.compile(r'[\x00-\x20\x7f\\<>"]')
_AFTER_HOST: Final = frozenset({"", "/", "?", "#"})


def mapping(value: object) -> Document | None:
    """``value`` if it is a JSON object."""
    return cast("Document", value) if isinstance(value, Mapping) else None


def items(value: object, limit: int) -> tuple[object, ...]:
    """JSON-LD's "one or many or none" as a tuple of at most ``limit`` entries, none of them null."""
    if isinstance(value, list):
        listed = cast("list[object]", value)
        return tuple(entry for entry in listed[:limit] if entry is not None)
    return () if value is None else (value,)


def mappings(value: object, limit: int) -> tuple[Document, ...]:
    """Those of ``items`` that are objects."""
    found = (mapping(entry) for entry in items(value, limit))
    return tuple(entry for entry in found if entry is not None)


def text(value: object, limit: int = NAME_MAX) -> str:
    """A string cut to ``limit`` characters; anything but a string is no text."""
    return value.replace("\0", "")[:limit] if isinstance(value, str) else ""


def flag(value: object) -> bool | None:
    """True or False as said; None where nothing (or something else) was said."""
    return value if isinstance(value, bool) else None


def whole(value: object, maximum: int = COUNT_MAX) -> int | None:
    """A count of zero or more, at most ``maximum``; decimal digits in a string count too."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return min(value, maximum)


def number(value: object) -> float | None:
    """A finite number; some peers write coordinates as strings."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def time(value: object) -> datetime | None:
    """An RFC 3339 time, with Z, an offset or (read as UTC) neither, as an aware datetime.

    Years outside 1000 to 9998 are no times: shifting them between zones would overflow.
    """
    if not isinstance(value, str) or len(value) > 64:
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if not 1000 <= found.year <= 9998:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def uri(value: object) -> str | None:
    """An id: an https address of at most 2,048 characters, its host and port in their one spelling.

    Ids are compared as they stand, so a host in capitals or with ``:443`` would make two ids of one.
    """
    return _https_id(value) if isinstance(value, str) and len(value) <= URL_MAX else None


@lru_cache(maxsize=8192)  # one document names the same few ids again and again
def _https_id(value: str) -> str | None:
    try:
        start = f"https://{host_of(value)}"
    except Refused:
        return None
    one_spelling = value.startswith(start) and value[len(start) :][:1] in _AFTER_HOST
    return value if one_spelling and _is_clean(value) else None


def ref(value: object) -> str | None:
    """The id in a string, in an embedded object, in a Link, or in the first of a list of these."""
    value = next(iter(items(value, 1)), None)
    if (embedded := mapping(value)) is not None:
        value = embedded.get("id") or embedded.get("href")
    return uri(value)


def require_ref(document: Document, key: str) -> str:
    """The id under ``key``; Refused("no_<key>") where there is none."""
    found = ref(document.get(key))
    if found is None:
        raise Refused(f"no_{key}", f"The {key} is missing or is not an https id.")
    return found


def own_ref(value: object, owner: str) -> str | None:
    """An id on the origin of ``owner``: nobody may name another server's collections as their own."""
    found = ref(value)
    return found if found is not None and same_origin(found, owner) else None


def refs(value: object, limit: int) -> tuple[str, ...]:
    """The distinct ids among the first ``limit`` entries, in order."""
    found = (ref(entry) for entry in items(value, limit))
    return tuple(dict.fromkeys(entry for entry in found if entry is not None))


def recipients(value: object) -> tuple[str, ...]:
    """``to`` or ``cc``: distinct ids, Public in its full form.

    Refused("too_many_recipients") above 1,000: cutting the list could change who may see the post.
    """
    listed = items(value, RECIPIENTS_MAX + 1)
    if len(listed) > RECIPIENTS_MAX:
        raise Refused("too_many_recipients", f"More than {RECIPIENTS_MAX} recipients.")
    found = (_recipient(entry) for entry in listed)
    return tuple(dict.fromkeys(entry for entry in found if entry is not None))


def _recipient(value: object) -> str | None:
    if isinstance(value, str) and value in PUBLIC_ALIASES:
        return PUBLIC
    return ref(value)


def web_url(value: object) -> str | None:
    """An http or https address from a string, a Link, an object with ``url``, or the best of a list.

    Of a list the first ``text/html`` Link wins (PeerTube lists its page among its video files).
    """
    links = items(value, 64)
    pages = [link for link in links if (mapping(link) or {}).get("mediaType") == "text/html"]
    found = (_linked(link) for link in (*pages, *links))
    return next((url for url in found if url is not None), None)


def own_page(value: object, owner: str) -> str | None:
    """Like ``web_url``, on the host of ``owner``: nobody's page is that of somebody elsewhere."""
    found = web_url(value)
    return found if found and urlsplit(found).netloc.lower() == host_of(owner) else None


def _linked(link: object) -> str | None:
    """An address, or that of a Link or of an Image whose ``url`` is a Link itself."""
    for _ in range(2):
        if (embedded := mapping(link)) is not None:
            link = next(iter(items(embedded.get("href") or embedded.get("url"), 1)), None)
    return link if isinstance(link, str) and _is_web(link) else None


def contact_url(value: object) -> str | None:
    """Like ``web_url``, and mailto: besides (for taking part from outside)."""
    if isinstance(value, str) and value.startswith("mailto:") and "@" in value:
        return value if len(value) <= URL_MAX and _is_clean(value) else None
    return web_url(value)


def _is_web(url: str) -> bool:
    if len(url) > URL_MAX or not _is_clean(url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    # With somebody's name before the host, an address shows another host than the one that it leads to.
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc


def _is_clean(url: str) -> bool:
    """No blanks, control characters or backslashes, which readers of addresses disagree about."""
    return _UNCLEAN.search(url) is None


def type_of(document: Document, known: Mapping[str, object]) -> str:
    """The one known type of a document.

    A list of types counts when exactly one of them is known. Refused("unknown_type") or
    Refused("ambiguous_type"), as two readers would see two documents.
    """
    named = [entry for entry in items(document.get("type"), 8) if isinstance(entry, str)]
    found = [entry for entry in dict.fromkeys(named) if entry in known]
    if not found:
        shown = ", ".join(named)[:100] or "none"
        raise Refused("unknown_type", "This type is not understood here.", cause=shown)
    if len(found) > 1:
        raise Refused("ambiguous_type", "One single type is needed.")
    return found[0]
