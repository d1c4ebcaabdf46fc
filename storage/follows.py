"""Who follows whom. An accepted follow of a group is membership."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.accounts import Account
from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Follow:
    id: int
    uri: str | None
    follower_id: int
    target_id: int
    accepted_at: datetime | None
    reblogs: bool
    notify: bool
    languages: list[str] | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class FollowedInstance:
    """A server that is followed as a whole, by its own actor."""

    id: int
    account_id: int
    host: str
    uri: str
    accepted_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a list of accounts: the row's own id pages, the account is shown."""

    row_id: int
    account_id: int


@dataclass(frozen=True, slots=True)
class Relation:
    account_id: int
    following: bool
    requested: bool
    reblogs: bool
    notify: bool
    followed_by: bool
    requested_by: bool
    blocking: bool
    blocked_by: bool
    muting: bool
    muting_notifications: bool
    muting_expires_at: datetime | None
    domain_blocking: bool
    languages: list[str] | None
    endorsed: bool
    note: str


@dataclass(frozen=True, slots=True)
class Familiar:
    """``account_id`` follows ``target_id``."""

    target_id: int
    account_id: int


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a follower reads."""

    host: str
    inbox: str
    shared_inbox: str | None


@dataclass(frozen=True, slots=True)
class Unasked:
    """How many ``people`` are called by a stranger, and when the stranger's host was first met."""

    people: int
    met_at: datetime | None


