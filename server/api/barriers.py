"""Whom administrators keep from signing up: domains of addresses, addresses, networks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeAlias, TypeVar

from aiohttp import web

from server.api import paging, params
from server.api.admin import for_staff
from server.api.answers import empty, ok
from server.api.auth import Caller, ForMember
from server.api.describe import Described, a_text, choice, integer, op, paged
from server.api.params import Params
from server.api.reading import id_of
from server.api.schema import array
from server.clock import stamp
from server.context import context
from server.domain.moderating import barriers as verbs
from server.domain.tx import Tx
from server.errors import NotFound
from server.render.view import Json
from storage import barriers as rows
from storage.barriers import Email, EmailDomain, Network
from storage.db import Connection
from storage.timelines import Page
from storage.users import User

Row = TypeVar("Row", EmailDomain, Email, Network)
Many: TypeAlias = Callable[[Connection, Page], Awaitable[list[Row]]]
One: TypeAlias = Callable[[Connection, int], Awaitable[Row | None]]
Drop: TypeAlias = Callable[[Tx, int, User], Awaitable[None]]
Shown: TypeAlias = Callable[[Row], Json]
LONGEST = 10 * 365 * 86_400  # seconds


def _email_domain(row: EmailDomain) -> Json:
    """``history``: who tried in vain is not counted."""
    created = stamp(row.created_at)
    return {"id": str(row.id), "domain": row.domain, "created_at": created, "history": []}


def _email(row: Email) -> Json:
    return {"id": str(row.id), "canonical_email_hash": row.digest}


def _network(row: Network) -> Json:
    return {
        "id": str(row.id),
        "ip": row.network,
        "severity": row.severity,
        "comment": row.comment,
        "created_at": stamp(row.created_at),
        "expires_at": stamp(row.expires_at) if row.expires_at else None,
    }


def _listing(many: Many[Row], shown: Shown[Row]) -> ForMember:
    async def answer(request: web.Request, _caller: Caller) -> web.Response:
        async with context(request).work.reading() as tx:
            found = await many(tx.conn, paging.page(request, 100, 200))
        return ok([shown(r) for r in found], headers=paging.link(request, [r.id for r in found]))

    return answer


def _showing(one: One[Row], shown: Shown[Row]) -> ForMember:
    async def answer(request: web.Request, _caller: Caller) -> web.Response:
        async with context(request).work.reading() as tx:
            row = await one(tx.conn, id_of(request))
        if row is None:
            raise NotFound
        return ok(shown(row))

    return answer


def _dropping(drop: Drop) -> ForMember:
    async def answer(request: web.Request, caller: Caller) -> web.Response:
        async with context(request).work.transaction() as tx:
            await drop(tx, id_of(request), caller.user)
        return empty()

    return answer


async def add_email_domain(request: web.Request, caller: Caller) -> web.Response:
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        return ok(
            _email_domain(
                await verbs.block_email_domain(tx, sent.text("domain") or "", caller.user)
            )
        )


async def add_email(request: web.Request, caller: Caller) -> web.Response:
    sent = await params.read(request)
    email, digest = sent.text("email") or "", sent.text("canonical_email_hash") or ""
    async with context(request).work.transaction() as tx:
        return ok(_email(await verbs.block_email(tx, email, digest, caller.user)))


async def test_email(request: web.Request, _caller: Caller) -> web.Response:
    """``POST …/canonical_email_blocks/test``: the blocks that an address meets."""
    email = (await params.read(request)).text("email") or ""
    async with context(request).work.reading() as tx:
        found = await rows.email_of(tx.conn, verbs.canonical(email))
    return ok([_email(found)] if found else [])


async def add_network(request: web.Request, caller: Caller) -> web.Response:
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        made = await verbs.block_network(
            tx,
            sent.text("ip") or "",
            sent.text("severity") or "",
            sent.text("comment") or "",
            _ends(sent, tx.now, None),
            caller.user,
        )
    return ok(_network(made))


def _ends(sent: Params, now: datetime, otherwise: datetime | None) -> datetime | None:
    """``expires_in`` in seconds; given and empty, it never ends."""
    if "expires_in" not in sent:
        return otherwise
    seconds = sent.integer("expires_in", 1, LONGEST)
    return now + timedelta(seconds=seconds) if seconds else None


async def change_network(request: web.Request, caller: Caller) -> web.Response:
    """What is not given stays."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        old = await rows.network(tx.conn, id_of(request))
        if old is None:
            raise NotFound
        comment = sent.text("comment")
        changed = await verbs.change_network(
            tx,
            old,
            sent.text("ip") or old.network,
            sent.text("severity") or old.severity,
            old.comment if comment is None else comment,
            _ends(sent, tx.now, old.expires_at),
            caller.user,
        )
    return ok(_network(changed))


