"""A member's archive, in the shape of Mastodon's (``app/services/backup_service.rb``): ``actor.json``, ``outbox.json``,
``likes.json``, ``bookmarks.json``, the pictures of the profile, and ``media_attachments/``.

It is written to a file of this machine a page of posts and a piece of a file at a time, whatever there is of them, and
then put into the store. Names in it are ours: of a file its random one, and nothing of what somebody typed. For what is
too much for one lease of the lane there is no time: ``left_out`` counts the files that are not in it.
"""

from __future__ import annotations

import asyncio
import tempfile
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import orjson

from server.arriving.resolve import Net
from server.blobs import MissingError, Store, Stores
from server.domain import wire
from server.domain.members import own_archives as verbs
from server.domain.tx import Tx
from storage import accounts, own_archives, takeout
from storage import posts as post_rows
from storage.accounts import Account
from storage.jobs import Job

PAGE = 100
POSTS = 100_000
LISTED = 10_000
BYTES = 1024**3
PATIENCE = timedelta(minutes=3)
"""For files, from the beginning on: less than what a lane is leased for."""
CONTEXT = "https://www.w3.org/ns/activitystreams"


async def run(net: Net, job: Job) -> None:
    """``key``: the name that the file gets."""
    key = str(job.args["key"])
    async with net.work.reading() as tx:
        asked = await own_archives.by_key(tx.conn, key)
        account = await accounts.by_id(tx.conn, asked.account_id) if asked else None
    if account is None or net.stores is None or asked is None or asked.made_at:
        return
    with tempfile.TemporaryDirectory(prefix="beckon-archive-") as folder:
        path = Path(folder) / "archive.zip"
        left_out = await _write(net, net.stores, account, path)
        await net.stores.archives.put(key, path)
        size = path.stat().st_size
    async with net.work.transaction() as tx:
        await verbs.finish(tx, account, key, size, left_out)


async def dropped(tx: Tx, job: Job) -> None:
    await verbs.give_up(tx, str(job.args["key"]))


async def _write(net: Net, stores: Stores, account: Account, path: Path) -> int:
    """Gives how many files are not in it."""
    until = net.work.clock.now() + PATIENCE
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        faces = await _faces(net, stores.own, account, file)
        async with net.work.reading() as tx:
            told = await wire.actor(tx, account)
            liked = await own_archives.liked(tx.conn, account.id, LISTED)
            kept = await takeout.bookmarked(tx.conn, account.id)
        own = {name: {"type": "Image", "url": where} for name, where in faces.items()}
        lists = {"outbox": "outbox.json", "likes": "likes.json", "bookmarks": "bookmarks.json"}
        file.writestr("actor.json", _json({**told, **own, **lists}))
        file.writestr("likes.json", _collection("likes.json", liked))
        file.writestr("bookmarks.json", _collection("bookmarks.json", kept))
        await _outbox(net, account, file)
        return await _files(net, stores.own, account, file, until)


def _json(told: object) -> bytes:
    return orjson.dumps(told, option=orjson.OPT_INDENT_2)


def _collection(name: str, uris: list[str]) -> bytes:
    return _json(
        {"@context": CONTEXT, "id": name, "type": "OrderedCollection", "totalItems": len(uris), "orderedItems": uris}
    )  # fmt: skip


# Posts


async def _outbox(net: Net, account: Account, file: zipfile.ZipFile) -> None:
    """An item at a time: the number of all of them is known at the end."""
    many = 0
    with file.open("outbox.json", "w", force_zip64=True) as out:
        out.write(
            b'{"@context":%b,"id":"outbox.json","type":"OrderedCollection","orderedItems":['
            % _json(CONTEXT)
        )
        async for page in _pages(net, account):
            body = b"".join(
                b",\n" * (many + at > 0) + orjson.dumps(item) for at, item in enumerate(page)
            )
            await asyncio.to_thread(out.write, body)
            many += len(page)
        out.write(b'],"totalItems":%d}' % many)


async def _pages(net: Net, account: Account) -> AsyncIterator[list[dict[str, object]]]:
    after = 0
    for _ in range(POSTS // PAGE):
        async with net.work.reading() as tx:
            rows = await own_archives.posts(tx.conn, account.id, after, PAGE)
            items = [item for row in rows if (item := await _item(tx, row))]
        if not rows:
            return
        after = rows[-1].id
        yield items


async def _item(tx: Tx, row: post_rows.Post) -> dict[str, object] | None:
    """As an outbox lists it; of what somebody else wrote, where it is."""
    if row.reblog_of_id is None:
        return _at_home(await wire.create(tx, row))
    boosted = await post_rows.by_id(tx.conn, row.reblog_of_id)
    return await wire.boost(tx, row, boosted) if boosted else None


def _at_home(item: dict[str, object]) -> dict[str, object]:
    """With its files where they lie in the archive."""
    told = cast("dict[str, Any]", item["object"])
    for each in told.get("attachment", ()):
        url = str(each.get("url", ""))
        if "/media/" in url:
            each["url"] = f"media_attachments/{url.rpartition('/')[2]}"
    return item


# Files


@dataclass(slots=True)
class _Room:
    bytes: int


async def _faces(net: Net, store: Store, account: Account, file: zipfile.ZipFile) -> dict[str, str]:
    """``icon`` and ``image`` of the profile, as far as there are any, by their names in the archive."""
    found: dict[str, str] = {}
    for use, name in (("avatar", "icon"), ("header", "image")):
        async with net.work.reading() as tx:
            key = await own_archives.face(tx.conn, account.id, use)
        where = f"{use}.{key.rpartition('.')[2]}" if key else ""
        if key and await _copy(store, key, file, where, _Room(BYTES)):
            found[name] = where
    return found


async def _files(
    net: Net, store: Store, account: Account, file: zipfile.ZipFile, until: datetime
) -> int:
    async with net.work.reading() as tx:
        keys = await own_archives.files(tx.conn, account.id, LISTED)
    room, left_out = _Room(BYTES), 0
    for key in keys:
        late = net.work.clock.now() > until
        if late or not await _copy(store, key, file, f"media_attachments/{key}", room):
            left_out += 1
    return left_out


async def _copy(store: Store, key: str, file: zipfile.ZipFile, name: str, room: _Room) -> bool:
    """A piece at a time. False where it is not there, or too large for what room is left."""
    try:
        size = await store.size(key)
        if size > room.bytes:
            return False
        with file.open(zipfile.ZipInfo(name), "w", force_zip64=True) as out:
            async for piece in store.read(key, 0, size):
                await asyncio.to_thread(out.write, piece)
    except MissingError:
        return False
    room.bytes -= size
    return True
