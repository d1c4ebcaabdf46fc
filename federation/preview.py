"""What a web page says of itself in its head: the preview of a link (Open Graph, and HTML's own words).

Pure and bounded: at most ``MAX_BYTES`` are read, by libxml2 with its own limits on depth, every text is one
line and cut, every address absolute and of the web. It may still take some hundredths of a second: the
caller runs it beside the event loop. Nothing a page says is taken as markup, and no player is embedded.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast
from urllib.parse import urljoin, urlsplit

import lxml.etree

from federation.fields import time

MAX_BYTES: Final = 1024 * 1024
TITLE_MAX: Final = 300
DESCRIPTION_MAX: Final = 500
NAME_MAX: Final = 100
URL_MAX: Final = 2048
PIXELS_MAX: Final = 100_000
METAS_MAX: Final = 300
DEPTH_MAX: Final = 256
CHUNK: Final = 16 * 1024  # bytes
_etree: Final = cast("Any", lxml.etree)  # untyped
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?")
_UNSEEN: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff\ud800-\udfff]"
)
_CHARSET: Final = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Preview:
    """``image``: the address of a picture at the other side, which nobody has looked at yet."""

    title: str
    description: str = ""
    provider: str = ""
    author: str = ""
    language: str | None = None
    image: str | None = None
    image_description: str = ""
    width: int = 0
    height: int = 0
    published: datetime | None = None


def parse(body: bytes, content_type: str, url: str) -> Preview | None:
    """The preview of a page; None where it has no title, or is no HTML. ``url``: where it was found."""
    head = _read(body[:MAX_BYTES], content_type)
    said = head.said
    title = _line(_first(said, "og:title", "twitter:title") or "".join(head.title), TITLE_MAX)
    if not title:
        return None
    author = _line(_first(said, "author", "article:author", "dc.creator"), NAME_MAX)
    return Preview(
        title=title,
        description=_line(
            _first(said, "og:description", "twitter:description", "description"), DESCRIPTION_MAX
        ),
        provider=_line(_first(said, "og:site_name"), NAME_MAX),
        author="" if "://" in author else author,  # some name a page instead
        language=_language(head.language, said),
        image=_address(_first(said, "og:image:secure_url", "og:image", "twitter:image"), url),
        image_description=_line(_first(said, "og:image:alt", "twitter:image:alt"), DESCRIPTION_MAX),
        width=_pixels(_first(said, "og:image:width")),
        height=_pixels(_first(said, "og:image:height")),
        published=time(_first(said, "article:published_time")),
    )


class _TooDeepError(Exception):
    """No more of this page is read."""


@dataclass(slots=True)
class _Head:
    """What is kept of a page while libxml2 reads it; the names of the methods are lxml's.

    No tree is made: to append an attribute, libxml2 walks past those before it, and one tag with a hundred
    thousand of them would take a minute. As without a tree it bounds no depth, this does: for each end tag it
    looks through all elements that are open.
    """

    said: dict[str, str] = field(default_factory=dict[str, str])  # the first of each counts
    title: list[str] = field(default_factory=list[str])
    language: str = ""
    _titles: int = 0
    _metas: int = 0
    _depth: int = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise _TooDeepError
        if tag == "meta" and self._metas < METAS_MAX:
            self._metas += 1
            self._meta(attributes)
        elif tag == "title":
            self._titles += 1
        elif tag == "html" and not self.language:
            self.language = attributes.get("lang", "")

    def _meta(self, attributes: Mapping[str, str]) -> None:
        name = (attributes.get("property") or attributes.get("name") or "").strip().lower()
        value = attributes.get("content", "").strip()
        if name and value:
            self.said.setdefault(name, value)

    def data(self, text: str) -> None:
        if self._titles == 1:
            self.title.append(text)

    def end(self, tag: str) -> None:
        self._depth -= 1
        if tag == "title":
            self._titles += 1

    def close(self) -> None:
        """lxml wants one."""


def _read(body: bytes, content_type: str) -> _Head:
    head = _Head()
    parser = _etree.HTMLParser(
        target=head, encoding=_encoding(body, content_type), no_network=True, huge_tree=False
    )
    with suppress(_etree.LxmlError, _TooDeepError, ValueError):  # what was read until then stands
        for start in range(0, len(body), CHUNK):  # it stops between two of these only
            parser.feed(body[start : start + CHUNK])
        parser.close()
    return head


def _encoding(body: bytes, content_type: str) -> str | None:
    """What the header says; else UTF-8 where it fits; else what the page says (None)."""
    named = _CHARSET.search(content_type)
    if named:
        try:
            return codecs.lookup(named[1]).name
        except LookupError:
            pass
    try:
        body.decode()
    except UnicodeDecodeError as error:
        # Cut in the midst of a letter is still UTF-8.
        return "utf-8" if error.start >= len(body) - 3 else None
    return "utf-8"


def _first(said: dict[str, str], *names: str) -> str:
    return next((said[name] for name in names if name in said), "")


def _line(text: str, limit: int) -> str:
    line = " ".join(_UNSEEN.sub("", text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _language(given_by_page: str, said: dict[str, str]) -> str | None:
    for given in (given_by_page, _first(said, "og:locale").replace("_", "-")):
        if _LANGUAGE.fullmatch(given):
            return given.split("-")[0].lower()
    return None


def _address(given: str, base: str) -> str | None:
    try:
        joined = urljoin(base, given.strip()) if given else ""
        parts = urlsplit(joined)
    except ValueError:
        return None
    plain = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    clean = len(joined) <= URL_MAX and not any(c.isspace() or c in '<>"\\' for c in joined)
    return joined if plain and clean and joined.isprintable() else None


def _pixels(given: str) -> int:
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        return 0
    return min(int(given), PIXELS_MAX)
