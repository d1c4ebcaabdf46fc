"""The pictures of a call: up to four files of its author, each with words for those who do not see it.

They are the files of its post, so that its history keeps them, other servers get them as attachments, and they go
with it. An edit of the text alone leaves them.
"""

from __future__ import annotations

from collections.abc import Sequence

from server.domain.posting import media
from server.domain.posting.media import Entry
from server.domain.tx import Tx
from server.errors import Invalid
from storage.accounts import Account
from storage.posts import Post


async def choose(
    tx: Tx, author: Account, ids: Sequence[int] | None, post: Post | None = None
) -> tuple[Entry, ...]:
    """What a call shows with these files; None: what it showed. ``post``: the one that is edited.

    Raises ``Invalid`` as ``media.choose``, and for what nobody described.
    """
    if ids is None:
        return tuple(post.attachments) if post else ()
    chosen = await media.choose(tx, author, ids, post=post)
    if not all(each["description"] for each in chosen):
        raise Invalid("Say in words what each picture shows.", field="media_ids")
    return chosen


def refuse_for_later(ids: Sequence[int] | None) -> None:
    """Raises ``Invalid`` for what becomes a call another day: a file that is not shown goes after one."""
    if ids:
        raise Invalid("Pictures are added once the call is made.", field="media_ids")
