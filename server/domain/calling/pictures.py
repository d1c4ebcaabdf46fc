"""The pictures of a call, and of what came of it: up to four files, each with words for those who do not see it.

Those of a call are the files of its post, by its author, so that its history keeps them, other servers get them as attachments, and they go
with it. An edit of the text alone leaves them. Those of its outcome are in the post by which the community tells it:
who uploaded them hands them over, and they stay when that person goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server.domain.posting import media
from server.domain.posting.media import Change, Entry
from server.domain.tx import Tx
from server.errors import Invalid
from storage import media as rows
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
    return _described(await media.choose(tx, author, ids, post=post))


async def hand_over(
    tx: Tx, uploader: Account, community: Account, ids: Sequence[int] | None, post: Post | None
) -> tuple[Entry, ...]:
    """What the community's ``post`` is to show with these files of an organiser; None: what it shows. The same is raised:
    what is another's stays theirs, and so is nothing that the community has."""
    if ids:
        await rows.hand_over(tx.conn, uploader.id, community.id, ids)
    return await choose(tx, community, ids, post)


async def describe(
    tx: Tx, owner: Account, words: Mapping[int, str], post: Post | None = None
) -> None:
    """Say in these words what files of the owner show, as far as nothing else shows them. Raises ``Invalid``."""
    found = await rows.of_account(tx.conn, owner.id, list(words)) if words else {}
    for row in found.values():
        free = row.use == "post" and row.post_id in (None, post.id if post else None)
        if free and row.description != words[row.id]:
            await media.describe(tx, row, Change(row.id, words[row.id]))


def _described(chosen: tuple[Entry, ...]) -> tuple[Entry, ...]:
    if not all(each["description"] for each in chosen):
        raise Invalid("Say in words what each picture shows.", field="media_ids")
    return chosen


def refuse_for_later(ids: Sequence[int] | None) -> None:
    """Raises ``Invalid`` for what becomes a call another day: a file that is not shown goes after one."""
    if ids:
        raise Invalid("Pictures are added once the call is made.", field="media_ids")
