"""Where files are kept: a folder of this machine, or an S3-compatible store that several machines share.

A file is written once under a name that nobody can guess and never changed, so caches may keep it for ever.
Its type is told by the ending of its name, which we chose, never by who uploaded it. Files stand on disk
whole or not at all: a crash leaves at most one under a temporary name, which no row knows.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from server.config import Settings

MEDIA_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "avif": "image/avif",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "wav": "audio/wav",
    "flac": "audio/flac",
}
"""Every ending that a file of ours has, with its media type."""

KEY = re.compile(rf"[0-9a-f]{{32}}\.({'|'.join(MEDIA_TYPES)})")
ARCHIVE = "zip"
"""The ending of what is for one person alone: it is behind no address of its own."""

CHUNK = 256 * 1024  # bytes


class MissingError(Exception):
    """There is no file of that name."""


class Store(Protocol):
    """Where files are. Names are those that ``new_key`` makes."""

    async def put(self, key: str, source: Path) -> None:
        """Keep a copy of ``source``."""
        ...

    async def size(self, key: str) -> int:
        """In bytes. Raises ``MissingError``."""
        ...

    def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from ``start`` up to ``end``, which is not among them. Raises ``MissingError``."""
        ...

    async def delete(self, keys: Iterable[str]) -> None:
        """Remove what is there of these."""
        ...


def new_key(ending: str) -> str:
    """A name of 128 random bits."""
    return f"{secrets.token_hex(16)}.{ending}"


def place(key: str) -> str:
    """Where it stands below the folder of all."""
    return f"{key[:2]}/{key}"


def media_type(key: str) -> str:
    ending = key.rpartition(".")[2]
    return "application/zip" if ending == ARCHIVE else MEDIA_TYPES[ending]


class Folder:
    """Files below a folder, which is made when the first one comes."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def _path(self, key: str) -> Path:
        return self._root / place(key)

    async def put(self, key: str, source: Path) -> None:
        await asyncio.to_thread(_copy, source, self._path(key))

    async def size(self, key: str) -> int:
        try:
            return (await asyncio.to_thread(self._path(key).stat)).st_size
        except FileNotFoundError as error:
            raise MissingError(key) from error

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        try:
            file = await asyncio.to_thread(self._path(key).open, "rb")
        except FileNotFoundError as error:
            raise MissingError(key) from error
        with file:
            file.seek(start)
            while start < end:
                chunk = await asyncio.to_thread(file.read, min(CHUNK, end - start))
                if not chunk:
                    return
                start += len(chunk)
                yield chunk

    async def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            await asyncio.to_thread(self._path(key).unlink, missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    """Under its own name only when it is whole and on disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    passing = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with source.open("rb") as given, passing.open("xb") as out:
            while chunk := given.read(CHUNK):
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        passing.replace(target)
    finally:
        passing.unlink(missing_ok=True)


def used(root: Path) -> int:
    """The bytes of all files below a folder."""
    found = (Path(folder) / name for folder, _, names in os.walk(root) for name in names)
    return sum(_bytes(path) for path in found)


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # it went meanwhile
        return 0


class Bucket:
    """A bucket of an S3-compatible store. ``prefix`` stands before every name in it."""

    def __init__(self, settings: Settings, prefix: str) -> None:
        # Imported here: who keeps files on disk does not pay for it.
        from obstore.store import S3Store  # noqa: PLC0415

        self._prefix = prefix
        plain = settings.s3_endpoint.startswith("http://")
        self._store = S3Store(
            settings.s3_bucket,
            endpoint=settings.s3_endpoint or f"https://s3.{settings.s3_region}.amazonaws.com",
            region=settings.s3_region,
            access_key_id=settings.s3_access_key,
            secret_access_key=settings.s3_secret_key,
            client_options={"allow_http": plain, "connect_timeout": "5s", "timeout": "60s"},
        )

    async def put(self, key: str, source: Path) -> None:
        attributes = {
            "Content-Type": media_type(key),
            "Cache-Control": "private, no-store"
            if key.endswith(ARCHIVE)
            else "public, max-age=31536000, immutable",
        }
        await self._store.put_async(self._prefix + key, source, attributes=attributes)

    async def size(self, key: str) -> int:
        try:
            return (await self._store.head_async(self._prefix + key))["size"]
        except FileNotFoundError as error:
            raise MissingError(key) from error

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        try:
            found = await self._store.get_async(self._prefix + key, options={"range": (start, end)})
        except FileNotFoundError as error:
            raise MissingError(key) from error
        async for chunk in found.stream(min_chunk_size=CHUNK):
            yield bytes(chunk)

    async def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            try:
                await self._store.delete_async(self._prefix + key)
            except FileNotFoundError:
                continue  # S3 itself says nothing of that; some of its kind do


@dataclass(frozen=True, slots=True)
class Stores:
    """``own``: what our members uploaded. ``cache``: what is fetched again when it is lost. ``archives``: what members asked
    for of their own; no backup has it."""

    own: Store
    cache: Store
    archives: Store


STORES = ("media", "cache", "archives")


def open_stores(settings: Settings) -> Stores:
    """The bucket where one is set, else folders below the folder of all data."""
    if settings.s3_bucket:
        return Stores(*(Bucket(settings, f"{name}/") for name in STORES))
    return Stores(*(Folder(settings.data / name) for name in STORES))
