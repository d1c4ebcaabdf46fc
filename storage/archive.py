"""One file that holds an instance: a gzipped tar of parts, whose last part is the manifest.

The manifest names every part with its size and SHA-256, so a file that was cut off, damaged, or holds
anything else besides is told from a whole one before a single row is written. It stands last because
the digests are known last; reading goes over the file twice. The digests show damage, not forgery: whoever
can write the file can write a manifest.

Nothing is ever unpacked by the names in the file. A name outside of ``tables/`` and ``media/``, one that
climbs out of its folder, and a link or a device are refused.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, BinaryIO

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

FORMAT = 1
MANIFEST = "manifest.json"
TABLES = "tables"
MEDIA = "media"
MANIFEST_BYTES = 256 * 1024 * 1024  # an instance with a million media files
PIECE = 1 << 20

_BROKEN = (tarfile.TarError, EOFError, zlib.error, OSError)


class ArchiveError(Exception):
    """The file cannot be used; the message says why, for a person."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Part(_Model):
    """One part of the file; ``sha256`` in hexadecimal digits."""

    size: int
    sha256: str


class Rows(_Model):
    """One table: the columns of its part in their order, and how many rows there are."""

    columns: list[str]
    rows: int


class Manifest(_Model):
    """What the file holds. ``migrations``: the digests of those that the database went through."""

    format: int
    beckon: str
    made_at: str
    domain: str
    web_domain: str
    migrations: dict[str, str]
    tables: dict[str, Rows]
    counters: dict[str, int | None]
    parts: dict[str, Part]


class _Digesting(io.RawIOBase):
    """Hashes what is read through it."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._hash = hashlib.sha256()
        self._size = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._source.read(size)
        self._hash.update(data)
        self._size += len(data)
        return data

    def part(self) -> Part:
        return Part(size=self._size, sha256=self._hash.hexdigest())


class Writer:
    """Adds parts to a new file; `finish` writes the manifest, without which the file counts for nothing."""

    def __init__(self, file: BinaryIO) -> None:
        self._tar = tarfile.open(fileobj=file, mode="w:gz", compresslevel=6)  # noqa: SIM115
        self.parts: dict[str, Part] = {}

    def add(self, name: str, source: IO[bytes], size: int) -> None:
        """Add the next ``size`` bytes of ``source``. Raises ``OSError`` where it has fewer."""
        digesting = _Digesting(source)
        self._tar.addfile(_entry(name, size), digesting)
        self.parts[name] = digesting.part()

    def finish(self, manifest: Manifest) -> None:
        body = orjson.dumps(manifest.model_dump(), option=orjson.OPT_INDENT_2)
        self._tar.addfile(_entry(MANIFEST, len(body)), io.BytesIO(body))
        self._tar.close()


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = size
    entry.mode = 0o600
    return entry


def verify(file: BinaryIO) -> Manifest:
    """Read the whole file and give its manifest. Raises ``ArchiveError`` where anything is wrong."""
    with _as_archive_error():
        found, body = _survey(file)
    if not body:
        raise ArchiveError("The backup is not whole: its end is missing.")
    manifest = read_manifest(body)
    _compare(manifest, found)
    return manifest


def _survey(file: BinaryIO) -> tuple[dict[str, Part], bytes]:
    """What the parts really are, and the manifest's text."""
    found: dict[str, Part] = {}
    body = b""
    for name, source in parts(file):
        if body:
            raise ArchiveError("The backup goes on after its end.")
        if name in found:
            raise ArchiveError(f"The backup holds two parts named {name}.")
        if name == MANIFEST:
            body = source.read(MANIFEST_BYTES)
        else:
            found[name] = _digest(source)
    return found, body


def _digest(source: IO[bytes]) -> Part:
    digesting = _Digesting(source)
    while digesting.read(PIECE):
        pass
    return digesting.part()


def read_manifest(body: bytes) -> Manifest:
    """Raises ``ArchiveError`` for what is none, or is of a newer format than this code knows."""
    try:
        document = orjson.loads(body)
        known = document["format"] <= FORMAT
    except (orjson.JSONDecodeError, TypeError, KeyError) as error:
        raise ArchiveError("The backup's manifest cannot be read.") from error
    if not known:
        raise ArchiveError("The backup was made by a newer Beckon: upgrade this one first.")
    try:
        return Manifest.model_validate(document)
    except ValidationError as error:
        raise ArchiveError("The backup's manifest cannot be read.") from error


def _compare(manifest: Manifest, found: dict[str, Part]) -> None:
    wanted = {table_part(name) for name in manifest.tables}
    if {name for name in manifest.parts if name.startswith(f"{TABLES}/")} != wanted:
        raise ArchiveError("The backup's manifest does not fit itself: tables are missing.")
    for name in manifest.parts.keys() | found.keys():
        if manifest.parts.get(name) != found.get(name):
            raise ArchiveError(f"The backup is damaged: {name} is not what was written.")


def parts(file: BinaryIO) -> Iterator[tuple[str, IO[bytes]]]:
    """Every part with its name, in the order of the file; each is to be read before the next.

    Raises ``ArchiveError`` for a file that cannot be read on, and for what a backup never holds.
    """
    file.seek(0)
    with _as_archive_error(), tarfile.open(fileobj=file, mode="r:gz") as tar:
        for entry in tar:
            source = tar.extractfile(entry) if _is_plain(entry) else None
            if source is None or not _is_ours(entry.name):
                raise ArchiveError(f"The backup holds what no backup holds: {entry.name!r}.")
            yield entry.name, source
        # After the last part nothing is left but padding; only its end shows that none was cut off.
        rest = tar.fileobj
        while rest and rest.read(PIECE):
            pass


@contextmanager
def _as_archive_error() -> Generator[None]:
    try:
        yield
    except _BROKEN as error:
        raise ArchiveError("The backup is damaged, or is no backup of Beckon.") from error


def _is_plain(entry: tarfile.TarInfo) -> bool:
    """A file and nothing else: no folder, link, device or sparse file."""
    return entry.type in (tarfile.REGTYPE, tarfile.AREGTYPE)


def _is_ours(name: str) -> bool:
    if name == MANIFEST:
        return True
    path = PurePosixPath(name)
    safe = str(path) == name and ".." not in path.parts and "\\" not in name and "\0" not in name
    return safe and len(path.parts) > 1 and path.parts[0] in (TABLES, MEDIA)


def table_part(name: str) -> str:
    """The part that holds the rows of a table."""
    return f"{TABLES}/{name}"
