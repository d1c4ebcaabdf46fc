"""Templates of calls: beginnings to fill in, in Beckon's own API. Their format: docs/templates.md.

``CallTemplate``: id (a word for those that come with Beckon), url (of its file), community_id?, kind,
variant, name, about, language?, title, text, places[] {name, label, example}, defaults {}, options[],
ready_made, shared (with who is no member), origin? (where it was fetched from), revision, changed_at?.
``TemplateFile``: one in the format in which servers exchange them. ``FilledTemplate``: kind, variant, title,
text, missing[] (places that nobody filled), defaults, options[]: what the form of a call begins with.
"""

from __future__ import annotations

from pathlib import Path

import orjson
from aiohttp import web

from server import limits
from server.api import params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import Described, a_file, a_text, choice, flag, nested, op, some_texts
from server.api.documents import community_of
from server.api.network import net_of
from server.api.params import Params
from server.api.reading import id_of, viewer_of
from server.api.schema import array
from server.arriving import templates as arriving
from server.context import context
from server.domain.calling import call_templates
from server.domain.calling import templates as verbs
from server.domain.calling.call_templates import MAX_BYTES, Template
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import BadRequest, Invalid
from server.render import call_template as render
from storage.accounts import Account
from storage.call_templates import Row

BASE = "/api/beckon/v1/templates"
ONE = f"{BASE}/{{id}}"
OF = "/api/beckon/v1/communities/{id}/templates"


async def ready_made(request: web.Request, _caller: Caller | None) -> web.Response:
    """Those that come with Beckon: one for every kind of call."""
    urls = context(request).work.site.urls
    known = call_templates.ready_made()
    return ok(
        [render.ready_made(urls, key, call_templates.write(each)) for key, each in known.items()]
    )


async def index(request: web.Request, caller: Caller | None) -> web.Response:
    """Those of a community: all for its members, what it shares for others."""
    viewer = viewer_of(caller)
    async with context(request).work.reading() as tx:
        group = await community_of(tx, id_of(request), viewer)
        found = await verbs.of_community(tx, group, viewer)
        return ok([render.kept(tx.site.urls, row) for row in found])


async def _found(tx: Tx, request: web.Request, viewer: Account | None) -> tuple[Account, Row]:
    """One of a community, which the viewer may read. Raises ``NotFound``."""
    row = await verbs.known(tx, id_of(request), viewer)
    return await community_of(tx, row.community_id, viewer), row


async def _template(request: web.Request, viewer: Account | None) -> Template:
    """The one in the path, wherever it is kept."""
    known = call_templates.ready_made().get(request.match_info["id"])
    if known:
        return known
    async with context(request).work.reading() as tx:
        _, row = await _found(tx, request, viewer)
    return call_templates.read(row.body)


async def show(request: web.Request, caller: Caller | None) -> web.Response:
    urls, key = context(request).work.site.urls, request.match_info["id"]
    known = call_templates.ready_made().get(key)
    if known:
        return ok(render.ready_made(urls, key, call_templates.write(known)))
    async with context(request).work.reading() as tx:
        _, row = await _found(tx, request, viewer_of(caller))
    return ok(render.kept(urls, row))


async def export(request: web.Request, caller: Caller | None) -> web.Response:
    """As a file, which any other instance takes over by this address."""
    return ok(call_templates.write(await _template(request, viewer_of(caller))))


async def filled(request: web.Request, caller: Caller | None) -> web.Response:
    """``values[NAME]``: what is put into the places."""
    values = (await params.read(request)).child("values")
    template = await _template(request, viewer_of(caller))
    given = {place.name: values.text(place.name) or "" for place in template.places}
    made = call_templates.fill(template, given)
    return ok(
        {
            "kind": template.kind,
            "variant": template.variant,
            "title": made.title,
            "text": made.text,
            "missing": list(made.missing),
            "defaults": dict(template.defaults),
            "options": list(template.options),
        }
    )


async def create(request: web.Request, caller: Caller) -> web.Response:
    """The fields of a ``CallTemplate``, or all of a file. For organisers and moderators."""
    sent = await params.read(request)
    template = _sent(sent)
    async with context(request).work.transaction() as tx:
        group = await community_of(tx, id_of(request), caller.account)
        row = await verbs.keep(tx, caller.account, group, template, shared=sent.boolean("shared"))
        return ok(render.kept(tx.site.urls, row))


