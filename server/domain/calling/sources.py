"""What a call rests on, so that everybody can look for themselves: up to five addresses, each with a title.

Others that read no more of a call than its text find them below it (``as_html``), Beckon in ``cta:Call``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from server import text
from server.errors import Invalid
from server.i18n import mark
from storage.sources import Source

MOST = 5
TITLE_MAX = 200
URL_MAX = 2000


def cleaned(sources: Sequence[Source]) -> tuple[Source, ...]:
    """As they are kept: a title is one line, and without one the host stands there. Raises ``Invalid``."""
    if len(sources) > MOST:
        raise Invalid(mark("A call names at most %(most)s sources.", most=MOST), field="sources")
    return tuple(_cleaned(source) for source in sources)


def _cleaned(source: Source) -> Source:
    if not is_https(source.url):
        raise Invalid(
            "The address of a source is like https://example.org/report.", field="sources"
        )
    title = text.one_line(source.title)
    if len(title) > TITLE_MAX:
        raise Invalid(
            mark("The title of a source has at most %(most)s characters.", most=TITLE_MAX),
            field="sources",
        )
    return Source(source.url, title or urlsplit(source.url).hostname or source.url)


def is_https(url: str) -> bool:
    """As ``is_web``, and nobody changed the page on its way."""
    return is_web(url) and url.startswith("https://")


def is_web(url: str) -> bool:
    """Whether it is the address of a page, of bounded length. With a name before the host it would show another host
    than the one that it leads to."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    clean = url.isprintable() and not set(' "<>\\') & set(url)
    named = bool(parts.hostname) and "@" not in parts.netloc
    return clean and len(url) <= URL_MAX and parts.scheme in ("http", "https") and named


def heard(said: Sequence[tuple[str, str]]) -> tuple[Source, ...]:
    """Of another server, (address, title) each: what cannot be shown is left out."""
    usable = [(url, text.one_line(title)[:TITLE_MAX]) for url, title in said if is_https(url)]
    return tuple(
        Source(url, title or urlsplit(url).hostname or url) for url, title in usable[:MOST]
    )


def read(kept: Sequence[Mapping[str, str]] | None) -> tuple[Source, ...] | None:
    """As ``dataclasses.asdict`` kept them."""
    return None if kept is None else tuple(Source(each["url"], each["title"]) for each in kept)


def as_html(sources: Sequence[Source]) -> str:
    """Below the text; empty where there are none."""
    links = "".join(
        f'<li><a href="{text.escape(s.url)}" rel="nofollow noopener">{text.escape(s.title)}</a></li>'
        for s in sources
    )
    return f"<p>Sources:</p><ul>{links}</ul>" if links else ""
