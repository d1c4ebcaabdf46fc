"""Posts as a feed: Atom (RFC 4287), and RSS 2.0, which people expect at the address that Mastodon has.

Both are written from the same values. XML cannot hold every character that a text may have (XML 1.0, 2.2):
those are left out, and what remains is escaped by the library.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.etree import ElementTree as ET

from server.clock import stamp
from server.version import VERSION

ATOM = "http://www.w3.org/2005/Atom"
NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class File:
    url: str
    media_type: str
    description: str


@dataclass(frozen=True, slots=True)
class Entry:
    """``id``: never changes, while ``url`` is where people read it. ``html``: the whole text, cleaned."""

    id: str
    url: str
    title: str
    html: str
    author: str
    author_url: str
    published: datetime
    updated: datetime
    tags: Sequence[str] = ()
    files: Sequence[File] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """``address``: of the feed itself, which is its id; ``url``: of the page that it follows."""

    address: str
    url: str
    title: str
    about: str
    updated: datetime
    entries: Sequence[Entry]


def atom(feed: Feed) -> bytes:
    root = ET.Element("feed", {"xmlns": ATOM})
    _text(root, "id", feed.address)
    _text(root, "title", feed.title)
    if feed.about:
        _text(root, "subtitle", feed.about)
    _text(root, "updated", stamp(feed.updated))
    _text(root, "generator", "Beckon", version=VERSION)
    ET.SubElement(root, "link", rel="self", type="application/atom+xml", href=feed.address)
    ET.SubElement(root, "link", rel="alternate", type="text/html", href=feed.url)
    # RFC 4287, 4.1.1: a feed names an author, unless each of its entries does; an empty one has none.
    _author(root, feed.title, feed.url)
    for entry in feed.entries:
        _atom_entry(root, entry)
    return _bytes(root)


def _atom_entry(root: ET.Element, entry: Entry) -> None:
    made = ET.SubElement(root, "entry")
    _text(made, "id", entry.id)
    _text(made, "title", entry.title)
    _text(made, "published", stamp(entry.published))
    _text(made, "updated", stamp(entry.updated))
    ET.SubElement(made, "link", rel="alternate", type="text/html", href=entry.url)
    _author(made, entry.author, entry.author_url)
    for file in entry.files:
        ET.SubElement(
            made,
            "link",
            rel="enclosure",
            type=file.media_type,
            href=file.url,
            title=_xml(file.description),
        )
    for tag in entry.tags:
        ET.SubElement(made, "category", term=_xml(tag))
    _text(made, "content", entry.html, type="html")


def _author(parent: ET.Element, name: str, url: str) -> None:
    author = ET.SubElement(parent, "author")
    _text(author, "name", name)
    _text(author, "uri", url)


def rss(feed: Feed) -> bytes:
    root = ET.Element("rss", {"version": "2.0", "xmlns:atom": ATOM})
    channel = ET.SubElement(root, "channel")
    _text(channel, "title", feed.title)
    _text(channel, "description", feed.about or feed.title)
    _text(channel, "link", feed.url)
    ET.SubElement(channel, "atom:link", rel="self", type="application/rss+xml", href=feed.address)
    _text(channel, "lastBuildDate", _rfc822(feed.updated))
    _text(channel, "generator", f"Beckon {VERSION}")
    for entry in feed.entries:
        _rss_item(channel, entry)
    return _bytes(root)


def _rss_item(channel: ET.Element, entry: Entry) -> None:
    made = ET.SubElement(channel, "item")
    _text(made, "guid", entry.id, isPermaLink="false")
    _text(made, "title", entry.title)
    _text(made, "link", entry.url)
    _text(made, "pubDate", _rfc822(entry.published))
    _text(made, "description", entry.html)
    for tag in entry.tags:
        _text(made, "category", tag)


def _text(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, name, attributes).text = _xml(text)


def _xml(text: str) -> str:
    return NOT_XML.sub("", text)


def _rfc822(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


def _bytes(root: ET.Element) -> bytes:
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)
