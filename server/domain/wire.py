"""From rows to the documents that leave: what a post, an actor or a call looks like to other servers.

Only here and in effects.py does the domain know what the wire looks like. The activitypub door serves
the same documents that effects.py sends.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from federation import addressing, build, keys, origin
from federation.objects import (
    Actor,
    Address,
    Attachment,
    Call,
    CallKind,
    Event,
    Goal,
    Mention,
    Option,
    Picture,
    Place,
    Poll,
    Post,
    Proposal,
    Question,
    QuoteAuthorization,
    QuotePolicy,
    Role,
    Script,
    Source,
    Tally,
    Target,
    Vote,
)
from federation.vocab import CATEGORY, PUBLIC
from server import blobs, text
from server.domain.calling import ballots, keywords, kinds, online
from server.domain.calling import sources as source_verbs
from server.domain.tx import Tx
from storage import (
    accounts,
    call_copies,
    calls,
    commitments,
    communities,
    next_steps,
    polls,
    posts,
    questions,
    shift_roles,
    sources,
    tallies,
    target_mails,
    targets,
    ties,
)
from storage.accounts import Account

Json = build.Json

QUOTE_REQUEST = "/quote-request"
STAMPS = "/quotes/"
"""Below the address of what is quoted."""

SERVICES = ("transport", "care", "law", "language", "media", "work")
"""Of the categories of needs those in which something is done, and nothing handed over (FEP-0837)."""

TARGETS_MAX, NOTE_MAX = 100, 300
"""Of a contact call on the wire; characters of each note."""

UNTOLD = "Until it closes nobody sees how many gave which answer."

FILMED = ("gifv", "video", "audio")
"""Of these a picture is told besides: clients elsewhere show it before the film is loaded."""
TAKES_ANSWERS = ("open", "postponed")
CALL_STATES: dict[str, Any] = {
    "open": "confirmed",
    "closed": "confirmed",
    "postponed": "postponed",
    "cancelled": "cancelled",
}


async def actor(tx: Tx, account: Account) -> Json:
    """The document of an account of ours."""
    stored = {key.kind: key for key in await accounts.keys_of(tx.conn, account.id)}
    ed25519 = keys.load_public(stored["ed25519"].public)
    private = account.is_group and await communities.is_private(tx.conn, account.id)
    group = await communities.by_id(tx.conn, account.id) if account.is_group else None
    value = Actor(
        id=account.uri,
        kind=account.kind,  # pyright: ignore[reportArgumentType] - the table's check is the same list
        username=account.username,
        name=account.display_name or account.username,
        summary=account.note,
        url=account.url,
        inbox=account.inbox,
        shared_inbox=account.shared_inbox,
        outbox=account.outbox,
        followers=account.followers_uri,
        following=f"{account.uri}/following",
        featured=account.featured_uri,
        featured_tags=f"{account.uri}/tags" if account.kind == "person" else None,
        moderators=account.moderators_uri,
        upcoming_events=f"{account.uri}/upcoming",
        icon=_picture(account.avatar_url, account.avatar_description),
        image=_picture(account.header_url, account.header_description),
        # Lemmy reads it of a group as "private", and takes nothing public of such a one.
        locked=private if account.is_group else account.locked,
        discoverable=account.discoverable,
        indexable=account.indexable,
        suspended=account.suspended_at is not None,
        fields=tuple((f["name"], f["value"]) for f in account.fields),
        published=account.created_at,
        also_known_as=tuple(account.also_known_as),
        moved_to=account.moved_to,
        webfinger=f"{account.username}@{tx.site.urls.domain}",
        topics=tuple(group.topics) if group else (),
        languages=(group.language,) if group and group.language else (),
        linked=await _linked(tx, account) if group and not private else (),
    )
    multibase = keys.multikey(ed25519) if isinstance(ed25519, keys.Ed25519PublicKey) else None
    return build.actor(value, build.PublicKeys(stored["rsa"].public, multibase))


async def _linked(tx: Tx, group: Account) -> tuple[str, ...]:
    """The groups that it and that show each other, but for those that are not for everybody."""
    found = await ties.linked(tx.conn, group.id)
    closed = {row.account_id for row in await communities.closed(tx.conn, [a.id for a in found])}
    return tuple(other.uri for other in found if other.id not in closed)


async def stub(tx: Tx, account: Account, *, joinable: bool) -> Json:
    """What a community that is not for everybody shows of itself: its key, and, where one may ask to
    join, whom and where one asks (with the addresses without which Lemmy reads no group)."""
    whole = await actor(tx, account)
    shown = (*KEY_STUB, *JOINABLE_STUB) if joinable else KEY_STUB
    return {key: whole[key] for key in shown if key in whole}


async def proof(tx: Tx, account: Account) -> Json:
    """What others need to prove a signature of this account, and nothing more about it."""
    whole = await actor(tx, account)
    return {key: whole[key] for key in PROOF if key in whole}


KEY_STUB = ("@context", "id", "publicKey")
PROOF = (*KEY_STUB, "type", "preferredUsername", "inbox", "assertionMethod", "suspended")
JOINABLE_STUB = (
    "type", "preferredUsername", "name", "inbox", "outbox", "followers", "endpoints",
    "manuallyApprovesFollowers", "discoverable",
)  # fmt: skip


def _picture(url: str | None, description: str) -> Picture | None:
    if not url:
        return None
    return Picture(url, description, blobs.MEDIA_TYPES.get(url.rpartition(".")[2]))


def new_keys(uri: str) -> list[tuple[str, str, str, str]]:
    """Keys for an actor of ours: (id, kind, public PEM, private PEM), RSA and Ed25519."""
    made = (
        ("main-key", "rsa", keys.generate_rsa()),
        ("ed25519-key", "ed25519", keys.generate_ed25519()),
    )
    return [
        (f"{uri}#{name}", kind, keys.public_pem(key.public_key()), keys.private_pem(key))
        for name, kind, key in made
    ]


async def signing_key(tx: Tx, account_id: int, kind: str) -> keys.SigningKey:
    """A key of an account of ours, ready to sign: ``rsa`` for requests, ``ed25519`` for proofs."""
    stored = {key.kind: key for key in await accounts.keys_of(tx.conn, account_id)}[kind]
    return keys.SigningKey(stored.id, keys.load_private(stored.private or ""))


async def post(tx: Tx, row: posts.Post) -> Json:
    """The document of a post of ours, of any kind; a call as its canonical object."""
    value = await _common(tx, row)
    if row.is_call:
        found = await calls.by_id(tx.conn, row.id)
        if found:
            return build.post(await _call(tx, row, value, found))
    if row.kind == "question":
        return build.question(replace(value, poll=await _poll(tx, row.id)))
    return build.post(value)


def named(document: Json) -> tuple[list[str], list[str]]:
    """To whom a document of ours says it is."""
    return cast("list[str]", document.get("to", [])), cast("list[str]", document.get("cc", []))


async def card(tx: Tx, row: posts.Post, call: calls.Call) -> Json:
    """The answer card of a call: a Question by the community, without counts in its text."""
    community = await _account(tx, call.community_id)
    to, cc = addressing.audience(_as_card(row), community.followers_uri or "")
    value = Post(
        id=call.card_uri or tx.site.urls.card(row.id),
        kind="question",
        attributed_to=community.uri,
        content=await _card_text(tx, row, call) + await keyword_line(tx, row, call),
        published=row.published_at,
        to=to,
        cc=cc,
        url=row.url,
        audience=community.uri,
        context=f"{row.uri}/context",
        quote_policy=QuotePolicy(automatic=(PUBLIC if row.is_public else community.uri,)),
        poll=_ended(await _poll(tx, row.id)),
        card_for=row.uri,
    )
    return build.question(value)


def _as_card(row: posts.Post) -> addressing.Visibility:
    """For a microblog the members are the followers of who posts it."""
    return "private" if row.visibility == "members" else "public"


def is_for_all(document: Json) -> bool:
    """Whether a document of ours is addressed to everybody."""
    return any(PUBLIC in part for part in named(document))


async def companion(tx: Tx, row: posts.Post, call: calls.Call) -> Json:
    """The page beside a decision, by the same author, for those who cannot read a Question: its comments are
    the call's thread, and where one answers is a link."""
    value = await _common(tx, row)
    options = await polls.options(tx.conn, [row.id])
    listed = "".join(f"<li>{text.escape(option.title)}</li>" for option in options)
    link = (
        f'<a href="{text.escape(row.url)}">{text.escape(kinds.asks(call.kind, call.variant))}</a>'
    )
    asked = f"<ul>{listed}</ul><p>{link}</p>"
    uri = tx.site.urls.companion(row.uri)
    page = replace(value, id=uri, kind="page", summary=line(call), content=value.content + asked)
    return build.post(replace(page, source=None, source_type=None))


