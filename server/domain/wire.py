"""From rows to the documents that leave: what a post, an actor or a call looks like to other servers.

Only here and in effects.py does the domain know what the wire looks like. The activitypub door serves
the same documents that effects.py sends.
"""

from __future__ import annotations

from dataclasses import replace

from federation import addressing, build, keys
from federation.objects import (
    Actor,
    Post,
    QuoteAuthorization,
    QuotePolicy,
    Tally,
    Vote,
)
from federation.vocab import PUBLIC
from server import text
from server.domain import wire_calls, wire_values
from server.domain.calling import kinds
from server.domain.tx import Tx
from storage import (
    accounts,
    calls,
    communities,
    polls,
    posts,
    sources,
    tallies,
    ties,
)
from storage.accounts import Account

QUOTE_REQUEST = "/quote-request"
STAMPS = "/quotes/"
"""Below the address of what is quoted."""


async def actor(tx: Tx, account: Account) -> wire_values.Json:
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
        icon=wire_values.picture_of(account.avatar_url, account.avatar_description),
        image=wire_values.picture_of(account.header_url, account.header_description),
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


async def stub(tx: Tx, account: Account, *, joinable: bool) -> wire_values.Json:
    """What a community that is not for everybody shows of itself: its key, and, where one may ask to
    join, whom and where one asks (with the addresses without which Lemmy reads no group)."""
    whole = await actor(tx, account)
    shown = (*KEY_STUB, *JOINABLE_STUB) if joinable else KEY_STUB
    return {key: whole[key] for key in shown if key in whole}


async def proof(tx: Tx, account: Account) -> wire_values.Json:
    """What others need to prove a signature of this account, and nothing more about it."""
    whole = await actor(tx, account)
    return {key: whole[key] for key in PROOF if key in whole}


KEY_STUB = ("@context", "id", "publicKey")
PROOF = (*KEY_STUB, "type", "preferredUsername", "inbox", "assertionMethod", "suspended")
JOINABLE_STUB = (
    "type", "preferredUsername", "name", "inbox", "outbox", "followers", "endpoints",
    "manuallyApprovesFollowers", "discoverable",
)  # fmt: skip


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


async def post(tx: Tx, row: posts.Post) -> wire_values.Json:
    """The document of a post of ours, of any kind; a call as its canonical object."""
    value = await _common(tx, row)
    if row.is_call:
        found = await calls.by_id(tx.conn, row.id)
        if found:
            return build.post(await wire_calls.as_call(tx, row, value, found))
    if row.kind == "question":
        return build.question(replace(value, poll=await wire_values.poll_of(tx, row.id)))
    return build.post(value)


async def card(tx: Tx, row: posts.Post, call: calls.Call) -> wire_values.Json:
    """The answer card of a call: a Question by the community, without counts in its text."""
    community = await wire_values.account_of(tx, call.community_id)
    to, cc = addressing.audience(wire_values.as_card(row), community.followers_uri or "")
    value = Post(
        id=call.card_uri or tx.site.urls.card(row.id),
        kind="question",
        attributed_to=community.uri,
        content=await wire_calls.card_text(tx, row, call)
        + await wire_calls.keyword_line(tx, row, call),
        published=row.published_at,
        to=to,
        cc=cc,
        url=row.url,
        audience=community.uri,
        context=f"{row.uri}/context",
        quote_policy=QuotePolicy(automatic=(PUBLIC if row.is_public else community.uri,)),
        poll=wire_values.ended(await wire_values.poll_of(tx, row.id)),
        card_for=row.uri,
    )
    return build.question(value)


async def companion(tx: Tx, row: posts.Post, call: calls.Call) -> wire_values.Json:
    """The page beside a decision, by the same author, for those who cannot read a Question: its comments are
    the call's thread, and where one answers is a link."""
    value = await _common(tx, row)
    options = await polls.options(tx.conn, [row.id])
    listed = "".join(f"<li>{text.escape(option.title)}</li>" for option in options)
    link = (
        f'<a href="{text.escape(row.url)}">{text.escape(kinds.asks(call.kind, call.variant))}</a>'
    )
    cited = await sources.of_call(tx.conn, row.id)
    told = f"{wire_calls.besides(call, cited)}<ul>{listed}</ul><p>{link}</p>"
    uri = tx.site.urls.companion(row.uri)
    page = replace(
        value, id=uri, kind="page", summary=wire_calls.line(call), content=value.content + told
    )
    return build.post(replace(page, source=None, source_type=None))


