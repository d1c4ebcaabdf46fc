"""What people type, and what other servers send, as HTML that may live.

Remote HTML is cleaned by nh3 against one allow-list, with a cap on its length first (nh3 is quadratic in
nested unknown blocks). Text of our own members is escaped, its handles, tags and addresses become links
(bleach finds the addresses), and nh3 runs over that too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from datetime import datetime
from functools import lru_cache
from html import escape, unescape
from html.parser import HTMLParser
from typing import Any, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import nh3
from bleach.linkifier import Linker

MAX_REMOTE_HTML = 32 * 1024  # characters; what is longer is cut
MAX_REMOTE_TEXT = 500  # names, titles

# Mastodon's own list for remote posts, so that what is written for it keeps its shape here.
TAGS = frozenset(
    "p br span a abbr del s pre blockquote code b strong u i em h1 h2 h3 h4 h5 h6 ul ol li sub sup ruby"
    " rt rp".split()
)
ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "class", "translate"},
    "abbr": {"title"},
    "span": {"class", "translate"},
    "ol": {"start", "reversed"},
    "li": {"value"},
    "p": {"class"},
}
CLASSES = frozenset(
    {"mention", "hashtag", "u-url", "h-card", "p-author", "ellipsis", "invisible", "quote-inline"}
)
HANDLE = re.compile(
    r"(?<![\w/@.])@(?P<name>[A-Za-z0-9_]+(?:[A-Za-z0-9_.-]*[A-Za-z0-9_]+)?)"
    r"(?:@(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?))?"
)
HASHTAG = re.compile(r"(?<![\w/#&])#(?P<tag>[^\W_]*[^\W\d_][\w]*)", re.UNICODE)
TOKEN = re.compile(f"(?:{HANDLE.pattern})|(?:{HASHTAG.pattern})", re.UNICODE)
CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff]"
)
MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
PILED = re.compile(f"([{MARKS}]{{3}})[{MARKS}]+")  # no language puts more than three on one letter
QUOTE_INLINE = re.compile(r'<(?P<tag>p|span) class="quote-inline">')
BLOCK_END = re.compile(r"</(?:p|h[1-6]|li|blockquote|pre)>|<br[^>]*>", re.IGNORECASE)


def _keep_known_classes(_tag: str, name: str, value: str) -> str | None:
    if name != "class":
        return value
    return " ".join(word for word in value.split() if word in CLASSES) or None


@lru_cache(maxsize=512)
def clean(html: str) -> str:
    """HTML from anywhere, reduced to what may live. Links lose their power over the opener, letters their towers."""
    cleaned = nh3.clean(
        html[:MAX_REMOTE_HTML],
        tags=set(TAGS),
        attributes=ATTRIBUTES,
        attribute_filter=_keep_known_classes,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener noreferrer",
        clean_content_tags={"script", "style"},
    )
    return PILED.sub(r"\1", cleaned)


def one_line(text: str, limit: int = MAX_REMOTE_TEXT) -> str:
    """Plain text for a name or a title: no control or direction marks, none piled up, one line, cut at ``limit``."""
    return " ".join(PILED.sub(r"\1", CONTROL.sub("", text)).split())[:limit]


def plain(html: str) -> str:
    """The words of cleaned HTML, with line ends where blocks end."""
    broken = BLOCK_END.sub(lambda m: m.group(0) + "\n", html)
    return unescape(nh3.clean(broken, tags=set())).strip()


LINK = re.compile(r'<a((?: [a-z]+="[^"]*")*)>(.*?)</a>', re.DOTALL)  # as nh3 writes them
HREF = re.compile(r' href="([^"]*)"')
NAMED_HOST = re.compile(r"(?:https?://)?((?:[\w-]+\.)+[^\W\d_]{2,})(?=[/:?#\s]|$)")


def without_links(html: str) -> str:
    """Cleaned HTML whose links look so and lead nowhere: what they lead to is not there yet."""
    return LINK.sub(r"<u>\2</u>", html)


def with_targets(html: str) -> str:
    """Cleaned HTML where a link whose words name another host is followed by the host that it leads to."""
    return LINK.sub(_with_target, html)


def _with_target(link: re.Match[str]) -> str:
    href, named = HREF.search(link[1]), NAMED_HOST.match(plain(link[2]).lower())
    host = urlsplit(unescape(href[1])).hostname if href else None
    if not host or not named or named[1].removeprefix("www.") == host.removeprefix("www."):
        return link[0]
    return f'{link[0]} <span class="small soft">({escape(host)})</span>'


class _Links(HTMLParser):
    """Addresses of links outside of quotes, that are no mention and no tag by class or by text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: str | None = None
        self._said = ""
        self._quoting = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        classes = (given.get("class") or "").split()
        if tag == "p":
            self._quoting = "quote-inline" in classes
        elif (
            tag == "a" and not self._quoting and not {"mention", "hashtag", "u-url"} & set(classes)
        ):
            self._open, self._said = given.get("href"), ""

    def handle_data(self, data: str) -> None:
        self._said += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "p":
            self._quoting = False
        elif tag == "a" and self._open is not None:
            # Misskey and others mark neither people nor tags by a class.
            if not self._said.lstrip().startswith(("@", "#")):
                self.found.append(self._open)
            self._open = None


def links(html: str) -> list[str]:
    """What cleaned HTML links to besides people, tags and what it quotes, in order."""
    reader = _Links()
    reader.feed(html)
    reader.close()
    return reader.found


