"""Previews of links: which address of a post gets one, and when its page is asked.

The first address in a public or unlisted post that names no person and no tag, and no address of ours; of a
link post of the threadiverse, that link; none where the post has media, which is shown instead. A post for
fewer people has none: that its link was opened would tell of it.

A page is asked by a job (server/jobs/cards.py), once for all posts, some seconds after the post was
published or came: many servers ask the same page for the same post, and should not all at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta
from urllib.parse import urldefrag, urlsplit

from server import text
from server.domain.tx import Tx
from storage import cards
from storage.accounts import Account
from storage.posts import Post

URL_MAX = 2048
FRESH = timedelta(days=7)
SPREAD = 60.0
"""Seconds over which the arrival of a post makes servers ask for its link."""
JOB = "fetch_card"


async def note(tx: Tx, post: Post, named: Sequence[Account], *, news: bool) -> None:
    """Remember what a post leads to; of a new one, have the page asked unless it was lately."""
    url = leading(post, named, tx.site.urls.base)
    if url or post.edited_at:  # a new post has nothing to take back
        await cards.link(tx.conn, post.id, url)
    if url is None or not news or not tx.site.federates:
        return
    if not await cards.is_fresh(tx.conn, url, tx.now - FRESH):
        wait = 0.0 if post.local else secrets.randbelow(1000) / 1000 * SPREAD
        lane = f"card:{urlsplit(url).hostname}"
        await tx.later(lane, JOB, {"url": url}, tx.now + timedelta(seconds=wait))


def leading(post: Post, named: Iterable[Account], base: str) -> str | None:
    """The address that gets the preview of a post, or None. ``base``: of our own addresses."""
    if not post.is_public or post.reblog_of_id is not None or post.is_call:
        return None
    if any(a.get("kind") != "link" for a in post.attachments):
        return None
    people = {address for account in named for address in (account.url, account.uri)}
    pointed = [str(a.get("url")) for a in post.attachments]
    for given in [*pointed, *text.links(post.content)]:
        url = urldefrag(given).url
        if given not in people and not url.startswith(base) and _can_be_asked(url):
            return url
    return None


def _can_be_asked(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and len(url) <= URL_MAX
    except ValueError:
        return False