def _sent(sent: Params) -> Template:
    tree = sent.tree
    return call_templates.read(tree) if "format" in tree else call_templates.of_fields(tree)


async def change(request: web.Request, caller: Caller) -> web.Response:
    """All of it anew. For organisers and moderators."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        group, row = await _found(tx, request, caller.account)
        shared = sent.boolean("shared")
        made = await verbs.change(
            tx,
            caller.account,
            group,
            row,
            _sent(sent),
            shared=row.shared if shared is None else shared,
        )
        return ok(render.kept(tx.site.urls, made))


async def delete(request: web.Request, caller: Caller) -> web.Response:
    """For organisers and moderators."""
    async with context(request).work.transaction() as tx:
        await verbs.delete(tx, caller.account, *(await _found(tx, request, caller.account)))
    return empty()


async def take_over(request: web.Request, caller: Caller) -> web.Response:
    """``url`` of a template elsewhere, or a ``file``. From the same address once more it is brought up to
    date. For organisers and moderators."""
    async with context(request).work.reading() as tx:  # before anything is fetched for them
        group = await community_of(tx, id_of(request), caller.account)
        await communities.require_steward(tx, group, caller.account)
    async with params.with_files(request, MAX_BYTES) as sent:
        template, origin = await _brought(request, caller, sent)
        shared = sent.boolean("shared")
    async with context(request).work.transaction() as tx:
        group = await community_of(tx, id_of(request), caller.account)
        row = await verbs.keep(tx, caller.account, group, template, shared=shared, origin=origin)
        return ok(render.kept(tx.site.urls, row))


async def _brought(
    request: web.Request, caller: Caller, sent: Params
) -> tuple[Template, str | None]:
    file, url = sent.file("file"), sent.text("url")
    if file:
        return call_templates.read(_json(file)), None
    if not url:
        raise Invalid("Send the url of a template, or a file.", field="url")
    ctx = context(request)
    who = f"user/{caller.account.user_id}"
    ctx.limits.require(limits.LOOK_UPS, who, ctx.work.clock.now())
    return await arriving.fetched(net_of(request), url)


def _json(file: Path) -> object:
    try:
        return orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError as error:
        raise BadRequest("The file is not valid JSON.", cause=str(error)) from error


def routes() -> list[web.RouteDef]:
    read, write = "read:statuses", "write:statuses"
    return [
        for_anyone("GET", BASE, ready_made, read),
        for_anyone("GET", OF, index, read),
        for_member("POST", OF, create, write),
        for_member("POST", f"{OF}/import", take_over, write),
        for_anyone("GET", ONE, show, read),
        for_member("PUT", ONE, change, write),
        for_member("DELETE", ONE, delete, write),
        for_anyone("GET", f"{ONE}/export", export, read),
        for_anyone("GET", f"{ONE}/filled", filled, read),
    ]


_FIELDS = (
    choice("kind", *call_templates.KINDS, required=True),
    a_text("variant"),
    a_text("name", required=True),
    a_text("about"),
    a_text("language"),
    a_text("title", required=True),
    a_text("text"),
    nested("places", a_text("name"), a_text("label"), a_text("example"), many=True),
    nested("defaults"),
    some_texts("options"),
    flag("shared"),
)
DESCRIBED: Described = {
    f"GET {BASE}": op(array("CallTemplate")),
    f"GET {OF}": op(array("CallTemplate")),
    f"POST {OF}": op("CallTemplate", *_FIELDS),
    f"POST {OF}/import": op(
        "CallTemplate", a_text("url"), a_file("file"), flag("shared"), also=(400, 413, 503)
    ),
    f"GET {ONE}": op("CallTemplate"),
    f"PUT {ONE}": op("CallTemplate", *_FIELDS),
    f"DELETE {ONE}": op("Empty"),
    f"GET {ONE}/export": op("TemplateFile"),
    f"GET {ONE}/filled": op("FilledTemplate", nested("values")),
}