async def create(tx: Tx, row: posts.Post) -> Json:
    """A Create of a post of ours, as an outbox lists it: found by the post, whatever was delivered."""
    author = await _account(tx, row.account_id)
    return build.create(f"{row.uri}/activity", author.uri, await post(tx, row))


async def boost(tx: Tx, row: posts.Post, boosted: posts.Post) -> Json:
    """The Announce that a boost of ours is: of the bare id, as every microblog reads it."""
    return await _announce(tx, row, row.uri, boosted.uri)


async def calendar(tx: Tx, us: Account, row: posts.Post) -> Json:
    """The instance's Announce of a call with the whole Create in it: what its outbox lists."""
    uri, made = f"{us.uri}#calls/{row.id}", await create(tx, row)
    cc = [us.followers_uri or ""]
    return build.announce(uri, us.uri, made, cc=cc, published=row.published_at)


async def distribution(tx: Tx, row: posts.Post, boosted: posts.Post) -> Json:
    """A community's Announce of a post of ours with the whole Create in it (FEP-1b12)."""
    return await _announce(tx, row, f"{row.uri}/activity", await create(tx, boosted))


async def _announce(tx: Tx, row: posts.Post, uri: str, announced: str | Json) -> Json:
    actor_ = await _account(tx, row.account_id)
    to, cc = addressing.audience(_visibility(row), actor_.followers_uri or "")
    return build.announce(uri, actor_.uri, announced, to=to, cc=cc, published=row.published_at)


