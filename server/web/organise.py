"""Making and changing a call in the browser: first of which kind, then one form, which is the same for changing it."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from server.context import context
from server.domain.calling import audience, calls
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.web import answers, call_form
from server.web.accounts import local_group
from server.web.call_form import CallForm, Choice
from server.web.calls import steered
from server.web.session import Viewer
from storage import polls
from storage.accounts import Account
from storage.calls import Call
from storage.posts import Post


async def _page(
    request: web.Request, viewer: Viewer, group: Account, form: CallForm, post: Post | None
) -> web.Response:
    async with context(request).work.reading() as tx:
        closed = await communities.is_private(tx, group)
        where = audience.place(tx.site.urls.domain, group, closed=closed)
    return answers.page(
        request, "call_form.html", viewer, status=422 if form.errors else 200,
        group=group, form=form, post=post, zones=call_form.zones(),
        privacy=audience.of_call(form.choice.kind, where),
    )  # fmt: skip


def _chosen(sent: Mapping[str, str]) -> Choice:
    """Of which kind: an event where nothing is said. Raises ``NotFound`` for what there is not."""
    found = call_form.choice(sent.get("kind", "event"), sent.get("variant", ""))
    if found is None:
        raise NotFound
    return found


async def _steered(tx: Tx, request: web.Request, viewer: Viewer) -> Account:
    group = await local_group(tx, request)
    await communities.require_steward(tx, group, viewer.account)
    return group


async def new(request: web.Request) -> web.Response:
    """``GET /@{name}/calls/new``, for those who steer the community: the kinds, or with ``kind`` its form."""
    viewer = await answers.signed_in(request)
    async with context(request).work.reading() as tx:
        group = await _steered(tx, request, viewer)
    if "kind" not in request.query:
        return answers.page(
            request, "call_kinds.html", viewer, group=group, choices=call_form.CHOICES
        )
    form = call_form.empty(_chosen(request.query))
    return await _page(request, viewer, group, form, None)


async def create(request: web.Request) -> web.Response:
    """``POST /@{name}/calls/new``."""
    viewer, sent = await answers.form(request)
    form = call_form.typed(_chosen(sent), sent)
    wanted = call_form.wanted(form)
    async with context(request).work.reading() as tx:
        group = await _steered(tx, request, viewer)
    if wanted:
        try:
            async with context(request).work.transaction() as tx:
                post = await calls.create(tx, viewer.account, group, wanted)
            return answers.back_to(f"/calls/{post.id}")
        except Invalid as error:
            form.refuse(error)
    return await _page(request, viewer, group, form, None)


async def _options(tx: Tx, call: Call) -> list[str]:
    if call.kind != "decision":
        return []
    return [option.title for option in await polls.options(tx.conn, [call.post_id])]


async def edit(request: web.Request) -> web.Response:
    """``GET /calls/{id}/edit``, for those who steer its community."""
    viewer = await answers.signed_in(request)
    async with context(request).work.reading() as tx:
        post, call, group = await steered(tx, request, viewer)
        form = call_form.of_call(post, call, await _options(tx, call))
    return await _page(request, viewer, group, form, post)


async def change(request: web.Request) -> web.Response:
    """``POST /calls/{id}/edit``. What is chosen from stays as it is."""
    viewer, sent = await answers.form(request)
    async with context(request).work.reading() as tx:
        post, call, group = await steered(tx, request, viewer)
        options = await _options(tx, call)
    chosen = _chosen({"kind": call.kind, "variant": call.variant})
    form = call_form.typed(chosen, {**sent, "options": "\n".join(options)})
    wanted = call_form.wanted(form, call)
    if wanted:
        try:
            async with context(request).work.transaction() as tx:
                await calls.edit(tx, viewer.account, post, wanted=wanted)
            return answers.back_to(f"/calls/{post.id}")
        except Invalid as error:
            form.refuse(error)
    return await _page(request, viewer, group, form, post)