INSERT = Query(
    """
    insert into follows (uri, follower_id, target_id, accepted_at, reblogs, notify, created_at,
        languages)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (follower_id, target_id) do nothing returning *
    """,
    Follow,
)
BETWEEN = Query("select * from follows where follower_id = $1 and target_id = $2", Follow)
BY_ID = Query("select * from follows where id = $1", Follow)
BY_URI = Query("select * from follows where uri = $1", Follow)
ACCEPT = Command("update follows set accepted_at = $2 where id = $1 and accepted_at is null")
SET_OPTIONS = Command("update follows set reblogs = $2, notify = $3, languages = $4 where id = $1")
SET_URI = Command("update follows set uri = $2 where id = $1")
LET_IN = Query(
    """
    select f.* from follows f join accounts a on a.id = f.follower_id
    join accounts t on t.id = f.target_id
    where a.host = $1 and t.local and t.locked and f.accepted_at is not null order by f.id
    """,
    Follow,
)
DOUBT = Query(
    "update follows set accepted_at = null where id = $1 and accepted_at is not null returning id",
    int,
)
DELETE = Query("delete from follows where id = $1 returning accepted_at is not null", bool)
# In one order by all: two who follow, block or leave each other at once would wait in a ring.
HOLD = Query(
    "select id from accounts where id = any($1::bigint[]) order by id for no key update", int
)
COUNT = Command(
    """
    update accounts set
        following_count = following_count + case when id = $1 then $3 else 0 end,
        followers_count = followers_count + case when id = $2 then $3 else 0 end
    where id in ($1, $2)
    """
)
FOLLOWERS = Query(
    "select id as row_id, follower_id as account_id from follows"
    " where target_id = $1 and accepted_at is not null and id < $2 and id > $3"
    " order by id desc limit $4",
    Listed,
)
FOLLOWING = Query(
    "select id as row_id, target_id as account_id from follows"
    " where follower_id = $1 and accepted_at is not null and id < $2 and id > $3"
    " order by id desc limit $4",
    Listed,
)
REQUESTS = Query(
    "select id as row_id, follower_id as account_id from follows"
    " where target_id = $1 and accepted_at is null and id < $2 and id > $3"
    " order by id desc limit $4",
    Listed,
)
INSTANCES = Query(
    "select f.id, f.target_id as account_id, a.host, a.uri, f.accepted_at, f.created_at"
    " from follows f join accounts a on a.id = f.target_id join accounts us on us.id = f.follower_id"
    " where us.uri = $1 and f.id < $2 and f.id > $3 order by f.id desc limit $4",
    FollowedInstance,
)
RELATIONS = Query(
    """
    select o.id as account_id,
        coalesce(mine.accepted_at is not null, false) as following,
        coalesce(mine.id is not null and mine.accepted_at is null, false) as requested,
        coalesce(mine.reblogs, false) as reblogs, coalesce(mine.notify, false) as notify,
        coalesce(theirs.accepted_at is not null, false) as followed_by,
        coalesce(theirs.id is not null and theirs.accepted_at is null, false) as requested_by,
        exists (select from blocks b where b.account_id = $1 and b.target_id = o.id) as blocking,
        exists (select from blocks b where b.account_id = o.id and b.target_id = $1) as blocked_by,
        m.id is not null as muting, coalesce(m.notifications, false) as muting_notifications,
        m.expires_at as muting_expires_at,
        exists (select from account_domain_blocks d where d.account_id = $1 and d.host = o.host)
            as domain_blocking,
        mine.languages,
        exists (select from endorsements e where e.account_id = $1 and e.target_id = o.id)
            as endorsed,
        coalesce((select n.comment from account_notes n
            where n.account_id = $1 and n.target_id = o.id), '') as note
    from accounts o
    left join follows mine on mine.follower_id = $1 and mine.target_id = o.id
    left join follows theirs on theirs.follower_id = o.id and theirs.target_id = $1
    left join mutes m on m.account_id = $1 and m.target_id = o.id
        and (m.expires_at is null or m.expires_at > $3)
    where o.id = any($2::bigint[])
    """,
    Relation,
)
REACH = Query(
    """
    select distinct a.host, coalesce(a.shared_inbox, a.inbox) as inbox, a.shared_inbox
    from follows f join accounts a on a.id = f.follower_id
    where f.target_id = $1 and f.accepted_at is not null and a.host <> ''
      and a.suspended_at is null
    """,
    Reach,
)
ANY_LOCAL = Query(
    "select exists (select from follows f join accounts a on a.id = f.follower_id"
    " where f.target_id = $1 and f.accepted_at is not null and a.local)",
    bool,
)
AT_HOST = Query(
    """
    select f.* from follows f join accounts a on a.id = f.target_id
    where f.follower_id = $1 and a.host = $2
    union all
    select f.* from follows f join accounts a on a.id = f.follower_id
    where f.target_id = $1 and a.host = $2
    order by id
    """,
    Follow,
)
IS_FOLLOWING = Query(
    "select exists (select from follows where follower_id = $1 and target_id = $2"
    " and accepted_at is not null)",
    bool,
)
AMONG = Query(
    "select target_id from follows where follower_id = $1 and target_id = any($2::bigint[])"
    " and accepted_at is not null",
    int,
)
MEMBERS_AMONG = Query(
    "select follower_id from follows where target_id = $1 and follower_id = any($2::bigint[])"
    " and accepted_at is not null",
    int,
)
GROUPS_OF = Query(
    "select a.* from follows f join accounts a on a.id = f.target_id"
    " where f.follower_id = $1 and f.accepted_at is not null and a.kind = 'group'"
    " order by f.id",
    Account,
)
FAMILIAR = Query(
    """
    select o.id as target_id, f.account_id from accounts o cross join lateral (
        select theirs.follower_id as account_id
        from follows mine
        join follows theirs on theirs.follower_id = mine.target_id and theirs.target_id = o.id
        join accounts a on a.id = mine.target_id
        where mine.follower_id = $1 and mine.accepted_at is not null
          and theirs.accepted_at is not null and not a.hide_collections
        order by theirs.id desc limit $3) f
    where o.id = any($2::bigint[]) and o.id <> $1 and not o.hide_collections
    """,
    Familiar,
)
UNASKED = Query(
    """
    select count(*) as people, (
            select h.met_at from hosts h join accounts s on s.host = h.host where s.id = $2) as met_at
    from post_mentions m
    join accounts a on a.id = m.account_id and a.local and a.kind = 'person'
    where m.post_id = $1 and not exists (
        select from follows f where f.follower_id = a.id and f.target_id = $2
            and f.accepted_at is not null)
    """,
    Unasked,
)
FOLLOWED_BY = Query("select target_id from follows where follower_id = $1 limit 1000", int)
BLOCKED = Query(
    "select exists (select from blocks where (account_id = $1 and target_id = $2)"
    " or (account_id = $2 and target_id = $1))",
    bool,
)
BLOCKING = Query(
    """
    select account_id from blocks where target_id = $1 and account_id = any($2::bigint[])
    union
    select d.account_id from accounts a join account_domain_blocks d on d.host = a.host
    where a.id = $1 and d.account_id = any($2::bigint[])
    """,
    int,
)
BLOCKS = Query(
    "select id as row_id, target_id as account_id from blocks"
    " where account_id = $1 and id < $2 and id > $3 order by id desc limit $4",
    Listed,
)
REQUEST_COUNT = Query(
    "select count(*) from follows where target_id = $1 and accepted_at is null", int
)
INSERT_BLOCK = Command(
    "insert into blocks (uri, account_id, target_id, created_at) values ($1, $2, $3, $4)"
    " on conflict do nothing"
)
DELETE_BLOCK = Command("delete from blocks where account_id = $1 and target_id = $2")


