"""What a server like Mobilizon says about events of others, and what of ours it hears.

Facts of Mobilizon 5.1 (framagit.org/framasoft/mobilizon); each names the module below ``lib/federation``
where it stands.
"""

from __future__ import annotations

from typing import Any

from storage.accounts import Account
from tests.federation.peer import PUBLIC, Json, Peer, Person

HEARS = {
    # activity_pub/transmogrifier.ex: the types that handle_incoming has a clause for; all else is dropped
    "Flag", "Create", "Follow", "Add", "Accept", "Reject", "Announce", "Update", "Undo", "Delete", "Move",
    "Join", "Leave", "Invite", "Remove",
}  # fmt: skip
OBJECTS = {
    # activity_pub/transmogrifier.ex: what a Create or Update may be of, where it is an event's server
    "Note", "Event", "Article", "Person", "Group", "Tombstone",
}  # fmt: skip


def hears(document: Json) -> bool:
    """Whether anything comes of it there."""
    inner = document["object"]
    if document["type"] in ("Create", "Update"):
        return isinstance(inner, dict) and inner["type"] in OBJECTS
    return document["type"] in HEARS


def join(server: Peer, who: Person, event: Json, message: str | None = None) -> Json:
    """activity_stream/converter/participant.ex: the message is null where there is none; the audience is
    activity_pub/audience.ex: themselves and the group or organiser, and with them who takes part."""
    return {
        **server.activity(who, "Join", event["id"]),
        "participationMessage": message, "to": [who.uri, event["attributedTo"]], "cc": [],
    }  # fmt: skip


def leave(server: Peer, who: Person, event: Json) -> Json:
    """activity_pub/actions/leave.ex: names the event, never the Join."""
    number = server.number()
    return {
        **server.activity(who, "Leave", event["id"]), "id": server.url(f"/leave/event/{number}"),
        "to": [who.uri, event["attributedTo"]], "cc": [],
    }  # fmt: skip


def flag(server: Peer, relay: Person, reported: Account, event: str, said: str) -> Json:
    """activity_stream/converter/flag.ex: by the actor of the server, of the account first; to nobody by name."""
    made: dict[str, Any] = server.activity(relay, "Flag", [reported.uri, event], content=said)
    del made["to"]
    return {**made, "mediaType": "text/plain"}


def announce(server: Peer, relay: Person, event: Json) -> Json:
    """activity_pub/utils.ex, make_announce_data: with the whole event in it, to followers and its author."""
    return {
        **server.activity(relay, "Announce", event), "attributedTo": event["attributedTo"],
        "to": [f"{relay.uri}/followers", event["attributedTo"]], "cc": [PUBLIC],
    }  # fmt: skip
