"""Posts as the client API shows them: everything is a ``Status``.

A titled post and a call become HTML that reads well in any client; a call carries its poll. ``content``
is clean already (it was cleaned at the door); titles and places are plain text and escaped here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote as percent_encoded

from server import text
from server.clock import stamp
from server.render import bundle, card, media, poll, quote
from server.render.bundle import Bundle
from server.render.emoji import emojis
from server.render.view import Json, View, maybe_stamp
from storage.calls import Call
from storage.marks import Marks
from storage.posts import Edit, Mentioned, Post

WARNED = ("note", "question")
"""Kinds whose summary is a warning; the summary of others is a description."""

SHOWN_AS = {"members": "private"}
"""What the client API has no word for: fewer than the followers, and not the author's."""

UNMARKED = Marks(
    0, favourited=False, bookmarked=False, reblogged=False, pinned=False, muted=False, filters=None
)


async def statuses(view: View, shown: Sequence[Post], boosted: Mapping[int, Post]) -> list[Json]:
    """The page in its order. ``boosted`` holds what the boosts in it boost."""
    loaded = await bundle.load(view, shown, boosted)
    return [status(loaded, post) for post in shown]


def status(b: Bundle, post: Post) -> Json:
    if post.reblog_of_id is None:
        return _status(b, post)
    return _boost(b, post, _status(b, b.boosted[post.reblog_of_id]))


def _status(b: Bundle, post: Post, *, quoted: bool = False) -> Json:
    """``quoted``: inside another one, where what it quotes in turn is named only."""
    call = b.ballots.calls.get(post.id)
    about = None if post.quote_state is None else quote.state(b.quotes, post)
    text_ = content(post, call)
    entity: Json = {
        "id": str(post.id),
        "uri": post.uri,
        "url": post.url,
        "created_at": stamp(post.published_at),
        "edited_at": maybe_stamp(post.edited_at),
        "account": b.people[post.account_id],
        "content": _with_link(text_, about[1]) if about and about[1] else text_,
        "visibility": SHOWN_AS.get(post.visibility, post.visibility),
        "sensitive": post.sensitive or _is_marked(b, post),
        "spoiler_text": post.summary if post.kind in WARNED else "",
        "language": post.language,
        "in_reply_to_id": _id(post.in_reply_to_id),
        "in_reply_to_account_id": _id(post.in_reply_to_account_id),
        "replies_count": post.replies_count,
        "reblogs_count": post.reblogs_count,
        "favourites_count": post.favourites_count,
        "quotes_count": post.quotes_count,
        "media_attachments": _files(b, post, post.attachments),
        "mentions": [_mention(m) for m in b.mentions.get(post.id, ())],
        "tags": [{"name": t, "url": b.urls.tag(percent_encoded(t))} for t in post.tags],
        "emojis": emojis(b.urls, post.emojis),
        "card": card.card(b.urls, b.cards.get(post.id)),
        "poll": _poll(b, post, call),
        "reblog": None,
        "quote": _quote(b, *about, shallow=quoted) if about else None,
        "quote_approval": quote.approval(post, b.quotable[post.id]),
    }
    app = b.apps.get(post.app_id) if post.app_id is not None else None
    if app:
        entity["application"] = {"name": app.name, "website": app.website or None}
    if post.held:
        entity["held"] = True
    if b.viewer_id is not None:
        _mark(entity, b, post)
    return entity


def _is_marked(b: Bundle, post: Post) -> bool:
    """Moderators hide the media of some; not from themselves."""
    author = b.authors[post.account_id]
    return bool(author.sensitized_at and post.attachments and b.viewer_id != author.id)


def _files(b: Bundle, post: Post, entries: Sequence[Json]) -> list[Json]:
    """Nothing of a host whose media are refused."""
    if not entries or b.authors[post.account_id].media_refused:
        return []
    return media.attachments(b.urls, post, entries)


def _with_link(html: str, quoted: Post) -> str:
    """Clients that know no quotes find it in the text, as Mastodon (4.5) has it; others hide it by its class."""
    return text.quote_link(quoted.url) + text.without_quote_link(html)


def _quote(b: Bundle, state: str, inner: Post | None, *, shallow: bool) -> Json:
    """``Quote``, or ``ShallowQuote``."""
    if shallow:
        return {"state": state, "quoted_status_id": _id(inner.id if inner else None)}
    return {"state": state, "quoted_status": _status(b, inner, quoted=True) if inner else None}