def handles(text: str) -> list[tuple[str, str]]:
    """(name, host) of each @handle, in order, once each; the host is lower case, or empty."""
    found = ((m["name"], (m["host"] or "").lower()) for m in HANDLE.finditer(text))
    return list(dict.fromkeys(found))


def hashtags(text: str) -> list[str]:
    """Tags without #, in lower case, once each (names compare without case)."""
    return list(dict.fromkeys(m["tag"].lower() for m in HASHTAG.finditer(text)))


def compose(
    text: str, mentions: Mapping[tuple[str, str], str], tag_url: Callable[[str], str]
) -> str:
    """What a member typed, as HTML. ``mentions``: (name, host) as ``handles`` gives it, to profile URL."""
    blocks = re.split(r"\n{2,}", CONTROL.sub("", text).replace("\r\n", "\n").strip("\n"))
    paragraphs = (_linked(block, mentions, tag_url) for block in blocks if block)
    html = "".join(f"<p>{block.replace(chr(10), '<br>')}</p>" for block in paragraphs)
    return clean(_LINKER.linkify(html))


def paragraphs(source: str) -> list[str]:
    """What stands between empty lines."""
    lines = CONTROL.sub("", source).replace("\r\n", "\n")
    return [part for part in re.split(r"\n{2,}", lines) if part.strip()]


def compose_long(source: str, tag_url: Callable[[str], str]) -> str:
    """A long text that a member typed, as HTML: each paragraph by itself, so that none is cut for others."""
    return "".join(compose(part, {}, tag_url) for part in paragraphs(source))


def compose_line(text: str, tag_url: Callable[[str], str]) -> str:
    """One line that a member typed, with its links and in no paragraph: a field of a profile."""
    return clean(_LINKER.linkify(_linked(one_line(text), {}, tag_url)))


def _linked(
    text: str, mentions: Mapping[tuple[str, str], str], tag_url: Callable[[str], str]
) -> str:
    """Escaped, with handles that are known and tags as links."""

    def link(match: re.Match[str]) -> str:
        if match["tag"]:
            url = tag_url(match["tag"].lower())
            return (
                f'<a href="{escape(url)}" class="mention hashtag">#<span>{match["tag"]}</span></a>'
            )
        url = mentions.get((match["name"], (match["host"] or "").lower()), "")
        if not url:
            return match.group(0)
        return (
            f'<span class="h-card"><a href="{escape(url)}" class="u-url mention">'
            f"@<span>{match['name']}</span></a></span>"
        )

    return TOKEN.sub(link, escape(text, quote=False))


def quote_link(url: str) -> str:
    """What stands for a quote where it is not understood."""
    address = escape(url)
    return f'<p class="quote-inline">RE: <a href="{address}">{address}</a></p>'


def without_quote_link(html: str) -> str:
    """Cleaned HTML without what stands for a quote, whoever wrote it (``<p>`` of Mastodon, ``<span>`` of
    Misskey and Pleroma)."""
    start = QUOTE_INLINE.search(html)
    if start is None:
        return html
    depth, tag = 1, start["tag"]
    for found in re.compile(rf"<(/?){tag}\b[^>]*>").finditer(html, start.end()):
        depth += -1 if found[1] else 1
        if depth == 0:
            return html[: start.start()] + html[found.end() :]
    return html


def from_plain(given: str) -> str:
    """Plain text of others as HTML, without links: finding them takes seconds in long texts."""
    cut = CONTROL.sub("", given[:MAX_REMOTE_HTML]).replace("\r\n", "\n").strip("\n")
    blocks = escape(cut, quote=False).split("\n\n")
    return "".join(f"<p>{block.replace(chr(10), '<br>')}</p>" for block in blocks if block)


def _only_web_links(
    attrs: MutableMapping[Any, str], new: bool = False
) -> MutableMapping[Any, str] | None:
    href = attrs.get((None, "href"), "")
    return attrs if not new or href.startswith(("http://", "https://")) else None


# bleach's own pattern knows few top-level domains (not .social); with a scheme none need be known.
WEB_LINK = re.compile(r"(?<![\w@])https?://[^\s<>\"]+", re.IGNORECASE)
_LINKER = Linker(
    callbacks=[cast("Any", _only_web_links)], url_re=WEB_LINK, skip_tags={"pre", "code"}
)


def when(at: datetime, timezone: str) -> str:
    """``Sat 5 Dec 2026, 10:00 CET``: as the clock on the wall shows it there."""
    local = at.astimezone(ZoneInfo(timezone))
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M %Z}"


CALL_STATES = {"cancelled": "Cancelled. ", "postponed": "Postponed. ", "closed": "Closed. "}
"""What stands before the time of a call that does not simply take place."""


def when_or_until(starts_at: datetime | None, closes_at: datetime | None, timezone: str) -> str:
    """``when``; until when, of what nobody comes to; empty where there is neither."""
    if starts_at:
        return when(starts_at, timezone)
    return f"Until {when(closes_at, timezone)}" if closes_at else ""


def emojis_used(offered: Sequence[Mapping[str, str]], *said: str) -> list[dict[str, str]]:
    """Those of the custom emoji offered whose ``:shortcode:`` stands in a text."""
    whole = "\n".join(said)
    return [dict(each) for each in offered if f":{each['shortcode']}:" in whole]
