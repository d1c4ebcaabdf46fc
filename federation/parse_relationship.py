"""Two groups that show each other, as a ``Relationship`` of Activity Vocabulary: who shows whom."""

from __future__ import annotations

from federation.errors import Refused
from federation.fields import items, mapping, ref, require_ref
from federation.vocab import LINKED


def is_relationship(value: object) -> bool:
    return "Relationship" in items((mapping(value) or {}).get("type"), 8)


def parse_linked(value: object, actor: str) -> str:
    """The group with which ``actor`` wants to be shown. Raises Refused: unknown_relationship,
    foreign_relationship, no_object."""
    document = mapping(value) or {}
    if ref(document.get("relationship")) not in (LINKED, "cta:linked", "linked"):
        raise Refused("unknown_relationship", "Nothing is known here of such a relationship.")
    if ref(document.get("subject")) != actor:
        raise Refused("foreign_relationship", "A group speaks for itself alone.")
    other = require_ref(document, "object")
    if other == actor:
        raise Refused("unknown_relationship", "Nothing is known here of such a relationship.")
    return other