def _kind(
    noun: str, many: ForMember, one: ForMember, add: ForMember, drop: ForMember
) -> list[web.RouteDef]:
    path = f"/api/v1/admin/{noun}"
    read, write = f"admin:read:{noun}", f"admin:write:{noun}"
    return [
        for_staff("GET", path, many, read),
        for_staff("POST", path, add, write),
        for_staff("GET", f"{path}/{{id}}", one, read),
        for_staff("DELETE", f"{path}/{{id}}", drop, write),
    ]


DOMAINS, EMAILS, NETWORKS = "email_domain_blocks", "canonical_email_blocks", "ip_blocks"
BASE = "/api/v1/admin"


def routes() -> list[web.RouteDef]:
    return [
        for_staff("POST", f"{BASE}/{EMAILS}/test", test_email, f"admin:read:{EMAILS}"),
        *_kind(
            DOMAINS,
            _listing(rows.email_domains, _email_domain),
            _showing(rows.email_domain, _email_domain),
            add_email_domain,
            _dropping(verbs.lift_email_domain),
        ),
        *_kind(
            EMAILS,
            _listing(rows.emails, _email),
            _showing(rows.email, _email),
            add_email,
            _dropping(verbs.lift_email),
        ),
        *_kind(
            NETWORKS,
            _listing(rows.networks, _network),
            _showing(rows.network, _network),
            add_network,
            _dropping(verbs.lift_network),
        ),
        for_staff("PUT", f"{BASE}/{NETWORKS}/{{id}}", change_network, f"admin:write:{NETWORKS}"),
    ]


_NETWORK = (a_text("comment"), integer("expires_in", 1, LONGEST))
_SEVERITY = choice("severity", *verbs.SEVERITIES, required=True)
_ENTITIES = {
    DOMAINS: "AdminEmailDomainBlock",
    EMAILS: "AdminCanonicalEmailBlock",
    NETWORKS: "AdminIpBlock",
}
DESCRIBED: Described = {
    **{f"GET {BASE}/{n}": op(array(e), *paged(100, 200)) for n, e in _ENTITIES.items()},
    **{f"GET {BASE}/{n}/{{id}}": op(e) for n, e in _ENTITIES.items()},
    **{f"DELETE {BASE}/{n}/{{id}}": op("Empty") for n in _ENTITIES},
    f"POST {BASE}/{DOMAINS}": op(_ENTITIES[DOMAINS], a_text("domain", required=True)),
    f"POST {BASE}/{EMAILS}": op(_ENTITIES[EMAILS], a_text("email"), a_text("canonical_email_hash")),
    f"POST {BASE}/{EMAILS}/test": op(array(_ENTITIES[EMAILS]), a_text("email", required=True)),
    f"POST {BASE}/{NETWORKS}": op(
        _ENTITIES[NETWORKS], a_text("ip", required=True), _SEVERITY, *_NETWORK
    ),
    f"PUT {BASE}/{NETWORKS}/{{id}}": op(
        _ENTITIES[NETWORKS], a_text("ip"), choice("severity", *verbs.SEVERITIES), *_NETWORK
    ),
}
