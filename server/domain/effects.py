"""What follows from an act: who is told, whose home it enters, and what leaves for other servers.

All of it is written in the transaction of the act itself: a crash loses neither half. An activity is
stored once, with a proof where it is public (FEP-8b32), and one delivery row per inbox. Nothing leaves
for a remote actor: its own server has done that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from federation import build, build_relationship, jsonld, proofs
from federation.vocab import PUBLIC
from server.domain import forms, notifications, relevance, wire, wire_values
from server.domain.posting import tags
from server.domain.tx import Tx
from storage import (
    accounts,
    attention,
    communities,
    events,
    follows,
    lanes,
    outbox,
    polls,
    posts,
    pushes,
    timelines,
)
from storage.accounts import Account
from storage.db import next_id
from storage.events import Event
from storage.notifications import Notification

Json = build.Json
Inboxes = dict[str, str]  # inbox URL to host
RECOUNT = timedelta(seconds=3)


async def send(
    tx: Tx, actor: Account, document: Json, inboxes: Inboxes, *, subject: str, public: bool
) -> Json:
    """Sign an activity of ours, store it and its deliveries. Gives the document as it leaves.

    ``subject`` is the object that orders it. Proofs stand on public activities only: a signed private
    post could be shown to be real when it leaks.
    """
    signed = document
    if public:
        key = await wire.signing_key(tx, actor.id, "ed25519")
        signed = proofs.add_proof(document, key, tx.now)
    if tx.site.federates:
        body = jsonld.to_json(signed)
        uri = str(signed["id"])
        does = relevance.mark(signed)
        await outbox.send(
            tx.conn, uri, actor.id, subject, body, inboxes, tx.now, does.kind, does.about
        )
        tx.wake(lanes.DELIVERY, inboxes.values(), tx.now)
    return signed


async def new_id(tx: Tx) -> str:
    """The id of a new activity of ours."""
    return tx.site.urls.activity(await next_id(tx.conn, tx.now))


async def followers(tx: Tx, account_id: int) -> Inboxes:
    return {r.inbox: r.host for r in await follows.reach(tx.conn, account_id)}


def inbox_of(*recipients: Account | None) -> Inboxes:
    """Where these accounts read, shared inbox first; ours and the suspended are left out."""
    return {
        a.shared_inbox or a.inbox: a.host
        for a in recipients
        if a and not a.local and not a.suspended_at
    }


def own_inbox_of(recipient: Account) -> Inboxes:
    """For what concerns one account alone."""
    if recipient.local or recipient.suspended_at:
        return {}
    return {recipient.inbox: recipient.host}


# Follows


async def follow(tx: Tx, actor: Account, target: Account, uri: str) -> None:
    document = build.follow(uri, actor.uri, target.uri)
    await send(tx, actor, document, own_inbox_of(target), subject=uri, public=False)


async def undo_follow(tx: Tx, actor: Account, target: Account, uri: str) -> None:
    undone = build.follow(uri, actor.uri, target.uri)
    document = build.undo(await new_id(tx), actor.uri, undone)
    await send(tx, actor, document, own_inbox_of(target), subject=uri, public=False)


async def answer_follow(
    tx: Tx, actor: Account, follower: Account, uri: str | None, *, accepted: bool
) -> None:
    """Accept or Reject, with the whole Follow embedded, as Lemmy wants it."""
    if follower.local or not actor.local or uri is None:
        return
    answered = build.follow(uri, follower.uri, actor.uri)
    make = build.accept if accepted else build.reject
    document = make(await new_id(tx), actor.uri, answered)
    await send(tx, actor, document, own_inbox_of(follower), subject=uri, public=False)


# Posts


async def publish(tx: Tx, author: Account, post: posts.Post) -> Json | None:
    """Create, to everybody whom the post is for. None for a remote author."""
    if not author.local:
        return None
    document = build.create(await new_id(tx), author.uri, await wire.post(tx, post))
    return await _to_audience(tx, author, post, document)


async def publish_edit(tx: Tx, author: Account, post: posts.Post) -> Json | None:
    if not author.local:
        return None
    document = build.update(await new_id(tx), author.uri, await wire.post(tx, post))
    return await _to_audience(tx, author, post, document, await _by_boosts(tx, post))


async def publish_delete(tx: Tx, author: Account, post: posts.Post) -> Json | None:
    """Delete with a Tombstone; called before the row goes, as it needs the audience."""
    if not author.local:
        return None
    gone = build.tombstone(post.uri, post.kind.capitalize(), tx.now)
    to, cc = await _named(tx, post)
    document = build.delete(await new_id(tx), author.uri, gone, to=to, cc=cc)
    return await _to_audience(tx, author, post, document, await _by_boosts(tx, post))


async def _named(tx: Tx, post: posts.Post) -> tuple[list[str], list[str]]:
    """Of what was not for everybody, nobody else is told that it is gone."""
    if post.is_public:
        return [PUBLIC], []
    return wire_values.named(await wire.post(tx, post))


async def _by_boosts(tx: Tx, post: posts.Post) -> Inboxes:
    """Where boosts by accounts of ours, communities among them, have brought a post. Of what is for
    members their community tells them."""
    if post.visibility == "members":
        return {}
    boosts = await posts.boosts_of(tx.conn, post.id)
    boosters = await accounts.by_ids(tx.conn, [boost_.account_id for boost_ in boosts])
    reached: Inboxes = {}
    for booster in boosters.values():
        if booster.local:
            reached |= await followers(tx, booster.id)
    return reached


async def take_back_boosts(tx: Tx, post: posts.Post) -> None:
    """A post of another server is gone: who had it from a boost of ours would never hear of it."""
    for boost_ in await posts.boosts_of(tx.conn, post.id):
        booster = await accounts.by_id(tx.conn, boost_.account_id)
        if booster:
            await undo_boost(tx, booster, post, boost_)


async def _to_audience(
    tx: Tx, author: Account, post: posts.Post, document: Json, beyond: Inboxes | None = None
) -> Json:
    inboxes = await audience(tx, author, post) | (beyond or {})
    return await send(tx, author, document, inboxes, subject=post.uri, public=post.is_public)


async def audience(tx: Tx, author: Account, post: posts.Post) -> Inboxes:
    """Followers (unless direct), who is mentioned, answered or (in public) quoted, who voted, and a remote
    community. What is for members goes to their community alone, which brings it to them.

    Who voted need not follow: snac and Mastodon look at the counts that they are sent, and ask for no others.
    """
    if post.visibility == "members":
        return inbox_of(await accounts.by_id(tx.conn, post.community_id or 0))
    named = [m.account_id for m in await posts.mentions(tx.conn, [post.id])]
    if post.kind == "question" or post.is_call:
        named += await polls.voters(tx.conn, post.id)
    quoted = post.quoted_account_id if post.is_public else None
    extra = [post.in_reply_to_account_id, post.community_id, quoted]
    people = await accounts.by_ids(tx.conn, [i for i in (*named, *extra) if i is not None])
    inboxes = inbox_of(*people.values())
    if post.visibility != "direct":
        inboxes |= await followers(tx, author.id)
    return inboxes


async def boost(tx: Tx, actor: Account, boosted: posts.Post, boost_: posts.Post) -> None:
    if actor.local:
        await _about_boost(tx, actor, boosted, boost_, await wire.boost(tx, boost_, boosted))


async def undo_boost(tx: Tx, actor: Account, boosted: posts.Post, boost_: posts.Post) -> None:
    if actor.local:
        undone = await wire.boost(tx, boost_, boosted)
        document = build.undo(await new_id(tx), actor.uri, undone)
        await _about_boost(tx, actor, boosted, boost_, document)


async def _about_boost(
    tx: Tx, actor: Account, boosted: posts.Post, boost_: posts.Post, document: Json
) -> None:
    """To the followers of who boosted, and to the author."""
    author = await accounts.by_id(tx.conn, boosted.account_id)
    inboxes = await followers(tx, actor.id) | inbox_of(author)
    await send(tx, actor, document, inboxes, subject=boosted.uri, public=boost_.is_public)


async def like(tx: Tx, actor: Account, post: posts.Post, uri: str) -> Json | None:
    return await _vote(tx, actor, post, build.like(uri, actor.uri, post.uri))


async def undo_like(tx: Tx, actor: Account, post: posts.Post, uri: str) -> Json | None:
    return await _undo_vote(tx, actor, post, build.like(uri, actor.uri, post.uri))


async def dislike(tx: Tx, actor: Account, post: posts.Post, uri: str) -> Json | None:
    return await _vote(tx, actor, post, build.dislike(uri, actor.uri, post.uri))


async def undo_dislike(tx: Tx, actor: Account, post: posts.Post, uri: str) -> Json | None:
    return await _undo_vote(tx, actor, post, build.dislike(uri, actor.uri, post.uri))


async def _vote(tx: Tx, actor: Account, post: posts.Post, document: Json) -> Json | None:
    """To the author and, for a post of a remote community, to the community. None for a remote actor."""
    if not actor.local:
        return None
    inboxes = await _author_and_community(tx, post)
    return await send(tx, actor, document, inboxes, subject=post.uri, public=post.is_public)


async def _undo_vote(tx: Tx, actor: Account, post: posts.Post, undone: Json) -> Json | None:
    if not actor.local:
        return None
    return await _vote(tx, actor, post, build.undo(await new_id(tx), actor.uri, undone))


async def _author_and_community(tx: Tx, post: posts.Post) -> Inboxes:
    ids = [i for i in (post.account_id, post.community_id) if i is not None]
    return inbox_of(*(await accounts.by_ids(tx.conn, ids)).values())


async def feature_tag(tx: Tx, actor: Account, name: str, *, added: bool) -> None:
    """Add to or Remove from what a profile shows: Mastodon reads a Hashtag with the featured collection."""
    make = build.add if added else build.remove
    tag = build.hashtag(name, tx.site.urls.base)
    followed_by = [actor.followers_uri or ""]
    document = make(await new_id(tx), actor.uri, tag, actor.featured_uri or "", cc=followed_by)
    inboxes = await followers(tx, actor.id)
    await send(tx, actor, document, inboxes, subject=actor.uri, public=True)


async def profile(tx: Tx, actor: Account) -> None:
    """Update of an account of ours, to everybody who follows it."""
    to, cc, public = await members_of(tx, actor)
    document = build.update(await new_id(tx), actor.uri, await wire.actor(tx, actor), to=to, cc=cc)
    inboxes = await followers(tx, actor.id)
    await send(tx, actor, document, inboxes, subject=actor.uri, public=public)


async def move(tx: Tx, actor: Account, target: Account) -> None:
    """Tell who follows an account of ours where to follow it from now on."""
    followers_uri = actor.followers_uri or ""
    document = build.move(await new_id(tx), actor.uri, target.uri, followers=followers_uri)
    inboxes = await followers(tx, actor.id)
    _, _, public = await members_of(tx, actor)
    await send(tx, actor, document, inboxes, subject=actor.uri, public=public)


async def leave(tx: Tx, actor: Account, inboxes: Inboxes) -> None:
    """Delete of an account of ours, for good; ``inboxes``: of who followed it."""
    document = build.delete(await new_id(tx), actor.uri, actor.uri)
    await send(tx, actor, document, inboxes, subject=actor.uri, public=True)


async def flag(tx: Tx, us: Account, target: Account, posts_: Sequence[str], comment: str) -> None:
    """Report a remote account, with these posts of it, to its server; ``us``: the instance's actor."""
    document = build.flag(await new_id(tx), us.uri, [target.uri, *posts_], comment, to=[target.uri])
    await send(tx, us, document, own_inbox_of(target), subject=target.uri, public=False)


