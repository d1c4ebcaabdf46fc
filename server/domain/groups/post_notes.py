"""A steward's note: a few public words beside a post of their community, as on what is in dispute.

It is shown by Beckon's API with the role of who wrote it. It does not leave: the post is its author's, and no
server would show our words beside it.
"""

from __future__ import annotations

from server import text
from server.domain import policy
from server.domain.moderating import group_moderation
from server.domain.moderating.group_moderation import Steward
from server.domain.tx import Tx
from server.errors import Invalid
from server.i18n import mark
from storage import post_notes as rows
from storage.posts import Post

WORDS_MAX = 500


async def put(tx: Tx, by: Steward, post: Post, words: str) -> None:
    """In place of one that stands; no words take it away. Raises ``Invalid``, ``Forbidden``."""
    if post.community_id != by.community.id or not by.community.local:
        policy.NOT_IN_COMMUNITY.require()
    said = text.one_line(words)
    if len(words) > WORDS_MAX:
        raise Invalid(mark("A note has at most %(most)s characters.", most=WORDS_MAX), field="text")
    if said:
        await rows.put(tx.conn, post.id, said, by.role, by.account.id, tx.now)
    elif not await rows.drop(tx.conn, post.id):
        return
    await group_moderation.log(tx, by, "note", said, post=post)
