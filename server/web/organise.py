"""Making and changing a call in the browser: first of which kind, then one form, which is the same for changing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from aiohttp import web

from server import i18n, ids
from server.context import context
from server.domain import sight
from server.domain.calling import (
    call_series,
    call_templates,
    calls,
    commitments,
    previewing,
    templates,
)
from server.domain.calling.call_templates import Template
from server.domain.calling.drafting import Wanted
from server.domain.calling.previewing import Preview
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import Forbidden, Invalid, NotFound, Unavailable
from server.i18n import mark
from server.web import (
    answers,
    call_before,
    call_form,
    call_more,
    call_pictures,
    call_repeats,
    previews,
)
from server.web.accounts import local_group
from server.web.call_fields import ROWS
from server.web.call_form import CallForm, Choice
from server.web.calls import steered
from server.web.forms import Sent, with_files
from server.web.previews import Looked
from server.web.session import Viewer
from storage import accounts as account_rows
from storage import calls as call_rows
from storage.accounts import Account
from storage.calls import Call
from storage.posts import Post

REFUSALS = (Invalid, Forbidden, Unavailable)
CATEGORIES = {
    "space": mark("A room or a place"),
    "transport": mark("Transport"),
    "tools": mark("Tools and things"),
    "food": mark("Food"),
    "care": mark("Care"),
    "money": mark("Money"),
    "law": mark("Legal advice"),
    "language": mark("Languages and translation"),
    "media": mark("Pictures, sound and text"),
    "work": mark("Work with hands"),
    "other": mark("Something else"),
}
"""The words for ``commitments.CATEGORIES``."""
FURTHER = 40
"""How many calls of the community are offered as the next step."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What the form lets choose from. ``further``: calls that may follow, by id; ``shown``: addresses of its pictures; ``templates``:
    that a new call of this kind may begin with, by what stands in their address."""

    privacy: str
    further: Mapping[str, str]
    shown: Mapping[str, str]
    templates: Mapping[str, Template]


async def _page(
    request: web.Request,
    viewer: Viewer,
    group: Account,
    form: CallForm,
    post: Post | None,
    looked: Looked = previews.NOT_ASKED,
    press: str = "",
) -> web.Response:
    async with context(request).work.reading() as tx:
        offered = await _offered(tx, viewer, group, form, post)
    return answers.page(
        request, "call_form.html", viewer, status=looked.status(form),
        group=group, form=form, post=post, zones=call_form.zones(), looked=looked, press=press,
        privacy=offered.privacy, offered=offered, repeats=call_repeats.CHOICES,
        tongues=i18n.LANGUAGES, named_categories=list(CATEGORIES.items()), row_most=ROWS,
    )  # fmt: skip


async def _offered(
    tx: Tx, viewer: Viewer, group: Account, form: CallForm, post: Post | None
) -> Offered:
    owners = [viewer.account.id, *([post.account_id] if post else [])]
    return Offered(
        await previewing.who_sees(tx, group, form.choice.kind),
        await _further(tx, viewer, group, form, post),
        await call_pictures.shown(tx, form, owners),
        {} if post else await _templates(tx, viewer, group, form.choice),
    )


async def _templates(tx: Tx, viewer: Viewer, group: Account, chosen: Choice) -> dict[str, Template]:
    """Those of the community, and then those that come with Beckon."""
    kept = await templates.of_community(tx, group, viewer.account)
    own = {str(row.id): call_templates.read(row.body) for row in kept}
    known = {**own, **call_templates.ready_made()}
    of = (chosen.kind, chosen.variant)
    return {key: each for key, each in known.items() if (each.kind, each.variant) == of}


async def _further(
    tx: Tx, viewer: Viewer, group: Account, form: CallForm, post: Post | None
) -> dict[str, str]:
    """Open calls of the community, and the one that is chosen, wherever it is."""
    near = await call_rows.of_community(tx.conn, group.id, tx.now, FURTHER)
    chosen = ids.parse(form.said("next_call_id"))
    wanted = [call.post_id for call in near] + ([chosen] if chosen is not None else [])
    found = await sight.posts_by_ids(tx, list(dict.fromkeys(wanted)), viewer.account)
    return {str(each.id): each.title for each in found if post is None or each.id != post.id}


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


async def _typed(request: web.Request, sent: Sent, chosen: Choice) -> CallForm:
    """The form as it was sent. Its pictures are taken in: the caller has asked whether they may."""
    values = dict(sent.values)
    faults = await call_pictures.take_in(request, sent.viewer, values, sent.files)
    form = call_form.typed(chosen, values, sent.values.get("press", ""))
    form.errors.update(faults)
    return form


async def create(request: web.Request) -> web.Response:
    """``POST /@{name}/calls/new``; with ``press`` one row more or less in the form, and nothing is made."""
    async with with_files(request, call_pictures.BODY) as sent:
        viewer, chosen = sent.viewer, _chosen(sent.values)
        async with context(request).work.reading() as tx:
            group = await _steered(tx, request, viewer)
        form = await _typed(request, sent, chosen)
    press = sent.values.get("press", "")
    wanted = None if press else call_form.wanted(form)
    if wanted:
        try:
            async with context(request).work.transaction() as tx:
                post_id = await _make(tx, viewer.account, group, form, wanted)
            return answers.back_to(f"/calls/{post_id}")
        except REFUSALS as error:
            form.refuse(error)
    return await _page(request, viewer, group, form, None, press=press)


async def _make(tx: Tx, author: Account, group: Account, form: CallForm, wanted: Wanted) -> int:
    """The id of the call, or of the first of those that repeat."""
    await call_pictures.describe(tx, form, author, author, None)
    rule = call_repeats.rule(form)
    if rule:
        series = await call_series.create(tx, author, group, wanted, rule)
        return (await call_series.ahead(tx, [series]))[0].post_id
    post = await calls.create(tx, author, group, wanted)
    await _categorise(tx, author, post, form)
    return post.id


async def _categorise(tx: Tx, actor: Account, post: Post, form: CallForm) -> None:
    category = call_more.read_category(form)
    if category:
        await commitments.categorise(tx, actor, post, category)


async def preview(request: web.Request) -> web.Response:
    """``POST /@{name}/calls/new/preview``: the form as it was typed, with how the call will look; or that alone."""
    async with with_files(request, call_pictures.BODY) as sent:
        viewer, chosen = sent.viewer, _chosen(sent.values)
        async with context(request).work.reading() as tx:
            group = await _steered(tx, request, viewer)
        form = await _typed(request, sent, chosen)

    async def make(tx: Tx, wanted: Wanted) -> Preview:
        await call_pictures.describe(tx, form, viewer.account, viewer.account, None)
        return await previewing.of_new(tx, viewer.account, group, wanted)

    looked = await previews.look(request, viewer, form, make)
    return await _looked(request, viewer, sent.values, group, form, None, looked)


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
    async with context(request).work.reading() as tx:
        privacy = await previewing.who_sees(tx, group, form.choice.kind)
    return previews.part(
        request, viewer, group=group, form=form, post=post, looked=looked, privacy=privacy
    )


async def previewed(request: web.Request) -> web.Response:
    """``GET`` of the same, as where a page was left and is opened again: what was typed is not there any more."""
    return answers.back_to(f"/@{request.match_info['name']}/calls/new")


async def edit(request: web.Request) -> web.Response:
    """``GET /calls/{id}/edit``, for those who steer its community."""
    viewer = await answers.signed_in(request)
    async with context(request).work.reading() as tx:
        post, call, group = await steered(tx, request, viewer)
        form = await call_before.form_of(tx, post, call)
    return await _page(request, viewer, group, form, post)


@dataclass(frozen=True, slots=True)
class Changed:
    """A call, and the form that is to change it. ``author``: whose it is."""

    viewer: Viewer
    sent: Mapping[str, str]
    post: Post
    call: Call
    group: Account
    author: Account
    form: CallForm


async def _retyped(request: web.Request) -> Changed:
    """What is chosen from stays as it is."""
    async with with_files(request, call_pictures.BODY) as sent:
        async with context(request).work.reading() as tx:
            post, call, group = await steered(tx, request, sent.viewer)
            author = await account_rows.by_id(tx.conn, post.account_id)
            options = await call_before.options(tx, call)
            fixed = await call_before.fixed(tx, call)
        assert author, "a foreign key holds it"
        kept = {"language": post.language or "", **sent.values, "options": "\n".join(options)}
        chosen = _chosen({"kind": call.kind, "variant": call.variant})
        form = await _typed(request, replace(sent, values=kept), chosen)
    form = replace(form, fixed=fixed)
    return Changed(sent.viewer, sent.values, post, call, group, author, form)


async def change(request: web.Request) -> web.Response:
    """``POST /calls/{id}/edit``; with ``press`` as ``create``."""
    of = await _retyped(request)
    press = of.sent.get("press", "")
    wanted = None if press else call_form.wanted(of.form, of.call)
    if wanted:
        try:
            async with context(request).work.transaction() as tx:
                await call_pictures.describe(tx, of.form, of.viewer.account, of.author, of.post)
                await calls.edit(tx, of.viewer.account, of.post, wanted=wanted)
                await _categorise(tx, of.viewer.account, of.post, of.form)
            return answers.back_to(f"/calls/{of.post.id}")
        except REFUSALS as error:
            of.form.refuse(error)
    return await _page(request, of.viewer, of.group, of.form, of.post, press=press)


async def preview_change(request: web.Request) -> web.Response:
    """``POST /calls/{id}/edit/preview``: as ``preview``, of a call that is changed."""
    of = await _retyped(request)

    async def make(tx: Tx, wanted: Wanted) -> Preview:
        await call_pictures.describe(tx, of.form, of.viewer.account, of.author, of.post)
        return await previewing.of_change(tx, of.viewer.account, of.group, of.post, wanted)

    looked = await previews.look(request, of.viewer, of.form, make, of.call)
    return await _looked(request, of.viewer, of.sent, of.group, of.form, of.post, looked)


async def previewed_change(request: web.Request) -> web.Response:
    """``GET`` of the same."""
    return answers.back_to(f"/calls/{answers.number(request)}/edit")