async def flag_to_group(
    tx: Tx, us: Account, group: Account, post: posts.Post, comment: str
) -> None:
    """Report one post to the group in which it stands, to whose moderators Lemmy brings it."""
    document = build.flag(await new_id(tx), us.uri, post.uri, comment, to=[group.uri])
    inboxes = own_inbox_of(group)
    await send(tx, us, document, inboxes, subject=post.uri, public=False)


# Quotes


async def request_quote(tx: Tx, actor: Account, quoting: posts.Post, quoted: posts.Post) -> None:
    """QuoteRequest, with the whole post: its author may not be able to fetch it."""
    author = await accounts.by_id(tx.conn, quoted.account_id)
    if author is None or author.local:
        return
    uri, whole = wire.quote_request_id(quoting), await wire.post(tx, quoting)
    document = build.quote_request(uri, actor.uri, quoted.uri, whole, to=[author.uri])
    await send(tx, actor, document, own_inbox_of(author), subject=quoting.uri, public=False)


async def answer_quote(
    tx: Tx,
    actor: Account,
    asker: Account,
    quoting: posts.Post,
    quoted_uri: str,
    uri: str,
    stamp: str | None,
) -> None:
    """Accept with the stamp, or Reject without one."""
    asked = build.quote_request(uri, asker.uri, quoted_uri, quoting.uri, to=[actor.uri])
    document = build.answer_quote(await new_id(tx), actor.uri, asked, stamp)
    await send(tx, actor, document, own_inbox_of(asker), subject=quoting.uri, public=False)


