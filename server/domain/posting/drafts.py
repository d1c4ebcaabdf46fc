"""What somebody wrote, as values: checked, and with the people, the community and the tags that it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from server import text
from server.domain.groups import communities
from server.domain.posting import quotes
from server.domain.tx import Tx
from server.errors import Invalid
from server.i18n import mark
from storage import accounts
from storage.accounts import Account
from storage.posts import Post

MAX_CHARACTERS = 5000
MAX_OPTIONS = 8
MAX_OPTION_CHARACTERS = 100
MIN_POLL = timedelta(minutes=5)
MAX_POLL = timedelta(days=31)
MAX_MENTIONS = 50


@dataclass(frozen=True, slots=True)
class PollDraft:
    options: tuple[tuple[str, int], ...]  # titles, with the votes so far
    multiple: bool = False
    ends_at: datetime | None = None
    closed_at: datetime | None = None
    voters_count: int | None = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """A post before it is written. ``content`` is HTML that was cleaned already."""

    kind: str = "note"
    visibility: str = "public"
    title: str = ""
    content: str = ""
    source: str = ""
    summary: str = ""
    sensitive: bool = False
    language: str | None = None
    url: str | None = None
    in_reply_to: Post | None = None
    community: Account | None = None
    mentions: tuple[Account, ...] = ()
    tags: tuple[str, ...] = ()
    attachments: tuple[dict[str, Any], ...] = ()
    poll: PollDraft | None = None
    published_at: datetime | None = None
    edited_at: datetime | None = None  # of a version that comes from elsewhere
    app_id: int | None = None
    quote: quotes.Quoting | None = None
    quote_policy: quotes.Policy = quotes.NOBODY
    emojis: tuple[dict[str, Any], ...] = ()  # of other servers

    @property
    def is_call(self) -> bool:
        """As ``Post.is_call``."""
        return self.kind in ("event", "call")


@dataclass(frozen=True, slots=True)
class Typed:
    """What a member typed, before handles and tags in it are looked up."""

    text: str
    visibility: str = "public"
    title: str = ""
    summary: str = ""
    sensitive: bool = False
    language: str | None = None
    in_reply_to: Post | None = None
    community: Account | None = None
    poll: PollDraft | None = None
    app_id: int | None = None
    attachments: tuple[dict[str, Any], ...] = ()  # from ``media.choose``
    quote: Post | None = None
    quote_policy: str | None = None  # None: as its author has chosen for all posts
    edited: Post | None = None  # the post that gets this text: what it quotes and its poll stay


async def draft(tx: Tx, author: Account, typed: Typed) -> Draft:
    """Turn what was typed into a draft: handles that we know become mentions. Raises ``Invalid``."""
    check(tx, typed)
    found = await _mentioned(tx, typed.text)
    parent = typed.in_reply_to
    community = await _community_of(tx, typed, list(found.values()))
    urls = {key: account.url for key, account in found.items()}
    named = {a.id: a for a in found.values() if a.id != author.id}
    visibility = _visibility_of(author, typed, named)
    if community and (_is_closed(parent) or await communities.is_private(tx, community)):
        visibility = "members"
    return Draft(
        kind="question" if typed.poll else ("page" if typed.title and community else "note"),
        visibility=visibility,
        title=text.one_line(typed.title),
        content=text.compose(typed.text, urls, tx.site.urls.tag),
        source=typed.text,
        summary=text.one_line(typed.summary),
        sensitive=typed.sensitive or bool(typed.summary),
        language=typed.language,
        in_reply_to=parent,
        community=community,
        mentions=tuple(named.values())[:MAX_MENTIONS],
        tags=tuple(text.hashtags(typed.text)),
        attachments=typed.attachments,
        poll=typed.poll,
        app_id=typed.app_id,
        quote=quotes.Quoting(typed.quote) if typed.quote else None,
        quote_policy=quotes.policy_named(typed.quote_policy or author.quote_policy, visibility),
    )


def _visibility_of(author: Account, typed: Typed, named: Mapping[int, Account]) -> str:
    """What quotes a post for followers is for followers too. Raises ``Invalid``: a private message about
    somebody's post goes to them, too."""
    if typed.quote is None:
        return typed.visibility
    of_other = typed.quote.account_id != author.id
    if typed.visibility == "direct" and of_other and typed.quote.account_id not in named:
        raise Invalid(
            "Validation failed: The author of the quoted post must be mentioned", field="visibility"
        )
    narrowed = typed.quote.visibility == "private" and typed.visibility in ("public", "unlisted")
    return "private" if narrowed else typed.visibility


