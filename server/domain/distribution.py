"""How a call leaves: to whom, in which form, and in whose name.

A host hears of a call through the members of the community that it has, or, where it has none, because its
administrator follows this instance as a whole (the actor that NodeInfo names, FEP-2677): so do Mobilizon,
Gancio and WordPress fill their calendars. It hears once, and what it was first sent, in whose name, is
stored and never changes; every Update, outcome and Delete follows it. In whose name matters:

- Gancio and WordPress's Event Bridge take an event only from the very actor that they follow, so that the
  Create, Update and Delete are signed by the community or by the instance, whichever they follow.
- Mobilizon takes an event from anybody and lists it in public only when an actor that its relay follows has
  announced it (its ``Share``).
- A microblog that follows the instance is sent a boost of the card, as the card is the community's.

What a private community calls to goes to its members' servers alone, addressed to its followers and to nobody
else, with no proof that could be shown around; and to none that would put it on a public page (``forms``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from federation import build, build_agreement
from federation.objects import Agreement, Mention
from federation.objects import Post as Note
from federation.vocab import PRIMARY, PUBLIC
from server.domain import effects, forms, wire, wire_values
from server.domain.calling import kinds
from server.domain.effects import Inboxes
from server.domain.tx import Tx
from storage import accounts, calls, outbox, posts, tallies
from storage.accounts import Account
from storage.calls import HostForm

Json = build.Json
NOBODY: Inboxes = {}


@dataclass(frozen=True, slots=True)
class Reach:
    """Who is to hear of a call: through the community, and as instances that follow this one."""

    members: Inboxes
    instances: Inboxes = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Promised:
    """What ``by`` promised by the Offer ``uri``; ``id``: of the commitment, 0 where there is none."""

    id: int
    by: Account
    uri: str | None
    quantity: int


@dataclass(frozen=True, slots=True)
class Called:
    """A call of ours with those in whose name it is told."""

    row: posts.Post
    call: calls.Call
    author: Account
    community: Account
    instance: Account | None


async def instances(tx: Tx, post: posts.Post) -> Inboxes:
    """The instances that follow this one, for what is public."""
    us = await accounts.by_uri(tx.conn, tx.site.urls.instance_actor)
    if us is None or post.visibility != "public":
        return {}
    return await effects.followers(tx, us.id)


async def call(
    tx: Tx, author: Account, post: posts.Post, found: calls.Call, verb: str, reach: Reach
) -> None:
    """Send a call, in the form that each host was first sent, and never two to one follower.

    ``verb``: create, update or delete. A host that has no form yet gets the one of its software with a
    create, and nothing otherwise.
    """
    community = await accounts.by_id(tx.conn, found.community_id)
    assert community, "a foreign key holds it"
    instance = await accounts.by_uri(tx.conn, tx.site.urls.instance_actor)
    called = Called(post, found, author, community, instance)
    told = await _by_form(tx, found, reach, new=verb == "create", closed=not post.is_public)
    await _cards(tx, called, verb, told[forms.CARD])
    if any(told[form].any for form in forms.EVENTS):
        await _events(tx, called, verb, told)


@dataclass(slots=True)
class Told:
    """Those who get one form: in the community's or author's name, or in the instance's.

    ``listing``: those of the members' hosts that list what is announced to them and nothing else.
    """

    members: Inboxes = field(default_factory=dict[str, str])
    instances: Inboxes = field(default_factory=dict[str, str])
    listing: Inboxes = field(default_factory=dict[str, str])

    @property
    def any(self) -> bool:
        return bool(self.members or self.instances)


def form_of(call: calls.Call, software: str | None, *, closed: bool) -> str | None:
    """The form in which a server of this software is first sent a call; None: it is sent none. The card and the
    page of a volunteer call stand for its shifts. ``closed``: the call is for members."""
    form = forms.of_call(software, kinds.KINDS[call.kind].shape, closed=closed)
    return None if call.parent_id and form in (forms.CARD, forms.PAGE) else form


async def object_of(tx: Tx, row: posts.Post, call: calls.Call, form: str) -> Json:
    """The object that is sent in a form."""
    if form == forms.CARD:
        return await wire.card(tx, row, call)
    if form == forms.PAGE and kinds.KINDS[call.kind].shape == "question":
        return await wire.companion(tx, row, call)
    return await wire.post(tx, row)


async def _by_form(
    tx: Tx, found: calls.Call, reach: Reach, *, new: bool, closed: bool = False
) -> dict[str, Told]:
    post_id = found.post_id
    sent = await calls.forms(tx.conn, post_id)
    members, others = _by_host(reach.members), _by_host(reach.instances)
    hosts = sorted({*members, *others})
    known = await outbox.hosts(tx.conn, hosts)
    parted = {form: Told() for form in forms.FORMS}
    for host in hosts:
        software = known[host].software if host in known else None
        first = sent.get(host)
        form = form_of(found, software, closed=closed)
        if first is None and new and form:
            first = HostForm(host, form, by_instance=host not in members)
            await calls.put_form(tx.conn, post_id, host, first.form, by_instance=first.by_instance)
        if first is None:
            continue
        told = parted[first.form]
        own, other = members.get(host, {}), others.get(host, {})
        if not new and first.form in forms.BY_ITS_OWNER:
            told.members |= own | other  # who wrote it tells of it, to whomever
        elif first.by_instance:
            told.instances |= other or own
        else:
            told.members |= own or other
            told.listing |= own if forms.lists_announced(software) else {}
    return parted


def _by_host(inboxes: Inboxes) -> dict[str, Inboxes]:
    parted: dict[str, Inboxes] = {}
    for inbox, host in inboxes.items():
        parted.setdefault(host, {})[inbox] = host
    return parted


async def _cards(tx: Tx, called: Called, verb: str, told: Told) -> None:
    if told.members:
        card = await object_of(tx, called.row, called.call, forms.CARD)
        about = await _about(tx, called.community, card, verb)
        await _send(tx, called, called.community, about, told.members)
    if told.instances and called.call.card_uri and called.instance:
        await _point(tx, called, called.instance, called.call.card_uri, told.instances)


async def _events(tx: Tx, called: Called, verb: str, told: Mapping[str, Told]) -> None:
    event = await object_of(tx, called.row, called.call, forms.BECKON)
    gancio, plain = told[forms.GANCIO], told[forms.EVENT]
    whole = [told[forms.BECKON]]
    if kinds.KINDS[called.call.kind].shape == "question":
        page = await object_of(tx, called.row, called.call, forms.PAGE)
        await _embedded(tx, called, verb, page, [told[forms.PAGE]])
    else:
        whole.append(told[forms.PAGE])
    for actor, inboxes in _in_whose_name(called, gancio):
        await _send(tx, called, actor, await _about(tx, actor, event, verb), inboxes)
    await _embedded(tx, called, verb, event, whole, plain.members)
    if verb == "create" and plain.listing:
        await _point(tx, called, called.community, called.row.uri, plain.listing)
    if plain.instances and called.instance:
        await _point(tx, called, called.instance, called.row.uri, plain.instances)


async def _embedded(
    tx: Tx,
    called: Called,
    verb: str,
    document: Json,
    told: Sequence[Told],
    plain: Inboxes = NOBODY,
) -> None:
    """By its author as it is to ``plain``, and to the others inside of an Announce (FEP-1b12)."""
    if not plain and not any(each.any for each in told):
        return
    by_author = await _about(tx, called.author, document, verb)
    sent = await _send(tx, called, called.author, by_author, plain)
    members = {k: v for each in told for k, v in each.members.items()}
    others = {k: v for each in told for k, v in each.instances.items()}
    for actor, inboxes in _in_whose_name(called, Told(members, others)):
        await _send(tx, called, actor, await _announce(tx, called, actor, sent), inboxes)


def _in_whose_name(called: Called, told: Told) -> list[tuple[Account, Inboxes]]:
    parts = [(called.community, told.members), (called.instance, told.instances)]
    return [(actor, inboxes) for actor, inboxes in parts if actor and inboxes]


async def _point(tx: Tx, called: Called, actor: Account, uri: str, inboxes: Inboxes) -> None:
    """Announce of a bare id: whoever gets it fetches what is there."""
    await _send(tx, called, actor, await _announce(tx, called, actor, uri), inboxes)


async def _announce(tx: Tx, called: Called, actor: Account, announced: str | Json) -> Json:
    followed_by = [actor.followers_uri or ""]
    to, cc = ([PUBLIC], followed_by) if called.row.is_public else (followed_by, [])
    uri = await effects.new_id(tx)
    return build.announce(uri, actor.uri, announced, to=to, cc=cc, published=tx.now)


async def _send(tx: Tx, called: Called, actor: Account, document: Json, inboxes: Inboxes) -> Json:
    uri = called.row.uri
    public = called.row.is_public
    return await effects.send(tx, actor, document, inboxes, subject=uri, public=public)


async def _about(tx: Tx, actor: Account, document: Json, verb: str) -> Json:
    if verb == "create":
        return build.create(await effects.new_id(tx), actor.uri, document)
    if verb == "update":
        return build.update(await effects.new_id(tx), actor.uri, document)
    gone = build.tombstone(str(document["id"]), str(document["type"]), tx.now)
    to, cc = ([PUBLIC], []) if wire_values.is_for_all(document) else wire_values.named(document)
    return build.delete(await effects.new_id(tx), actor.uri, gone, to=to, cc=cc)


async def pin(tx: Tx, actor: Account, post: posts.Post, *, added: bool) -> None:
    """Add to or Remove from the featured collection of a person or a community of ours.

    Microblogs are told of a call's card, as they drop what the collection's owner did not write.
    """
    if not actor.local:
        return
    inboxes = await effects.followers(tx, actor.id)
    found = await calls.by_id(tx.conn, post.id)
    if found and found.card_uri:
        parted = await _by_form(tx, found, Reach(inboxes), new=False)
        cards = parted.pop(forms.CARD).members
        await _pin(tx, actor, post, found.card_uri, cards, added=added)
        inboxes = {inbox: host for told in parted.values() for inbox, host in told.members.items()}
    await _pin(tx, actor, post, post.uri, inboxes, added=added)


async def _pin(
    tx: Tx, actor: Account, post: posts.Post, uri: str, inboxes: Inboxes, *, added: bool
) -> None:
    if not inboxes:
        return
    make = build.add if added else build.remove
    document = make(
        await effects.new_id(tx),
        actor.uri,
        uri,
        actor.featured_uri or "",
        cc=[actor.followers_uri or ""],
    )
    await effects.send(tx, actor, document, inboxes, subject=post.uri, public=True)


async def message(tx: Tx, community: Account, person: Account, html: str, uri: str) -> None:
    """A note of a community of ours to one person of another server alone; it is not kept here."""
    note = Note(
        id=uri,
        kind="note",
        attributed_to=community.uri,
        content=html,
        published=tx.now,
        to=(person.uri,),
        mentions=(Mention(person.uri, f"@{person.handle}"),),
    )
    document = build.create(await effects.new_id(tx), community.uri, build.post(note))
    inboxes = effects.own_inbox_of(person)
    await effects.send(tx, community, document, inboxes, subject=uri, public=False)


# Taking part


async def taking_part(
    tx: Tx,
    actor: Account,
    post: posts.Post,
    host: Account,
    answer: str,
    uri: str,
    message: str = "",
    role: str | None = None,
    guests: int | None = None,
    fields: Mapping[str, str] | None = None,
    ballot: Sequence[int] | None = None,
) -> None:
    """Tell the host of a remote call what one of ours answered, and said with it. ``role``: of the shift that
    it is; ``guests``: whom they bring, where they could; ``fields``: what they answer to its questions; ``ballot``: of a
    decision that takes one."""
    answered = {"id": post.uri}
    if answer == "going":
        document = build.join(
            uri, actor.uri, post.uri, to=[host.uri], role=role or "", guests=guests, fields=fields
        )
    elif answer == "withdrawn":
        document = build.leave(uri, actor.uri, post.uri, to=[host.uri])
    elif answer == "maybe":
        document = build.tentative_accept(uri, actor.uri, answered) | {"object": post.uri}
    elif answer == "declined":
        document = build.reject(uri, actor.uri, answered) | {"object": post.uri}
    else:  # of the other kinds, which only Beckon has
        document = build.join(
            uri, actor.uri, post.uri, to=[host.uri], answer=answer, message=message, fields=fields,
            ballot=ballot,
        )  # fmt: skip
    document["to"] = [host.uri]
    inboxes = effects.own_inbox_of(host)
    await effects.send(tx, actor, document, inboxes, subject=post.uri, public=False)


async def tally(
    tx: Tx, actor: Account, post: posts.Post, host: Account, told: tallies.Tally
) -> None:
    """Tell the server of a call, by the instance's own actor, how many of ours take part."""
    document = wire.tally(tx, actor, post, told)
    update = build.update(await effects.new_id(tx), actor.uri, document, to=[host.uri])
    inboxes = effects.inbox_of(host)
    await effects.send(tx, actor, update, inboxes, subject=post.uri, public=post.is_public)