async def revoke_quote(tx: Tx, actor: Account, quoting: posts.Post, quoted: posts.Post) -> None:
    """Delete of the stamp, by whose it is, to all who may show the quote as far as we know them."""
    stamp = await wire.stamp(tx, quoting, quoted)
    quoter = await accounts.by_id(tx.conn, quoting.account_id)
    inboxes = inbox_of(quoter)
    if quoting.is_public:
        inboxes |= await followers(tx, actor.id)
    actor = await wire.quoted_as(tx, quoting.quote_stamp or "", quoted)
    document = build.delete_stamp(await new_id(tx), actor.uri, stamp)
    if quoter and quoter.local:
        inboxes |= await audience(tx, quoter, quoting)
    await send(tx, actor, document, inboxes, subject=quoting.uri, public=quoting.is_public)


# Polls


async def votes(
    tx: Tx, voter: Account, poll: posts.Post, choices: Sequence[tuple[str, str]]
) -> None:
    """``choices``: (id, title), one Create each, to the author of the poll only (FEP-9967)."""
    author = await accounts.by_id(tx.conn, poll.account_id)
    if author is None or author.local:
        return
    for uri, title in choices:
        cast = wire.vote(poll.uri, author.uri, voter, uri, title)
        document = build.create(f"{uri}/activity", voter.uri, cast)
        await send(tx, voter, document, own_inbox_of(author), subject=poll.uri, public=False)