def check(tx: Tx, typed: Typed) -> None:
    """Raises ``Invalid`` for what cannot be posted."""
    asks = typed.poll or (typed.edited and typed.edited.kind == "question")
    quoting = typed.quote or (typed.edited and typed.edited.quote_state)
    if not typed.text.strip() and not (asks or quoting or typed.attachments):
        raise Invalid("Validation failed: Text can't be blank", field="status")
    if len(typed.text) + len(typed.summary) > MAX_CHARACTERS:
        raise Invalid(
            mark(
                "Validation failed: Text character limit of %(most)s exceeded", most=MAX_CHARACTERS
            ),
            field="status",
        )
    if typed.visibility not in ("public", "unlisted", "private", "direct"):
        raise Invalid(
            "Validation failed: Visibility is not included in the list", field="visibility"
        )
    if asks and typed.attachments:
        raise Invalid("Validation failed: A post has a poll or files", field="media_ids")
    if typed.poll:
        _check_poll(tx, typed.poll)


def _check_poll(tx: Tx, poll: PollDraft) -> None:
    titles = [title.strip() for title, _ in poll.options]
    if not 2 <= len(titles) <= MAX_OPTIONS:
        raise Invalid(
            mark("Validation failed: A poll has 2 to %(most)s options", most=MAX_OPTIONS),
            field="poll",
        )
    if any(not t or len(t) > MAX_OPTION_CHARACTERS for t in titles):
        raise Invalid(
            mark(
                "Validation failed: An option has 1 to %(most)s characters",
                most=MAX_OPTION_CHARACTERS,
            ),
            field="poll",
        )
    if len(set(titles)) != len(titles):
        raise Invalid("Validation failed: Options must differ", field="poll")
    if poll.ends_at and not MIN_POLL <= poll.ends_at - tx.now <= MAX_POLL + MIN_POLL:
        raise Invalid("Validation failed: A poll runs for 5 minutes to 31 days", field="poll")


async def _mentioned(tx: Tx, typed: str) -> dict[tuple[str, str], Account]:
    found: dict[tuple[str, str], Account] = {}
    for name, host in text.handles(typed)[:MAX_MENTIONS]:
        ours = "" if host == tx.site.urls.domain else host
        account = await accounts.by_handle(tx.conn, name, ours)
        if account and account.kind != "application" and not account.waiting:
            found[name, host] = account
    return found


async def _community_of(tx: Tx, typed: Typed, named: Sequence[Account]) -> Account | None:
    """A reply stays where it answers; else the community chosen, else the first one mentioned."""
    if typed.visibility == "direct":
        return None
    if typed.visibility == "private" and not await _for_members(tx, typed):
        return None
    if typed.in_reply_to:
        inherited = typed.in_reply_to.community_id
        return await accounts.by_id(tx.conn, inherited) if inherited else None
    return typed.community or next((a for a in named if a.is_group), None)


async def _for_members(tx: Tx, typed: Typed) -> bool:
    """Whether "followers only" means the members: clients show so what is for them, and answer alike."""
    if typed.in_reply_to:
        return _is_closed(typed.in_reply_to)
    return typed.community is not None and await communities.is_private(tx, typed.community)


def _is_closed(parent: Post | None) -> bool:
    return parent is not None and parent.visibility == "members"