async def ignore_join(tx: Tx, post: posts.Post, joiner: Account, uri: str) -> None:
    """What takes no answers says so to who sends one (FEP-8a8e), where it may be seen."""
    author = await accounts.by_id(tx.conn, post.account_id)
    if author is None or not author.local or not post.is_public:
        return
    document = build.ignore(await effects.new_id(tx), author.uri, uri, to=[joiner.uri])
    inboxes = effects.own_inbox_of(joiner)
    await effects.send(tx, author, document, inboxes, subject=post.uri, public=False)


async def answer_join(
    tx: Tx,
    organiser: Account,
    post: posts.Post,
    joiner: Account,
    uri: str | None,
    state: str,
    guests: int = 0,
) -> None:
    """Accept (a place is granted), TentativeAccept (waiting) or Reject, to a Join from elsewhere.
    ``guests``: who come with them."""
    if joiner.local or not organiser.local or uri is None:
        return
    make = {
        "granted": build.accept,
        "waiting": build.tentative_accept,
        "refused": build.reject,
    }[state]
    found = await calls.by_id(tx.conn, post.id)
    brings = guests if guests or (found and found.guests_max) else None
    joined = build.join(uri, joiner.uri, post.uri, to=[organiser.uri], guests=brings)
    document = make(await effects.new_id(tx), organiser.uri, joined)
    inboxes = effects.own_inbox_of(joiner)
    await effects.send(tx, organiser, document, inboxes, subject=post.uri, public=False)


