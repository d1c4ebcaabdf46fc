"""An instance in one file, and back: ``beckon backup`` and ``beckon restore``.

Backup, beside a running server: one moment of the database (every table, with the private keys and what
waits to be delivered), then what members uploaded, from the media folder or the bucket, into a file that
only its owner may read. It is written under a temporary name and gets its own when it is whole and on disk.
Media files are written before their rows are ready and never changed, so those read after the rows are
enough for them. Copies of other servers' files are left out: they are fetched again.

The secret that opens contact data (server/keeper.py) is not in a backup: who steals one cannot read what
people wrote about themselves. Restore asks for it where there is such data.

Restore, with no server running: the file is read to its end and must be what was written; the domain must
be the one in the settings, because names and keys belong to it; the database must be empty. Then one
transaction makes the schema of the backup's version, loads the rows, puts the media folder in place, and
brings the schema forward. Whatever fails before its commit leaves the database empty and no media.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Generator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import asyncpg

from server import blobs, keeper, run
from server.blobs import MissingError, Store
from server.config import Settings
from server.errors import BeckonError, SettingsError
from server.version import VERSION
from storage import (
    archive,
    community_keys,
    contacts,
    db,
    dump,
    instance,
    mail_follows,
    mail_lists,
    media,
    migrate,
    questions,
)
from storage.archive import ArchiveError, Manifest, Rows
from storage.cluster import sync_directory
from storage.db import Connection

MEDIA = "media"
_FAULTS = (ArchiveError, migrate.MigrationError)


class BackupError(BeckonError):
    """There is no backup, or nothing was restored; the sentence says why."""

    status = 409


@dataclass(frozen=True, slots=True)
class Report:
    """What a backup holds. ``size``: bytes of the file; ``rows``: by table; ``missing``: files that rows name
    and that were not where they should be; ``secret``: where the secret is that opens its contact data, if any."""

    path: Path
    domain: str
    beckon: str
    schema: int
    made_at: datetime
    rows: dict[str, int]
    media: int
    size: int
    missing: int = 0
    secret: str = field(default="", compare=False)

    def sentence(self, done: str) -> str:
        """What was done, for a person."""
        return (
            f"{done} {self.domain} as of {self.made_at:%Y-%m-%d %H:%M} UTC: {sum(self.rows.values())}"
            f" rows in {len(self.rows)} tables, {self.media} media files,"
            f" {self.size / 1e6:.1f} MB in {self.path}." + self._lacking() + self._sealed()
        )

    def _sealed(self) -> str:
        return (
            f" The secret that opens its contact data is not in it: keep a copy of {self.secret} elsewhere."
            if self.secret
            else ""
        )

    def _lacking(self) -> str:
        return (
            f" {self.missing} media files that posts name were not found." if self.missing else ""
        )


async def backup(settings: Settings, path: Path, *, force: bool = False) -> Report:
    """Write the whole instance to ``path``; ``force`` replaces a file that is there.

    Raises ``BackupError``.
    """
    _require_free(path, force=force)
    async with _connected(settings) as conn:
        with _named_when_whole(path) as file:
            manifest, keys = await _write(conn, settings, file)
        await instance.note_backup(conn, _made(path, manifest))
    lacking = {_media_part(key) for key in keys} - manifest.parts.keys()
    secret = keeper.place(settings) if manifest.tables[community_keys.TABLE].rows else ""
    return replace(_report(path, manifest), missing=len(lacking), secret=secret)


def _made(path: Path, manifest: Manifest) -> instance.Backup:
    made_at = datetime.fromisoformat(manifest.made_at)
    return instance.Backup(made_at, str(path.absolute()), path.stat().st_size)


def _media_part(key: str) -> str:
    return f"{archive.MEDIA}/{blobs.place(key)}"


def _require_free(path: Path, *, force: bool) -> None:
    if path.exists() and not force:
        raise BackupError(f"{path} is there already; --force replaces it.")
    if not path.parent.is_dir():
        raise BackupError(f"There is no folder {path.parent}.")


@contextmanager
def _named_when_whole(path: Path) -> Generator[BinaryIO]:
    """A new private file that takes the name ``path`` when the block ends well, and else goes."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncGenerator[Connection]:
    """A connection to the instance's database, which is started where it is ours and does not run."""
    async with run.database(settings) as url:
        conn = await db.connect(url)
        try:
            yield conn
        finally:
            await conn.close()


