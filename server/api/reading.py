"""From ids to what a client may see: the few lines that every reading route shares."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from aiohttp import web

from server import ids
from server.api.auth import Caller
from server.domain import sight
from server.domain.sight import Known
from server.domain.tx import Tx
from server.errors import NotFound
from server.render import status
from server.render.view import Json, View
from storage import accounts
from storage.accounts import Account
from storage.posts import Post


def viewer_of(caller: Caller | None) -> Account | None:
    return caller.account if caller else None


def view(tx: Tx, viewer: Account | None, known: Known | None = None) -> View:
    """``known``: what was asked of authors already, for this viewer and this answer."""
    known = {} if known is None else known
    return View(
        tx.conn,
        tx.site.urls,
        tx.now,
        viewer.id if viewer else None,
        standing=partial(sight.standing, tx, viewer, known),
        quotable=partial(sight.quotable, tx, viewer, known),
    )


def id_of(request: web.Request, name: str = "id") -> int:
    """The id in the path. Raises ``NotFound`` for what can be none of ours."""
    number = ids.parse(request.match_info[name])
    if number is None:
        raise NotFound
    return number


async def account_of(tx: Tx, account_id: int) -> Account:
    """Raises ``NotFound``, also for one that was not let in yet."""
    row = await accounts.by_id(tx.conn, account_id)
    if row is None or row.waiting:
        raise NotFound
    return row


async def statuses(
    tx: Tx, ids_: Sequence[int], viewer: Account | None, *, feed: bool = False
) -> list[Json]:
    """The statuses of these ids that the viewer may see, in their order."""
    shown = await sight.page(tx, ids_, viewer, feed=feed)
    return await status.statuses(view(tx, viewer, shown.known), shown.posts, shown.boosted)


async def status_by_id(tx: Tx, post_id: int, viewer: Account | None) -> Json:
    """Raises ``NotFound``."""
    found = await statuses(tx, [post_id], viewer)
    if not found:
        raise NotFound
    return found[0]


async def of_posts(tx: Tx, rows: Sequence[Post], viewer: Account | None) -> list[Json]:
    """Posts at hand that are no boosts, as far as the viewer may see them."""
    known: Known = {}
    seen = await sight.visible(tx, rows, viewer, known=known)
    return await status.statuses(view(tx, viewer, known), seen, {})
