"""``/calls/{id}/organise/series``: the dates to come of a call that repeats, that it goes on, and that one is left out."""

from __future__ import annotations

from aiohttp import web

from server.context import context
from server.domain.calling import call_series, calls
from server.domain.tx import Tx
from server.errors import BeckonError, Forbidden, Invalid, NotFound, TooMany
from server.web import answers
from server.web.organising import frame
from server.web.organising.frame import Organised
from server.web.session import Viewer
from storage import call_series as rows
from storage import calls as call_rows
from storage import posts as post_rows
from storage.call_series import Series

ACTS = ("confirm", "end", "skip")


async def show(request: web.Request) -> web.Response:
    """``GET /calls/{id}/organise/series``"""
    return await _show(request, await answers.signed_in(request))


async def _show(
    request: web.Request, viewer: Viewer, fault: BeckonError | None = None
) -> web.Response:
    async with context(request).work.reading() as tx:
        of, series = await _found(tx, request, viewer)
        ids = [one.post_id for one in await call_series.ahead(tx, [series])]
        posts, found = await post_rows.by_ids(tx.conn, ids), await call_rows.by_ids(tx.conn, ids)
    return frame.page(
        request, "organise_series.html", viewer, of, status=fault.status if fault else 200,
        series=series, ahead=[(posts[i], found[i]) for i in ids if i in posts],
        fault=fault.sentence if fault else "",
    )  # fmt: skip


async def _found(tx: Tx, request: web.Request, viewer: Viewer) -> tuple[Organised, Series]:
    """Raises ``NotFound`` for what does not repeat."""
    of = await frame.organised(tx, request, viewer)
    series = await rows.of_post(tx.conn, of.post.id)
    if series is None:
        raise NotFound
    return of, series


async def act(request: web.Request) -> web.Response:
    """``POST /calls/{id}/organise/series``: ``act`` is confirm, end, or skip with ``post``, one of those to come."""
    viewer, sent = await answers.form(request)
    wanted = answers.choice(sent, "act", ACTS)
    try:
        async with context(request).work.transaction() as tx:
            of, series = await _found(tx, request, viewer)
            if wanted == "confirm":
                await call_series.confirm(tx, viewer.account, series.id)
            elif wanted == "end":
                await call_series.end(tx, viewer.account, series.id)
            else:
                await _skip(tx, viewer, series, answers.choice_id(sent, "post"))
    except (Invalid, Forbidden, TooMany) as refused:
        return await _show(request, viewer, refused)
    return answers.back_to(f"{of.path}/organise/series", "saved")


async def _skip(tx: Tx, viewer: Viewer, series: Series, post_id: int) -> None:
    """What is called off is not made again."""
    coming = {one.post_id for one in await call_series.ahead(tx, [series])}
    post = await post_rows.by_id(tx.conn, post_id) if post_id in coming else None
    if post is None:
        raise NotFound
    await calls.edit(tx, viewer.account, post, state="cancelled")


def routes() -> list[web.AbstractRouteDef]:
    return [web.get(f"{frame.BELOW}/series", show), web.post(f"{frame.BELOW}/series", act)]