async def _write(
    conn: Connection, settings: Settings, file: BinaryIO
) -> tuple[Manifest, list[str]]:
    """Gives also the names of the files that it should hold."""
    writer = archive.Writer(file)
    async with dump.one_moment(conn):
        done = await migrate.applied(conn)
        this = await instance.get(conn) if done.version else None
        if this is None:
            raise BackupError("There is nothing to back up: this instance was never started.")
        tables = {t.name: await _add_table(conn, writer, t) for t in await dump.tables(conn)}
        counters = {c.name: c.last for c in await dump.counters(conn)}
        keys = await media.keys(conn)
    if settings.s3_bucket:
        await _add_bucket(writer, blobs.open_stores(settings).own, keys)
    else:
        await asyncio.to_thread(_add_media, writer, settings.data / MEDIA)
    manifest = Manifest(
        format=archive.FORMAT,
        beckon=VERSION,
        made_at=datetime.now(UTC).isoformat(),
        domain=this.domain,
        web_domain=this.web_domain,
        migrations={str(n): digest for n, digest in done.digests.items() if n},
        tables=tables,
        counters=counters,
        parts=writer.parts,
    )
    await asyncio.to_thread(writer.finish, manifest)
    return manifest, keys


async def _add_table(conn: Connection, writer: archive.Writer, table: dump.Table) -> Rows:
    """A part's size stands before it, so the rows wait in a file without a name."""
    with tempfile.TemporaryFile() as spool:

        async def sink(data: bytes) -> None:
            await asyncio.to_thread(spool.write, data)

        rows = await dump.copy_out(conn, table, sink)
        size = spool.tell()
        spool.seek(0)
        await asyncio.to_thread(writer.add, archive.table_part(table.name), spool, size)
    return Rows(columns=table.columns, rows=rows)


async def _add_bucket(writer: archive.Writer, store: Store, keys: Sequence[str]) -> None:
    """Under the names that they would have in a folder."""
    for key in keys:
        with tempfile.TemporaryFile() as spool:
            try:
                async for piece in store.read(key, 0, await store.size(key)):
                    await asyncio.to_thread(spool.write, piece)
            except MissingError:
                continue  # deleted meanwhile, as its post was
            except Exception as error:  # each store has errors of its own
                raise BackupError(f"The bucket cannot be read: {error}") from error
            size = spool.tell()
            spool.seek(0)
            await asyncio.to_thread(writer.add, _media_part(key), spool, size)


def _add_media(writer: archive.Writer, folder: Path) -> None:
    for name, path in _media_files(folder):
        try:
            file = path.open("rb")
        except FileNotFoundError:
            continue  # deleted meanwhile, as its post was
        with file:
            writer.add(name, file, os.fstat(file.fileno()).st_size)


def _media_files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield f"{archive.MEDIA}/{path.relative_to(folder).as_posix()}", path


def _report(path: Path, manifest: Manifest) -> Report:
    return Report(
        path=path,
        domain=manifest.domain,
        beckon=manifest.beckon,
        schema=max(map(int, manifest.migrations)),
        made_at=datetime.fromisoformat(manifest.made_at),
        rows={name: table.rows for name, table in manifest.tables.items()},
        media=len(manifest.parts) - len(manifest.tables),
        size=path.stat().st_size,
    )


async def restore(settings: Settings, path: Path, *, without_contacts: bool = False) -> Report:
    """Make the instance that ``path`` holds, in an empty database.

    ``without_contacts``: give up the contact data, for which the secret is lost. Raises ``BackupError``.
    """
    try:
        with path.open("rb") as file:
            manifest = await asyncio.to_thread(archive.verify, file)
            _require_same_names(settings, manifest)
            with _unpacked_media(settings.data, file) as unpacked:
                async with _connected(settings) as conn:
                    await _load(conn, settings, file, manifest, unpacked, without_contacts)
    except FileNotFoundError as error:
        raise BackupError(f"There is no file {path}.") from error
    except (*_FAULTS, SettingsError) as error:
        raise BackupError(f"Nothing was restored. {error}") from error
    except (asyncpg.PostgresError, OSError) as error:
        raise BackupError(f"Nothing was restored: {error}") from error
    return _report(path, manifest)


