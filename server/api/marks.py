"""What people do with a post: boost, favourite, keep, pin, mute; and who did.

Every act answers the post with its flag already turned, and a repeat answers the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import web

from server import limits
from server.api import paging, params
from server.api.answers import ok
from server.api.auth import Caller, ForMember, for_anyone, for_member
from server.api.describe import Described, choice, op, paged
from server.api.reading import id_of, status_by_id, statuses, view, viewer_of
from server.api.schema import array
from server.context import context
from server.domain import policy, sight
from server.domain.members import mutes
from server.domain.posting import marks
from server.domain.tx import Tx
from server.render import account
from storage import marks as mark_rows
from storage import preferences
from storage.accounts import Account
from storage.db import Connection
from storage.posts import Listed, Post
from storage.timelines import Page

Act: TypeAlias = Callable[[Tx, Account, Post], Awaitable[None]]
Who: TypeAlias = Callable[[Connection, int, int, int, int], Awaitable[list[Listed]]]
Mine: TypeAlias = Callable[[Connection, int, Page], Awaitable[list[Listed]]]


def _doing(act: Act) -> ForMember:
    async def answer(request: web.Request, caller: Caller) -> web.Response:
        work = context(request).work
        async with work.transaction() as tx:
            post = await sight.subject(tx, id_of(request), caller.account)
            await act(tx, caller.account, post)
        async with work.reading() as tx:
            return ok(await status_by_id(tx, post.id, caller.account))

    return answer


async def _bookmark(tx: Tx, actor: Account, post: Post) -> None:
    await marks.bookmark(tx, actor, post, kept=True)


async def _unbookmark(tx: Tx, actor: Account, post: Post) -> None:
    await marks.bookmark(tx, actor, post, kept=False)


async def _pin(tx: Tx, actor: Account, post: Post) -> None:
    await marks.pin(tx, actor, post, added=True)


async def _unpin(tx: Tx, actor: Account, post: Post) -> None:
    await marks.pin(tx, actor, post, added=False)


async def boost(request: web.Request, caller: Caller) -> web.Response:
    """Answers the boost itself, a status of its own around the post.

    ``visibility``: who sees that it was boosted; else as the member chose for posts.
    """
    work, sent = context(request).work, await params.read(request)
    async with work.transaction() as tx:
        post = await sight.subject(tx, id_of(request), caller.account)
        chosen = await preferences.of(tx.conn, caller.account.id)
        visibility = sent.text("visibility") or chosen.visibility
        made = await marks.boost(tx, caller.account, post, visibility=visibility)
    async with work.reading() as tx:
        return ok(await status_by_id(tx, made.id, caller.account))


async def boosted_by(request: web.Request, caller: Caller | None) -> web.Response:
    return await _people(request, caller, mark_rows.reblogged_by)


async def favourited_by(request: web.Request, caller: Caller | None) -> web.Response:
    return await _people(request, caller, mark_rows.favourited_by)


async def _people(request: web.Request, caller: Caller | None, who: Who) -> web.Response:
    page = paging.page(request, 40, 80)
    viewer = viewer_of(caller)
    async with context(request).work.reading() as tx:
        post = await sight.subject(tx, id_of(request), viewer)
        found = await who(tx.conn, post.id, *page.bounds, page.limit)
        body = await account.accounts_in_order(view(tx, viewer), [row.id for row in found])
    more = len(found) == page.limit
    return ok(
        body,
        headers=paging.link(request, [row.row_id for row in found], prev="since_id", more=more),
    )


async def favourites(request: web.Request, caller: Caller) -> web.Response:
    return await _mine(request, caller, mark_rows.favourites_of)


async def bookmarks(request: web.Request, caller: Caller) -> web.Response:
    return await _mine(request, caller, mark_rows.bookmarks_of)


async def _mine(request: web.Request, caller: Caller, mine: Mine) -> web.Response:
    async with context(request).work.reading() as tx:
        found = await mine(tx.conn, caller.account.id, paging.page(request))
        body = await statuses(tx, [row.id for row in found], caller.account)
    return ok(body, headers=paging.link(request, [row.row_id for row in found]))


ACTS: dict[str, tuple[Act, str]] = {
    "unreblog": (marks.unboost, "write:statuses"),
    "favourite": (marks.like, "write:favourites"),
    "unfavourite": (marks.unlike, "write:favourites"),
    "bookmark": (_bookmark, "write:bookmarks"),
    "unbookmark": (_unbookmark, "write:bookmarks"),
    "pin": (_pin, "write:accounts"),
    "unpin": (_unpin, "write:accounts"),
    "mute": (mutes.mute_thread, "write:mutes"),
    "unmute": (mutes.unmute_thread, "write:mutes"),
}
LIMITED = {"unreblog": limits.DELETES}


def routes() -> list[web.RouteDef]:
    one = "/api/v1/statuses/{id}"
    return [
        for_member("POST", f"{one}/reblog", boost, "write:statuses"),
        *(
            for_member("POST", f"{one}/{n}", _doing(act), scope, limit=LIMITED.get(n))
            for n, (act, scope) in ACTS.items()
        ),
        for_anyone("GET", f"{one}/reblogged_by", boosted_by, "read:accounts"),
        for_anyone("GET", f"{one}/favourited_by", favourited_by, "read:accounts"),
        for_member("GET", "/api/v1/favourites", favourites, "read:favourites"),
        for_member("GET", "/api/v1/bookmarks", bookmarks, "read:bookmarks"),
    ]


DESCRIBED: Described = {
    "POST /api/v1/statuses/{id}/reblog": op("Status", choice("visibility", *policy.BOOSTS)),
    **{f"POST /api/v1/statuses/{{id}}/{act}": op("Status") for act in ACTS},
    "GET /api/v1/statuses/{id}/reblogged_by": op(array("Account"), *paged(40, 80)),
    "GET /api/v1/statuses/{id}/favourited_by": op(array("Account"), *paged(40, 80)),
    "GET /api/v1/favourites": op(array("Status"), *paged()),
    "GET /api/v1/bookmarks": op(array("Status"), *paged()),
}
