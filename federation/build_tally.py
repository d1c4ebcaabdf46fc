"""The tally that we send: numbers only, to the server of the call (docs/fep-d9f9.md)."""

from __future__ import annotations

from federation.build_post import Json, utc
from federation.objects import Tally
from federation.vocab import AS, DATA_INTEGRITY, TALLY_TERMS


def tally(value: Tally) -> Json:
    """The object of an Update. Where nobody of other servers was counted, nothing is said of them."""
    servers = [{"domain": name, "people": people} for name, people in value.expressed.items()]
    expressed = {"tier": "expressed", "byDomain": servers}
    times = {"startTime": value.start, "endTime": value.end}
    return {
        "@context": [AS, DATA_INTEGRITY, TALLY_TERMS],
        "id": value.id,
        "type": "cta:Tally",
        "attributedTo": value.attributed_to,
        "object": value.object,
        "seq": value.seq,
        "lines": [
            {"tier": "confirmed", "own": value.own, "email": value.email},
            *([expressed] if value.expressed else []),
        ],
        "withdrawn": value.withdrawn,
        **{key: utc(at) for key, at in times.items() if at},
    }
