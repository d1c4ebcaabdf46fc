"""The list of a limited instance, and lists of hosts as files (``server/host_lists.py``)."""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from server import host_lists
from server.api import paging, params
from server.api.admin import BASE, for_admin
from server.api.answers import empty, ok
from server.api.auth import Caller
from server.api.describe import Described, a_text, flag, op, paged
from server.api.domain_blocks import named_host
from server.api.reading import id_of
from server.api.schema import array
from server.clock import stamp
from server.context import context
from server.domain.moderating import host_allows as verbs
from server.domain.moderating import host_blocks
from server.domain.tx import Tx
from server.errors import BadRequest, NotFound
from server.render.view import Json
from storage import host_allows as rows
from storage import host_blocks as block_rows
from storage import instance
from storage.host_allows import HostAllow


def _allow(row: HostAllow) -> Json:
    """``Admin::DomainAllow``"""
    return {"id": str(row.id), "domain": row.host, "created_at": stamp(row.created_at)}


async def _found(tx: Tx, request: web.Request) -> HostAllow:
    """Raises ``NotFound``."""
    row = await rows.by_id(tx.conn, id_of(request))
    if row is None:
        raise NotFound
    return row


async def index(request: web.Request, _caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        found = await rows.listed(tx.conn, paging.page(request, 100, 200))
    return ok([_allow(r) for r in found], headers=paging.link(request, [r.id for r in found]))


async def show(request: web.Request, _caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok(_allow(await _found(tx, request)))


async def allow(request: web.Request, caller: Caller) -> web.Response:
    host = await named_host(request)
    async with context(request).work.transaction() as tx:
        return ok(_allow(await verbs.allow(tx, host, caller.user)))


async def disallow(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        await verbs.disallow(tx, await _found(tx, request), caller.user)
    return empty()


# Beckon's own


async def blocks_file(request: web.Request, _caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok({"list": host_lists.written_blocks(await block_rows.every(tx.conn))})


async def import_blocks(request: web.Request, caller: Caller) -> web.Response:
    text, dry_run = await _sent_list(request)
    wanted = host_lists.blocks(text)
    async with context(request).work.trying(dry_run=dry_run) as tx:
        return ok(asdict(await host_blocks.impose(tx, wanted, caller.user)))


async def allows_file(request: web.Request, _caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok({"list": host_lists.written_allows(await rows.every(tx.conn))})


async def import_allows(request: web.Request, caller: Caller) -> web.Response:
    text, dry_run = await _sent_list(request)
    wanted = host_lists.allows(text)
    async with context(request).work.trying(dry_run=dry_run) as tx:
        added = await verbs.allow_all(tx, wanted, caller.user)
    return ok({"added": added, "changed": 0, "unchanged": len(wanted) - added})


async def _sent_list(request: web.Request) -> tuple[str, bool]:
    sent = await params.read(request)
    text = sent.text("list")
    if text is None:
        raise BadRequest("The list is missing: send it as text, in `list`.")
    return text, sent.flag("dry_run")


async def show_limit(request: web.Request, _caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok({"limited": await instance.limited(tx.conn)})


async def set_limit(request: web.Request, caller: Caller) -> web.Response:
    limited = (await params.read(request)).boolean("limited")
    if limited is None:
        raise BadRequest("Say whether to be limited: true or false, in `limited`.")
    async with context(request).work.transaction() as tx:
        await verbs.limit(tx, limited=limited, by=caller.user)
    return ok({"limited": limited})


_ALL, _ONE = f"{BASE}/domain_allows", f"{BASE}/domain_allows/{{id}}"
_OWN = "/api/beckon/v1/admin"
_BLOCKS, _ALLOWS = f"{_OWN}/domain_blocks/list", f"{_OWN}/domain_allows/list"
_LIMIT = f"{_OWN}/limited"


def routes() -> list[web.RouteDef]:
    read, write = "admin:read:domain_allows", "admin:write:domain_allows"
    return [
        for_admin("GET", _ALL, index, read),
        for_admin("POST", _ALL, allow, write),
        for_admin("GET", _ONE, show, read),
        for_admin("DELETE", _ONE, disallow, write),
        for_admin("GET", _BLOCKS, blocks_file, "admin:read:domain_blocks"),
        for_admin("POST", _BLOCKS, import_blocks, "admin:write:domain_blocks"),
        for_admin("GET", _ALLOWS, allows_file, read),
        for_admin("POST", _ALLOWS, import_allows, write),
        for_admin("GET", _LIMIT, show_limit, read),
        for_admin("PUT", _LIMIT, set_limit, write),
    ]


_LIST = (a_text("list", required=True), flag("dry_run"))
DESCRIBED: Described = {
    f"GET {_ALL}": op(array("AdminDomainAllow"), *paged(100, 200)),
    f"POST {_ALL}": op("AdminDomainAllow", a_text("domain", required=True)),
    f"GET {_ONE}": op("AdminDomainAllow"),
    f"DELETE {_ONE}": op("Empty"),
    f"GET {_BLOCKS}": op("HostList"),
    f"POST {_BLOCKS}": op("ImportedHosts", *_LIST),
    f"GET {_ALLOWS}": op("HostList"),
    f"POST {_ALLOWS}": op("ImportedHosts", *_LIST),
    f"GET {_LIMIT}": op("HostLimit"),
    f"PUT {_LIMIT}": op("HostLimit", flag("limited")),
}
