"""A tally: how many of its own people one server counted for a call of another.

Every number is a plain one. A tally that is not wholly readable is refused, as half a count is a wrong count.
"""

from __future__ import annotations

from typing import Final

from federation.errors import Refused
from federation.fields import COUNT_MAX, Document, items, mapping, require_ref, time
from federation.objects import Tally
from federation.origin import host_of, same_origin

TYPE: Final = "cta:Tally"
SMALL: Final = "small"
DOMAINS_MAX: Final = 200
LINES_MAX: Final = 16
SEQ_MAX: Final = 2**53 - 1
"""The greatest whole number that every reader of JSON keeps whole (RFC 8259, 6)."""


def is_tally(document: Document) -> bool:
    return TYPE in items(document.get("type"), 8)


def parse_tally(document: Document, actor: str) -> Tally:
    """Read the tally that ``actor`` tells of.

    Raises Refused: no_id, no_object, no_attributedTo, foreign_tally, bad_tally.
    """
    tally_id = require_ref(document, "id")
    by = require_ref(document, "attributedTo")
    if by != actor or not same_origin(tally_id, actor):
        raise Refused("foreign_tally", "A server tells what it counted itself.")
    lines = _lines(document)
    confirmed, expressed = lines.get("confirmed", {}), lines.get("expressed", {})
    return Tally(
        id=tally_id,
        attributed_to=by,
        object=require_ref(document, "object"),
        seq=_number(document.get("seq"), SEQ_MAX),
        own=_number(confirmed.get("own", 0)),
        email=_number(confirmed.get("email", 0)),
        expressed=_by_domain(expressed.get("byDomain")),
        withdrawn=_number(document.get("withdrawn", 0)),
        start=time(document.get("startTime")),
        end=time(document.get("endTime")),
    )


def _lines(document: Document) -> dict[str, Document]:
    """By tier. Of tiers that are not counted (likes, boosts, claims) nothing is read."""
    found: dict[str, Document] = {}
    for entry in items(document.get("lines"), LINES_MAX + 1):
        line = mapping(entry)
        tier = line.get("tier") if line else None
        if line is None or not isinstance(tier, str) or tier in found or len(found) == LINES_MAX:
            raise _bad("its lines have one tier each")
        found[tier] = line
    return found


def _by_domain(value: object) -> dict[str, int]:
    found: dict[str, int] = {}
    for entry in items(value, DOMAINS_MAX + 1):
        server = mapping(entry)
        name = server.get("domain") if server else None
        if server is None or not isinstance(name, str) or name in found:
            raise _bad("its servers have one name each")
        found[_domain(name)] = _number(server.get("people"))
    if len(found) > DOMAINS_MAX:
        raise _bad("it names too many servers")
    return found


def _domain(name: str) -> str:
    try:
        if name == SMALL or host_of(f"https://{name}") == name:
            return name
    except Refused:
        pass
    raise _bad("it names what is no server")


def _number(value: object, most: int = COUNT_MAX) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise _bad("its numbers are whole, from zero on")
    return value


def _bad(why: str) -> Refused:
    return Refused("bad_tally", f"The tally cannot be read: {why}.")
