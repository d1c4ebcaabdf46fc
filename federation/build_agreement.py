"""Needs and offers as proposals, and the agreements on them (FEP-0837)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from federation.build_post import Json, utc
from federation.objects import Agreement
from federation.vocab import ACTIVITY_CONTEXT, AGREEMENT_TERMS, PRIMARY

CONTEXT: Final = [*ACTIVITY_CONTEXT, AGREEMENT_TERMS]


def offer(activity_id: str, actor: str, value: Agreement, message: str, *, to: str) -> Json:
    """Promise something to ``to``, whose proposal it is."""
    said: Json = {"content": message} if message else {}
    return _head("Offer", activity_id, actor, to) | {"object": agreement(value)} | said


def accept(activity_id: str, actor: str, offered: str, value: Agreement, *, to: str) -> Json:
    """``offered``: the id of the Offer; ``value``: with the id that the agreement now has."""
    return _head("Accept", activity_id, actor, to) | {"object": offered, "result": agreement(value)}


def reject(activity_id: str, actor: str, offered: str, why: str, *, to: str) -> Json:
    said: Json = {"content": why} if why else {}
    return _head("Reject", activity_id, actor, to) | {"object": offered} | said


def confirmation(
    activity_id: str, actor: str, agreed: str, published: datetime, *, to: str
) -> Json:
    """The receipt by which the proposer says that an agreement came true, in the form of the FEP's example."""
    receipt: Json = {
        "type": "Document",
        "id": f"{agreed}#receipt",
        "name": "Receipt",
        "attributedTo": actor,
        "context": agreed,
        "published": utc(published),
        "to": [to],
    }
    return _head("Create", activity_id, actor, to) | {"object": receipt}


def agreement(value: Agreement) -> Json:
    """Without ids while it is not agreed on. A number is a string of digits."""
    amount: Json = {"hasUnit": value.unit, "hasNumericalValue": str(value.quantity)}
    promised: Json = {
        "type": "Commitment",
        "satisfies": value.satisfies,
        "resourceQuantity": amount,
    }
    if not value.id:
        return {"type": "Agreement", "stipulates": promised}
    named: Mapping[str, object] = {"id": f"{value.id}{PRIMARY}"}
    return {"type": "Agreement", "id": value.id, "stipulates": {**named, **promised}}


def _head(kind: str, activity_id: str, actor: str, to: str) -> Json:
    return {"@context": CONTEXT, "id": activity_id, "type": kind, "actor": actor, "to": [to]}
