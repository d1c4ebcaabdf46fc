"""What those who run the instance tell all members."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from aiohttp import web

from server import text
from server.api.answers import empty, ok
from server.api.auth import Caller, ForMember, for_member
from server.api.describe import Described, op
from server.api.reading import id_of
from server.api.schema import array
from server.clock import stamp
from server.context import context
from server.domain.moderating import announcements as verbs
from server.domain.tx import Tx
from server.render.view import Json, maybe_stamp
from server.urls import Urls
from storage import announcements
from storage.accounts import Account
from storage.announcements import Announcement


def _entity(urls: Urls, row: Announcement, reactions: list[Json], *, read: bool) -> Json:
    """``Announcement``. A day's begin and end are shown with their hours."""
    return {
        "id": str(row.id),
        "content": row.content,
        "starts_at": maybe_stamp(row.starts_at),
        "ends_at": maybe_stamp(row.ends_at),
        "all_day": False,
        "published_at": stamp(row.published_at),
        "updated_at": stamp(row.updated_at),
        "read": read,
        "mentions": [],
        "statuses": [],
        "tags": [{"name": tag, "url": urls.tag(tag)} for tag in text.hashtags(row.source)],
        "emojis": [],
        "reactions": reactions,
    }


async def _entities(tx: Tx, reader: Account, rows: Sequence[Announcement]) -> list[Json]:
    ids = [row.id for row in rows]
    read = await announcements.read_by(tx.conn, reader.id, ids)
    given: dict[int, list[Json]] = defaultdict(list)
    for r in await announcements.reactions(tx.conn, reader.id, ids):
        given[r.announcement_id].append({"name": r.name, "count": r.count, "me": r.me})
    urls = tx.site.urls
    return [_entity(urls, row, given[row.id], read=row.id in read) for row in rows]


async def index(request: web.Request, caller: Caller) -> web.Response:
    """Dismissed ones too, marked as read: clients fold them away."""
    async with context(request).work.reading() as tx:
        rows = await announcements.current(tx.conn, tx.now)
        return ok(await _entities(tx, caller.account, rows))


async def entity(tx: Tx, reader: Account, announcement_id: int) -> Json | None:
    """One that is shown now."""
    row = await announcements.by_id(tx.conn, announcement_id, tx.now)
    return (await _entities(tx, reader, [row]))[0] if row else None


async def dismiss(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        await verbs.dismiss(tx, caller.account, id_of(request))
    return empty()


def _reacting(*, added: bool) -> ForMember:
    async def answer(request: web.Request, caller: Caller) -> web.Response:
        act = verbs.react if added else verbs.unreact
        async with context(request).work.transaction() as tx:
            await act(tx, caller.account, id_of(request), request.match_info["name"])
        return empty()

    return answer


_ONE = "/api/v1/announcements/{id}"
_REACTION = f"{_ONE}/reactions/{{name}}"


def routes() -> list[web.RouteDef]:
    return [
        for_member("GET", "/api/v1/announcements", index, "read"),
        for_member("POST", f"{_ONE}/dismiss", dismiss, "write:accounts"),
        for_member("PUT", _REACTION, _reacting(added=True), "write:favourites"),
        for_member("DELETE", _REACTION, _reacting(added=False), "write:favourites"),
    ]


DESCRIBED: Described = {
    "GET /api/v1/announcements": op(array("Announcement")),
    f"POST {_ONE}/dismiss": op("Empty"),
    f"PUT {_REACTION}": op("Empty"),
    f"DELETE {_REACTION}": op("Empty"),
}
