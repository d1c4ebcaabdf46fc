"""Files that members upload: taken, described, shown in one post, and at last removed.

A row is written before its files and removed before them; the files go by a job after the commit. So
whatever fails leaves a row that the daily cleaning finds, and never a file that nobody knows.

What a post shows is a list of entries in its ``attachments``, with the keys of federation's Attachment and
some of our own: it is what its history keeps and what other servers are sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from server import blobs, text
from server.decoding.made import Made
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from server.urls import Urls
from storage import accounts, media
from storage.accounts import Account
from storage.db import next_id
from storage.media import Media
from storage.posts import Post

MAX_FILES = 4
DESCRIPTION_MAX = 1_500
IDLE = timedelta(days=1)
"""How long what no post shows is kept: a member may be writing still, or redrafting a deleted post."""
STALE = timedelta(minutes=10)
"""What is not ready after that was lost with the process that worked on it."""
AT_ONCE = 500

Entry = dict[str, Any]
Focus = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be said of a file; None leaves it as it is."""

    id: int
    description: str | None = None
    focus: Focus | None = None


async def begin(
    tx: Tx, owner: Account, kind: str, description: str = "", focus: Focus | None = None
) -> Media:
    """A row for what is being uploaded. Raises ``Invalid`` for a description that is too long."""
    media_id = await next_id(tx.conn, tx.now)
    return await media.insert(
        tx.conn, media_id, owner.id, kind, _description(description), focus, tx.now
    )


def _description(value: str) -> str:
    if len(value) > DESCRIPTION_MAX:
        raise Invalid(
            mark(
                "Validation failed: Description is too long (maximum is %(most)s characters)",
                most=DESCRIPTION_MAX,
            ),
            field="description",
        )
    return value.strip()


async def finish(tx: Tx, media_id: int, made: Made) -> Media:
    """Its files are in their place. Raises ``NotFound`` where it was deleted meanwhile."""
    meta = {"original": asdict(made.original), "small": made.small and asdict(made.small)}
    facts = {"duration": made.duration, "frame_rate": made.frame_rate, "bitrate": made.bitrate}
    row = await media.ready(tx.conn, media_id, made.kind, meta | facts, made.blurhash)
    if row is None:
        raise NotFound
    return row


def is_lost(tx: Tx, row: Media) -> bool:
    """Whether it will never be ready."""
    return row.state == "failed" or (row.state == "waiting" and tx.now - row.created_at > STALE)


async def own(tx: Tx, owner: Account, media_id: int) -> Media:
    """Raises ``NotFound`` where it is another's, or what a profile shows."""
    row = (await media.of_account(tx.conn, owner.id, [media_id])).get(media_id)
    if row is None or row.use != "post":
        raise NotFound
    return row


async def unattached(tx: Tx, owner: Account, media_id: int) -> Media:
    """As ``own``; what a post shows, or will at its time, is changed by editing the post."""
    row = await own(tx, owner, media_id)
    if row.post_id is not None or row.scheduled_id is not None:
        raise NotFound
    return row


async def describe(tx: Tx, row: Media, change: Change) -> Media:
    """Raises ``Invalid``."""
    description = (
        row.description if change.description is None else _description(change.description)
    )
    focus = row.focus if change.focus is None else change.focus
    return await media.describe(tx.conn, row.id, description, focus)


async def coverable(tx: Tx, owner: Account, media_id: int) -> Media:
    """As ``unattached``; raises ``Invalid`` for a picture, and for what is not ready."""
    row = await unattached(tx, owner, media_id)
    if row.state != "ready" or row.kind not in ("video", "audio"):
        raise Invalid(
            "Validation failed: Only a video or audio that is ready can have a thumbnail",
            field="thumbnail",
        )
    return row


async def cover(tx: Tx, row: Media, key: str, made: Made) -> Media:
    """Show the file ``key`` before it is played; what was shown goes. Raises ``NotFound``."""
    held = (await media.of_account(tx.conn, row.account_id or 0, [row.id])).get(row.id)
    if held is None or held.post_id is not None or held.scheduled_id is not None:
        raise NotFound
    kept = [held.keys[0], key]
    await drop_files(tx, "own", [each for each in held.keys if each not in kept])
    return await media.cover(tx.conn, row.id, kept, asdict(made.original), made.blurhash)


async def discard(tx: Tx, row: Media) -> None:
    """Remove it and its files. Raises ``Invalid`` while a post shows it, or waits to."""
    if row.post_id is not None or row.scheduled_id is not None:
        raise Invalid("Media attachment is currently used by a status", field="id")
    await _remove(tx, [row.id])


async def _remove(tx: Tx, ids: Sequence[int]) -> None:
    await drop_files(tx, "own", await media.delete(tx.conn, ids))


async def drop_files(tx: Tx, store: str, keys: Sequence[str]) -> None:
    """After the commit. ``store``: ``own`` or ``cache``."""
    if keys:
        args = {"store": store, "keys": sorted(keys)}
        await tx.later("files", "drop_files", args, tx.now)


# In posts