def _require_same_names(settings: Settings, manifest: Manifest) -> None:
    ours = (settings.domain, settings.web_domain or settings.domain)
    theirs = (manifest.domain, manifest.web_domain)
    if ours != theirs:
        raise BackupError(
            f"The backup is of {' with addresses at '.join(dict.fromkeys(theirs))} and the settings"
            f" say {' with addresses at '.join(dict.fromkeys(ours))}: an instance keeps its name"
            " (BECKON_DOMAIN, BECKON_WEB_DOMAIN)."
        )


@contextmanager
def _unpacked_media(data: Path, file: BinaryIO) -> Generator[Path | None]:
    """The media in a folder beside their place, which is removed unless it was moved there."""
    place = data / MEDIA
    if place.exists() and any(place.iterdir()):
        raise BackupError(f"{place} has files in it: restore into an empty folder.")
    data.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".media-", dir=data))
    try:
        yield folder if _unpack_media(file, folder) else None
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)  # it was empty before
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unpack_media(file: BinaryIO, folder: Path) -> int:
    """Names were refused by `archive.parts` unless they stay inside the folder."""
    count = 0
    for name, source in archive.parts(file):
        kind, *rest = PurePosixPath(name).parts
        if kind == archive.MEDIA:
            target = folder.joinpath(*rest)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as out:
                shutil.copyfileobj(source, out)
                out.flush()
                os.fsync(out.fileno())
            count += 1
    return count


async def _load(
    conn: Connection,
    settings: Settings,
    file: BinaryIO,
    manifest: Manifest,
    unpacked: Path | None,
    without_contacts: bool,
) -> None:
    if await dump.others(conn):
        raise BackupError("Something else uses the database: stop `beckon serve` first.")
    async with conn.transaction():
        used = await dump.first_used(conn)
        if used:
            raise BackupError(f"The database is in use: there are rows in {used}.")
        await dump.prepare(conn, {int(n): d for n, d in manifest.migrations.items()})
        await _require_same_tables(conn, manifest)
        async with dump.loading(conn):
            await _load_tables(conn, file, manifest)
        await dump.set_counters(conn, [dump.Counter(n, v) for n, v in manifest.counters.items()])
        await migrate.migrate(conn)
        if without_contacts:
            await mail_follows.drop_all(conn)
            await mail_lists.drop_all(conn)
            await contacts.give_up(conn)
            await questions.give_up(conn)
        else:
            await _require_secret(conn, settings)
        if unpacked and settings.s3_bucket:
            await _put_in_bucket(blobs.open_stores(settings).own, unpacked)
        elif unpacked:
            _put_in_place(unpacked)


async def _require_secret(conn: Connection, settings: Settings) -> None:
    found = keeper.find(settings)
    same = found is not None and found.mark == await instance.secret_mark(conn)
    if not same and await community_keys.any_key(conn):
        raise BackupError(
            "Nothing was restored: the contact data in the backup is sealed with a secret that is not in"
            f" {keeper.place(settings)}. Put it there, or set BECKON_SECRET to it; if it is lost,"
            " --without-contacts restores all the rest."
        )


async def _require_same_tables(conn: Connection, manifest: Manifest) -> None:
    """A table or column of the schema that the backup does not have would stay empty unnoticed."""
    wanted = {t.name: sorted(t.columns) for t in await dump.tables(conn)}
    given = {name: sorted(rows.columns) for name, rows in manifest.tables.items()}
    counters = {c.name for c in await dump.counters(conn)}
    if wanted != given or counters != manifest.counters.keys():
        raise ArchiveError("Its tables are not those of its version.")


async def _load_tables(conn: Connection, file: BinaryIO, manifest: Manifest) -> None:
    for part, source in archive.parts(file):
        kind, _, name = part.partition("/")
        if kind != archive.TABLES:
            continue
        table = manifest.tables[name]
        if await dump.copy_in(conn, name, table.columns, source) != table.rows:
            raise ArchiveError(f"The rows of {name} are not as many as were written.")


def _put_in_place(unpacked: Path) -> None:
    unpacked.chmod(0o755)
    unpacked.replace(unpacked.with_name(MEDIA))
    sync_directory(unpacked.parent)


async def _put_in_bucket(store: Store, unpacked: Path) -> None:
    for path in await asyncio.to_thread(lambda: sorted(unpacked.rglob("*"))):
        if not blobs.KEY.fullmatch(path.name):
            continue  # what a crash left in a folder, under a name that no row knows
        try:
            await store.put(path.name, path)
        except Exception as error:  # each store has errors of its own
            raise BackupError(f"The bucket cannot be written: {error}") from error
