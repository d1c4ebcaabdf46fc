"""POST to an inbox: prove the sender, write the activity down, say 202.

Cheap checks come first (size, type, form of the signature, digest, JSON), so that a flood costs no
look-up. The key is taken from its owner's own document, and its owner must be the activity's actor, on the
server of the activity's id. What comes in another JSON-LD shape is read only after its signature held
(``server/arriving/shapes.py``), and kept as it came. Answers: 202 written (a repeat too); 400 unreadable; 401 not
proven; 403 the sender or its server is suspended; 408 too slow; 413 too large; 415 another media type; 429 too much came
from this address that was not proven, or named keys that could not be had; 503 the key's server did not answer, or too much waits here, or of
its domain: try later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import orjson
import structlog
from aiohttp import web

from federation import follower_sync, jsonld, media_types, signatures
from federation.errors import Gone, Refused, Unreachable
from federation.fields import ref
from federation.keys import ActorKey
from federation.origin import domain_of, host_of, origin, same_origin
from server import limits
from server.activitypub import bodies
from server.activitypub.bodies import Held
from server.arriving import inbox, resolve, shapes
from server.arriving.arrivals import Arrivals, lane_of
from server.arriving.budgets import OverBudget
from server.arriving.resolve import Net
from server.context import NET, context
from server.domain.members import follower_sync as follower_verbs
from server.errors import TooMany
from server.peer import address_of
from storage import accounts
from storage.inbox import Arrival

log = structlog.get_logger()

REPEATABLE = ("Block", "Dislike", "Follow", "Like", "Undo")
MAX_ID = 2048  # bytes; PostgreSQL's indexes hold 2,700

ARRIVALS: web.AppKey[Arrivals] = web.AppKey("arrivals", Arrivals)
HELD: web.AppKey[Held] = web.AppKey("held", Held)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an activity says of itself, before anything else of it is read."""

    activity_id: str
    actor: str
    object: object
    type: object


async def post(request: web.Request) -> web.Response:
    """Any inbox: one account's, or the shared one. Who is meant stands in the activity."""
    wait = _unproven(request, cost=0)
    if wait:
        return _answer(429, "Too much came from there that was not proven.", "too_many", wait)
    try:
        return await _receive(request)
    except Refused as refusal:
        log.info("inbox.door", reason=refusal.reason, cause=refusal.cause, ip=request.remote)
        status = STATUSES.get(refusal.reason, 401)
        _unproven(request, cost=1 if status in (400, 401, 413, 415) else 0)
        return _answer(status, refusal.sentence, refusal.reason)
    except TooMany as error:
        return _answer(429, error.sentence, "too_many", error.retry_after)
    except OverBudget as error:
        log.info("inbox.door", reason=error.reason, cause=error.cause, ip=request.remote)
        return _answer(503, error.sentence, error.reason, error.retry_after)
    except Unreachable as error:
        return _answer(503, error.sentence, error.reason)
    except Gone:
        return _answer(401, "The key's owner is gone.", "key_gone")


STATUSES = {
    "too_large": 413,
    "too_slow": 408,
    "wrong_type": 415,
    "suspended": 403,
    "host_suspended": 403,
    "host_not_allowed": 403,
    "busy": 503,
    "not_federating": 403,
    "bad_json": 400,
    "bad_id": 400,
    "bad_url": 400,
    "no_id": 400,
    "no_actor": 400,
    "jsonld_large": 400,
    "jsonld_shape": 400,
    "unknown_context": 400,
}


def _unproven(request: web.Request, *, cost: int) -> int:
    """Seconds that an address has to wait, of which too much came that was not proven; 0: none."""
    ctx = context(request)
    now = ctx.work.clock.now()
    whose = limits.neighbourhood(address_of(request))
    standing = ctx.limits.take(limits.UNPROVEN, whose, now, cost=cost)
    return max(int((standing.reset - now).total_seconds()), 1) if standing.exceeded else 0


