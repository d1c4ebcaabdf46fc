"""What is unknown is asked of its origin: actors, keys, posts, handles, and what a server runs.

All network happens here, outside any transaction, bounded in depth and number. Each thing found is
written in a short transaction of its own, so what was learned before a failure stays learned. A document
counts only where it came from: its id must be the address that it was fetched from (FEP-fe34). Raises
``federation.errors``: ``Refused`` for what time will not mend, ``Unreachable`` for what it may, ``Gone``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import cast

from federation import (
    capabilities,
    deliver,
    fetch,
    jsonld,
    keys,
    nodeinfo,
    parse,
    signatures,
    webfinger,
)
from federation.errors import Gone, Refused, Unreachable
from federation.fetch import Denied, Egress
from federation.objects import Actor, Post, QuoteAuthorization, Vote
from federation.origin import host_of, origin, same_origin
from federation.origin import parse as parse_url
from server import text
from server.arriving import budgets, fingers, receive, shapes
from server.arriving.attempts import Attempts
from server.arriving.fingers import Fingers, Named
from server.arriving.stances import Stances
from server.blobs import Stores
from server.domain import wire
from server.domain.calling import calls_elsewhere
from server.domain.members import accounts as account_verbs
from server.domain.tx import Work
from server.errors import Forbidden
from server.mail import Relay
from storage import accounts, group_properties, outbox
from storage import posts as post_rows
from storage.accounts import Account, Profile
from storage.db import UniqueViolation

FRESH = timedelta(days=1)
HOST_FRESH = timedelta(days=7)
HOST_RETRY = timedelta(hours=1)
HOST_GREW = timedelta(minutes=1)
MAX_ANCESTORS = 30
ANCESTRY_SECONDS = 30.0
MAX_HANDLES = 10
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Net:
    """The way out, in the name of the instance. ``key`` signs what is fetched; ``signing`` keeps the keys
    of ours that sign what is sent, by account; ``stores`` is where files are; ``relay`` takes mail, if it is
    sent."""

    work: Work
    egress: Egress
    key: keys.SigningKey
    stances: Stances
    fingers: Fingers
    stores: Stores | None = None
    attempts: Attempts = field(default_factory=Attempts)
    signing: dict[int, keys.SigningKey] = field(default_factory=dict[int, keys.SigningKey])
    turns: budgets.Turns = field(default_factory=budgets.Turns)
    relay: Relay | None = None


async def open_net(
    work: Work, egress: Egress, stores: Stores | None = None, relay: Relay | None = None
) -> Net:
    """Makes the instance's actor if there is none yet."""
    async with work.transaction() as tx:
        actor = await account_verbs.instance_actor(tx)
        key = await wire.signing_key(tx, actor.id, "rsa")
    stances = Stances(work)
    return Net(work, egress, key, stances, Fingers(work, egress, stances), stores, relay=relay)


SCHEMES = {
    "cavage": signatures.sign_cavage,
    "cavage-path": partial(signatures.sign_cavage, with_query=False),
    "rfc9421": signatures.sign_rfc9421,
}
"""What a peer may take. Some leave the query out of what draft-cavage signs (GoToSocial's documentation)."""


