"""The page of a post: a thread from its head, or one comment with what answers it.

Only public and unlisted posts have a page, for members too: what is for fewer people is read in an app.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from server.context import context
from server.domain import sight
from server.domain.tx import Tx
from server.errors import GoneError, NotFound
from server.web import answers, listed, session
from server.web.listed import ShownPost
from server.web.session import Viewer
from storage import polls, posts
from storage.posts import Post

COMMENTS = 300


async def require(tx: Tx, post_id: int, uri: str, viewer: Viewer | None = None) -> Post:
    """A post that the viewer, or a stranger, may see. Raises ``NotFound``; ``GoneError`` for what was public at
    ``uri``."""
    try:
        return await sight.post(tx, post_id, viewer.account if viewer else None)
    except NotFound:
        grave = await posts.tombstone(tx.conn, uri)
        if grave and grave.kind:
            raise GoneError("This post was deleted.") from None
        raise


async def post(request: web.Request) -> web.Response:
    """``GET /posts/{id}`` by a browser."""
    viewer = await session.viewer(request)
    number = answers.number(request)
    async with context(request).work.reading() as tx:
        found = await require(tx, number, tx.site.urls.post(number))
        if found.reblog_of_id:
            await sight.subject(tx, number, None)
            return answers.moved(f"/posts/{found.reblog_of_id}")
        if found.is_call:
            return answers.moved(f"/calls/{found.id}")
        thread = await posts.thread(tx.conn, found.thread_id, COMMENTS)
        shown = await listed.shown_posts(tx, [found, *below(thread, found)])
        if not shown or shown[0].post.id != found.id:
            raise NotFound
        head = None if found.is_head else await listed.posts_by_ids(tx, [found.thread_id])
        options = await polls.options(tx.conn, [found.id]) if found.kind == "question" else []
    return answers.page(
        request, "post.html", viewer,
        shown=shown[0], head=head[0] if head else None, comments=shown[1:], options=options,
        parents=_authors(shown),
    )  # fmt: skip


def below(thread: Sequence[Post], top: Post) -> list[Post]:
    """What answers ``top``, directly or not, oldest first."""
    inside = {top.id}
    found: list[Post] = []
    for row in thread:
        if row.in_reply_to_id in inside and row.id not in inside:
            inside.add(row.id)
            found.append(row)
    return found


def _authors(shown: Sequence[ShownPost]) -> dict[int, str]:
    """The handle of whom each comment answers."""
    return {s.post.id: s.author.handle for s in shown}
