"""Who asks: proven, where what is not for everybody depends on it; else as far as they say.

Of a call, one that reads events gets the call, and a microblog the answer card instead. For that the
signature is not verified: it only chooses between two public forms. It names a host, and what that
host was first sent of a call decides; then its software; then what ``User-Agent`` says. Both ids
lead to one call, and each reader sees one of them only.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import structlog
from aiohttp import web

from federation import origin, signatures
from federation.errors import Gone, Refused, Unreachable
from server.activitypub.answers import MembersOnlyError
from server.activitypub.inboxes import authorities, proven
from server.arriving import resolve, vouching
from server.arriving.resolve import Net
from server.context import NET, context
from server.domain import forms
from server.domain.calling import kinds
from server.domain.tx import Tx
from storage import accounts, calls, outbox
from storage.accounts import Account
from storage.calls import Call

log = structlog.get_logger()

Answered = TypeVar("Answered")

DEPENDS = ("User-Agent", "Signature", "Signature-Input")
"""For ``Vary``."""

# draft-cavage has it in Signature, RFC 9421 in Signature-Input.
_KEY_ID = re.compile(r'\bkeyid="([^"]{1,2048})"', re.IGNORECASE)


async def signer(request: web.Request) -> Account | None:
    """Who signed a GET, proven as an inbox proves it; None where nobody did, or it does not hold.

    Asks for a key that is not known, so it stands before anything is read of the database. Nobody is
    told why a signature does not hold: such a reader is a stranger.
    """
    net = request.app.get(NET)
    if net is None or "Signature" not in request.headers or not net.work.site.federates:
        return None
    try:
        return await prove(net, request)
    except (Refused, Unreachable, Gone) as error:
        log.info("reader.unproven", cause=str(error), ip=request.remote)
        return None


async def for_reader(
    request: web.Request, answer: Callable[[Tx, Account | None], Awaitable[Answered]]
) -> Answered:
    """What ``answer`` gives to a stranger; where that is for members, to who proves who asks.

    Only then is a signature looked at: nothing public costs a key. Raises what ``answer`` raises, and
    ``MembersOnlyError`` for who may not read.
    """
    work = context(request).work
    try:
        async with work.reading() as tx:
            return await answer(tx, None)
    except MembersOnlyError as closed:
        community_id = closed.community_id
    reader = await signer(request)
    net = request.app.get(NET)
    if reader and net and community_id:
        await vouching.ask_for_reader(net, community_id, reader)
    async with work.reading() as tx:
        return await answer(tx, reader)


async def prove(net: Net, request: web.Request) -> Account | None:
    """As ``signer``, but raises what an inbox would; None for who is not seen here."""
    signed = signatures.Request.received(
        request.method, request.raw_path, request.headers.items(), b""
    )
    now = net.work.clock.now()
    claims = signatures.parse(signed, authorities=authorities(net), now=now)
    await resolve.require_open(net, origin.host_of(claims.key_id))
    verified = await proven(request, signed, claims)
    async with net.work.reading() as tx:
        account = await accounts.by_uri(tx.conn, verified.owner)
    return None if account is None or account.is_hidden else account


async def software(tx: Tx, headers: Mapping[str, str]) -> str | None:
    """The software of who asks, as far as it is known."""
    host = signer_host(headers)
    known = await outbox.host(tx.conn, host) if host else None
    agent = headers.get("User-Agent", "")
    return known.software if known and known.software else forms.named_in(agent)


async def wants_card(tx: Tx, headers: Mapping[str, str], call: Call) -> bool:
    """Whether who asks reads the answer card of a call, and not the call itself."""
    return await _form(tx, headers, call) == forms.CARD


async def wants_companion(tx: Tx, headers: Mapping[str, str], call: Call) -> bool:
    """Whether who asks reads the page beside a decision: of a Question it understands nothing."""
    asked = kinds.KINDS[call.kind].shape == "question"
    return asked and await _form(tx, headers, call) == forms.PAGE


async def _form(tx: Tx, headers: Mapping[str, str], call: Call) -> str | None:
    host = signer_host(headers)
    sent = await calls.form(tx.conn, call.post_id, host) if host else None
    return sent or forms.of_call(await software(tx, headers), kinds.KINDS[call.kind].shape)


def signer_host(headers: Mapping[str, str]) -> str | None:
    """The host of the key that a request says it is signed with."""
    said = headers.get("Signature-Input") or headers.get("Signature", "")
    key_id = _KEY_ID.search(said)
    try:
        return origin.host_of(key_id[1]) if key_id else None
    except Refused:
        return None
