"""What a member wants to post, as plain values: it can be kept for later and becomes a ``Typed`` then.

A client's request and a scheduled post take the same way: ids are looked up when the post is written, with
the eyes of its author, so that what was deleted or hidden in between is refused and not published.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from server import text
from server.domain import sight
from server.domain.posting import media, quotes
from server.domain.posting.drafts import PollDraft, Typed
from server.domain.tx import Tx
from storage.accounts import Account
from storage.posts import Post


@dataclass(frozen=True, slots=True)
class WantedPoll:
    """``expires_in``: seconds from when it is published."""

    options: tuple[str, ...]
    expires_in: int
    multiple: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """Numbers, texts and flags only."""

    text: str = ""
    visibility: str = "public"
    title: str = ""
    summary: str = ""
    sensitive: bool = False
    language: str | None = None
    in_reply_to_id: int | None = None
    community_id: int | None = None
    poll: WantedPoll | None = None
    app_id: int | None = None
    media_ids: tuple[int, ...] = ()
    quoted_id: int | None = None
    quote_policy: str | None = None


async def typed(tx: Tx, author: Account, wanted: Wanted) -> Typed:
    """Raises ``NotFound`` where the post answered or quoted or the community is not there for the author;
    ``Forbidden`` where it may not be quoted; ``Invalid`` for files that cannot be used."""
    parent, community = wanted.in_reply_to_id, wanted.community_id
    return Typed(
        text=wanted.text,
        visibility=wanted.visibility,
        title=wanted.title,
        summary=wanted.summary,
        sensitive=wanted.sensitive,
        language=wanted.language,
        in_reply_to=None if parent is None else await sight.subject(tx, parent, author),
        community=None if community is None else await sight.group(tx, community, author),
        poll=_poll(tx, wanted.poll) if wanted.poll else None,
        app_id=wanted.app_id,
        attachments=await media.choose(tx, author, wanted.media_ids),
        quote=None if wanted.quoted_id is None else await _quoted(tx, author, wanted.quoted_id),
        quote_policy=wanted.quote_policy,
    )


async def _quoted(tx: Tx, author: Account, post_id: int) -> Post:
    found = await sight.subject(tx, post_id, author)
    await quotes.require(tx, author, found)
    return found


def _poll(tx: Tx, wanted: WantedPoll) -> PollDraft:
    return PollDraft(
        options=tuple((text.one_line(title), 0) for title in wanted.options),
        multiple=wanted.multiple,
        ends_at=tx.now + timedelta(seconds=wanted.expires_in),
    )
