"""What a reader demands of a document: facts about its parser, written down one by one and checked.

A list of demands belongs to one reader and one kind of document; the comment above each says where in that
reader's code it stands. ``unmet`` gives the demands that a document does not meet, so that a test shows all
of them at once:

    LEMMY_PAGE = (
        # crates/apub/objects/src/protocol/page.rs: `to` and `cc` are read as arrays
        need("object.to", list_of(str)),
        may("object.context", a(str)),
        never("object.inReplyTo"),
        holds("the author is on the host of the post", lambda d: ...),
    )
    assert unmet(document, LEMMY_PAGE) == []

A path is keys with dots between; ``*`` stands for every entry of a list. A key that holds a dot is no part
of what any reader of ours looks at.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

Json = dict[str, Any]
Test = Callable[[Any], bool]


class Absent:
    """What stands at a path where nothing does: null is something."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT: Final = Absent()


@dataclass(frozen=True)
class Demand:
    """``test`` is asked of every value at ``path`` (the whole document where that is empty)."""

    path: str
    says: str
    test: Test
    absent: bool = False
    """Whether it is met where there is nothing."""

    def fails(self, document: Json) -> Iterator[str]:
        for value in at(document, self.path):
            if not (self.absent if value is ABSENT else self.test(value)):
                yield f"{self.path or 'document'}: {self.says}; it is {value!r}"


def unmet(document: Json, demands: Iterable[Demand]) -> list[str]:
    """What of the demands a document does not meet, in words."""
    return [said for demand in demands for said in demand.fails(document)]


def at(document: object, path: str) -> list[object]:
    """The values at a path, with ``ABSENT`` for each that is not there; none for ``*`` of an empty list."""
    found: list[object] = [document]
    for key in path.split(".") if path else ():
        found = [inner for value in found for inner in _inside(value, key)]
    return found


def _inside(value: object, key: str) -> list[object]:
    if key == "*":
        return cast("list[object]", value) if isinstance(value, list) else [ABSENT]
    if isinstance(value, dict):
        return [cast("Json", value).get(key, ABSENT)]
    return [ABSENT]


# Demands


def need(path: str, test: Test | None = None, says: str = "") -> Demand:
    """It must be there (null counts, unless the test refuses it)."""
    return Demand(path, says or _named(test) or "must be there", test or _anything)


def may(path: str, test: Test, says: str = "") -> Demand:
    """It may be absent; what is there must pass."""
    return Demand(path, says or _named(test) or "may not be so", test, absent=True)


def never(path: str, says: str = "must not be there") -> Demand:
    return Demand(path, says, lambda _: False, absent=True)


def holds(says: str, test: Test) -> Demand:
    """A fact about the document as a whole."""
    return Demand("", says, test)


def _anything(_: object) -> bool:
    return True


def _named(test: Test | None) -> str:
    return (test.__doc__ or "") if test else ""


# Tests: each says in its docstring what it asks for


def _saying(says: str, test: Test) -> Test:
    def named(value: Any) -> bool:
        return test(value)

    named.__doc__ = says
    return named


def a(*types: type) -> Test:
    """Of exactly these JSON types: true is no number here."""
    names = " or ".join(t.__name__ for t in types)
    return _saying(f"must be a {names}", lambda value: type(value) in types)


def nullable(test: Test) -> Test:
    return _saying(f"{_named(test)}, or null", lambda value: value is None or test(value))


def list_of(*types: type) -> Test:
    return each(a(*types))


def each(test: Test) -> Test:
    def passes(value: Any) -> bool:
        return isinstance(value, list) and all(map(test, cast("list[object]", value)))

    return _saying(f"must be a list, and each entry of it {_named(test)}", passes)


def one_of(*values: object) -> Test:
    return _saying(f"must be one of {values}", lambda value: value in values)


def holding(*values: object) -> Test:
    """A list, with these among what is in it."""
    return _saying(
        f"must be a list that holds {values}",
        lambda value: isinstance(value, list) and all(wanted in value for wanted in values),
    )


def like(pattern: str) -> Test:
    return _saying(
        f"must be like {pattern}",
        lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None,
    )


def _is_time(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and host(value) != "" and value.startswith("https://")


def _is_said(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != ""


TIME: Final = _saying("must be a time with an offset (RFC 3339)", _is_time)
URL: Final = _saying("must be an https address", _is_url)
SAID: Final = _saying("must be a string that says something", _is_said)


def host(uri: str) -> str:
    """Host and port of an id."""
    return urllib.parse.urlsplit(uri).netloc