async def insert(
    conn: Connection,
    uri: str | None,
    follower_id: int,
    target_id: int,
    accepted_at: datetime | None,
    now: datetime,
    *,
    reblogs: bool = True,
    notify: bool = False,
    languages: Sequence[str] | None = None,
) -> Follow | None:
    """The new row, or None where one stands already."""
    made = await INSERT.first(
        conn, uri, follower_id, target_id, accepted_at, reblogs, notify, now, languages
    )
    if made and made.accepted_at:
        await COUNT.run(conn, follower_id, target_id, 1)
    return made


async def hold(conn: Connection, one: int, other: int) -> None:
    """What is between these two is changed by nobody else until the transaction ends."""
    await HOLD.all(conn, [one, other])


async def hold_all(conn: Connection, ids: Sequence[int]) -> None:
    """As ``hold``, for many at once."""
    await HOLD.all(conn, ids)


async def between(conn: Connection, follower_id: int, target_id: int) -> Follow | None:
    return await BETWEEN.first(conn, follower_id, target_id)


async def by_id(conn: Connection, id_: int) -> Follow | None:
    return await BY_ID.first(conn, id_)


async def by_uri(conn: Connection, uri: str) -> Follow | None:
    return await BY_URI.first(conn, uri)


async def accept(conn: Connection, follow: Follow, now: datetime) -> bool:
    """False where it was accepted before."""
    changed = await ACCEPT.run(conn, follow.id, now) == 1
    if changed:
        await COUNT.run(conn, follow.follower_id, follow.target_id, 1)
    return changed


async def let_in(conn: Connection, host: str) -> list[Follow]:
    """Who of a host was accepted by one of ours who lets nobody in unasked."""
    return await LET_IN.all(conn, host)


async def doubt(conn: Connection, follow: Follow) -> bool:
    """It waits for an answer again. False where it did already. The caller holds both."""
    if await DOUBT.first(conn, follow.id) is None:
        return False
    await COUNT.run(conn, follow.follower_id, follow.target_id, -1)
    return True


async def set_options(
    conn: Connection,
    follow: Follow,
    *,
    reblogs: bool,
    notify: bool,
    languages: Sequence[str] | None,
) -> None:
    await SET_OPTIONS.run(conn, follow.id, reblogs, notify, languages)


async def set_uri(conn: Connection, follow: Follow, uri: str) -> None:
    await SET_URI.run(conn, follow.id, uri)


async def delete(conn: Connection, follow: Follow) -> bool:
    """False where it was gone already."""
    counted = await DELETE.first(conn, follow.id)
    if counted:
        await COUNT.run(conn, follow.follower_id, follow.target_id, -1)
    return counted is not None


async def followers(
    conn: Connection, account_id: int, before: int, after: int, limit: int
) -> list[Listed]:
    """Accepted, newest first; ``before`` and ``after`` are row ids, both excluded."""
    return await FOLLOWERS.all(conn, account_id, before, after, limit)