def quote_request_id(row: posts.Post) -> str:
    """The QuoteRequest of a post of ours: a post asks once."""
    return f"{row.uri}{QUOTE_REQUEST}"


async def stamp(tx: Tx, quoting: posts.Post, quoted: posts.Post) -> Json:
    """The approval by one of ours that a post quotes theirs, or a community's that it quotes a card."""
    assert quoting.quote_stamp, "the caller looked"
    owner = await quoted_as(tx, quoting.quote_stamp, quoted)
    value = QuoteAuthorization(
        id=quoting.quote_stamp,
        attributed_to=owner.uri,
        interacting=quoting.uri,
        target=quoting.quote_stamp.partition(STAMPS)[0],
    )
    return build.quote_authorization(value)


async def quoted_as(tx: Tx, uri: str, quoted: posts.Post) -> Account:
    """Who speaks for what is quoted at an address, of it or below it: the author, or, of the card that
    stands for a call, its community."""
    found = await calls.by_id(tx.conn, quoted.id) if quoted.is_call else None
    card_uri = found.card_uri if found else None
    as_card = found and card_uri and uri.partition(STAMPS)[0] == card_uri
    return await _account(tx, found.community_id if found and as_card else quoted.account_id)


def vote(post_uri: str, author_uri: str, voter: Account, vote_uri: str, choice: str) -> Json:
    """One choice in a poll elsewhere."""
    value = Vote(id=vote_uri, attributed_to=voter.uri, in_reply_to=post_uri, name=choice)
    return build.vote(value, author_uri)


