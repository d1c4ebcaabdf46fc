"""Search: what was typed becomes words and filters, and what is found is what its reader may see.

Operators as Mastodon has them: ``from:me from:@name@host``, ``has:media has:link has:poll``, ``is:reply
is:sensitive``, ``before:2030-01-31 after: during:``, ``language:de``, ``in:library in:public``; each with a
minus for its contrary. What is no operator is a word, whatever it looks like. Posts are found in one's own
library, and in public where their authors let them be found; the rules of ``sight`` come after, on
whatever was found.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from server.domain import sight
from server.domain.tx import Tx
from storage import accounts
from storage import search as rows
from storage.accounts import Account
from storage.search import Filters

DAY = timedelta(days=1)
NO_FILTERS: Final = Filters()
MAX_WORDS = 10
"""Of a name."""

_OPERATOR: Final = re.compile(r'(?<!\S)(?P<no>-?)(?P<name>[a-z]+):(?P<value>"[^"]*"|\S+)(?!\S)')
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_WORD: Final = re.compile(r"[^\W_]+")
_HAS: Final = {"media": "media", "image": "media", "video": "media", "audio": "media",
               "link": "link", "embed": "link", "poll": "poll"}  # fmt: skip
_IS: Final = {"reply": "reply", "sensitive": "sensitive"}
_PLACES: Final = {
    "library": {"library": True, "everywhere": False},
    "public": {"library": False, "everywhere": True},
    "all": {"library": True, "everywhere": True},
}


@dataclass(frozen=True, slots=True)
class Terms:
    """``author``: a handle or ``me``; ``not_author`` the same."""

    words: str = ""
    author: str | None = None
    not_author: str | None = None
    filters: Filters = NO_FILTERS

    @property
    def is_empty(self) -> bool:
        return self == Terms()


def parse(typed: str) -> Terms:
    """Never fails: what is no operator stays a word."""
    terms, words, end = Terms(), "", 0
    for found in _OPERATOR.finditer(typed):
        read = OPERATORS.get(found["name"])
        value = found["value"].strip('"')
        more = read(terms, value, found["no"] == "") if read else None
        if more is not None:
            terms = more
            words += typed[end : found.start()]
            end = found.end()
    words += typed[end:]
    return replace(terms, words=" ".join(words.split()))


def _from(terms: Terms, value: str, yes: bool) -> Terms | None:
    handle = value.removeprefix("@").lower()
    return replace(terms, author=handle) if yes else replace(terms, not_author=handle)


def _has(terms: Terms, value: str, yes: bool) -> Terms | None:
    return _flag(terms, _HAS.get(value.lower()), yes)


def _is(terms: Terms, value: str, yes: bool) -> Terms | None:
    return _flag(terms, _IS.get(value.lower()), yes)


def _flag(terms: Terms, field: str | None, yes: bool) -> Terms | None:
    if field is None:
        return None
    return replace(terms, filters=replace(terms.filters, **{field: yes}))


def _before(terms: Terms, value: str, yes: bool) -> Terms | None:
    day = _day(value)
    return None if day is None else _between(terms, None if yes else day, day if yes else None)


def _after(terms: Terms, value: str, yes: bool) -> Terms | None:
    day = _day(value)
    if day is None:
        return None
    return _between(terms, day + DAY if yes else None, None if yes else day + DAY)


def _during(terms: Terms, value: str, yes: bool) -> Terms | None:
    day = _day(value)
    return _between(terms, day, day + DAY) if day and yes else None


def _between(terms: Terms, since: datetime | None, until: datetime | None) -> Terms:
    """Narrower than before."""
    f = terms.filters
    since = max(filter(None, (f.since, since)), default=None)
    until = min(filter(None, (f.until, until)), default=None)
    return replace(terms, filters=replace(f, since=since, until=until))


def _day(value: str) -> datetime | None:
    """In UTC. Years at the ends of the calendar are none: a day more would overflow."""
    try:
        found = datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return found if 1000 <= found.year <= 9998 else None


def _language(terms: Terms, value: str, yes: bool) -> Terms | None:
    code = value.lower().partition("-")[0]
    if not yes or not _LANGUAGE.fullmatch(code):
        return None
    return replace(terms, filters=replace(terms.filters, language=code))


def _in(terms: Terms, value: str, yes: bool) -> Terms | None:
    place = _PLACES.get(value.lower())
    if place is None or not yes:
        return None
    return replace(terms, filters=replace(terms.filters, **place))


OPERATORS: dict[str, Callable[[Terms, str, bool], Terms | None]] = {
    "from": _from,
    "has": _has,
    "is": _is,
    "before": _before,
    "after": _after,
    "during": _during,
    "language": _language,
    "in": _in,
}


async def posts(tx: Tx, viewer: Account, terms: Terms, limit: int, offset: int) -> list[int]:
    """The ids of what matches, newest first; who reads them looks through ``sight``."""
    filters = terms.filters
    if terms.is_empty:
        return []
    if terms.author:
        author = await _named(tx, viewer, terms.author)
        if author is None:
            return []
        filters = replace(filters, author_id=author.id)
    if terms.not_author:
        other = await _named(tx, viewer, terms.not_author)
        filters = replace(filters, not_author_id=other.id if other else None)
    return await rows.posts(tx.conn, viewer.id, terms.words, filters, limit, offset)


async def _named(tx: Tx, viewer: Account, handle: str) -> Account | None:
    if handle == "me":
        return viewer
    return await by_handle(tx, handle)


async def by_handle(tx: Tx, acct: str) -> Account | None:
    """``name``, ``@name``, ``name@host``; our own domain is us."""
    name, _, host = acct.strip().removeprefix("@").partition("@")
    ours = "" if host.lower() == tx.site.urls.domain else host.lower()
    found = await accounts.by_handle(tx.conn, name, ours)
    return None if found is None or found.waiting else found


async def people(
    tx: Tx, typed: str, limit: int, offset: int, viewer: Account | None, *, following: bool
) -> list[Account]:
    """Whose handle begins so, or whose name has words that begin so, best first."""
    asked = typed.strip().removeprefix("@").removesuffix(f"@{tx.site.urls.domain}").lower()
    name, at, host = asked.partition("@")
    viewer_id = viewer.id if viewer else 0
    if at and name:
        found = await rows.by_handle(
            tx.conn, name, host, limit + offset, viewer_id, following=following
        )
        return found[offset:]  # of other servers
    words = _WORD.findall(name)[:MAX_WORDS]
    if not words:
        return []
    found = await rows.people(tx.conn, name, words, limit, offset, viewer_id, following=following)
    return await sight.knowable(tx, found, viewer, listed=True)


async def tags(tx: Tx, typed: str, limit: int, offset: int) -> list[str]:
    """Tags in use that begin so, or, asked for by its whole name with #, one that nobody uses yet."""
    name = typed.strip().removeprefix("#").lower()
    if not name or not re.fullmatch(r"\w+", name):
        return []
    found = await rows.tags(tx.conn, name, limit, offset)
    return found or ([name] if typed.startswith("#") and not offset else [])