def signer(
    net: Net, key: keys.SigningKey, scheme: str, extra: Mapping[str, str] = NO_HEADERS
) -> fetch.Signer:
    """Signs requests with a key of ours, in one of ``SCHEMES``. ``extra``: headers to add."""
    sign = SCHEMES[scheme]

    def signed(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        low = {name.lower(): value for name, value in {**headers, **extra}.items()}
        request = signatures.Request(method, parse_url(url).path_qs, low, body)
        return {**extra, **sign(request, key, net.work.clock.now())}

    return signed


# Documents


async def document(net: Net, url: str) -> dict[str, object]:
    """The ActivityStreams document at ``url``, or at the id that it claims, asked once more."""
    if not net.work.site.federates:
        raise Refused("not_federating", "This server does not talk to others.")
    found, at = await _get(net, url)
    claimed = found.get("id")
    if claimed == at:
        return found
    if not isinstance(claimed, str) or host_of(claimed) != host_of(at):
        raise Refused("foreign_id", "A document claims an id of another server.", cause=at)
    again, at = await _get(net, claimed)
    if again.get("id") != at:
        raise Refused("foreign_id", "A document is not at its own id.", cause=at)
    return again


async def unknown_post(net: Net, uri: str) -> dict[str, object]:
    """The document of what should be a post that is not known here. Raises ``OverBudget`` too."""
    async with net.work.transaction() as tx:
        await budgets.take(tx, budgets.POSTS, host_of(uri))
    return await document(net, uri)


async def own_document(net: Net, url: str, owner: str) -> dict[str, object]:
    """A document that need not stand at its own id, such as a page, on the origin of ``owner``."""
    if not net.work.site.federates:
        raise Refused("not_federating", "This server does not talk to others.")
    found, at = await _get(net, url)
    if not same_origin(at, owner):
        raise Refused("foreign_id", "A collection leads to another server.", cause=at)
    return found if isinstance(found.get("id"), str) else {**found, "id": at}


async def require_open(net: Net, host: str) -> None:
    """Raises ``Refused`` for a host that this instance keeps out, or does not list."""
    await net.stances.require_open(host)


async def _get(net: Net, url: str) -> tuple[dict[str, object], str]:
    await require_open(net, host_of(url))
    async with net.turns.at(host_of(url)):
        got = await _taken(net, url)
    if got.url != url:
        await require_open(net, host_of(got.url))
    return await shapes.counted(net.work, host_of(got.url), jsonld.loads(got.body)), got.url


async def _taken(net: Net, url: str) -> fetch.Fetched:
    """Signed as the other side takes it. Raises the last refusal; a 503 is none (``Unreachable``): Mastodon
    says so when it could not fetch our key, and another signature would find the same."""
    schemes = ["cavage", *(["cavage-path"] if "?" in url else []), "rfc9421"]
    for scheme in schemes[:-1]:
        try:
            return await net.egress.get(url, fetch.ACTIVITY, sign=signer(net, net.key, scheme))
        except Denied as denied:
            if denied.status not in (401, 403):
                raise
    return await net.egress.get(url, fetch.ACTIVITY, sign=signer(net, net.key, schemes[-1]))


async def _spend_on_stranger(net: Net, uri: str) -> None:
    """Before somebody is asked for whom we do not know. Raises ``OverBudget``."""
    host = host_of(uri)
    async with net.work.transaction() as tx:
        if await outbox.host(tx.conn, host) is None:
            await budgets.take(tx, budgets.HOSTS, host)
        await budgets.take(tx, budgets.ACCOUNTS, host)


# Actors and keys


async def actor(net: Net, uri: str, *, refresh: bool = False) -> Account:
    """The account of an actor, ours or remote; fetched when unknown or older than a day."""
    async with net.work.reading() as tx:
        known = await accounts.by_uri(tx.conn, uri)
    if known and (known.local or (not refresh and _fresh(net, known))):
        return known
    if known is None:
        await _spend_on_stranger(net, uri)
    try:
        found = await document(net, uri)
    except (Unreachable, Denied):
        if known and not refresh:
            return known  # yesterday's word is better than none
        raise
    if found["id"] != uri:
        raise Refused("foreign_id", "An actor's address leads to another actor.", cause=uri)
    return await remember(net, found)


async def moving(net: Net, by: Account, old: str, new: str) -> None:
    """What both sides of a move say of themselves now (FEP-7628).

    Who signed is asked anew. Where that is the new one, the server of the old one may be gone: what it
    said last counts.
    """
    await actor(net, by.uri, refresh=True)
    other = new if by.uri == old else old
    try:
        await actor(net, other, refresh=True)
    except (Gone, Unreachable):
        if by.uri == old:
            raise


def _fresh(net: Net, account: Account) -> bool:
    return account.fetched_at is not None and account.fetched_at > net.work.clock.now() - FRESH


async def remember(net: Net, found: Mapping[str, object]) -> Account:
    """Write down an actor whose document came from its own id."""
    value = parse.parse_object(found)
    if not isinstance(value, Actor):
        raise Refused("not_an_actor", "This is not an actor.")
    host = host_of(value.id)
    if host == net.work.site.urls.domain or net.work.site.urls.is_ours(value.id):
        raise Refused("foreign_id", "An actor of ours is not fetched.")
    listed = [_public_key(key) for key in keys.keys_of(found)]
    if not listed:
        raise Refused("no_key", "The actor lists no key.")
    named = await net.fingers.named(found)
    try:
        account = await _write_down(net, value, listed, named)
    except UniqueViolation:  # met in two places at once: now it is known
        account = await _write_down(net, value, listed, named)
    await describe(net, host)
    return account


async def _write_down(
    net: Net, value: Actor, listed: list[account_verbs.PublicKey], named: Named
) -> Account:
    async with net.work.transaction() as tx:
        for key in listed:
            row = await accounts.key_by_id(tx.conn, key.id)
            owner = await accounts.by_id(tx.conn, row.account_id) if row else None
            if owner and owner.uri != value.id:
                raise Refused("key_taken", "The actor lists the key of another.", cause=key.id)
        if capabilities.RFC9421 in capabilities.implemented(value.document):
            await outbox.suggest_scheme(tx.conn, host_of(value.id), "rfc9421")
        said = replace(profile(value), username=named.username, handle_host=named.host)
        account = await account_verbs.remember(
            tx, value.id, host_of(value.id), value.kind, said, listed, value.published,
            confirmed=named.confirmed,
        )  # fmt: skip
        if value.kind == "group":
            await group_properties.put(tx.conn, account.id, value.topics, value.languages)
        return account


def _public_key(key: keys.ActorKey) -> account_verbs.PublicKey:
    kind = "ed25519" if isinstance(key.public, keys.Ed25519PublicKey) else "rsa"
    return account_verbs.PublicKey(key.id, kind, keys.public_pem(key.public))


def profile(value: Actor) -> Profile:
    """The columns that an actor's document fills."""
    return Profile(
        username=value.username,
        url=value.url or value.id,
        inbox=value.inbox,
        shared_inbox=value.shared_inbox,
        outbox=value.outbox,
        followers_uri=value.followers,
        featured_uri=value.featured,
        moderators_uri=value.moderators,
        display_name=value.name,
        note=value.summary,
        fields=[{"name": name, "value": html} for name, html in value.fields],
        avatar_url=value.icon.url if value.icon else None,
        header_url=value.image.url if value.image else None,
        avatar_description=value.icon.description if value.icon else "",
        header_description=value.image.description if value.image else "",
        emojis=[{"shortcode": e.shortcode, "url": e.url} for e in value.emojis],
        locked=value.locked,
        bot=value.kind in ("application", "service"),
        discoverable=value.discoverable is not False,
        indexable=value.indexable is True,
        also_known_as=list(value.also_known_as),
        moved_to=value.moved_to,
        copied_to=value.copied_to,
    )


async def key(net: Net, key_id: str) -> keys.ActorKey:
    """A key that we know, or one that its owner's own document lists (Fedify CVE-2026-96625).

    One that could not be had is refused for the same reason for some minutes, without being asked for.
    Raises ``Refused("suspended")`` for the key of a suspended actor.
    """
    async with net.work.reading() as tx:
        known = await accounts.owned_key(tx.conn, key_id)
    if known:
        if known.suspended:
            raise _not_welcome()
        return keys.ActorKey(known.id, known.owner, keys.load_public(known.public))
    now = net.work.clock.now()
    recent = net.attempts.recent(key_id, now)
    return await asyncio.shield(recent or net.attempts.begin(key_id, now, _new_key(net, key_id)))


async def changed_key(net: Net, key_id: str) -> keys.ActorKey | None:
    """The key asked for once more, as it did not fit; None where that was done moments ago."""
    now = net.work.clock.now()
    if net.attempts.recent(key_id, now):
        return None
    return await asyncio.shield(net.attempts.begin(key_id, now, _fetch_key(net, key_id)))


def _require_welcome(account: Account) -> None:
    if account.suspended_at:
        raise _not_welcome()


def _not_welcome() -> Refused:
    return Refused("suspended", "This account is suspended here.")


async def _new_key(net: Net, key_id: str) -> keys.ActorKey:
    await _spend_on_stranger(net, key_id)
    return await _fetch_key(net, key_id)


async def _fetch_key(net: Net, key_id: str) -> keys.ActorKey:
    found = await document(net, key_id.partition("#")[0])
    owner_uri = _owner_of(found, key_id)
    if owner_uri != found.get("id"):
        found = await document(net, owner_uri)
        if found.get("id") != owner_uri:
            raise Refused("foreign_id", "A key's owner is not at its own id.", cause=owner_uri)
    for listed in keys.keys_of(found):
        if listed.id == key_id:
            _require_welcome(await remember(net, found))
            return listed
    raise Refused("key_not_listed", "The key's owner does not list it.", cause=key_id)


def _owner_of(found: Mapping[str, object], key_id: str) -> str:
    """GoToSocial serves a key at an address of its own, with a stub that names the owner."""
    if "inbox" in found:
        return str(found["id"])
    stub = cast("Mapping[str, object]", found.get("publicKey", found))
    owner = stub.get("owner", stub.get("controller")) if isinstance(stub, dict) else None
    if not isinstance(owner, str) or not same_origin(owner, key_id):
        raise Refused("key_owner", "A key names no owner of its own server.", cause=key_id)
    return owner


# Posts


async def post(net: Net, uri: str) -> post_rows.Post | None:
    """A post or a call by its id; fetched with its ancestors when unknown. None: it is no post of ours
    to keep (an answer card, a vote)."""
    return await _post(net, uri, MAX_ANCESTORS, quotes=True)


async def known_post(net: Net, uri: str) -> post_rows.Post | None:
    async with net.work.reading() as tx:
        return await calls_elsewhere.known_by(tx, uri)


async def _post(net: Net, uri: str, depth: int, *, quotes: bool = False) -> post_rows.Post | None:
    found = await known_post(net, uri)
    if found:
        return found
    if net.work.site.urls.is_ours(uri):
        raise Gone(uri)
    fetched = await unknown_post(net, uri)
    value = parse.parse_object(fetched)
    if isinstance(value, Vote | Actor):
        return None
    return await keep(net, value, depth, quotes=quotes)


async def keep(
    net: Net,
    value: Post,
    depth: int = MAX_ANCESTORS,
    *,
    quotes: bool = True,
    history: bool = False,
) -> post_rows.Post | None:
    """Store a post that was proven (fetched from its id, or signed by its author). ``quotes``: with what
    it quotes."""
    if value.card_for:  # once: a server may show us the card again where it should show the call
        return await _post(net, value.card_for, min(depth - 1, 1)) if depth else None
    if not same_origin(value.id, value.attributed_to):
        raise Refused("foreign_author", "A post and its author are of different servers.")
    await actor(net, value.attributed_to)
    await needs(net, value, depth)
    stamp = await quoted(net, value) if quotes else None
    try:
        async with net.work.transaction() as tx:
            return await receive.store(tx, value, stamp, history=history)
    except Forbidden as forbidden:  # by a community of ours: what leans on it stands without it
        raise Refused(forbidden.reason or "forbidden", forbidden.sentence) from forbidden


async def needs(net: Net, value: Post, depth: int = MAX_ANCESTORS) -> None:
    """Fetch what a post leans on, as far as it comes in time: what it answers, the call whose shift
    it is, and the community that it names."""
    with suppress(TimeoutError):
        async with asyncio.timeout(ANCESTRY_SECONDS):
            await _fetch_needs(net, value, depth)


async def _fetch_needs(net: Net, value: Post, depth: int) -> None:
    within = (value.call.parent, value.call.started_from) if value.call else ()
    for above in (value.in_reply_to, *within):
        if above and depth > 0:
            with suppress(
                Gone, Refused, Unreachable
            ):  # else it heads what we can see of the thread
                await _post(net, above, depth - 1)
    if value.audience and not net.work.site.urls.is_ours(value.audience):
        with suppress(Gone, Refused, Unreachable):
            await actor(net, value.audience)


async def quoted(net: Net, value: Post) -> QuoteAuthorization | None:
    """Fetch what a post quotes, as far as it comes in time, and the approval that it names.

    What the quoted post quotes in turn is not fetched: chains of quotes have no end. Of ours we know
    ourselves what was approved.
    """
    found: QuoteAuthorization | None = None
    if value.quote is None:
        return None
    with suppress(TimeoutError, Gone, Refused, Unreachable):
        async with asyncio.timeout(ANCESTRY_SECONDS):
            await _post(net, value.quote, MAX_ANCESTORS)
            found = await _stamp(net, value.quote_authorization)
    return found


async def _stamp(net: Net, uri: str | None) -> QuoteAuthorization | None:
    if uri is None or net.work.site.urls.is_ours(uri):
        return None
    return parse.parse_quote_authorization(await document(net, uri))


# Handles, searches, servers


async def handle(net: Net, username: str, host: str) -> Account:
    """Somebody by handle: known, or found by WebFinger at that host."""
    domain = net.work.site.urls.domain
    ours = host in ("", domain)
    async with net.work.reading() as tx:
        known = await accounts.by_handle(tx.conn, username, "" if ours else host)
    if known and not known.waiting:
        return known
    if ours:
        raise Gone(f"acct:{username}@{domain}")
    uri, named = await net.fingers.actor_of(webfinger.Handle.parse(f"{username}@{host}"))
    found = await actor(net, uri)
    if fingers.key_of(found) != named.key:
        found = await actor(net, uri, refresh=True)
    if fingers.key_of(found) != named.key:  # a host gives away names of its own only
        raise Refused("handle_mismatch", f"The actor and {named} do not name each other.")
    return found


async def handles(net: Net, typed: str) -> None:
    """Make the handles in a text known, as far as their servers answer now."""
    for username, host in text.handles(typed)[:MAX_HANDLES]:
        try:
            await handle(net, username, host)
        except (Gone, Refused, Unreachable):
            continue


async def search(net: Net, query: str) -> Account | post_rows.Post | None:
    """What an address or a handle leads to; None where nothing answers."""
    try:
        if query.startswith("https://"):
            return await _by_address(net, query)
        wanted = webfinger.Handle.parse(query.removeprefix("@"))
        return await handle(net, wanted.username, wanted.host)
    except (Gone, Refused, Unreachable):
        return None


async def _by_address(net: Net, url: str) -> Account | post_rows.Post | None:
    async with net.work.reading() as tx:
        known = await accounts.by_uri(tx.conn, url) or await accounts.by_url(tx.conn, url)
        found = (
            known or await calls_elsewhere.known_by(tx, url) or await post_rows.by_url(tx.conn, url)
        )
    if found or net.work.site.urls.is_ours(url):
        return found
    fetched = await document(net, url)
    value = parse.parse_object(fetched)
    if isinstance(value, Actor):
        return await actor(net, value.id)
    return await keep(net, value) if isinstance(value, Post) else None


async def describe(net: Net, host: str, *, people: int = 0) -> None:
    """Ask a server what it runs, at most once a week; what cannot be read is unknown for an hour.

    ``people``: how many of its own it tells of. Where that is more than it had, it may have grown.
    """
    async with net.work.reading() as tx:
        known = await outbox.host(tx.conn, host)
    now = net.work.clock.now()
    fresh = HOST_FRESH if known and known.software else HOST_RETRY
    if known and known.software and people > (known.active_users or 0):
        fresh = HOST_GREW
    if known and known.checked_at and known.checked_at > now - fresh:
        return
    info = await _nodeinfo(net, host)
    async with net.work.transaction() as tx:
        await outbox.describe(
            tx.conn,
            host,
            info.software if info else None,
            info.version if info else None,
            info.active_users if info else None,
            tx.now,
        )


async def runs(net: Net, host: str) -> bool:
    """Whether a server says now what it runs."""
    return await _nodeinfo(net, host) is not None


async def _nodeinfo(net: Net, host: str) -> nodeinfo.NodeInfo | None:
    try:
        await require_open(net, host)
        links = await net.egress.get(f"https://{host}/.well-known/nodeinfo", fetch.NODEINFO)
        address = nodeinfo.href(jsonld.loads(links.body))
        if origin(address).host != origin(f"https://{host}").host:
            return None
        told = await net.egress.get(address, fetch.NODEINFO)
        return nodeinfo.parse(jsonld.loads(told.body))
    except (Gone, Refused, Unreachable):
        return None


def backoff(attempt: int) -> timedelta:
    """When to ask again for what an arrival needs and a server does not give."""
    return deliver.backoff(attempt, 0.5)