def tally(tx: Tx, actor_: Account, row: posts.Post, told: tallies.Tally) -> Json:
    """How many of ours take part in a call of another server."""
    value = Tally(
        id=tx.site.urls.tally(row.id),
        attributed_to=actor_.uri,
        object=row.uri,
        seq=told.seq,
        own=told.own,
        email=told.email,
        expressed=told.expressed,
        withdrawn=told.withdrawn,
        start=row.published_at,
        end=told.told_at,
    )
    return build.tally(value)


def roof(host: str) -> str:
    """The registrable domain of a server: a name below it costs nothing."""
    return origin.domain_of(host)


def when(call: calls.Call) -> str:
    """``Sat 5 Dec 2026, 10:00 CET``, as the clock on the wall shows it there; until when, of what has no
    time; empty where it has neither."""
    return text.when_or_until(call.starts_at, call.closes_at, call.timezone)


def line(call: calls.Call) -> str:
    """When and where, in one line; empty where there is neither."""
    return " – ".join(part for part in (when(call), call.place_name) if part)


async def _card_text(tx: Tx, row: posts.Post, call: calls.Call) -> str:
    told = text.escape(text.CALL_STATES.get(call.state, "") + line(call))
    head = f"<strong>{text.escape(row.title)}</strong>" + (f"<br>{told}" if told else "")
    times = await _shift_list(tx, await shifts(tx, call))
    details = f'<a href="{text.escape(row.url)}">Details</a>'
    return f"<p>{head}</p>{call.outcome}{times}<p>{_asked(tx, call)}{details}</p>"


def _asked(tx: Tx, call: calls.Call) -> str:
    """Nothing once it takes no answers: some software shows a poll as open whose ``closed`` it does not read."""
    if call.state not in TAKES_ANSWERS:
        return ""
    privacy = f"Your answer goes to {tx.site.urls.domain} only; your name is not shown in public."
    untold = UNTOLD if call.hides_counts else ""
    asks = (kinds.asks(call.kind, call.variant), kinds.KINDS[call.kind].note, untold, privacy)
    return "".join(f"{part} " for part in asks if part)


async def shifts(tx: Tx, call: calls.Call) -> list[tuple[posts.Post, calls.Call]]:
    """Of a volunteer call those that take place, in the order in which they were made."""
    if call.kind != "volunteer" or call.parent_id is not None:
        return []
    found = [row for row in await calls.shifts(tx.conn, [call.post_id]) if row.state != "cancelled"]
    rows = await posts.by_ids(tx.conn, [row.post_id for row in found])
    return [(rows[row.post_id], row) for row in found]


async def _shift_list(tx: Tx, found: list[tuple[posts.Post, calls.Call]]) -> str:
    """For who is sent no shift of its own. How many places are left changes too often to stand here."""
    entries = [
        f'<li><a href="{text.escape(row.url)}">{text.escape(row.title)}</a>: {text.escape(when(call))}</li>'
        for row, call in found
    ]
    return f"<ul>{''.join(entries)}</ul>" if entries else ""


async def keyword_line(tx: Tx, row: posts.Post, call: calls.Call) -> str:
    """What a call prints of the replies that answer it, and of what a choice of one option says; nothing once it
    takes no answers, or where one has to choose a shift. Where what is said is secret no reply answers."""
    if call.state not in TAKES_ANSWERS or await shifts(tx, call):
        return ""
    hint = ballots.HINTS.get(call.variant)
    more = f"<p>{text.escape(hint)}</p>" if hint else ""
    if call.secret_until_closed:
        return more
    titles = [o.title for o in await polls.options(tx.conn, [call.post_id])]
    found = keywords.of_call(call.kind, call.variant, titles, row.language)
    return more + keywords.printed(found, row.language, call.guests_max)