async def _receive(request: web.Request) -> web.Response:
    net, arrivals = request.app[NET], request.app[ARRIVALS]
    if not net.work.site.federates:
        raise Refused("not_federating", "This server does not talk to others.")
    if arrivals.full:
        raise Refused("busy", "Too much is waiting here; try again later.")
    if not media_types.is_activity(request.headers.get("Content-Type", "")):
        raise Refused("wrong_type", "An inbox takes application/activity+json.")
    with request.app[HELD].share(request) as share:
        return await _arrived(request, await bodies.read(request, share))


async def _arrived(request: web.Request, body: bytes) -> web.Response:
    net, arrivals = request.app[NET], request.app[ARRIVALS]
    signed = signatures.Request.received(
        request.method, request.raw_path, request.headers.items(), body
    )
    now = net.work.clock.now()
    claims = signatures.parse(signed, authorities=authorities(net), now=now)
    host = host_of(claims.key_id)
    await resolve.require_open(net, host)
    await arrivals.require_room(domain_of(host))
    document = _parsed(body)
    if not jsonld.is_plain(document):  # this costs, so whoever sent it is asked for their key first
        await proven(request, signed, claims)
        document = await shapes.counted(net.work, host, document)
    envelope = _envelope(document, claims)
    if not same_origin(claims.key_id, envelope.actor):
        raise Refused("foreign_actor", "The signature is not the actor's.")
    if _is_stranger_leaving(envelope) and not await inbox.known_actor(net, envelope.actor):
        return _answer(202, "", "")
    verified = await proven(request, signed, claims)
    if verified.owner != envelope.actor:
        raise Refused("foreign_actor", "The signature is not the actor's.")
    sender = "{}://{}:{}".format(*origin(envelope.activity_id))
    arrival = Arrival(
        origin=sender,
        activity_id=envelope.activity_id,
        signer=verified.owner,
        subject=lane_of(sender, document),
        body=body,
        domain=domain_of(host),
        request=_request(envelope, claims),
    )
    await arrivals.put(arrival)
    await _compare_followers(net, claims, verified)
    return _answer(202, "", "")


async def _compare_followers(
    net: Net, claims: signatures.Claims, verified: signatures.Verified
) -> None:
    """What the sender says of its followers here (FEP-8fcf); it never keeps out what came with it."""
    name = follower_sync.HEADER.lower()
    if name not in claims.covered:
        return
    async with net.work.reading() as tx:
        sender = await accounts.by_uri(tx.conn, verified.owner)
        if sender is None:
            return
        try:
            said = follower_sync.read(claims.request.headers[name], sender.followers_uri)
        except Refused as refusal:
            log.info("inbox.followers", reason=refusal.reason, actor=sender.uri)
            return
        if await follower_verbs.agrees(tx, sender, said.digest):
            return
    async with net.work.transaction() as tx:
        await follower_verbs.heard(tx, sender, said.url, said.digest)


def authorities(net: Net) -> frozenset[str]:
    """The values of Host that mean us."""
    base = net.work.site.urls.base.partition("://")[2]
    return frozenset({base, net.work.site.urls.domain})


def _parsed(body: bytes) -> dict[str, object]:
    try:
        return jsonld.loads(body)
    except Refused as refusal:
        raise Refused("bad_json", refusal.sentence, cause=refusal.reason) from refusal


def _envelope(document: Mapping[str, object], claims: signatures.Claims) -> Envelope:
    actor = document.get("actor")
    if isinstance(actor, dict):
        actor = dict[str, object](actor).get("id")  # pyright: ignore[reportUnknownArgumentType]
    activity_id = document.get("id") or _own_name(document, actor, claims)
    if not isinstance(activity_id, str):
        raise Refused("no_id", "An activity needs an id.")
    if len(activity_id.encode()) > MAX_ID:
        raise Refused("bad_id", f"An activity's id has at most {MAX_ID} bytes.")
    if not isinstance(actor, str):
        raise Refused("no_actor", "An activity needs an actor.")
    if not same_origin(activity_id, actor):
        raise Refused("foreign_id", "The activity's id is of another server than its actor.")
    return Envelope(activity_id, actor, document.get("object"), document.get("type"))


