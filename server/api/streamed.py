"""What happened, as the client API shows it to one viewer.

The same functions render it that answer the routes, so a stream shows nobody what a timeline would not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import orjson

from server.api import announcements, conversations, notifications, reading
from server.domain.tx import Tx, Work
from server.render.view import Json
from server.stream import Render
from storage import announcements as announcement_rows
from storage import conversations as rows
from storage import events
from storage.accounts import Account
from storage.events import Event

Entity: TypeAlias = Callable[[Tx, Account | None, Event], Awaitable[Json | None]]


async def _status(tx: Tx, viewer: Account | None, event: Event) -> Json | None:
    found = await reading.statuses(tx, [event.id], viewer, feed=True)
    return found[0] if found else None


async def _notification(tx: Tx, viewer: Account | None, event: Event) -> Json | None:
    return await notifications.entity(tx, viewer, event.id) if viewer else None


async def _conversation(tx: Tx, viewer: Account | None, event: Event) -> Json | None:
    row = await rows.by_id(tx.conn, event.id, viewer.id) if viewer else None
    return (await conversations.entities(tx, [row], viewer))[0] if row and viewer else None


async def _announcement(tx: Tx, viewer: Account | None, event: Event) -> Json | None:
    return await announcements.entity(tx, viewer, event.id) if viewer else None


async def _reaction(tx: Tx, viewer: Account | None, event: Event) -> Json | None:
    """How often it was given; whose it is, the client knows of its own."""
    given = await announcement_rows.reactions(tx.conn, viewer.id if viewer else 0, [event.id])
    count = next((r.count for r in given if r.name == event.name), 0)
    return {"name": event.name, "count": count, "announcement_id": str(event.id)}


ENTITIES: dict[str, Entity] = {
    events.POST: _status,
    events.EDIT: _status,
    events.NOTIFICATION: _notification,
    events.CONVERSATION: _conversation,
    events.ANNOUNCEMENT: _announcement,
    events.REACTION: _reaction,
}
"""By kind of event; a kind that is not here is not sent."""


def renderer(work: Work) -> Render:
    async def render(viewer: Account | None, event: Event) -> str | None:
        entity = ENTITIES.get(event.kind)
        if entity is None:
            return None
        async with work.reading() as tx:
            body = await entity(tx, viewer, event)
        return None if body is None else orjson.dumps(body).decode()

    return render