async def following(
    conn: Connection, account_id: int, before: int, after: int, limit: int
) -> list[Listed]:
    return await FOLLOWING.all(conn, account_id, before, after, limit)


async def instances(
    conn: Connection, us: str, before: int, after: int, limit: int
) -> list[FollowedInstance]:
    """Whom the actor of this instance (its id) follows, or asked to, the newest first."""
    return await INSTANCES.all(conn, us, before, after, limit)


async def requests(
    conn: Connection, account_id: int, before: int, after: int, limit: int
) -> list[Listed]:
    return await REQUESTS.all(conn, account_id, before, after, limit)


async def relations(
    conn: Connection, viewer_id: int, ids: Sequence[int], now: datetime
) -> dict[int, Relation]:
    """Of the viewer to each of these. A mute that has ended by ``now`` is none."""
    return {row.account_id: row for row in await RELATIONS.all(conn, viewer_id, ids, now)}


async def at_host(conn: Connection, account_id: int, host: str) -> list[Follow]:
    """The account's follows, in both directions, with accounts of a host."""
    return await AT_HOST.all(conn, account_id, host)


async def reach(conn: Connection, target_id: int) -> list[Reach]:
    """The distinct inboxes (shared first) of remote followers."""
    return await REACH.all(conn, target_id)


async def has_local_follower(conn: Connection, target_id: int) -> bool:
    return await ANY_LOCAL.one(conn, target_id)


async def is_following(conn: Connection, follower_id: int, target_id: int) -> bool:
    return await IS_FOLLOWING.one(conn, follower_id, target_id)


async def followed_among(conn: Connection, follower_id: int, ids: Sequence[int]) -> set[int]:
    """Which of these accounts somebody follows."""
    return set(await AMONG.all(conn, follower_id, ids))


async def followers_among(conn: Connection, target_id: int, ids: Sequence[int]) -> set[int]:
    """Who of these accounts follows somebody."""
    return set(await MEMBERS_AMONG.all(conn, target_id, ids))


async def groups_of(conn: Connection, account_id: int) -> list[Account]:
    """The communities that an account has joined, in the order of joining."""
    return await GROUPS_OF.all(conn, account_id)


async def familiar(
    conn: Connection, viewer_id: int, ids: Sequence[int], each: int = 40
) -> list[Familiar]:
    """Whom the viewer follows that follow these accounts, newest first, at most ``each`` of one.

    Who hides their collections is told of nowhere, on either side.
    """
    return await FAMILIAR.all(conn, viewer_id, ids, each)


async def followed_by(conn: Connection, follower_id: int) -> list[int]:
    """Whom somebody follows here, or asked to; a thousand at most."""
    return await FOLLOWED_BY.all(conn, follower_id)


async def unasked(conn: Connection, post_id: int, author_id: int) -> Unasked:
    """Whom of ours a post mentions that do not follow its author."""
    return await UNASKED.one(conn, post_id, author_id)


async def blocked(conn: Connection, one: int, other: int) -> bool:
    """Whether either blocks the other."""
    return await BLOCKED.one(conn, one, other)


async def block(
    conn: Connection, uri: str | None, account_id: int, target_id: int, now: datetime
) -> bool:
    return await INSERT_BLOCK.run(conn, uri, account_id, target_id, now) == 1


async def unblock(conn: Connection, account_id: int, target_id: int) -> bool:
    return await DELETE_BLOCK.run(conn, account_id, target_id) == 1


async def blocking(conn: Connection, target_id: int, ids: Sequence[int]) -> set[int]:
    """Who of these blocks the account, or its host."""
    return set(await BLOCKING.all(conn, target_id, ids))


async def blocks(
    conn: Connection, account_id: int, before: int, after: int, limit: int
) -> list[Listed]:
    return await BLOCKS.all(conn, account_id, before, after, limit)


async def request_count(conn: Connection, account_id: int) -> int:
    """Follows that wait for an answer."""
    return await REQUEST_COUNT.one(conn, account_id)
