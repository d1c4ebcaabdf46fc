"""Quotes as the client API shows them: as the viewer stands to what is quoted.

A quoted post is shown whole, what it quotes in turn by its id only. What the viewer may not see is
``unauthorized``, whatever its author approved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.render.view import Json, View
from storage import quotes
from storage.posts import Post


@dataclass(frozen=True, slots=True)
class Quotes:
    """``shown``: the quoted posts of a page and what they quote, as far as the viewer may see them.
    ``standing``: how each of these stands. ``whole``: those that the page itself quotes."""

    shown: Mapping[int, Post]
    standing: Mapping[int, str]
    whole: Sequence[Post]


NO_QUOTES = Quotes({}, {}, ())


async def load(view: View, page: Sequence[Post]) -> Quotes:
    """One query for the posts, and what it takes to know who may see them."""
    ids = sorted({p.quote_id for p in page if p.quote_id and p.quote_state == "accepted"})
    if not ids:
        return NO_QUOTES
    found = await quotes.quoted(view.conn, ids)
    standing = await view.standing(list(found.values()))
    shown = {i: p for i, p in found.items() if i in standing}
    return Quotes(shown, standing, [shown[i] for i in ids if i in shown])


def state(q: Quotes, post: Post) -> tuple[str, Post | None]:
    """How the quote of a post stands for the viewer, and what is quoted where it is shown."""
    if post.quote_id is None:
        return "deleted", None
    if post.quote_state != "accepted":
        return post.quote_state or "unauthorized", None
    return q.standing.get(post.quote_id, "unauthorized"), q.shown.get(post.quote_id)


def approval(post: Post, current_user: str) -> Json:
    """``QuoteApproval``."""
    return {
        "automatic": list(post.quote_automatic),
        "manual": list(post.quote_manual),
        "current_user": current_user,
    }
