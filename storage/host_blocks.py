"""Hosts that the instance keeps out or keeps down, and what follows for their accounts.

A block holds for its host and all below it (``host_within``), be it that of an account's id or that which its
handle ends in. That is written on the accounts, so that
reading a page asks nothing more. Where several blocks hold, the strictest of each kind does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query
from storage.timelines import Page


@dataclass(frozen=True, slots=True)
class HostBlock:
    """``severity``: noop, silence or suspend. ``obfuscate``: in what everybody is shown."""

    id: int
    host: str
    severity: str
    reject_media: bool
    reject_reports: bool
    private_comment: str
    public_comment: str
    obfuscate: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Stand:
    """What holds for one host. ``unlisted``: this instance is limited, and the host is not on its list."""

    suspended: bool
    silenced: bool
    media: bool
    reports: bool
    unlisted: bool


@dataclass(frozen=True, slots=True)
class Severed:
    """The accepted follows that a member of ours loses."""

    account_id: int
    following: int
    followers: int


LISTED = Query(
    "select * from host_blocks where id < $1 and id > $2 order by id desc limit $3", HostBlock
)
LISTED_UP = Query(
    "select * from (select * from host_blocks where id < $1 and id > $2 order by id limit $3) b"
    " order by id desc",
    HostBlock,
)
SHOWN = Query("select * from host_blocks where severity <> 'noop' order by host", HostBlock)
BY_ID = Query("select * from host_blocks where id = $1", HostBlock)
EVERY = Query("select * from host_blocks order by host", HostBlock)
OVER = Query(
    """
    select coalesce(bool_or(severity = 'suspend'), false) as suspended,
        coalesce(bool_or(severity = 'silence'), false) as silenced,
        coalesce(bool_or(reject_media), false) as media,
        coalesce(bool_or(reject_reports), false) as reports,
        coalesce((select limited from instance), false)
            and not exists (select from host_allows where host = any($1::text[])) as unlisted
    from host_blocks where host = any($1::text[])
    """,
    Stand,
)
INSERT = Query(
    """
    insert into host_blocks (host, severity, reject_media, reject_reports, private_comment,
        public_comment, obfuscate, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (host) do nothing returning *
    """,
    HostBlock,
)
UPDATE = Query(
    """
    update host_blocks set severity = $2, reject_media = $3, reject_reports = $4,
        private_comment = $5, public_comment = $6, obfuscate = $7
    where id = $1 returning *
    """,
    HostBlock,
)
DELETE = Command("delete from host_blocks where id = $1")
# In the order in which all lock accounts (follows.hold), with who of ours is tied to them.
HOLD = Query(
    """
    select a.id from accounts a
    where (not a.local and account_within(a.host, a.handle_host, $1)) or (a.local and a.id in (
        select f.follower_id from follows f join accounts r on r.id = f.target_id
        where not r.local and account_within(r.host, r.handle_host, $1)
        union all
        select f.target_id from follows f join accounts r on r.id = f.follower_id
        where not r.local and account_within(r.host, r.handle_host, $1)))
    order by a.id for no key update
    """,
    int,
)
HOLD_ALL = Query("select id from accounts order by id for no key update", int)
MET_HOSTS = Query(
    "select distinct unnest(array[host, handle_host]) from accounts where not local", str
)
# $1: a host with all below it, or null for all hosts.
STAND = Command(
    """
    update accounts a set
        suspended_at = case when s.suspend then coalesce(a.suspended_at, $2)
            when a.suspended_by_host then null else a.suspended_at end,
        suspended_by_host = s.suspend and (a.suspended_at is null or a.suspended_by_host),
        silenced_at = case when s.silence then coalesce(a.silenced_at, $2)
            when a.silenced_by_host then null else a.silenced_at end,
        silenced_by_host = s.silence and (a.silenced_at is null or a.silenced_by_host),
        media_refused = s.media
    from (
        select h.host, h.handle_host, coalesce(bool_or(b.severity = 'suspend'), false)
                or (coalesce((select limited from instance), false)
                    and not exists (select from host_allows w where host_within(h.host, w.host)))
                as suspend,
            coalesce(bool_or(b.severity = 'silence'), false) as silence,
            coalesce(bool_or(b.reject_media), false) as media
        from (select distinct host, handle_host from accounts
              where not local and ($1::text is null or account_within(host, handle_host, $1))) h
        left join host_blocks b on account_within(h.host, h.handle_host, b.host)
        group by h.host, h.handle_host) s
    where a.host = s.host and a.handle_host = s.handle_host and (s.suspend, s.silence, s.media)
        is distinct from (a.suspended_by_host, a.silenced_by_host, a.media_refused)
    """
)
SEVERED = Query(
    """
    select t.account_id, sum(t.following) as following, sum(t.followers) as followers
    from (
        select f.follower_id as account_id, 1 as following, 0 as followers
        from follows f join accounts r on r.id = f.target_id
        where not r.local and account_within(r.host, r.handle_host, $1) and f.accepted_at is not null
        union all
        select f.target_id, 0, 1
        from follows f join accounts r on r.id = f.follower_id
        where not r.local and account_within(r.host, r.handle_host, $1) and f.accepted_at is not null) t
    join accounts a on a.id = t.account_id
    where a.local group by t.account_id order by t.account_id
    """,
    Severed,
)
SEVER = Command(
    """
    with far as (select id from accounts where not local and account_within(host, handle_host, $1)),
    gone as (
        delete from follows where follower_id in (select id from far)
            or target_id in (select id from far)
        returning follower_id, target_id, accepted_at),
    lost as (
        select id, sum(following) as following, sum(followers) as followers from (
            select follower_id as id, 1 as following, 0 as followers from gone
            where accepted_at is not null
            union all
            select target_id, 0, 1 from gone where accepted_at is not null) g
        group by id)
    update accounts a set following_count = a.following_count - l.following,
        followers_count = a.followers_count - l.followers
    from lost l where a.id = l.id
    """
)
LEAVE_HOMES = Command(
    "delete from home_entries h using posts p join accounts a on a.id = p.account_id"
    " where p.id = h.post_id and not a.local and account_within(a.host, a.handle_host, $1)"
)
DROP_DELIVERIES = Command("delete from deliveries where host_within(host, $1)")
# A leased one ends with its lease, as nothing is left in it.
DROP_LANES = Command(
    "delete from lanes where queue = 'delivery' and locked_until is null and host_within(key, $1)"
)
DROP_UNLISTED = Command(
    "delete from deliveries d"
    " where not exists (select from host_allows w where host_within(d.host, w.host))"
)
DROP_UNLISTED_LANES = Command(
    "delete from lanes l where queue = 'delivery' and locked_until is null"
    " and not exists (select from host_allows w where host_within(l.key, w.host))"
)


async def every(conn: Connection) -> list[HostBlock]:
    """By host."""
    return await EVERY.all(conn)


async def listed(conn: Connection, page: Page) -> list[HostBlock]:
    """Newest first."""
    return await (LISTED_UP if page.upward else LISTED).all(conn, *page.bounds, page.limit)


async def shown(conn: Connection) -> list[HostBlock]:
    """Those that everybody is told of, by host."""
    return await SHOWN.all(conn)


async def by_id(conn: Connection, block_id: int) -> HostBlock | None:
    return await BY_ID.first(conn, block_id)


async def over(conn: Connection, names: Sequence[str]) -> Stand:
    """What the blocks of these very names come to: of a host and of all that it lies below."""
    return await OVER.one(conn, names)


async def insert(
    conn: Connection,
    host: str,
    severity: str,
    private_comment: str,
    public_comment: str,
    now: datetime,
    *,
    reject_media: bool,
    reject_reports: bool,
    obfuscate: bool,
) -> HostBlock | None:
    """None where there is one."""
    return await INSERT.first(
        conn, host, severity, reject_media, reject_reports, private_comment, public_comment,
        obfuscate, now,
    )  # fmt: skip


async def update(
    conn: Connection,
    block_id: int,
    severity: str,
    private_comment: str,
    public_comment: str,
    *,
    reject_media: bool,
    reject_reports: bool,
    obfuscate: bool,
) -> HostBlock | None:
    """None where it is gone."""
    return await UPDATE.first(
        conn, block_id, severity, reject_media, reject_reports, private_comment, public_comment,
        obfuscate,
    )  # fmt: skip


async def delete(conn: Connection, block_id: int) -> None:
    await DELETE.run(conn, block_id)


async def hold(conn: Connection, host: str) -> None:
    """Nothing between us and these hosts changes until the transaction ends."""
    await HOLD.all(conn, host)


async def hold_all(conn: Connection) -> None:
    """As ``hold``, between us and everybody."""
    await HOLD_ALL.all(conn)


async def met_hosts(conn: Connection) -> list[str]:
    """Of whom we know somebody: by ids and by handles."""
    return await MET_HOSTS.all(conn)


async def stand(conn: Connection, host: str | None, now: datetime) -> None:
    """Write on all accounts of a host, and of those below it, what the blocks and the list say of them now.

    ``None``: of all hosts.
    """
    await STAND.run(conn, host, now)


async def severed(conn: Connection, host: str) -> list[Severed]:
    """What ``sever`` takes from each of ours."""
    return await SEVERED.all(conn, host)


async def sever(conn: Connection, host: str) -> None:
    """End every follow from and to these hosts, and take their posts from the homes here."""
    await SEVER.run(conn, host)
    await LEAVE_HOMES.run(conn, host)


async def drop_deliveries(conn: Connection, host: str) -> None:
    """What waits to be sent there."""
    await DROP_LANES.run(conn, host)
    await DROP_DELIVERIES.run(conn, host)


async def drop_unlisted(conn: Connection) -> None:
    """What waits to be sent to hosts that are not on the list."""
    await DROP_UNLISTED_LANES.run(conn)
    await DROP_UNLISTED.run(conn)