# Needs and offers (FEP-0837)


async def offer(
    tx: Tx, actor: Account, post: posts.Post, host: Account, uri: str, quantity: int, said: str
) -> None:
    """Promise so much to a need of another server, or ask for it of an offer."""
    value = Agreement(satisfies=_intent(post), quantity=quantity)
    document = build_agreement.offer(uri, actor.uri, value, said, to=host.uri)
    inboxes = effects.own_inbox_of(host)
    await effects.send(tx, actor, document, inboxes, subject=post.uri, public=False)


async def answer_offer(
    tx: Tx, post: posts.Post, promised: Promised, *, accepted: bool, why: str = ""
) -> None:
    """What somebody of another server promised is accepted, or not; by the author of the call, whom they
    asked. Nothing where it came by no Offer."""
    author = await accounts.by_id(tx.conn, post.account_id)
    if author is None or not author.local or promised.uri is None:
        return
    uri, to = await effects.new_id(tx), promised.by.uri
    if accepted:
        value = Agreement(
            satisfies=_intent(post), quantity=promised.quantity, id=_agreement(post, promised.id)
        )
        document = build_agreement.accept(uri, author.uri, promised.uri, value, to=to)
    else:
        document = build_agreement.reject(uri, author.uri, promised.uri, why, to=to)
    inboxes = effects.own_inbox_of(promised.by)
    await effects.send(tx, author, document, inboxes, subject=post.uri, public=False)


async def confirm(tx: Tx, post: posts.Post, promised: Promised) -> None:
    """What was agreed on came true (FEP-0837, Confirmations)."""
    author = await accounts.by_id(tx.conn, post.account_id)
    if author is None or not author.local or promised.uri is None:
        return
    uri, agreed = await effects.new_id(tx), _agreement(post, promised.id)
    document = build_agreement.confirmation(uri, author.uri, agreed, tx.now, to=promised.by.uri)
    inboxes = effects.own_inbox_of(promised.by)
    await effects.send(tx, author, document, inboxes, subject=post.uri, public=False)


def _intent(post: posts.Post) -> str:
    return f"{post.uri}{PRIMARY}"


def _agreement(post: posts.Post, commitment_id: int) -> str:
    """A name that the two sides know it by; there is nothing for others to read at it."""
    return f"{post.uri}/agreements/{commitment_id}"
