"""What one member keeps a list of, whole, for the files that they take along. Each list ends at ``MOST`` lines."""

from __future__ import annotations

from dataclasses import dataclass

from storage.db import Connection, Query

MOST = 10_000
"""Lines of one file, the newest first. Who keeps more gets the newest."""


@dataclass(frozen=True, slots=True)
class Followed:
    """``host``: none for an account of ours."""

    username: str
    host: str | None
    reblogs: bool
    notify: bool
    languages: list[str] | None


@dataclass(frozen=True, slots=True)
class Named:
    username: str
    host: str | None


@dataclass(frozen=True, slots=True)
class Muted:
    username: str
    host: str | None
    notifications: bool


@dataclass(frozen=True, slots=True)
class Listed:
    title: str
    username: str
    host: str | None


FOLLOWING = Query(
    "select a.username, case when a.local then null else a.handle_host end as host, f.reblogs, f.notify, f.languages"
    " from follows f join accounts a on a.id = f.target_id"
    " where f.follower_id = $1 and f.accepted_at is not null order by f.id desc limit $2",
    Followed,
)
BLOCKED = Query(
    "select a.username, case when a.local then null else a.handle_host end as host"
    " from blocks b join accounts a on a.id = b.target_id where b.account_id = $1 order by b.id desc limit $2",
    Named,
)
MUTED = Query(
    "select a.username, case when a.local then null else a.handle_host end as host, m.notifications"
    " from mutes m join accounts a on a.id = m.target_id"
    " where m.account_id = $1 and m.expires_at is null order by m.id desc limit $2",
    Muted,
)
DOMAINS = Query(
    "select host from account_domain_blocks where account_id = $1 order by id desc limit $2", str
)
LISTED = Query(
    "select l.title, a.username, case when a.local then null else a.handle_host end as host"
    " from lists l join list_accounts m on m.list_id = l.id join accounts a on a.id = m.account_id"
    " where l.account_id = $1 order by l.id, m.id limit $2",
    Listed,
)

BOOKMARKED = Query(
    "select p.uri from bookmarks b join posts p on p.id = b.post_id"
    " where b.account_id = $1 order by b.id desc limit $2",
    str,
)


async def following(conn: Connection, account_id: int) -> list[Followed]:
    return await FOLLOWING.all(conn, account_id, MOST)


async def blocked(conn: Connection, account_id: int) -> list[Named]:
    return await BLOCKED.all(conn, account_id, MOST)


async def muted(conn: Connection, account_id: int) -> list[Muted]:
    """Those for good: the file has no place for an end."""
    return await MUTED.all(conn, account_id, MOST)


async def domains(conn: Connection, account_id: int) -> list[str]:
    return await DOMAINS.all(conn, account_id, MOST)


async def listed(conn: Connection, account_id: int) -> list[Listed]:
    return await LISTED.all(conn, account_id, MOST)


async def bookmarked(conn: Connection, account_id: int) -> list[str]:
    """Addresses of posts."""
    return await BOOKMARKED.all(conn, account_id, MOST)