async def _common(tx: Tx, row: posts.Post) -> Post:
    author = await _account(tx, row.account_id)
    mentioned = await accounts.by_ids(
        tx.conn, [m.account_id for m in await posts.mentions(tx.conn, [row.id])]
    )
    community = await accounts.by_id(tx.conn, row.community_id) if row.community_id else None
    to, cc = addressing.audience(
        _visibility(row),
        _followers_uri(row, author, community),
        [a.uri for a in mentioned.values()],
        community.uri if community else None,
    )
    quoted = await posts.by_id(tx.conn, row.quote_id) if row.quote_id else None
    named = {a.id: a for a in mentioned.values()}
    if community:
        named[community.id] = community
    return Post(
        id=row.uri,
        kind=row.kind,  # pyright: ignore[reportArgumentType] - boosts and others never come here
        attributed_to=author.uri,
        name=row.title,
        summary=row.summary,
        content=(text.quote_link(quoted.url) if quoted else "") + row.content,
        source=row.source or None,
        source_type="text/plain" if row.source else None,
        in_reply_to=await _parent_uri(tx, row),
        published=row.published_at,
        updated=row.edited_at,
        to=to,
        cc=cc,
        audience=community.uri if community else None,
        context=await _context(tx, row),
        replies=f"{row.uri}/replies",
        url=row.url,
        sensitive=row.sensitive,
        language=row.language,
        attachments=tuple(_attachment(a) for a in row.attachments),
        mentions=tuple(_mention(tx, a) for a in named.values()),
        hashtags=tuple(row.tags),
        quote=quoted.uri if quoted else None,
        quote_authorization=row.quote_stamp,
        quote_policy=_quote_policy(row, author),
    )


def _followers_uri(row: posts.Post, author: Account, community: Account | None) -> str:
    """Of the author; of the community where only its members are meant. A person's own have their id
    below it, and Lemmy asks for nothing else."""
    if row.visibility == "members":
        return (community.followers_uri or "") if community else ""
    return author.followers_uri or ""


def _quote_policy(row: posts.Post, author: Account) -> QuotePolicy:
    """Nobody else is said by naming the author alone, as an empty list says nothing (FEP-044f)."""
    approved = {"public": PUBLIC, "followers": author.followers_uri or author.uri}
    named = [approved[word] for word in row.quote_automatic if word in approved]
    return QuotePolicy(automatic=tuple(named or [author.uri]))


def _visibility(row: posts.Post) -> addressing.Visibility:
    return cast("addressing.Visibility", row.visibility)  # the table's check is the same list


async def _parent_uri(tx: Tx, row: posts.Post) -> str | None:
    """A reply to a call answers its canonical object."""
    parent = await posts.by_id(tx.conn, row.in_reply_to_id) if row.in_reply_to_id else None
    return parent.uri if parent else None


async def _context(tx: Tx, row: posts.Post) -> str | None:
    """Of the whole thread, in a reply too (FEP-7888). A thread that began elsewhere is ours to list where
    it lives in a community of ours."""
    head = row if row.is_head else await posts.by_id(tx.conn, row.thread_id)
    if head is None:
        return None
    community = await accounts.by_id(tx.conn, head.community_id) if head.community_id else None
    carried = community is not None and community.local
    return context_uri(tx, head) if head.local or carried else None


def context_uri(tx: Tx, head: posts.Post) -> str:
    """Where we list the posts of a thread."""
    return f"{head.uri if head.local else tx.site.urls.post(head.id)}/context"


