"""How others find us: WebFinger (RFC 7033), host-meta (RFC 6415), NodeInfo.

All of it is public, may be read by scripts of any origin, and says nothing of accounts that are not
ours. An error never carries a JRD.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import wraps
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web

from federation import jsonld, nodeinfo, webfinger
from federation.errors import Refused
from federation.origin import canonical_host
from server.activitypub.actors import is_findable, page
from server.activitypub.answers import Handler
from server.context import context
from server.domain.tx import Tx
from server.errors import BadRequest, BeckonError, NotFound
from server.version import VERSION
from storage import accounts, instance
from storage.accounts import Account

JRD = "application/jrd+json"
XRD = "application/xrd+xml"
ANYBODY = {"Access-Control-Allow-Origin": "*"}  # RFC 7033, 5
MONTH = timedelta(days=30)
_VERSIONS: dict[str, nodeinfo.Version] = {version: version for version in nodeinfo.VERSIONS}
HALF_YEAR = timedelta(days=180)  # as NodeInfo's schema defines it


def answering(handler: Handler) -> Handler:
    """Errors in plain text, readable from everywhere as the answers are."""

    @wraps(handler)
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            response = await handler(request)
        except BeckonError as error:
            response = web.Response(text=error.sentence, status=error.status)
        response.headers.update(ANYBODY)
        return response

    return answer


async def finger(request: web.Request) -> web.StreamResponse:
    """GET /.well-known/webfinger. Raises ``BadRequest`` (RFC 7033, 4.2) and ``NotFound``."""
    asked = request.query.getall("resource", [])
    if len(asked) != 1:
        raise BadRequest("Ask for one resource.")
    try:
        resource = webfinger.parse_resource(asked[0])
    except Refused as refused:
        raise BadRequest(refused.sentence, cause=refused.reason) from refused
    async with context(request).work.reading() as tx:
        account = await _found(tx, resource)
        if account is None or not account.local or account.is_hidden:
            raise NotFound
        if not await is_findable(tx, account):
            raise NotFound
        handle = webfinger.Handle(account.username, tx.site.urls.domain)
        urls, person = tx.site.urls, account.kind == "person"
        return _json(
            webfinger.jrd(
                handle,
                account.uri,
                profile=page(tx, account),
                subscribe=urls.subscribe if person else None,
                intents=urls.intents if person else None,
            ),
            JRD,
        )


async def _found(tx: Tx, resource: webfinger.Handle | str) -> Account | None:
    urls = tx.site.urls
    if isinstance(resource, webfinger.Handle):
        ours = {urls.domain, canonical_host(urls.base.partition("://")[2])}
        name = resource.username if resource.host in ours else None
        return await accounts.by_handle(tx.conn, name) if name else None
    if resource == f"{urls.base}/":  # FEP-d556: the server itself
        return await accounts.by_uri(tx.conn, urls.instance_actor)
    name = resource.removeprefix(urls.profile(""))
    if name != resource:
        return await accounts.by_handle(tx.conn, name)
    return await accounts.by_uri(tx.conn, resource)


async def host_meta(request: web.Request) -> web.StreamResponse:
    """GET /.well-known/host-meta: where WebFinger is."""
    template = escape(_template(request), {'"': "&quot;"})
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">\n'
        f'  <Link rel="lrdd" type="{JRD}" template="{template}"/>\n'
        "</XRD>\n"
    )
    return web.Response(text=text, content_type=XRD)


async def host_meta_json(request: web.Request) -> web.StreamResponse:
    """GET /.well-known/host-meta.json."""
    link = {"rel": "lrdd", "type": JRD, "template": _template(request)}
    return _json({"links": [link]}, "application/json")


def _template(request: web.Request) -> str:
    base = context(request).work.site.urls.base
    return f"{base}{webfinger.PATH}?resource={{uri}}"


async def nodeinfo_links(request: web.Request) -> web.StreamResponse:
    """GET /.well-known/nodeinfo, with the instance actor beside the documents (FEP-2677)."""
    urls = context(request).work.site.urls
    links = nodeinfo.well_known(urls.base, urls.instance_actor)
    return _json(links, "application/json")


async def nodeinfo_document(request: web.Request) -> web.StreamResponse:
    """GET /nodeinfo/2.0, /nodeinfo/2.1."""
    found = _VERSIONS.get(request.match_info["version"])
    if found is None:
        raise NotFound
    async with context(request).work.reading() as tx:
        row = await instance.get(tx.conn)
        document = nodeinfo.document(
            found,
            software_version=VERSION,
            open_registrations=row is not None and row.takes_strangers,
            usage=await _usage(tx),
            name=row.title if row else tx.site.urls.domain,
            description=row.description if row else "",
        )
    answer = web.Response(body=jsonld.to_json(document))
    answer.headers["Content-Type"] = nodeinfo.media_type(found)
    return answer


async def _usage(tx: Tx) -> nodeinfo.Usage:
    month = await instance.usage(tx.conn, tx.now - MONTH)
    half_year = await instance.usage(tx.conn, tx.now - HALF_YEAR)
    return nodeinfo.Usage(month.users, month.active, half_year.active, month.posts)


def _json(body: Mapping[str, Any], content_type: str) -> web.Response:
    return web.Response(body=jsonld.to_json(body), content_type=content_type)