# Communities


async def announce(
    tx: Tx,
    community: Account,
    document: Mapping[str, object],
    post: posts.Post | None,
    *,
    also: Inboxes | None = None,
    subject: str | None = None,
) -> None:
    """Spread an activity to the members of a community of ours, and of a private one to nobody else.

    Who reads groups gets the activity embedded, unchanged. Microblogs get a bare boost, and only of a
    thread's head: ``post`` is then the head, and None for everything else. ``also``: whom it concerns
    besides, where they read groups. ``subject``: what orders it, where the document does not name it.
    """
    tx.carried.append(community.id)
    by_form = await _by_embedding(tx, community, also or {})
    to, cc, public = await members_of(tx, community)
    if by_form[True]:
        wrapped = build.announce(await new_id(tx), community.uri, document, to=to, cc=cc)
        about = subject or _subject(document)
        await send(tx, community, wrapped, by_form[True], subject=about, public=public)
    if post and public:
        boost_ = await posts.boost_of(tx.conn, community.id, post.id)
        if boost_:
            bare = await wire.boost(tx, boost_, post)
            await send(tx, community, bare, by_form[False], subject=post.uri, public=True)


async def members_of(tx: Tx, actor: Account) -> tuple[list[str], list[str], bool]:
    """``to`` and ``cc`` of what an account says to all who follow it, and whether it is public."""
    followers_uri = actor.followers_uri or ""
    closed_elsewhere = actor.is_group and not actor.local and actor.locked
    if closed_elsewhere or await communities.is_private(tx.conn, actor.id):
        return [followers_uri], [], False
    return [PUBLIC], [followers_uri], True


