"""Two groups that show each other: what one asks of the other (Activity Vocabulary, ``Relationship``)."""

from __future__ import annotations

from federation.build_post import Json
from federation.vocab import ACTIVITY_CONTEXT, LINKED


def offer(activity_id: str, group: str, other: str) -> Json:
    """``group`` asks ``other`` that each shows the other."""
    return {
        "@context": list(ACTIVITY_CONTEXT),
        "id": activity_id,
        "type": "Offer",
        "actor": group,
        "to": [other],
        "object": {
            "type": "Relationship",
            "subject": group,
            "relationship": LINKED,
            "object": other,
        },
    }