async def choose(
    tx: Tx,
    author: Account,
    ids: Sequence[int],
    *,
    post: Post | None = None,
    changes: Sequence[Change] = (),
) -> tuple[Entry, ...]:
    """What a post of the author would show with these files, in this order.

    ``post``: the one that is edited, which keeps its own. Raises ``Invalid`` for what is another's, used,
    not ready, too much, or does not go together.
    """
    if len(ids) > MAX_FILES:
        raise Invalid(
            mark("Validation failed: Cannot attach more than %(most)s files", most=MAX_FILES),
            field="media_ids",
        )
    found = await media.of_account(tx.conn, author.id, ids) if ids else {}
    rows = [_usable(found.get(each), post) for each in dict.fromkeys(ids)]
    if len(rows) > 1 and any(row.kind in ("video", "audio") for row in rows):
        raise Invalid(
            "Validation failed: Cannot attach a video to a post that already contains images",
            field="media_ids",
        )
    said = {change.id: change for change in changes}
    rows = [await describe(tx, row, said[row.id]) if row.id in said else row for row in rows]
    return tuple(entry(tx.site.urls, row) for row in rows)


def _usable(row: Media | None, post: Post | None) -> Media:
    mine = row and row.post_id in (None, post.id if post else None)
    if row is None or not mine or row.use != "post" or row.scheduled_id is not None:
        raise Invalid("Validation failed: Media is not there or already used", field="media_ids")
    if row.state != "ready":
        raise Invalid(
            "Cannot attach files that have not finished processing. Try again in a moment!",
            field="media_ids",
        )
    return row


async def attach(tx: Tx, post: Post) -> None:
    """The files that a post of ours shows are its own from now on. Raises ``Invalid``."""
    ids = [int(each["id"]) for each in post.attachments if "id" in each]
    if ids and await media.attach(tx.conn, post.account_id, ids, post.id) != len(ids):
        raise Invalid("Validation failed: Media is already used", field="media_ids")


async def reserve(tx: Tx, owner: Account, ids: Sequence[int], scheduled_id: int) -> None:
    """Keep files for a post that waits for its time, however long. Raises ``Invalid``."""
    wanted = set(ids)
    if await media.reserve(tx.conn, owner.id, sorted(wanted), scheduled_id) != len(wanted):
        raise Invalid("Validation failed: Media is already used", field="media_ids")


async def release(tx: Tx, post: Post, *, discarded: bool = False) -> None:
    """Its post goes: a redraft may use the files again within a day, unless they go too."""
    if discarded:
        await _remove(tx, await media.ids_of_post(tx.conn, post.id))
    else:
        await media.release(tx.conn, post.id, tx.now)


def entry(urls: Urls, row: Media) -> Entry:
    """What a post keeps of a file that is ready."""
    original, small = row.meta["original"], row.meta["small"]
    return {
        "id": str(row.id),
        "kind": row.kind,
        "url": urls.media(row.keys[0]),
        "media_type": blobs.media_type(row.keys[0]),
        "description": row.description,
        "width": original["width"] or None,
        "height": original["height"] or None,
        "blurhash": row.blurhash,
        "focus": row.focus,
        "preview": urls.media(row.keys[1]) if small else None,
        "small": [small["width"], small["height"]] if small else None,
        "duration": row.meta["duration"],
        "frame_rate": row.meta["frame_rate"],
        "bitrate": row.meta["bitrate"],
    }


# On profiles


async def set_pictures(
    tx: Tx,
    account: Account,
    *,
    avatar: Media | None = None,
    header: Media | None = None,
    avatar_description: str | None = None,
    header_description: str | None = None,
) -> Account:
    """Show these on the profile; None leaves one as it is. The caller tells the followers."""
    urls = tx.site.urls
    for row, use in ((avatar, "avatar"), (header, "header")):
        if row:
            await _remove(tx, await media.ids_of_use(tx.conn, account.id, use))
            await media.use(tx.conn, row.id, use)
    return await accounts.set_pictures(
        tx.conn,
        account.id,
        urls.media(avatar.keys[0]) if avatar else account.avatar_url,
        urls.media(header.keys[0]) if header else account.header_url,
        _said(avatar_description, account.avatar_description),
        _said(header_description, account.header_description),
    )


def _said(given: str | None, old: str) -> str:
    return old if given is None else text.one_line(_description(given), DESCRIPTION_MAX)


async def drop_picture(tx: Tx, account: Account, use: str) -> Account:
    """``use``: avatar or header. Its description goes with it."""
    await _remove(tx, await media.ids_of_use(tx.conn, account.id, use))
    keep_avatar, keep_header = use != "avatar", use != "header"
    return await accounts.set_pictures(
        tx.conn,
        account.id,
        account.avatar_url if keep_avatar else None,
        account.header_url if keep_header else None,
        account.avatar_description if keep_avatar else "",
        account.header_description if keep_header else "",
    )


# Every day


async def clean(tx: Tx) -> None:
    """What no post shows or waits for since a day, and what belonged to accounts that are gone."""
    await _remove(tx, await media.idle(tx.conn, tx.now - IDLE, AT_ONCE))


async def forget_copies(tx: Tx) -> None:
    """All files of other servers, the oldest first: they are fetched again when somebody looks."""
    ever = tx.now + timedelta(days=36500)
    await drop_files(tx, "cache", await media.forget_remote(tx.conn, ever, AT_ONCE))


async def forget_remote(tx: Tx) -> None:
    """Files of other servers that were kept for their time."""
    await drop_files(tx, "cache", await media.forget_remote(tx.conn, tx.now, AT_ONCE))
