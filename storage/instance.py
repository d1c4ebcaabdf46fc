"""What this instance is: one row, made at the first start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Instance:
    one: bool
    domain: str
    web_domain: str
    title: str
    description: str
    rules: list[str]
    contact_email: str
    setup_digest: bytes | None
    vapid_private: str | None = field(repr=False)
    registrations: str
    secret: UUID
    limited: bool
    secret_mark: bytes | None
    created_at: datetime

    @property
    def takes_strangers(self) -> bool:
        """Whether somebody without an invitation may sign up."""
        return self.registrations in ("open", "approved")


GET = Query("select * from instance", Instance)
INSERT = Command(
    "insert into instance (domain, web_domain, title, setup_digest, created_at)"
    " values ($1, $2, $3, $4, $5) on conflict (one) do nothing"
)
SET_SETUP = Command("update instance set setup_digest = $1")
SET_REGISTRATIONS = Command("update instance set registrations = $1")
DESCRIBE = Command(
    "update instance set title = coalesce($1, title), description = coalesce($2, description),"
    " rules = coalesce($3::text[], rules), contact_email = coalesce($4, contact_email)"
)
USE_SETUP = Command("update instance set setup_digest = null where setup_digest = $1")
SET_LIMITED = Command("update instance set limited = $1 where limited <> $1")
LIMITED = Query("select coalesce((select limited from instance), false)", bool)
SECRET_MARK = Query("select secret_mark from instance", bytes)
# For share: whoever seals with one holds it until they are done.
HELD_MARK = Query("select secret_mark from instance for share", bytes)
SET_SECRET_MARK = Command(
    "update instance set secret_mark = $1 where secret_mark is distinct from $1"
)
KEEP_VAPID = Command("update instance set vapid_private = $1 where vapid_private is null")


@dataclass(frozen=True, slots=True)
class Backup:
    """The last one that ``beckon backup`` made. ``size``: in bytes; ``place``: the file, on the machine that ran it."""

    made_at: datetime
    place: str
    size: int


NOTE_BACKUP = Command(
    "insert into backups (made_at, place, size) values ($1, $2, $3)"
    " on conflict (one) do update set made_at = excluded.made_at, place = excluded.place,"
    " size = excluded.size"
)
LAST_BACKUP = Query("select made_at, place, size from backups", Backup)


@dataclass(frozen=True, slots=True)
class Usage:
    users: int
    posts: int
    hosts: int
    active: int  # persons of ours who posted, or answered a call, since the asked time


USAGE = Query(
    """
    select (select count(*) from accounts where local and kind = 'person' and not waiting) as users,
           (select count(*) from posts where local and reblog_of_id is null
               and removed is distinct from 'held') as posts,
           (select count(*) from hosts) as hosts,
           (select count(*) from (
               select account_id from posts
               where local and created_at > $1 and reblog_of_id is null
               union
               select p.account_id from participations p
               join accounts a on a.id = p.account_id and a.local
               where p.answered_at > $1) a) as active
    """,
    Usage,
)

PEERS = Query("select host from hosts order by host", str)
PEERS_LIKE = Query("select host from hosts where starts_with(host, $1) order by host limit $2", str)


@dataclass(frozen=True, slots=True)
class Week:
    began: datetime
    posts: int
    logins: int  # browsers and apps that signed in
    registrations: int


WEEKS = Query(
    """
    select began,
           (select count(*) from posts p where p.local and p.reblog_of_id is null
             and p.removed is distinct from 'held' and p.created_at >= began and p.created_at < began + interval '7 days') as posts,
           (select count(*) from sessions s
             where s.created_at >= began and s.created_at < began + interval '7 days')
           + (select count(*) from tokens t where t.user_id is not null
             and t.created_at >= began and t.created_at < began + interval '7 days') as logins,
           (select count(*) from users u
             where u.created_at >= began and u.created_at < began + interval '7 days')
             as registrations
    from generate_series(0, $2::int - 1) as n,
         lateral (select date_trunc('week', $1::timestamptz, 'UTC') - n * interval '7 days') w (began)
    order by began desc
    """,
    Week,
)


async def get(conn: Connection) -> Instance | None:
    return await GET.first(conn)


async def create(
    conn: Connection, domain: str, web_domain: str, setup_digest: bytes | None, now: datetime
) -> None:
    await INSERT.run(conn, domain, web_domain, domain, setup_digest, now)


async def settle(conn: Connection, domain: str, web_domain: str, now: datetime) -> Instance:
    """What the first start wrote down; this one, where none did."""
    await create(conn, domain, web_domain, None, now)
    return await GET.one(conn)


async def keep_vapid(conn: Connection, private: str) -> None:
    """Browsers subscribe to one key: the first that was kept stays."""
    await KEEP_VAPID.run(conn, private)


async def secret_mark(conn: Connection) -> bytes | None:
    """Which secret opens contact data."""
    return await SECRET_MARK.first(conn)


async def held_secret_mark(conn: Connection) -> bytes | None:
    """The same, and it stays so until the transaction ends."""
    return await HELD_MARK.first(conn)


async def set_secret_mark(conn: Connection, mark: bytes) -> None:
    await SET_SECRET_MARK.run(conn, mark)


async def set_setup(conn: Connection, digest: bytes) -> None:
    await SET_SETUP.run(conn, digest)


async def use_setup(conn: Connection, digest: bytes) -> bool:
    """Take the one-time link. False where it was used before or never was."""
    return await USE_SETUP.run(conn, digest) == 1


async def set_registrations(conn: Connection, mode: str) -> None:
    """Who may sign up: ``open``, ``approved``, ``invited`` or ``closed``."""
    await SET_REGISTRATIONS.run(conn, mode)


async def set_limited(conn: Connection, *, limited: bool) -> bool:
    """Whether only listed hosts are spoken with. False where that is so already."""
    return await SET_LIMITED.run(conn, limited) == 1


async def limited(conn: Connection) -> bool:
    return await LIMITED.one(conn)


async def describe(
    conn: Connection,
    title: str | None,
    description: str | None,
    rules: Sequence[str] | None,
    contact_email: str | None,
) -> None:
    """What it says of itself; None leaves a part as it is."""
    await DESCRIBE.run(conn, title, description, rules, contact_email)


async def note_backup(conn: Connection, made: Backup) -> None:
    await NOTE_BACKUP.run(conn, made.made_at, made.place, made.size)


async def last_backup(conn: Connection) -> Backup | None:
    return await LAST_BACKUP.first(conn)


async def usage(conn: Connection, since: datetime) -> Usage:
    return await USAGE.one(conn, since)


async def peers(conn: Connection) -> list[str]:
    """Every host that this instance knows, by name."""
    return await PEERS.all(conn)


async def peers_like(conn: Connection, begin: str, limit: int) -> list[str]:
    """Hosts whose names begin so."""
    return await PEERS_LIKE.all(conn, begin, limit)


async def weeks(conn: Connection, now: datetime, count: int) -> list[Week]:
    """The last ``count`` weeks (Monday, UTC), this one first."""
    return await WEEKS.all(conn, now, count)