async def create(tx: Tx, row: posts.Post) -> wire_values.Json:
    """A Create of a post of ours, as an outbox lists it: found by the post, whatever was delivered."""
    author = await wire_values.account_of(tx, row.account_id)
    return build.create(f"{row.uri}/activity", author.uri, await post(tx, row))


async def boost(tx: Tx, row: posts.Post, boosted: posts.Post) -> wire_values.Json:
    """The Announce that a boost of ours is: of the bare id, as every microblog reads it."""
    return await _announce(tx, row, row.uri, boosted.uri)


async def calendar(tx: Tx, us: Account, row: posts.Post) -> wire_values.Json:
    """The instance's Announce of a call with the whole Create in it: what its outbox lists."""
    uri, made = f"{us.uri}#calls/{row.id}", await create(tx, row)
    cc = [us.followers_uri or ""]
    return build.announce(uri, us.uri, made, cc=cc, published=row.published_at)


async def distribution(tx: Tx, row: posts.Post, boosted: posts.Post) -> wire_values.Json:
    """A community's Announce of a post of ours with the whole Create in it (FEP-1b12)."""
    return await _announce(tx, row, f"{row.uri}/activity", await create(tx, boosted))


async def _announce(
    tx: Tx, row: posts.Post, uri: str, announced: str | wire_values.Json
) -> wire_values.Json:
    actor_ = await wire_values.account_of(tx, row.account_id)
    to, cc = addressing.audience(wire_values.visibility_of(row), actor_.followers_uri or "")
    return build.announce(uri, actor_.uri, announced, to=to, cc=cc, published=row.published_at)


def quote_request_id(row: posts.Post) -> str:
    """The QuoteRequest of a post of ours: a post asks once."""
    return f"{row.uri}{QUOTE_REQUEST}"


async def stamp(tx: Tx, quoting: posts.Post, quoted: posts.Post) -> wire_values.Json:
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
    is_card = found and card_uri and uri.partition(STAMPS)[0] == card_uri
    return await wire_values.account_of(
        tx, found.community_id if found and is_card else quoted.account_id
    )


def vote(
    post_uri: str, author_uri: str, voter: Account, vote_uri: str, choice: str
) -> wire_values.Json:
    """One choice in a poll elsewhere."""
    value = Vote(id=vote_uri, attributed_to=voter.uri, in_reply_to=post_uri, name=choice)
    return build.vote(value, author_uri)


def tally(tx: Tx, actor_: Account, row: posts.Post, told: tallies.Tally) -> wire_values.Json:
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


async def _common(tx: Tx, row: posts.Post) -> Post:
    author = await wire_values.account_of(tx, row.account_id)
    mentioned = await accounts.by_ids(
        tx.conn, [m.account_id for m in await posts.mentions(tx.conn, [row.id])]
    )
    community = await accounts.by_id(tx.conn, row.community_id) if row.community_id else None
    to, cc = addressing.audience(
        wire_values.visibility_of(row),
        _followers_uri(row, author, community),
        [a.uri for a in mentioned.values()],
        community.uri if community else None,
    )
    quoted = await posts.by_id(tx.conn, row.quote_id) if row.quote_id else None
    people = {a.id: a for a in mentioned.values()}
    if community:
        people[community.id] = community
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
        attachments=tuple(wire_values.attachment_of(a) for a in row.attachments),
        mentions=tuple(wire_values.mention_of(tx, a) for a in people.values()),
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
    approvers = [approved[word] for word in row.quote_automatic if word in approved]
    return QuotePolicy(automatic=tuple(approvers or [author.uri]))


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
