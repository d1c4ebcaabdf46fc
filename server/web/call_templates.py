"""Templates of calls, for those who steer a community: those it keeps and those that come with Beckon; to look at one, to
begin a call with it, to keep one made of a call, and to take one over from another server.

A template is data (domain/calling/call_templates.py). What is filled in becomes the form of a new call, where all of it can
be changed before anybody else sees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from aiohttp import web

from server import ids, limits
from server.arriving import templates as arriving
from server.context import NET, context
from server.domain.calling import call_templates as formats
from server.domain.calling import decisions, kinds
from server.domain.calling import templates as verbs
from server.domain.calling.call_templates import Template
from server.domain.moderating.group_moderation import Steward
from server.domain.tx import Tx
from server.errors import Forbidden, Invalid, NotFound, Unavailable
from server.i18n import mark
from server.web import answers, call_form, organise, steering
from server.web.call_form import CallForm
from server.web.forms import Form, refused
from server.web.session import Viewer
from storage import calls, polls, posts
from storage.call_templates import Row
from storage.posts import Post

CALLS = 50
NUMBERS = ("capacity", "goal", "quorum", "threshold")
"""What a template may begin a field of the same name with."""
PAST = timedelta(days=365)
"""How old a call may be that a template is made of."""
FIELDS = {"act": "", "url": "", "call": "", "name": ""}
NO_CALL = mark("Choose one of the calls of this community.")


async def index(request: web.Request) -> web.Response:
    """``GET /@{name}/steer/templates``"""
    return await _index(request, await answers.signed_in(request), Form(FIELDS))


async def _index(
    request: web.Request, viewer: Viewer, form: Form, status: int = 200
) -> web.Response:
    async with context(request).work.reading() as tx:
        by = await steering.steward_of(tx, request, viewer)
        kept = await verbs.of_community(tx, by.community, viewer.account)
        found = await _calls(tx, by)
    return steering.page(
        request, "steer_templates.html", viewer, by, status=status, form=form, calls=found,
        kept=[(row, formats.read(row.body)) for row in kept], ready_made=formats.ready_made(),
        titles={(c.kind, c.variant): c.title for c in call_form.CHOICES},
        name_most=formats.NAME_MAX,
    )  # fmt: skip


async def _calls(tx: Tx, by: Steward) -> list[Post]:
    """Of the last year, the soonest first."""
    found = await calls.of_community(tx.conn, by.community.id, tx.now - PAST, CALLS)
    there = await posts.by_ids(tx.conn, [call.post_id for call in found])
    return [there[call.post_id] for call in found if call.post_id in there]


async def act(request: web.Request) -> web.Response:
    """``POST /@{name}/steer/templates``: ``act`` is ``take_over`` (url), ``keep`` (call, name) or ``delete`` (template)."""
    viewer, sent = await answers.form(request)
    wanted = answers.choice(sent, "act", ("take_over", "keep", "delete"))
    values = {name: sent.get(name, "").strip() for name in FIELDS}
    try:
        name = await _do(request, viewer, wanted, sent)
    except (Invalid, Forbidden, Unavailable) as error:
        return await _index(request, viewer, refused(values, error, {}), error.status)
    done = {"take_over": "added", "keep": "added", "delete": "removed"}[wanted]
    return answers.back_to(f"/@{name}/steer/templates", done)


async def _do(
    request: web.Request, viewer: Viewer, wanted: str, sent: Mapping[str, str]
) -> str:  # fmt: skip
    """Gives the name of the community."""
    work = context(request).work
    fetched = None
    if wanted == "take_over":
        async with work.reading() as tx:  # before anything is fetched for them
            await steering.steward_of(tx, request, viewer)
        fetched = await _fetched(request, viewer, sent.get("url", "").strip())
    async with work.transaction() as tx:
        by = await steering.steward_of(tx, request, viewer)
        if fetched:
            template, origin = fetched
            await verbs.keep(tx, by.account, by.community, template, shared=None, origin=origin)
        elif wanted == "keep":
            made = await _of_call(tx, by, sent)
            await verbs.keep(tx, by.account, by.community, made, shared=None)
        else:
            row = await _row(tx, by, ids.parse(sent.get("template", "")))
            await verbs.delete(tx, by.account, by.community, row)
    return by.community.username


async def _fetched(request: web.Request, viewer: Viewer, url: str) -> tuple[Template, str]:
    """Raises ``Invalid``, ``Unavailable``."""
    ctx, net = context(request), request.app.get(NET)
    if net is None:
        raise Unavailable("This server does not talk to others.")
    ctx.limits.require(limits.LOOK_UPS, f"user/{viewer.user_id}", ctx.work.clock.now())
    return await arriving.fetched(net, url)


async def _of_call(tx: Tx, by: Steward, sent: Mapping[str, str]) -> Template:
    """What a call says, without its time and place. Raises ``Invalid``."""
    post_id = ids.parse(sent.get("call", "")) or 0
    post, call = await posts.by_id(tx.conn, post_id), await calls.by_id(tx.conn, post_id)
    if post is None or call is None or call.community_id != by.community.id:
        raise Invalid(NO_CALL, field="call")
    of = formats.DEFAULTS.get(call.kind, {})
    rules = await decisions.rules(tx, post)
    numbers = {
        "capacity": call.capacity, "goal": call.goal, "quorum": rules.quorum, "threshold": rules.threshold,
    }  # fmt: skip
    own = kinds.has_own_options(call.kind, call.variant)
    options = await polls.options(tx.conn, [post_id]) if own else []
    return formats.of_fields(
        {
            "kind": call.kind,
            "variant": call.variant,
            "name": sent.get("name", "").strip() or post.title[: formats.NAME_MAX],
            "title": post.title,
            "text": post.source,
            "language": post.language,
            "defaults": {n: value for n, value in numbers.items() if value and n in of},
            "options": [option.title for option in options],
        }
    )


async def _row(tx: Tx, by: Steward, template_id: int | None) -> Row:
    """One that the community keeps. Raises ``NotFound``."""
    if template_id is None:
        raise NotFound
    row = await verbs.known(tx, template_id, by.account)
    if row.community_id != by.community.id:
        raise NotFound
    return row


async def _template(tx: Tx, request: web.Request, by: Steward) -> Template:
    """The one in the path: of the community, or one that comes with Beckon. Raises ``NotFound``."""
    key = request.match_info["template"]
    known = formats.ready_made().get(key)
    return known or formats.read((await _row(tx, by, ids.parse(key))).body)


async def show(request: web.Request) -> web.Response:
    """``GET /@{name}/steer/templates/{template}``: its words, and the places to fill."""
    viewer = await answers.signed_in(request)
    async with context(request).work.reading() as tx:
        by = await steering.steward_of(tx, request, viewer)
        template = await _template(tx, request, by)
    chosen = call_form.choice(template.kind, template.variant)
    return steering.page(
        request, "steer_template.html", viewer, by, template=template, chosen=chosen
    )


async def begin(request: web.Request) -> web.Response:
    """``POST /@{name}/steer/templates/{template}``: the form of a call, begun with ``place_…`` filled in. Nothing is kept."""
    viewer, sent = await answers.form(request)
    async with context(request).work.reading() as tx:
        by = await steering.steward_of(tx, request, viewer)
        template = await _template(tx, request, by)
        today = tx.now
    given = {place.name: sent.get(f"place_{place.name}", "") for place in template.places}
    filled = formats.fill(template, given)
    chosen = call_form.choice(template.kind, template.variant)
    if chosen is None:
        raise NotFound
    closes = template.defaults.get("closes_in_days")
    begun = {
        "title": filled.title,
        "about": filled.text,
        "options": "\n".join(template.options),
        **{name: str(template.defaults.get(name, "")) for name in NUMBERS},
        "language": template.language or "",
        "timezone": "UTC" if closes else "",
        "closes_date": f"{today + timedelta(days=closes):%Y-%m-%d}" if closes else "",
    }
    form = CallForm(chosen, {**call_form.empty(chosen).values, **begun})
    return await organise.begun(request, viewer, by.community, form)


def routes(name: str) -> list[web.AbstractRouteDef]:
    here = f"{name}/steer/templates"
    return [
        web.get(here, index),
        web.post(here, act),
        web.get(f"{here}/{{template}}", show),
        web.post(f"{here}/{{template}}", begin),
    ]
