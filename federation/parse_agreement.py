"""Agreements on needs and offers (FEP-0837): what is promised, and that it came true.

A quantity is a whole number of the unit ``one``; what else it is stays readable, so that whoever asked is told
why it is not taken.
"""

from __future__ import annotations

from typing import Final

from federation.errors import Refused
from federation.fields import Document, items, mapping, own_ref, ref, require_ref, text, uri, whole
from federation.objects import Agreement
from federation.vocab import CATEGORY

CATEGORY_MAX: Final = 20
UNIT_MAX: Final = 40


def parse_agreement(value: object) -> Agreement:
    """Raises Refused: unknown_object_type, no_object, no_satisfies."""
    document = mapping(value) or {}
    if "Agreement" not in items(document.get("type"), 8):
        raise Refused("unknown_object_type", "Nothing but an agreement is offered.")
    # The second spelling stands in the FEP's own example of an Accept.
    promised = mapping(document.get("stipulates", document.get("stiplulates")))
    if promised is None:
        raise Refused("no_object", "An agreement needs to say what is promised.")
    amount = mapping(promised.get("resourceQuantity")) or {}
    return Agreement(
        satisfies=require_ref(promised, "satisfies"),
        quantity=whole(amount.get("hasNumericalValue")),
        unit=text(amount.get("hasUnit"), UNIT_MAX),
        conforms_to=uri(promised.get("resourceConformsTo")) or "",
        in_return=bool(document.get("stipulatesReciprocal")),
        id=ref(document.get("id")) or "",
    )


def parse_category(document: Document) -> str:
    """What a need or an offer says that it is about, in our words; empty in those of others."""
    published = mapping(document.get("publishes")) or {}
    said = text(published.get("resourceConformsTo"), len(CATEGORY) + CATEGORY_MAX)
    return said.removeprefix(CATEGORY) if said.startswith(CATEGORY) else ""


def confirmed(document: Document, actor: str) -> str | None:
    """The agreement that a receipt names; None where this is any other document: one that shows something."""
    shows = document.keys() & {"url", "content", "attachment"}
    if "Document" not in items(document.get("type"), 8) or shows:
        return None
    return own_ref(document.get("context"), actor)
