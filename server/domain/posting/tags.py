"""Tags: following one brings its public posts home. What a profile features: ``featured``."""

from __future__ import annotations

from datetime import timedelta

from server import text
from server.domain.tx import Tx
from storage import tags
from storage.accounts import Account
from storage.posts import Post

NAME_MAX = 100  # characters
COUNTED = 30
"""Tags of one post that are counted and looked for in what people follow; more are an attempt to be seen."""
SHOWN = timedelta(days=7)


def name_of(given: str) -> str | None:
    """A tag's one spelling, without # and in lower case; None for what can be no tag."""
    name = given.strip().removeprefix("#").lower()
    return name if len(name) <= NAME_MAX and text.hashtags(f"#{name}") == [name] else None


async def spread(tx: Tx, author: Account, post: Post) -> list[int]:
    """Count the tags of a new post, and find who follows one of them.

    Public posts only, and no boosts: nobody chose these to be found.
    """
    names = post.tags[:COUNTED]
    if not names or post.visibility != "public" or post.reblog_of_id is not None:
        return []
    await tags.use(tx.conn, names, author.id, post.published_at.date())
    return await tags.readers(tx.conn, names, author.id)


async def forget(tx: Tx) -> None:
    """Drop the counts of days that nobody is shown any more."""
    await tags.forget(tx.conn, (tx.now - SHOWN - timedelta(days=1)).date())
