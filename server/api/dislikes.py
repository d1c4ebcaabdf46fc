"""Votes on a post in Beckon's own API: ``Votes`` has upvotes, downvotes, score, and mine (up, down or null).

The score is one less the other, and in a group of another server with the votes that it tells of, which nobody
proved and which are in no other number.

An upvote is a favourite; nobody is told whose the downvotes are.
"""

from __future__ import annotations

from aiohttp import web

from server.api.answers import ok
from server.api.auth import Caller, ForMember, for_anyone, for_member
from server.api.describe import Described, op
from server.api.reading import id_of, viewer_of
from server.context import context
from server.domain import sight
from server.domain.posting import dislikes
from server.domain.tx import Tx
from server.render import group_moderation as render
from server.render.view import Json
from storage import dislikes as rows
from storage import group_votes, marks
from storage.accounts import Account

ONE = "/api/beckon/v1/posts/{id}"


async def _votes(tx: Tx, post_id: int, viewer: Account | None) -> Json:
    post = await sight.subject(tx, post_id, viewer)
    told = await group_votes.score(tx.conn, post.id)
    if viewer is None:
        return render.votes(post, told, liked=False, disliked=False)
    liked = await marks.favourite_uri(tx.conn, viewer.id, post.id)
    disliked = await rows.uri(tx.conn, viewer.id, post.id)
    return render.votes(post, told, liked=liked is not None, disliked=disliked is not None)


async def votes(request: web.Request, caller: Caller | None) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok(await _votes(tx, id_of(request), viewer_of(caller)))


def _voting(*, against: bool) -> ForMember:
    async def answer(request: web.Request, caller: Caller) -> web.Response:
        act = dislikes.dislike if against else dislikes.undislike
        async with context(request).work.transaction() as tx:
            post = await sight.subject(tx, id_of(request), caller.account)
            await act(tx, caller.account, post)
            return ok(await _votes(tx, post.id, caller.account))

    return answer


def routes() -> list[web.RouteDef]:
    return [
        for_anyone("GET", f"{ONE}/votes", votes, "read:statuses"),
        for_member("POST", f"{ONE}/dislike", _voting(against=True), "write:favourites"),
        for_member("POST", f"{ONE}/undislike", _voting(against=False), "write:favourites"),
    ]


DESCRIBED: Described = {
    f"GET {ONE}/votes": op("Votes"),
    f"POST {ONE}/dislike": op("Votes"),
    f"POST {ONE}/undislike": op("Votes"),
}
