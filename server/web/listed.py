"""Posts and calls as pages list them: each with who wrote it and where, in a fixed number of queries.

Pages are public, so lists show what a stranger may see, whoever looks (domain/sight.py); what a private community
calls to stands on the pages of its members (``viewer``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from server import text
from server.domain import sight
from server.domain.tx import Tx
from storage import accounts, posts
from storage.accounts import Account
from storage.calls import Call
from storage.posts import Post

PUBLIC = ("public", "unlisted")


@dataclass(frozen=True, slots=True)
class ShownPost:
    post: Post
    author: Account
    community: Account | None

    @property
    def path(self) -> str:
        part = "calls" if self.post.is_call else "posts"
        return f"/{part}/{self.post.id}"


@dataclass(frozen=True, slots=True)
class ShownCall:
    post: Post
    call: Call
    community: Account

    @property
    def path(self) -> str:
        return f"/calls/{self.post.id}"


async def shown_posts(
    tx: Tx, found: Sequence[Post], viewer: Account | None = None
) -> list[ShownPost]:
    """What of these a stranger, or ``viewer``, may see, in the same order."""
    seen = await _with_quotes(tx, await sight.visible(tx, found, viewer))
    named = {p.account_id for p in seen} | {p.community_id for p in seen if p.community_id}
    by_id = await accounts.by_ids(tx.conn, sorted(named))
    return [
        ShownPost(p, by_id[p.account_id], by_id.get(p.community_id or 0))
        for p in seen
        if not by_id[p.account_id].suspended_at
    ]


async def _with_quotes(tx: Tx, seen: Sequence[Post]) -> list[Post]:
    """Posts of ours that quote begin with a link to it, as those of other servers do."""
    ids = [p.quote_id for p in seen if p.local and p.quote_id and p.quote_state == "accepted"]
    if not ids:
        return list(seen)
    quoted = await sight.visible(tx, (await posts.by_ids(tx.conn, ids)).values(), None)
    links = {p.id: text.quote_link(p.url) for p in quoted}
    return [
        replace(p, content=links.get(p.quote_id or 0, "") + p.content) if p.local else p
        for p in seen
    ]


async def posts_by_ids(tx: Tx, ids: Sequence[int]) -> list[ShownPost]:
    rows = await posts.by_ids(tx.conn, ids)
    return await shown_posts(tx, [rows[i] for i in ids if i in rows])


async def shown_calls(
    tx: Tx, found: Sequence[Call], viewer: Account | None = None
) -> list[ShownCall]:
    """As ``shown_posts``."""
    calls = {call.post_id: call for call in found}
    seen = await sight.posts_by_ids(tx, list(calls), viewer)
    hosts = await accounts.by_ids(tx.conn, sorted({c.community_id for c in found}))
    return [ShownCall(p, calls[p.id], hosts[calls[p.id].community_id]) for p in seen]
