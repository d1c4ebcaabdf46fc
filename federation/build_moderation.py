"""What moderators of a group do, as Lemmy 1.0 and PieFed read it (FEP-1b12).

Each is by the moderator, is addressed to ``to`` with the group in ``cc`` and in ``audience`` (Lemmy
refuses another audience than the group of the object), names its object by its id, and says why in
``summary``: a Delete with a summary is a removal, one without is the author's own. The group then
announces it, unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from federation.build import collection
from federation.build_post import Json, utc
from federation.vocab import ACTIVITY_CONTEXT, MODERATION_TERMS, PUBLIC


@dataclass(frozen=True, slots=True)
class Desk:
    """Who acts in which group: the ids of both, and for whom it is said."""

    actor: str
    group: str
    to: Sequence[str] = (PUBLIC,)


def removal(activity_id: str, desk: Desk, removed: str, reason: str) -> Json:
    """A post is taken out of the group. Lemmy tells it from the author's Delete by its summary."""
    return _head("Delete", activity_id, desk) | {"object": removed, "summary": reason}


def lock(activity_id: str, desk: Desk, locked: str, reason: str) -> Json:
    """No more replies to a post."""
    return _head("Lock", activity_id, desk) | {"object": locked, "summary": reason}


def ban(
    activity_id: str,
    desk: Desk,
    banned: str,
    reason: str,
    *,
    until: datetime | None = None,
    remove_data: bool = False,
) -> Json:
    """Somebody is kept out of the group; ``remove_data``: with all that they posted to it."""
    said: Json = {"object": banned, "target": desk.group, "summary": reason}
    ends: Json = {"endTime": utc(until)} if until else {}
    return _head("Block", activity_id, desk) | said | {"removeData": remove_data} | ends


def ban_list(
    collection_id: str, group: str, bans: Sequence[tuple[str, str, datetime | None]]
) -> Json:
    """Whom a group bans, as everybody may read: (id of the actor, reason, end), a Block by the group each."""
    items = [
        {
            "id": f"{collection_id}#{number}", "type": "Block", "actor": group, "object": banned,
            "target": group, "summary": reason, **({"endTime": utc(until)} if until else {}),
        }
        for number, (banned, reason, until) in enumerate(bans)
    ]  # fmt: skip
    return collection(collection_id, len(items), items=items)


def listing(activity_id: str, desk: Desk, listed: str, target: str, *, added: bool) -> Json:
    """Add to, or Remove from, the group's collection of moderators or of featured posts."""
    head = _head("Add" if added else "Remove", activity_id, desk)
    return head | {"object": listed, "target": target}


def undone(
    activity_id: str, desk: Desk, document: Json, reason: str, *, restore_data: bool = False
) -> Json:
    """Undo of one of these; it stands inside whole, as Lemmy demands. ``restore_data``: of a ban, with
    all that it removed."""
    inner = {key: value for key, value in document.items() if key != "@context"}
    restores: Json = {"restoreData": True} if restore_data else {}
    return _head("Undo", activity_id, desk) | {"object": inner, "summary": reason} | restores


def _head(kind: str, activity_id: str, desk: Desk) -> Json:
    return {
        "@context": [*ACTIVITY_CONTEXT, dict(MODERATION_TERMS)],
        "id": activity_id,
        "type": kind,
        "actor": desk.actor,
        "to": list(desk.to),
        "cc": [desk.group],
        "audience": desk.group,
    }
