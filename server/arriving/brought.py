"""The files that a member brings along, as Mastodon writes them: with a header or without, a line each.

Columns are those of Mastodon's ``app/models/export.rb`` and ``app/models/form/import.rb``. A file is refused whole where it is
no text, too long, or has another list's header; a line that cannot be read says why. Nothing of a file is taken for a
formula, a path or an address to fetch from but for what its column says.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from federation.errors import Refused
from federation.origin import canonical_host
from federation.origin import parse as parse_url
from federation.webfinger import Handle
from server.domain.members import lists
from server.domain.members.imports import LINES, SUBJECT, Read
from server.errors import Invalid
from server.i18n import mark

Cells: TypeAlias = list[str]
Said: TypeAlias = tuple[str, dict[str, object]]
"""What a line is about, and what else it says."""

NO_TEXT = mark("This file is no CSV file: it has to be plain text, in UTF-8.")
TOO_LONG = mark(
    "This file has too many lines: at most %(most)s can be worked off at once.", most=LINES
)
OTHER = mark(
    "The first line of this file belongs to another kind of list. Please look what you chose above."
)
NO_ACCOUNT = mark("This is not the address of an account.")
NO_HOST = mark("This is not the name of a server.")
THIS_SERVER = mark("This is this server itself.")
NO_ADDRESS = mark("This is not the address of a post.")
NO_LIST = mark("Here a list and an account have to stand.")
TWICE = mark("It stands in the file twice.")

ACCOUNT = "account address"
HEADS: Mapping[str, tuple[str, ...]] = {
    "following": (ACCOUNT, "show boosts", "notify on new posts", "languages"),
    "lists": ("list name", ACCOUNT),
    "blocks": (ACCOUNT,),
    "mutes": (ACCOUNT, "hide notifications"),
    "domains": ("#domain",),
    "bookmarks": ("#uri",),
}
KNOWN = {name for head in HEADS.values() for name in head} | {"#severity", "#public_comment"}
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})?")
LANGUAGES = 50


def read(kind: str, body: bytes, domain: str) -> list[Read]:
    """The lines of a file; empty ones are none. ``domain``: ours. Raises ``Invalid``."""
    lines = _rows(_text(body))
    head = _head(kind, lines[0][1]) if lines else None
    places = head or {name: at for at, name in enumerate(HEADS[kind])}
    seen: set[object] = set()
    return [_line(kind, n, cells, places, domain, seen) for n, cells in lines[1 if head else 0 :]]


def _text(body: bytes) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(NO_TEXT, field="file") from error
    if "\0" in text:
        raise Invalid(NO_TEXT, field="file")
    return text


def _rows(text: str) -> list[tuple[int, Cells]]:
    found: list[tuple[int, Cells]] = []
    try:
        for number, cells in enumerate(_cells(text), 1):
            if not any(cells):
                continue
            if len(found) > LINES:  # one more, for a header
                raise Invalid(TOO_LONG, field="file")
            found.append((number, cells))
    except csv.Error as error:
        raise Invalid(NO_TEXT, field="file", cause=str(error)) from error
    return found


def _cells(text: str) -> Iterator[Cells]:
    for row in csv.reader(io.StringIO(text)):
        yield [cell.strip() for cell in row]


def _head(kind: str, cells: Cells) -> dict[str, int] | None:
    """Where each column is; None where the first line is no header. Raises ``Invalid`` for that of another list."""
    names = [cell.lower() for cell in cells]
    if names[0] not in KNOWN:
        return None
    main = HEADS[kind]
    needed = {"list name", ACCOUNT} if kind == "lists" else {main[0]}
    foreign = set(names) & (KNOWN - set(main) - {"#severity", "#public_comment"})
    if not needed <= set(names) or foreign:
        raise Invalid(OTHER, field="file")
    return {name: names.index(name) for name in main if name in names}


def _line(
    kind: str, number: int, cells: Cells, places: Mapping[str, int], domain: str, seen: set[object]
) -> Read:
    row = {name: cells[at] for name, at in places.items() if at < len(cells)}
    try:
        subject, options = READERS[kind](row, domain)
    except Refused as wrong:
        return Read(number, ",".join(cells)[:SUBJECT], {}, wrong.sentence)
    key = (subject if kind == "bookmarks" else subject.lower(), options.get("list"))
    twice = key in seen
    seen.add(key)
    return Read(number, subject, options, TWICE if twice else "")


def _refuse(sentence: str) -> Refused:
    return Refused("unreadable_line", sentence)


def _account(row: Mapping[str, str], domain: str) -> str:
    try:
        typed = row.get(ACCOUNT, "").removeprefix("@")
        handle = Handle.parse(typed if "@" in typed else f"{typed}@{domain}")
    except Refused as error:
        raise _refuse(NO_ACCOUNT) from error
    return str(handle)


def _following(row: Mapping[str, str], domain: str) -> Said:
    said = re.split(r"[,\s]+", row.get("languages", "").lower())
    languages = [each for each in said if LANGUAGE.fullmatch(each)][:LANGUAGES]
    return _account(row, domain), {
        "reblogs": _truth(row.get("show boosts", ""), otherwise=True),
        "notify": _truth(row.get("notify on new posts", ""), otherwise=False),
        "languages": languages,
    }


def _blocked(row: Mapping[str, str], domain: str) -> Said:
    return _account(row, domain), {}


def _muted(row: Mapping[str, str], domain: str) -> Said:
    hides = _truth(row.get("hide notifications", ""), otherwise=True)
    return _account(row, domain), {"notifications": hides}


def _listed(row: Mapping[str, str], domain: str) -> Said:
    title = row.get("list name", "")
    if not title or not row.get(ACCOUNT) or len(title) > lists.TITLE_MAX:
        raise _refuse(NO_LIST)
    return _account(row, domain), {"list": title}


def _host(row: Mapping[str, str], domain: str) -> Said:
    typed = row.get("#domain", "")
    try:
        host = canonical_host(typed)
    except Refused as error:
        raise _refuse(NO_HOST) from error
    if "." not in host or " " in typed or "@" in typed:
        raise _refuse(NO_HOST)
    if host == domain:
        raise _refuse(THIS_SERVER)
    return host, {}


def _bookmarked(row: Mapping[str, str], domain: str) -> Said:
    typed = row.get("#uri", "")
    try:
        parse_url(typed)
    except Refused as error:
        raise _refuse(NO_ADDRESS) from error
    if len(typed) > SUBJECT:
        raise _refuse(NO_ADDRESS)
    return typed, {}


def _truth(said: str, *, otherwise: bool) -> bool:
    """Mastodon's own words for it, and what spreadsheets make of them."""
    if said.lower() in ("true", "t", "1", "yes", "on"):
        return True
    return False if said.lower() in ("false", "f", "0", "no", "off") else otherwise


Reader: TypeAlias = Callable[[Mapping[str, str], str], Said]
READERS: Mapping[str, Reader] = {
    "following": _following,
    "lists": _listed,
    "blocks": _blocked,
    "mutes": _muted,
    "domains": _host,
    "bookmarks": _bookmarked,
}