async def _call(tx: Tx, row: posts.Post, value: Post, call: calls.Call) -> Post:
    """The canonical object of a call: an event, a page, or a question (``kinds``).

    Its text says besides what came of it, how to answer in a reply and which shifts there are, for who reads no
    more of it: Mobilizon tells those who joined by the text of its Update alone.
    """
    community = await _account(tx, call.community_id)
    shape = kinds.KINDS[call.kind].shape
    within = await posts.by_id(tx.conn, call.parent_id) if call.parent_id else None
    doors = await keyword_line(tx, row, call) + await _shift_list(tx, await shifts(tx, call))
    named = await sources.of_call(tx.conn, call.post_id)
    added = source_verbs.as_html(named) + call.outcome + doors
    extension = await _extension(tx, call, value, community, within, row.visibility)
    described = replace(
        value,
        kind=shape,
        name=f"{within.title}: {value.name}" if within else value.name,
        content=value.content + added,
        summary=value.summary or line(call),
        call=replace(
            extension,
            about=value.content if added else None,
            sources=tuple(Source(url=each.url, title=each.title) for each in named),
        ),
    )
    if shape == "event":
        return replace(described, event=await _event(tx, value, call, community))
    if shape == "question":
        return replace(described, poll=await _poll(tx, call.post_id), summary=value.summary)
    return described


async def _extension(
    tx: Tx,
    call: calls.Call,
    value: Post,
    community: Account,
    within: posts.Post | None,
    visibility: str,
) -> Call:
    """What only Beckon reads. Of an event time and place stand in the event."""
    shape = kinds.KINDS[call.kind].shape
    options = await polls.options(tx.conn, [call.post_id])
    event = shape == "event"
    return Call(
        kind=cast("CallKind", call.kind),  # the table's check is the same list
        variant=call.variant,
        state=call.state,
        goal=Goal(metric=call.goal_metric, value=call.goal) if call.goal else None,
        card=call.card_uri,
        answers=tuple(Option(o.title, o.votes_count) for o in options),
        waiting=call.waiting,
        deadline=call.closes_at,
        outcome=call.outcome,
        stewards=(community.uri,),
        place=None if event else _place(call),
        places=None if event else call.capacity,
        link=None if event else call.external_url,
        urgent=call.urgent,
        timezone=None if event else call.timezone,
        shifts=tuple(row.uri for row, _ in await shifts(tx, call)),
        parent=within.uri if within else None,
        choice=call.choice,
        proposal=await _proposal(tx, call),
        targets=await _targets(tx, call, value.id) if call.kind == "contact" else (),
        scripts=tuple(
            Script(standing=said.status, subject=said.subject, body=said.body)
            for said in await targets.scripts(tx.conn, call.post_id)
        ),
        roles=tuple(
            Role(name=role.name, places=role.places, skill=role.skill)
            for role in await shift_roles.of_shifts(tx.conn, [call.post_id])
        ),
        started_from=await call_copies.origin(tx.conn, call.post_id),
        next=await _next(tx, call, visibility),
        may_be_started=call.may_be_started,
        guests_max=call.guests_max,
        questions=await _questions(tx, call) if kinds.by_name(call.kind, visibility) else (),
        secret_until_closed=call.secret_until_closed,
    )


async def _next(tx: Tx, call: calls.Call, visibility: str) -> str | None:
    """As far as it is for everybody who is sent this call."""
    step = (await next_steps.of_calls(tx.conn, [call.post_id])).get(call.post_id)
    post = await posts.by_id(tx.conn, step.call_id) if step and step.call_id else None
    if post is None:
        return step.url if step else None
    return post.uri if post.is_public or post.visibility == visibility else None


async def _questions(tx: Tx, call: calls.Call) -> tuple[Question, ...]:
    """For other instances, which ask their members: where the server of the call is to know who answers."""
    asked = await questions.of_calls(tx.conn, [call.parent_id or call.post_id])
    return tuple(Question(text=each.text, required=each.required) for each in asked)


