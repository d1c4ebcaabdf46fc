"""Making and changing an event in the browser: the same form twice."""

from __future__ import annotations

from aiohttp import web

from server.context import context
from server.domain.calling import audience, calls
from server.domain.groups import communities
from server.errors import Invalid
from server.web import answers, call_form
from server.web.accounts import local_group
from server.web.call_form import EventForm
from server.web.calls import steered
from server.web.session import Viewer
from storage.accounts import Account
from storage.posts import Post


async def _page(
    request: web.Request, viewer: Viewer, group: Account, form: EventForm, post: Post | None
) -> web.Response:
    async with context(request).work.reading() as tx:
        closed = await communities.is_private(tx, group)
        where = audience.place(tx.site.urls.domain, group, closed=closed)
    return answers.page(
        request, "call_form.html", viewer, status=422 if form.errors else 200,
        group=group, form=form, post=post, zones=call_form.zones(),
        privacy=audience.of_call("event", where),
    )  # fmt: skip


async def new(request: web.Request) -> web.Response:
    """``GET /@{name}/calls/new``, for those who steer the community."""
    viewer = await answers.signed_in(request)
    async with context(request).work.reading() as tx:
        group = await local_group(tx, request)
        await communities.require_steward(tx, group, viewer.account)
    return await _page(request, viewer, group, call_form.empty(), None)


async def create(request: web.Request) -> web.Response:
    """``POST /@{name}/calls/new``."""
    viewer, sent = await answers.form(request)
    form = call_form.typed(sent)
    wanted = call_form.wanted(form)
    async with context(request).work.reading() as tx:
        group = await local_group(tx, request)
        await communities.require_steward(tx, group, viewer.account)
    if wanted:
        try:
            async with context(request).work.transaction() as tx:
                post = await calls.create(tx, viewer.account, group, wanted)
            return answers.back_to(f"/calls/{post.id}")
        except Invalid as error:
            form.refuse(error)
    return await _page(request, viewer, group, form, None)


async def edit(request: web.Request) -> web.Response:
    """``GET /calls/{id}/edit``, for those who steer its community."""
    viewer = await answers.signed_in(request)
    async with context(request).work.reading() as tx:
        post, call, group = await steered(tx, request, viewer)
    return await _page(request, viewer, group, call_form.of_call(post, call), post)


async def change(request: web.Request) -> web.Response:
    """``POST /calls/{id}/edit``."""
    viewer, sent = await answers.form(request)
    form = call_form.typed(sent)
    async with context(request).work.reading() as tx:
        post, call, group = await steered(tx, request, viewer)
    wanted = call_form.wanted(form, call)
    if wanted:
        try:
            async with context(request).work.transaction() as tx:
                await calls.edit(tx, viewer.account, post, wanted=wanted)
            return answers.back_to(f"/calls/{post.id}")
        except Invalid as error:
            form.refuse(error)
    return await _page(request, viewer, group, form, post)