def _mark(entity: Json, b: Bundle, post: Post) -> None:
    marks = b.marks.get(post.id, UNMARKED)
    entity["favourited"] = marks.favourited
    entity["reblogged"] = marks.reblogged
    entity["bookmarked"] = marks.bookmarked
    entity["muted"] = marks.muted
    entity["filtered"] = b.filtered.get(post.id, [])
    if post.account_id == b.viewer_id and post.is_public:
        entity["pinned"] = marks.pinned


def _boost(b: Bundle, boost: Post, inner: Json) -> Json:
    """The wrapper has its own id, time and author; the counts and marks are those of the post."""
    own: Json = {
        "id": str(boost.id),
        "uri": boost.uri,
        "url": boost.url,
        "created_at": stamp(boost.published_at),
        "edited_at": None,
        "account": b.people[boost.account_id],
        "content": "",
        "visibility": boost.visibility,
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "media_attachments": [],
        "mentions": [],
        "tags": [],
        "card": None,
        "poll": None,
        "reblog": inner,
    }
    entity = inner | own
    for name in ("application", "pinned", "held"):
        entity.pop(name, None)
    return entity


def _mention(row: Mentioned) -> Json:
    acct = f"{row.username}@{row.host}" if row.host else row.username
    return {"id": str(row.account_id), "username": row.username, "url": row.url, "acct": acct}


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)


def _poll(b: Bundle, post: Post, call: Call | None) -> Json | None:
    row = b.ballots.polls.get(post.id)
    if row is None:
        return None
    options = b.ballots.options.get(post.id, ())
    if call:
        return poll.of_call(row, options, call, b.ballots.answers.get(post.id), b.now)
    own = post.account_id == b.viewer_id
    choices = None if b.viewer_id is None else b.ballots.choices.get(post.id, ())
    shown = poll.poll(row, options, b.now, choices, own=own)
    return shown | {"emojis": emojis(b.urls, post.emojis)}


def content(post: Post, call: Call | None) -> str:
    """The HTML of a post: with its title, and with what a microblog cannot show by other means."""
    if not post.title:
        return post.content + _links(post)
    title = f"<strong>{escape(post.title)}</strong>"
    if call:
        told = _when_and_where(call)
        head = f"{title}<br>{told}" if told else title
        return f"<p>{head}</p>{post.content}{_outcome(call)}{_link(post.url)}"
    elsewhere = not post.local and post.kind in ("article", "event", "call")
    link = _link(post.url) if elsewhere else ""
    return f"<p>{title}</p>{post.content}{_links(post)}{link}"


def _outcome(call: Call) -> str:
    return f"<p><strong>What came of it</strong></p>{call.outcome}" if call.outcome else ""


def _when_and_where(call: Call) -> str:
    state = text.CALL_STATES.get(call.state, "")
    place = ", ".join(part for part in (call.place_name, call.place_address) if part)
    time = text.when_or_until(call.starts_at, call.closes_at, call.timezone)
    lines = [state + time, place]
    return "<br>".join(escape(line) for line in lines if line)


def _links(post: Post) -> str:
    """What a link post of the threadiverse points to: it stands beside the text, not in it."""
    return "".join(_link(a["url"]) for a in post.attachments if a.get("kind") == "link")


def _link(address: str) -> str:
    url = escape(address)
    return f'<p><a href="{url}" rel="nofollow noopener noreferrer">{url}</a></p>'


def edits(b: Bundle, post: Post, former: Sequence[Edit]) -> list[Json]:
    """``StatusEdit`` each, oldest first; the last one is the present post."""
    present = _status(b, post)
    history = [_edit(b, post, row) | {"quote": present["quote"]} for row in former]
    history.append(
        {
            "content": present["content"],
            "spoiler_text": present["spoiler_text"],
            "sensitive": present["sensitive"],
            "created_at": present["edited_at"] or present["created_at"],
            "account": present["account"],
            "media_attachments": present["media_attachments"],
            "emojis": present["emojis"],
            "quote": present["quote"],
        }
    )
    return history


def _edit(b: Bundle, post: Post, row: Edit) -> Json:
    title = f"<p><strong>{escape(row.title)}</strong></p>" if row.title else ""
    return {
        "content": title + row.content,
        "spoiler_text": row.summary if post.kind in WARNED else "",
        "sensitive": row.sensitive or _is_marked(b, post),
        "created_at": stamp(row.created_at),
        "account": b.people[post.account_id],
        "media_attachments": _files(b, post, row.attachments),
        "emojis": emojis(b.urls, post.emojis),
    }
