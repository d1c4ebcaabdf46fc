"""Hosts that administrators keep out or down, and what everybody is told of that."""

from __future__ import annotations

import hashlib

from aiohttp import web

from server.api import paging, params
from server.api.admin import BASE, for_admin
from server.api.answers import PUBLIC, empty, ok
from server.api.auth import Caller, for_anyone
from server.api.describe import Described, a_text, choice, flag, op, paged
from server.api.domain_blocks import named_host
from server.api.params import Params
from server.api.reading import id_of
from server.api.schema import array
from server.clock import stamp
from server.context import context
from server.domain.moderating import host_blocks as verbs
from server.domain.moderating.host_blocks import Terms
from server.domain.tx import Tx
from server.errors import NotFound
from server.render.view import Json
from storage import host_blocks as rows
from storage.host_blocks import HostBlock


def _digest(host: str) -> str:
    return hashlib.sha256(host.encode()).hexdigest()


def _block(row: HostBlock) -> Json:
    """``Admin::DomainBlock``"""
    return {
        "id": str(row.id),
        "domain": row.host,
        "digest": _digest(row.host),
        "created_at": stamp(row.created_at),
        "severity": row.severity,
        "reject_media": row.reject_media,
        "reject_reports": row.reject_reports,
        "private_comment": row.private_comment or None,
        "public_comment": row.public_comment or None,
        "obfuscate": row.obfuscate,
    }


def _told(row: HostBlock) -> Json:
    """``DomainBlock``: who knows the name may find it by its digest."""
    return {
        "domain": obscured(row.host) if row.obfuscate else row.host,
        "digest": _digest(row.host),
        "severity": row.severity,
        "comment": row.public_comment or None,
    }


def obscured(host: str) -> str:
    """A quarter at each end stays, and the dots."""
    open_ = len(host) // 4
    ends = {*range(open_), *range(len(host) - open_, len(host))}
    return "".join(c if c == "." or at in ends else "*" for at, c in enumerate(host))


def _terms(sent: Params, old: Terms) -> Terms:
    """What is not given stays."""
    return Terms(
        severity=sent.text("severity") or old.severity,
        reject_media=_flag(sent, "reject_media", old.reject_media),
        reject_reports=_flag(sent, "reject_reports", old.reject_reports),
        private_comment=_said(sent, "private_comment", old.private_comment),
        public_comment=_said(sent, "public_comment", old.public_comment),
        obfuscate=_flag(sent, "obfuscate", old.obfuscate),
    )


def _flag(sent: Params, name: str, old: bool) -> bool:
    given = sent.boolean(name)
    return old if given is None else given


def _said(sent: Params, name: str, old: str) -> str:
    given = sent.text(name)
    return old if given is None else given.strip()


async def _found(tx: Tx, request: web.Request) -> HostBlock:
    """Raises ``NotFound``."""
    row = await rows.by_id(tx.conn, id_of(request))
    if row is None:
        raise NotFound
    return row


async def told(request: web.Request, _caller: Caller | None) -> web.Response:
    """``GET /api/v1/instance/domain_blocks``"""
    async with context(request).work.reading() as tx:
        return ok([_told(row) for row in await rows.shown(tx.conn)], headers=PUBLIC)


async def index(request: web.Request, _caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        found = await rows.listed(tx.conn, paging.page(request, 100, 200))
    return ok([_block(r) for r in found], headers=paging.link(request, [r.id for r in found]))


async def show(request: web.Request, _caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok(_block(await _found(tx, request)))


async def block(request: web.Request, caller: Caller) -> web.Response:
    sent = await params.read(request)
    host = await named_host(request)
    async with context(request).work.transaction() as tx:
        return ok(_block(await verbs.block(tx, host, _terms(sent, Terms()), caller.user)))


async def change(request: web.Request, caller: Caller) -> web.Response:
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        row = await _found(tx, request)
        old = Terms(**{name: getattr(row, name) for name in Terms.__dataclass_fields__})
        return ok(_block(await verbs.change(tx, row, _terms(sent, old), caller.user)))


async def lift(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        await verbs.lift(tx, await _found(tx, request), caller.user)
    return empty()


_ALL, _ONE = f"{BASE}/domain_blocks", f"{BASE}/domain_blocks/{{id}}"
_TOLD = "/api/v1/instance/domain_blocks"


def routes() -> list[web.RouteDef]:
    read, write = "admin:read:domain_blocks", "admin:write:domain_blocks"
    return [
        for_anyone("GET", _TOLD, told),
        for_admin("GET", _ALL, index, read),
        for_admin("POST", _ALL, block, write),
        for_admin("GET", _ONE, show, read),
        for_admin("PUT", _ONE, change, write),
        for_admin("DELETE", _ONE, lift, write),
    ]


_TERMS = (
    choice("severity", *verbs.SEVERITIES),
    flag("reject_media"),
    flag("reject_reports"),
    a_text("private_comment"),
    a_text("public_comment"),
    flag("obfuscate"),
)
DESCRIBED: Described = {
    f"GET {_TOLD}": op(array("DomainBlock")),
    f"GET {_ALL}": op(array("AdminDomainBlock"), *paged(100, 200)),
    f"POST {_ALL}": op("AdminDomainBlock", a_text("domain", required=True), *_TERMS),
    f"GET {_ONE}": op("AdminDomainBlock"),
    f"PUT {_ONE}": op("AdminDomainBlock", *_TERMS),
    f"DELETE {_ONE}": op("Empty"),
}