async def invite(tx: Tx, actor: Account, community: Account, invited: Account, uri: str) -> None:
    """Tell somebody that they may join: by Mobilizon's Invite, or here by a notification."""
    document = build.invite(uri, actor.uri, community.uri, invited.uri)
    await send(tx, actor, document, own_inbox_of(invited), subject=uri, public=False)


async def answer_invite(
    tx: Tx, actor: Account, by: Account, to: str, uri: str, *, accepted: bool
) -> None:
    """Accept or Reject of an Invite, with the whole of it embedded. ``to``: the group or event."""
    asked = build.invite(uri, by.uri, to, actor.uri)
    make = build.accept if accepted else build.reject
    document = make(await new_id(tx), actor.uri, asked)
    await send(tx, actor, document, own_inbox_of(by), subject=uri, public=False)


async def offer_tie(tx: Tx, group: Account, other: Account, uri: str) -> None:
    """A community of ours asks a group of another server that they show each other."""
    document = build_relationship.offer(uri, group.uri, other.uri)
    await send(tx, group, document, own_inbox_of(other), subject=uri, public=False)


async def undo_tie(tx: Tx, group: Account, other: Account, uri: str) -> None:
    undone = build_relationship.offer(uri, group.uri, other.uri)
    document = build.undo(await new_id(tx), group.uri, undone)
    await send(tx, group, document, own_inbox_of(other), subject=uri, public=False)


async def answer_tie(tx: Tx, group: Account, other: Account, uri: str, *, accepted: bool) -> None:
    """``uri``: of the Offer of ``other``."""
    asked = build_relationship.offer(uri, other.uri, group.uri)
    make = build.accept if accepted else build.reject
    document = make(await new_id(tx), group.uri, asked)
    await send(tx, group, document, own_inbox_of(other), subject=uri, public=False)


async def _by_embedding(tx: Tx, community: Account, also: Inboxes) -> dict[bool, Inboxes]:
    reached = await followers(tx, community.id)
    known = await outbox.hosts(tx.conn, sorted({*reached.values(), *also.values()}))
    parted: dict[bool, Inboxes] = {True: {}, False: {}}
    for inbox, host in (also | reached).items():
        software = known[host].software if host in known else None
        embeds = forms.embeds(software)
        if embeds or inbox in reached:
            parted[embeds][inbox] = host
    return parted


def _subject(document: Mapping[str, object]) -> str:
    inner = document.get("object")
    if isinstance(inner, Mapping):
        return str(inner.get("id", document["id"]))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    return str(inner)


# Here at home


async def tell(
    tx: Tx,
    recipients: Iterable[Account],
    type_: str,
    actor: Account,
    post_id: int | None,
    *,
    about: Mapping[str, Any] | None = None,
) -> None:
    """Notify those of the recipients who are persons of ours, as far as they want to be told.

    Nobody is told of their own acts, but of what the server does to them (``OF_ONESELF``). ``about``:
    the report, warning or event of a type that has one, as clients are shown it.
    """
    people = [a for a in recipients if a.local and a.kind == "person"]
    own = type_ in notifications.OF_ONESELF
    ids = [a.id for a in people if own or a.id != actor.id]
    await _tell(tx, ids, type_, actor, post_id, about)


