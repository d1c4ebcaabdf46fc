"""Polls, and the polls of calls: a vote in one of those is an answer to the call."""

from __future__ import annotations

from aiohttp import web

from server.api import params
from server.api.answers import ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import Described, Param, op
from server.api.reading import id_of, status_by_id, viewer_of
from server.api.schema import COUNT, array
from server.context import context
from server.domain import sight
from server.domain.posting import polls
from server.domain.tx import Tx
from server.errors import NotFound
from server.render.view import Json
from storage.accounts import Account


async def _poll(tx: Tx, post_id: int, viewer: Account | None) -> Json:
    entity = (await status_by_id(tx, post_id, viewer))["poll"]
    if entity is None:
        raise NotFound
    return entity


async def show(request: web.Request, caller: Caller | None) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok(await _poll(tx, id_of(request), viewer_of(caller)))


async def vote(request: web.Request, caller: Caller) -> web.Response:
    """``choices[]``: positions from 0."""
    choices = (await params.read(request)).integers("choices", low=-1)
    work = context(request).work
    async with work.transaction() as tx:
        post = await sight.post(tx, id_of(request), caller.account)
        await polls.vote(tx, caller.account, post, choices)
    async with work.reading() as tx:
        return ok(await _poll(tx, post.id, caller.account))


def routes() -> list[web.RouteDef]:
    return [
        for_anyone("GET", "/api/v1/polls/{id}", show, "read:statuses"),
        for_member("POST", "/api/v1/polls/{id}/votes", vote, "write:statuses"),
    ]


DESCRIBED: Described = {
    "GET /api/v1/polls/{id}": op("Poll"),
    "POST /api/v1/polls/{id}/votes": op("Poll", Param("choices", array(COUNT), required=True)),
}
