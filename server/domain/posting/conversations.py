"""Conversations: direct posts, as each member who takes part finds them.

A direct post enters a conversation of every person of ours who wrote it or is named in it: the one of its
thread and its set of others, so that whoever is added later starts a conversation beside it. Nobody gets
one from somebody whom they block, or of a host that they block.
"""

from __future__ import annotations

from collections.abc import Sequence

from server.domain.tx import Tx
from storage import conversations, events, follows
from storage.accounts import Account
from storage.posts import Post


async def enter(
    tx: Tx,
    author: Account,
    post: Post,
    named: Sequence[Account],
    *,
    news: bool,
    for_: Sequence[Account] | None = None,
) -> None:
    """Who looks sees them grow. ``news`` is false for what arrived long after it was written: it is not told.

    ``for_``: those among them whose conversations it enters (None: all), where the others have it already.
    """
    people = {a.id: a for a in (author, *named)}
    blocking = await follows.blocking(tx.conn, author.id, sorted(people))
    readers = [
        a.id
        for a in (people.values() if for_ is None else for_)
        if a.local and a.kind == "person" and a.id not in blocking
    ]
    if not readers:
        return
    grown = await conversations.enter(
        tx.conn, post.id, post.thread_id, author.id, sorted(readers), sorted(people), news=news
    )
    if news:
        tx.happened(*(events.conversation(c.account_id, c.id) for c in grown))
