"""The next step: what whoever has answered a call may do then. Another call that they may see, or a page elsewhere.

A call that is over, called off or gone is no step: it is left out wherever it stood.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from server import text
from server.domain import sight
from server.domain.calling import sources
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from storage import calls, posts
from storage import next_steps as rows
from storage.accounts import Account
from storage.calls import Call
from storage.next_steps import Next
from storage.posts import Post

RUNNING = ("open", "postponed")


@dataclass(frozen=True, slots=True)
class Step:
    """``title``: of the call, or the host of the page; ``uri``: of the call on its own server."""

    call_id: int | None
    title: str
    url: str
    uri: str


def check(step: Next) -> None:
    """Raises ``Invalid`` naming the field."""
    if step.call_id is not None and step.url:
        raise Invalid("There is one next step: a call or a page.", field="next_url")
    if step.url and not sources.is_https(step.url):
        raise Invalid("The address is like https://example.org/join.", field="next_url")


async def put(tx: Tx, author: Account, post: Post, step: Next) -> None:
    """``author``: who names it, and sees it. Raises ``Invalid`` for a call that is not there, that is this one, or that
    those who answer this one may not see."""
    if step.call_id is not None:
        await _require_call(tx, author, post, step.call_id)
    await rows.put(tx.conn, post.id, step)


async def _require_call(tx: Tx, author: Account, post: Post, call_id: int) -> None:
    if call_id == post.id:
        raise Invalid("A call is not its own next step.", field="next_call_id")
    try:
        found = await sight.post(tx, call_id, author)
    except NotFound:
        found = None
    call = await calls.by_id(tx.conn, call_id) if found else None
    if found is None or call is None:
        raise Invalid("There is no such call.", field="next_call_id")
    if not _is_for_those(post, found):
        raise Invalid("Those who answer may not see that call.", field="next_call_id")


def _is_for_those(post: Post, step: Post) -> bool:
    return step.is_public or (not post.is_public and step.community_id == post.community_id)


async def hear(tx: Tx, post: Post, said: str | None) -> None:
    """What the server of a call names: a call that is known here, or the address of a page."""
    known = await posts.by_uri(tx.conn, said) if said else None
    if known and known.is_call and known.id != post.id and _is_for_those(post, known):
        await rows.put(tx.conn, post.id, Next(known.id, None))
    else:
        await rows.put(
            tx.conn, post.id, Next(None, said if said and sources.is_https(said) else None)
        )


async def shown(tx: Tx, ids: Sequence[int], viewer: Account | None) -> Mapping[int, Step]:
    """By call, as far as the viewer (None: a stranger) may see it."""
    named = await rows.of_calls(tx.conn, ids)
    further = sorted({step.call_id for step in named.values() if step.call_id is not None})
    seen = {p.id: p for p in await sight.posts_by_ids(tx, further, viewer)} if further else {}
    known = await calls.by_ids(tx.conn, further) if further else {}
    found = {i: _step(tx, step, seen, known) for i, step in named.items()}
    return {i: step for i, step in found.items() if step}


def _step(tx: Tx, step: Next, seen: Mapping[int, Post], known: Mapping[int, Call]) -> Step | None:
    if step.call_id is None:
        assert step.url, "the table has one of them"
        return Step(None, urlsplit(step.url).hostname or step.url, step.url, step.url)
    post, call = seen.get(step.call_id), known.get(step.call_id)
    over = call is None or call.state not in RUNNING or (call.over_at or tx.now) < tx.now
    if post is None or over:
        return None
    return Step(post.id, post.title or "", tx.site.urls.call(post.id), post.uri)


async def of(tx: Tx, post_id: int, viewer: Account | None) -> Step | None:
    return (await shown(tx, [post_id], viewer)).get(post_id)


async def as_html(tx: Tx, post_id: int, reader: Account | None) -> str:
    """For a message to who answered; empty where there is none."""
    step = await of(tx, post_id, reader)
    if step is None:
        return ""
    return f' Next: <a href="{text.escape(step.url)}">{text.escape(step.title)}</a>'


async def as_text(tx: Tx, post_id: int, reader: Account | None) -> str:
    """Its title and address, for a mail; empty where there is none."""
    step = await of(tx, post_id, reader)
    return f"{step.title} {step.url}" if step else ""
