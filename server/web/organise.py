"""Making and changing a call in the browser: first of which kind, then one form, which is the same for changing it."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping

from aiohttp import web

from server.context import context
from server.domain.calling import calls, previewing
from server.domain.calling.drafting import Wanted
from server.domain.calling.previewing import Preview
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.web import answers, call_form, previews
from server.web.accounts import local_group
from server.web.call_form import CallForm, Choice
from server.web.calls import steered
from server.web.previews import Looked
from server.web.session import Viewer
from storage import polls
from storage.accounts import Account
from storage.calls import Call
from storage.posts import Post


async def _page(
    request: web.Request,
    viewer: Viewer,
    group: Account,
    form: CallForm,
    post: Post | None,
    looked: Looked = previews.NOT_ASKED,
) -> web.Response:
    return answers.page(
        request, "call_form.html", viewer, status=looked.status(form),
        group=group, form=form, post=post, zones=call_form.zones(), looked=looked,
        privacy=await _privacy(request, group, form),
    )  # fmt: skip


async def _privacy(request: web.Request, group: Account, form: CallForm) -> str:
    async with context(request).work.reading() as tx:
        return await previewing.who_sees(tx, group, form.choice.kind)


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


async def begun(
    request: web.Request, viewer: Viewer, group: Account, form: CallForm
) -> web.Response:
    """The form of a new call with something in it already; the caller has asked who steers."""
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


async def preview(request: web.Request) -> web.Response:
    """``POST /@{name}/calls/new/preview``: the form as it was typed, with how the call will look; or that alone."""
    viewer, sent = await answers.form(request)
    form = call_form.typed(_chosen(sent), sent)
    async with context(request).work.reading() as tx:
        group = await _steered(tx, request, viewer)

    def make(tx: Tx, wanted: Wanted) -> Awaitable[Preview]:
        return previewing.of_new(tx, viewer.account, group, wanted)

    looked = await previews.look(request, viewer, form, make)
    return await _looked(request, viewer, sent, group, form, None, looked)


async def _looked(
    request: web.Request,
    viewer: Viewer,
    sent: Mapping[str, str],
    group: Account,
    form: CallForm,
    post: Post | None,
    looked: Looked,
) -> web.Response:
    if not previews.wants_part(sent):
        return await _page(request, viewer, group, form, post, looked)
    privacy = await _privacy(request, group, form)
    return previews.part(
        request, viewer, group=group, form=form, post=post, looked=looked, privacy=privacy
    )


async def previewed(request: web.Request) -> web.Response:
    """``GET`` of the same, as where a page was left and is opened again: what was typed is not there any more."""
    return answers.back_to(f"/@{request.match_info['name']}/calls/new")


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


async def _retyped(
    request: web.Request, viewer: Viewer, sent: Mapping[str, str]
) -> tuple[Post, Call, Account, CallForm]:
    """The call that a form changes, its community, and the form. What is chosen from stays as it is."""
    async with context(request).work.reading() as tx:
        post, call, group = await steered(tx, request, viewer)
        options = await _options(tx, call)
    chosen = _chosen({"kind": call.kind, "variant": call.variant})
    return post, call, group, call_form.typed(chosen, {**sent, "options": "\n".join(options)})


async def change(request: web.Request) -> web.Response:
    """``POST /calls/{id}/edit``."""
    viewer, sent = await answers.form(request)
    post, call, group, form = await _retyped(request, viewer, sent)
    wanted = call_form.wanted(form, call)
    if wanted:
        try:
            async with context(request).work.transaction() as tx:
                await calls.edit(tx, viewer.account, post, wanted=wanted)
            return answers.back_to(f"/calls/{post.id}")
        except Invalid as error:
            form.refuse(error)
    return await _page(request, viewer, group, form, post)


async def preview_change(request: web.Request) -> web.Response:
    """``POST /calls/{id}/edit/preview``: as ``preview``, of a call that is changed."""
    viewer, sent = await answers.form(request)
    post, call, group, form = await _retyped(request, viewer, sent)

    def make(tx: Tx, wanted: Wanted) -> Awaitable[Preview]:
        return previewing.of_change(tx, viewer.account, group, post, wanted)

    looked = await previews.look(request, viewer, form, make, call)
    return await _looked(request, viewer, sent, group, form, post, looked)


async def previewed_change(request: web.Request) -> web.Response:
    """``GET`` of the same."""
    return answers.back_to(f"/calls/{answers.number(request)}/edit")