async def _targets(tx: Tx, call: calls.Call, uri: str) -> tuple[Target, ...]:
    """The first of them: a document has its limit."""
    allowed = await target_mails.mailing(tx.conn, call.post_id)
    hidden = allowed is not None and allowed.hidden
    return tuple(
        Target(
            id=f"{uri}#target-{each.id}",
            name=each.name,
            role=each.role,
            address="" if hidden else each.address,
            area=each.area,
            language=each.language or "",
            standing=each.status,
            note=text.one_line(each.note, NOTE_MAX),
        )
        for each in (await targets.of_call(tx.conn, call.post_id))[:TARGETS_MAX]
    )


def resource(category: str) -> str:
    """What a need is about, as the id of a resource (FEP-0837)."""
    return f"{CATEGORY}{category}"


async def _proposal(tx: Tx, call: calls.Call) -> Proposal | None:
    """What a need or an offer says for readers of FEP-0837."""
    if call.kind != "need":
        return None
    category = await commitments.category(tx.conn, call.post_id) or ""
    left = await commitments.missing(tx.conn, call.post_id)
    return Proposal(
        purpose="offer" if call.variant else "request",
        quantity=call.capacity,
        available=None if left is None else max(left, 0),
        category=category,
        service=category in SERVICES,
    )


def _place(call: calls.Call) -> Place | None:
    if not (call.place_name or call.place_address):
        return None
    return Place(
        name=call.place_name or call.place_address,
        address=Address(street=call.place_address) if call.place_address else None,
        latitude=call.latitude,
        longitude=call.longitude,
    )


async def _event(tx: Tx, value: Post, call: calls.Call, community: Account) -> Event:
    """Who takes part in a call with shifts does so in one of them: others are told to choose on its page."""
    assert call.starts_at, "the table's check holds it"
    divided = bool(await shifts(tx, call))
    return Event(
        start=call.starts_at,
        end=call.ends_at,
        timezone=call.timezone,
        place=_place(call),
        online_url=(await online.public(tx, [call])).get(call.post_id),
        capacity=call.capacity,
        participant_count=call.counted,
        taken=call.taken,
        organizers=(value.attributed_to, community.uri),
        attendees=f"{value.id}/attendees",
        status=CALL_STATES[call.state],
        join_mode="external" if divided else "free",
        external_url=value.url if divided else None,
    )


async def _poll(tx: Tx, post_id: int) -> Poll:
    row = (await polls.by_ids(tx.conn, [post_id]))[post_id]
    options = await polls.options(tx.conn, [post_id])
    return Poll(
        options=tuple(Option(o.title, o.votes_count) for o in options),
        multiple=row.multiple,
        end_time=row.ends_at,
        closed_at=row.closed_at,
        voters_count=row.voters_count,
    )


def _ended(poll: Poll) -> Poll:
    """A card that closed before its time, or has none, ends when it closed: Takahē 0.11 reads ``endTime`` alone
    (activities/models/post_types.py, QuestionData), and Mastodon writes both."""
    return replace(poll, end_time=poll.closed_at) if poll.closed_at else poll


def _attachment(stored: dict[str, Any]) -> Attachment:
    return Attachment(
        url=stored["url"],
        kind="video" if stored["kind"] == "gifv" else stored["kind"],
        media_type=stored.get("media_type"),
        description=stored.get("description") or "",
        width=stored.get("width"),
        height=stored.get("height"),
        blurhash=stored.get("blurhash"),
        focus=(stored["focus"][0], stored["focus"][1]) if stored.get("focus") else None,
        preview=stored.get("preview") if stored["kind"] in FILMED else None,
    )


def _mention(tx: Tx, account: Account) -> Mention:
    host = account.handle_host or tx.site.urls.domain
    return Mention(account.uri, f"@{account.username}@{host}")


async def _account(tx: Tx, account_id: int) -> Account:
    found = await accounts.by_id(tx.conn, account_id)
    assert found, "a foreign key holds it"
    return found
