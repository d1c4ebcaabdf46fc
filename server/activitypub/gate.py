"""Who may ask for a document at all, before it is looked for.

Whoever signs a GET says who they are. A host that is kept out, an account that is suspended here, and one
that the author blocks (or whose whole host the author blocks) get 404, as if there were nothing. To know that
of a stranger nothing is fetched: whoever is blocked is known, and so is the key.

With *authorised fetch* (``BECKON_AUTHORIZED_FETCH``, and always while the instance is limited to a list)
nobody gets a document without a good signature: 401, or 503 where the key's server did not answer. Then a key
that is not known is fetched. What others need to prove a signature of ours stays open: the instance's actor, and
of every other the key, on a stub that says nothing else (as GoToSocial shows one). WebFinger and NodeInfo are
open too.

Whoever is blocked can still ask unsigned, or have another ask, where fetch is not authorised; and a host's own
actor, which asks for all its people, is turned away only by a block of the host.
"""

from __future__ import annotations

from functools import wraps

import structlog
from aiohttp import web

from federation import jsonld, keys, signatures
from federation.errors import Gone, Refused, Unreachable
from server.accepts import vary
from server.activitypub import reader
from server.activitypub.answers import Handler, number
from server.activitypub.inboxes import authorities
from server.arriving.resolve import Net
from server.context import NET, context
from server.domain.tx import Tx
from server.errors import NotFound, Unauthenticated, Unavailable
from storage import accounts, outbox, posts, regards
from storage.accounts import Account

log = structlog.get_logger()

DEPENDS = ("Signature", "Signature-Input")
SHUT_OUT = frozenset({"host_suspended", "host_not_allowed", "suspended"})


def guarded(handler: Handler, unsigned: Handler | None = None) -> Handler:
    """Asks first who asks. ``unsigned``: what nobody in particular gets where others must sign."""

    @wraps(handler)
    async def answer(request: web.Request) -> web.StreamResponse:
        closed = await _is_closed(request)
        if closed and unsigned and "Signature" not in request.headers:
            return await unsigned(request)
        asks = await (_proven(request) if closed else _known(request))
        if asks:
            await _require_unblocked(request, asks)
        response = await handler(request)
        if closed:
            response.headers["Cache-Control"] = "private, no-store"
        vary(response, *DEPENDS)
        return response

    return answer


async def _is_closed(request: web.Request) -> bool:
    if context(request).work.site.authorized_fetch:
        return True
    net = request.app.get(NET)
    return net is not None and await net.stances.limited()


async def _proven(request: web.Request) -> Account:
    """Raises ``Unauthenticated``, ``Unavailable``, and ``NotFound`` for who is shut out."""
    net = request.app.get(NET)
    try:
        if net is None or "Signature" not in request.headers:
            raise Refused("signature_missing", "The request is not signed.")
        found = await reader.prove(net, request)
    except Unreachable as error:
        raise Unavailable("Your key could not be fetched; try later.", cause=str(error)) from error
    except Gone as error:
        raise Unauthenticated("The key's owner is gone.", cause=str(error)) from error
    except Refused as refusal:
        if refusal.reason in SHUT_OUT:
            raise NotFound(cause=refusal.reason) from refusal
        raise Unauthenticated(refusal.sentence, cause=refusal.reason) from refusal
    if found is None:
        raise NotFound
    return found


async def _known(request: web.Request) -> Account | None:
    """Who signed, if we know them; a signature that does not hold makes nobody known.

    Raises ``NotFound`` for who is shut out.
    """
    net = request.app.get(NET)
    if net is None or "Signature" not in request.headers:
        return None
    host = reader.signer_host(request.headers)
    if host and (await net.stances.of(host)).suspended:
        raise NotFound
    try:
        found = await _by_known_key(net, request)
    except Refused as refusal:
        log.info("gate.unproven", reason=refusal.reason, ip=request.remote)
        return None
    if found and found.is_hidden:
        raise NotFound
    return found


async def _by_known_key(net: Net, request: web.Request) -> Account | None:
    signed = signatures.Request.received(
        request.method, request.raw_path, request.headers.items(), b""
    )
    now = net.work.clock.now()
    claims = signatures.parse(signed, authorities=authorities(net), now=now)
    async with net.work.reading() as tx:
        key = await accounts.key_by_id(tx.conn, claims.key_id)
        owner = await accounts.by_id(tx.conn, key.account_id) if key else None
    if key is None or owner is None:
        return None
    public = keys.ActorKey(key.id, owner.uri, keys.load_public(key.public))
    signatures.verify(claims, signed, public, now=now)
    return owner


async def _require_unblocked(request: web.Request, asks: Account) -> None:
    """Raises ``NotFound``."""
    async with context(request).work.reading() as tx:
        owners = await _owners(tx, request)
        if owners and await regards.shut_out(tx.conn, owners, asks.id, asks.host):
            raise NotFound


async def _owners(tx: Tx, request: web.Request) -> list[int]:
    """The accounts of ours whose document is asked for: an actor, or the author and the community."""
    if "name" in request.match_info:
        account = await accounts.by_handle(tx.conn, request.match_info["name"])
        return [account.id] if account else []
    kind = request.path.split("/")[1]
    if kind == "actor":
        return []  # the instance's own: nobody is blocked by it alone
    if kind in ("users", "communities"):
        return [number(request)]
    if kind == "activities":
        return await _actor_of(tx, tx.site.urls.activity(number(request)))
    row = await posts.by_id(tx.conn, number(request))
    found = (row.account_id, row.community_id) if row else ()
    return [owner for owner in found if owner is not None]


async def _actor_of(tx: Tx, uri: str) -> list[int]:
    body = await outbox.body_of(tx.conn, uri)
    actor = jsonld.loads(body).get("actor") if body else None
    account = await accounts.by_uri(tx.conn, actor) if isinstance(actor, str) else None
    return [account.id] if account else []
