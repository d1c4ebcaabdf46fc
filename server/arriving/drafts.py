"""What another server published, as the drafts and details that the verbs take.

Names become the accounts that we know, HTML is cleaned, and every list and text is bounded.
"""

from __future__ import annotations

from typing import Any

from federation import addressing
from federation.objects import Attachment, Event, Post, QuoteAuthorization, QuotePolicy
from federation.vocab import PUBLIC
from server import text
from server.domain import calls, communities, posts, quotes, sight, wire
from server.domain.tx import Tx
from storage import accounts
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Details

KINDS = frozenset({"note", "page", "article", "question", "event"})
STATES = {"cancelled": "cancelled", "postponed": "postponed"}
MAX_ATTACHMENTS = 16
MAX_TAGS = 30


def plain_kind(draft: posts.Draft) -> str:
    """An event that cannot be answered is shown as a post."""
    return "other" if draft.kind == "event" else draft.kind


async def meant_by(tx: Tx, uri: str) -> post_rows.Post | None:
    """The post or call of this id; of a boost what is boosted: boosts of boosts would go round for ever."""
    post = await calls.known_by(tx, uri)
    boosted = post.reblog_of_id if post else None
    return post if boosted is None else await post_rows.by_id(tx.conn, boosted)


async def open_to(tx: Tx, by: Account, uri: str) -> post_rows.Post | None:
    """The post or call of this id; one of ours that is not for whoever acts is as if it were not here."""
    post = await meant_by(tx, uri)
    # Of others only their server knows who may see it; blocks are the verbs' business.
    if post is None or not post.local or post.is_public or await _is_in_group_elsewhere(tx, post):
        return post
    return post if await sight.visible(tx, [post], by) else None


async def _is_in_group_elsewhere(tx: Tx, post: post_rows.Post) -> bool:
    """Whether it is for the members of a group of another server: who they are, only that one knows."""
    if post.visibility != "members" or post.community_id is None:
        return False
    group = await accounts.by_id(tx.conn, post.community_id)
    return group is not None and not group.local


async def draft_of(
    tx: Tx, author: Account, value: Post, stamp: QuoteAuthorization | None = None
) -> posts.Draft:
    """A remote post as a draft: HTML cleaned, names turned into the accounts that we know.

    ``stamp``: what its author shows as the approval to quote, from the server of who vouches.
    """
    mentioned = await accounts.by_uris(
        tx.conn, [m.href for m in value.mentions][: posts.MAX_MENTIONS]
    )
    html = value.content if value.media_type == "text/html" else text.from_plain(value.content)
    parent = await open_to(tx, author, value.in_reply_to) if value.in_reply_to else None
    visibility, community = await _place(tx, author, value, parent)
    return posts.Draft(
        kind=value.kind if value.kind in KINDS else "other",
        visibility=visibility,
        title=text.one_line(value.name) if value.kind not in ("note", "question") else "",
        content=text.clean(html),
        summary=text.one_line(value.summary),
        sensitive=value.sensitive,
        language=value.language,
        url=value.url,
        in_reply_to=parent,
        community=community,
        mentions=tuple(a for a in mentioned.values() if a.kind != "application"),
        tags=tuple(tag.lower() for tag in value.hashtags[:MAX_TAGS]),
        emojis=_emojis(value),
        attachments=tuple(_attachment(a) for a in value.attachments[:MAX_ATTACHMENTS]),
        poll=_poll_of(value),
        published_at=value.published,
        edited_at=value.updated,
        quote=await _quote_of(tx, author, value, stamp),
        quote_policy=_quote_policy(author, value.quote_policy),
    )


async def _quote_of(
    tx: Tx, author: Account, value: Post, stamp: QuoteAuthorization | None
) -> quotes.Quoting | None:
    """What it quotes, where that is known and was not meant for few people: else the link in the text
    remains."""
    quoted = await calls.known_by(tx, value.quote) if value.quote else None
    if quoted is None or quoted.reblog_of_id is not None or quoted.uri == value.id:
        return None
    own = quoted.account_id == author.id and quoted.visibility != "members"
    if not quoted.is_public and not own:
        return None
    vouches = await accounts.by_id(tx.conn, quoted.account_id)
    named = (value.id, quoted.uri, vouches.uri if vouches else None)
    approved = stamp and (stamp.interacting, stamp.target, stamp.attributed_to) == named
    return quotes.Quoting(quoted, stamp.id if stamp and approved else None)


