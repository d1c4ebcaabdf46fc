"""What happened, as the client API shows it to one viewer.

The same functions render it that answer the routes, so a stream shows nobody what a timeline would not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import orjson

from server.api import notifications, reading
from server.domain.tx import Tx, Work
from server.render.view import Json
from server.stream import Render
from storage import events
from storage.accounts import Account
from storage.events import Event

Entity: TypeAlias = Callable[[Tx, Account | None, Event], Awaitable[Json | None]]


async def _status(tx: Tx, viewer: Account | None, event: Event) -> Json | None:
    found = await reading.statuses(tx, [event.id], viewer, feed=True)
    return found[0] if found else None


async def _notification(tx: Tx, viewer: Account | None, event: Event) -> Json | None:
    return await notifications.entity(tx, viewer, event.id) if viewer else None


ENTITIES: dict[str, Entity] = {
    events.POST: _status,
    events.EDIT: _status,
    events.NOTIFICATION: _notification,
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