async def _tell(
    tx: Tx,
    ids: Sequence[int],
    type_: str,
    actor: Account,
    post_id: int | None,
    about: Mapping[str, Any] | None = None,
) -> None:
    """Everything that anybody is told passes here."""
    if not ids:
        return
    told = await notifications.tell(tx, ids, type_, actor.id, post_id, about)
    await ring(tx, [row for row in told if not row.filtered])


async def ring(tx: Tx, told: Sequence[Notification]) -> None:
    """These rows are new: they reach who has a stream open, and whose telephone may ring."""
    tx.happened(*(events.notification(row.account_id, row.id) for row in told))
    waiting = await pushes.add(tx.conn, [row.id for row in told], tx.now)
    tx.wake(lanes.PUSH, map(str, waiting), tx.now)


async def show(tx: Tx, author: Account, post: posts.Post) -> None:
    """Put a new post or boost into the homes where it belongs."""
    readers = await _readers(tx, author, post)
    ids = [r.account_id for r in readers] + await tags.spread(tx, author, post)
    if author.local and author.kind == "person":
        ids.append(author.id)
    if ids:
        await timelines.fan_out(tx.conn, ids, post.id, post.reblog_of_id or post.id)
    appear(tx, post)
    if author.is_group and post.reblog_of_id:
        await _tell_members(tx, author, post.reblog_of_id)
    if _is_news(post):
        await _tell(tx, [r.account_id for r in readers if r.notify], "status", author, post.id)


async def _tell_members(tx: Tx, community: Account, head_id: int) -> None:
    """A community brings a new thread: its members hear of it as far as each wants to (domain/members/attention.py)."""
    head = await posts.by_id(tx.conn, head_id)
    writer = await accounts.by_id(tx.conn, head.account_id) if head else None
    if head and writer and head.is_head and head.community_id == community.id:
        loud = head.is_call or await attention.announces(tx.conn, head)
        members = await attention.listeners(tx.conn, head, loud=loud)
        await _tell(tx, members, "status", writer, head.id)


async def _readers(tx: Tx, author: Account, post: posts.Post) -> list[timelines.Reader]:
    """What is for members comes to them through their community."""
    if post.visibility == "members":
        return []
    direct = post.visibility == "direct"
    return await timelines.readers(
        tx.conn,
        author.id,
        boost=post.reblog_of_id is not None,
        reply_to=post.in_reply_to_account_id,
        only_mentioned_in=post.id if direct else None,
        subject_id=post.reblog_of_id or post.id,
    )


def _is_news(post: posts.Post) -> bool:
    """What a follower who asked for it is told of: not boosts, and answers to oneself only."""
    return post.reblog_of_id is None and post.in_reply_to_account_id in (None, post.account_id)


def appear(tx: Tx, post: posts.Post) -> None:
    """A new post or boost is where it belongs: whoever looks there sees it come."""
    tx.happened(Event(events.POST, post.id))


def changed(tx: Tx, post_id: int) -> None:
    """Whoever looks at a post sees it change."""
    tx.happened(Event(events.EDIT, post_id))


async def recount(tx: Tx, post_id: int) -> None:
    """Whoever looks at a poll or a call sees its counts change, once in ``RECOUNT``, however many vote."""
    at = tx.now + RECOUNT
    await tx.later(f"recount:{post_id}", "recount", {"post_id": post_id}, at)


async def vanish(tx: Tx, post: posts.Post) -> None:
    """Whoever looks at a post sees it go; called before the row goes, as it needs the audience."""
    audience = await events.audience(tx.conn, post.id, None, boosted=True)
    if audience:
        tx.happened(*events.deleted(post.id, [*audience.channels, *audience.lists]))
    for boost_ in await events.boosts_in_homes(tx.conn, post.id):
        tx.happened(*events.deleted(boost_.post_id, map(events.home, boost_.home)))