def _quote_policy(author: Account, said: QuotePolicy | None) -> quotes.Policy:
    if said is None:
        return quotes.NOBODY
    return quotes.Policy(_who(author, said.automatic), _who(author, said.manual))


def _who(author: Account, named: tuple[str, ...]) -> tuple[str, ...]:
    """Ids of collections as words; the author alone is nobody."""
    words = {PUBLIC: "public", author.followers_uri: "followers"}
    found = (words.get(uri, "unsupported_policy") for uri in named if uri != author.uri)
    return tuple(dict.fromkeys(found))


async def _place(
    tx: Tx, author: Account, value: Post, parent: post_rows.Post | None
) -> tuple[str, Account | None]:
    """Who may see it, and the community in which it lives: for a post to few people, only where those
    are the members of a private one."""
    found = await _community_of(tx, value, parent)
    closed = found if found and await communities.may_be_private(tx, found) else None
    members = closed.followers_uri if closed else None
    visibility = addressing.visibility_of(value.to, value.cc, author.followers_uri, members)
    open_to_more = visibility in ("public", "unlisted", "members")
    return visibility, found if open_to_more else None


async def _community_of(tx: Tx, value: Post, parent: post_rows.Post | None) -> Account | None:
    """What it answers decides; else the audience, else the first group that it is addressed to."""
    if parent and parent.community_id:
        return await accounts.by_id(tx.conn, parent.community_id)
    named = [value.audience] if value.audience else [*value.to, *value.cc][:50]
    found = await accounts.by_uris(tx.conn, named)
    groups = [found[uri] for uri in named if uri in found and found[uri].is_group]
    return groups[0] if groups else None


def _poll_of(value: Post) -> posts.PollDraft | None:
    if value.call or value.event:
        titles = [o.name for o in value.call.answers] if value.call else []
        known = titles if len(titles) == len(calls.ANSWERS) else list(wire.ANSWERS)
        return posts.PollDraft(tuple((text.one_line(t, 100), 0) for t in known))
    if value.poll is None:
        return None
    return posts.PollDraft(
        options=tuple((text.one_line(o.name, 500), o.votes) for o in value.poll.options),
        multiple=value.poll.multiple,
        # Pleroma calls the time at which a poll will end ``closed``, and says no other.
        ends_at=value.poll.end_time or value.poll.closed_at,
        closed_at=value.poll.closed_at if value.poll.end_time else None,
        voters_count=value.poll.voters_count,
    )


def _emojis(value: Post) -> tuple[dict[str, str], ...]:
    offered = [{"shortcode": e.shortcode, "url": e.url} for e in value.emojis]
    options = [option.name for option in value.poll.options] if value.poll else []
    said = (value.content, value.summary, value.name, *options)
    return tuple(text.emojis_used(offered, *said))


def _attachment(value: Attachment) -> dict[str, Any]:
    return {
        "url": value.url,
        "kind": value.kind,
        "media_type": value.media_type,
        "description": value.description[:1500],
        "width": value.width,
        "height": value.height,
        "blurhash": value.blurhash,
        "focus": list(value.focus) if value.focus else None,
        "preview": value.preview,
    }


def details_of(event: Event) -> Details:
    """When, where and for how many, as columns."""
    place = event.place
    address = place.address if place else None
    parts = (
        (address.street, address.postal_code, address.locality, address.country) if address else ()
    )
    return Details(
        starts_at=event.start,
        ends_at=event.end if event.end and event.end >= event.start else None,
        timezone=event.timezone or "UTC",
        place_name=text.one_line(place.name) if place else "",
        place_address=text.one_line(", ".join(p for p in parts if p)),
        latitude=place.latitude if place else None,
        longitude=place.longitude if place else None,
        capacity=event.capacity or None,
        join_mode=event.join_mode,
        external_url=event.external_url,
    )


def reported_of(value: Post) -> calls.Reported:
    """The counts and the state that the host of a call, or of any event, tells."""
    assert value.event, "a call that we read is an event"
    votes = [o.votes for o in value.call.answers[:3]] if value.call else []
    going, maybe, declined = votes if len(votes) == 3 else (value.event.participant_count, 0, 0)
    return calls.Reported(
        going=going,
        maybe=maybe,
        declined=declined,
        waiting=value.call.waiting if value.call else 0,
        state=STATES.get(value.event.status, "open"),
        card_uri=value.call.card if value.call else None,
    )