def _request(envelope: Envelope, claims: signatures.Claims) -> str:
    """What tells two activities of one id apart: Takahē and Misskey follow, undo and follow again with one
    id each, and Takahē likes and boosts so.

    Made of what was signed, time and digest too, so that the same request again is a repeat.
    """
    boosts = isinstance(envelope.object, str)  # or a community's, which pass on what has an id
    if envelope.type in REPEATABLE or (envelope.type == "Announce" and boosts):
        return _digest(claims)
    return ""


def _digest(claims: signatures.Claims) -> str:
    return hashlib.sha256(claims.bases[0]).hexdigest()


def _own_name(document: Mapping[str, object], actor: object, claims: signatures.Claims) -> object:
    """An id for what Mastodon sends without one: it pins a post by an Add, and takes it down by a Remove.

    Made of what was signed, time and digest too: the same pin on another day is another activity, the
    same request again is not.
    """
    if document.get("type") not in ("Add", "Remove"):
        return None
    return f"{actor}#{_digest(claims)}"


def _is_stranger_leaving(envelope: Envelope) -> bool:
    """Delete of the actor itself: for a stranger there is nothing to do, and no key to ask for."""
    return envelope.type == "Delete" and ref(envelope.object) == envelope.actor


async def _key(net: Net, key_id: str) -> ActorKey:
    """The key, or why it cannot be had, in words that blame nothing of what was sent: who is told 415
    for what the key's server answered would never send it again."""
    try:
        return await resolve.key(net, key_id)
    except Refused as refusal:
        if STATUSES.get(refusal.reason, 403) == 403:
            raise
        sentence = "The key's server answers with something else."
        raise Refused("key_unreadable", sentence, cause=refusal.reason) from refusal


async def proven(
    request: web.Request, signed: signatures.Request, claims: signatures.Claims
) -> signatures.Verified:
    """Who signed it. Each key that we do not know costs a look-up and rows, wherever it points: an address that
    named many in vain is heard with known keys alone, until the window ends.

    Raises ``TooMany``, and whatever says that the key cannot be had or does not fit.
    """
    net = request.app[NET]
    async with net.work.reading() as tx:
        known = await accounts.owned_key(tx.conn, claims.key_id)
    if known:
        return await _verified(net, signed, claims)
    counters, now = context(request).limits, net.work.clock.now()
    whose = limits.neighbourhood(address_of(request))
    counters.require(limits.NO_KEYS, whose, now)  # before: many may come at once
    verified = await _verified(net, signed, claims)
    counters.take(limits.NO_KEYS, whose, now, cost=-1)
    return verified


async def _verified(
    net: Net, signed: signatures.Request, claims: signatures.Claims
) -> signatures.Verified:
    """Verify with the key that we know; once more with a fresh one, in case it was changed."""
    key = await _key(net, claims.key_id)
    now = net.work.clock.now()
    try:
        return signatures.verify(claims, signed, key, now=now)
    except Refused as refusal:
        fits = refusal.reason != "signature_wrong"
        changed = None if fits else await resolve.changed_key(net, claims.key_id)
        if changed is None:
            raise
    return signatures.verify(claims, signed, changed, now=now)


def _answer(status: int, sentence: str, reason: str, retry_after: int = 60) -> web.Response:
    body = orjson.dumps({"error": sentence, "reason": reason}) if sentence else b"{}"
    headers = {"Retry-After": str(retry_after)} if status in (429, 503) else None
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)


def routes() -> list[web.RouteDef]:
    """Every inbox. Elsewhere actors say /inbox for the shared one, so it lives there too."""
    paths = ("/inbox", "/actor/inbox", "/users/{id}/inbox", "/communities/{id}/inbox")
    return [web.post(path, post) for path in paths]
