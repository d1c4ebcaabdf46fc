"""Communities of ours, and the roles in them. Members are the accepted followers (follows.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.accounts import Account
from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Community:
    account_id: int
    policy: str
    visibility: str
    rules: list[str]
    cards: bool
    created_at: datetime
    purpose: str
    norms: str
    norms_at: datetime | None
    language: str | None
    topics: list[str]
    questions: list[str]
    capacity: int | None
    proposals: str
    seconds: int
    welcome_post_id: int | None


@dataclass(frozen=True, slots=True)
class Held:
    account_id: int
    role: str


INSERT = Query(
    "insert into communities (account_id, policy, visibility, rules, created_at)"
    " values ($1, $2, $3, $4, $5) returning *",
    Community,
)
SET = Query(
    """
    update communities set policy = $2, visibility = $3, rules = $4, purpose = $5, norms = $6,
        norms_at = $7, language = $8, topics = $9, questions = $10, capacity = $11, proposals = $12,
        seconds = $13, welcome_post_id = $14
    where account_id = $1 returning *
    """,
    Community,
)
BY_ID = Query("select * from communities where account_id = $1", Community)
GRANT = Command(
    "insert into community_roles (community_id, account_id, role, granted_at)"
    " values ($1, $2, $3, $4) on conflict (community_id, account_id)"
    " do update set role = excluded.role"
)
HOLD = Query("select account_id from communities where account_id = $1 for no key update", int)
REVOKE = Command("delete from community_roles where community_id = $1 and account_id = $2")
ROLE = Query("select role from community_roles where community_id = $1 and account_id = $2", str)
STEERED = Query(
    "select community_id from community_roles where account_id = $1"
    " and community_id = any($2::bigint[]) and role in ('organiser', 'moderator')",
    int,
)
ROLES = Query("select account_id, role from community_roles where community_id = $1", Held)
# But where nobody would be left to steer it.
REVOKE_OF_HOST = Command(
    """
    delete from community_roles r using accounts a
    where a.id = r.account_id and a.host = $1 and exists (
        select from community_roles o join accounts b on b.id = o.account_id
        where o.community_id = r.community_id and o.role = 'organiser' and b.host <> $1)
    """
)
STEWARDS = Query(
    "select a.* from community_roles r join accounts a on a.id = r.account_id"
    " where r.community_id = $1 order by r.role desc, r.granted_at",
    Account,
)
RUN_BY = Query(
    "select a.* from community_roles r join accounts a on a.id = r.community_id"
    " where r.account_id = $1 order by a.id",
    Account,
)

MEMBERS = Query(
    "select count(*) from follows f join accounts a on a.id = f.follower_id"
    " where f.target_id = $1 and f.accepted_at is not null and a.kind in ('person', 'service')",
    int,
)
# Who steers already goes first, then who has been there longest; who can sign in here at all.
HEIR = Query(
    """
    select a.* from follows f join accounts a on a.id = f.follower_id
    left join community_roles r on r.community_id = f.target_id and r.account_id = a.id
    where f.target_id = $1 and f.accepted_at is not null and a.local and a.kind = 'person'
        and a.suspended_at is null and not a.waiting and a.moved_to is null
    order by r.role is null, f.accepted_at, a.id limit 1
    """,
    Account,
)
# Of ours by their settings, of others by their documents and the tags in what they say of themselves.
DIRECTORY = Query(
    """
    select a.* from accounts a left join communities c on c.account_id = a.id
        left join group_properties p on p.account_id = a.id
    where a.kind = 'group' and a.discoverable and a.suspended_at is null and a.silenced_at is null
        and a.moved_to is null and (c.visibility = 'public' or (c.visibility is null and not a.local))
        and ($1 = '' or $1 = any(c.topics)
            or $1 = any(p.topics)
            or (c.account_id is null and a.note ~* ('#(<[^>]*>)*' || $1 || '([^a-z0-9_]|$)')))
        and ($2 = '' or c.language = $2 or $2 = any(p.languages))
    order by a.local desc, a.id desc limit $3 offset $4
    """,
    Account,
)
HAS_POSTS = Query("select exists (select from posts where community_id = $1)", bool)
NO_PEOPLE = Query(
    "select a.* from follows f join accounts a on a.id = f.follower_id"
    " where f.target_id = $1 and a.kind not in ('person', 'service') limit 1000",
    Account,
)
ASKING = Query(
    "select a.* from follows f join accounts a on a.id = f.follower_id"
    " where f.target_id = $1 and f.accepted_at is null and a.suspended_at is null"
    " order by f.id limit $2",
    Account,
)

PRIVATE = Query(
    "select exists (select from communities where account_id = $1 and visibility = 'private')", bool
)
CLOSED = Query(
    "select * from communities where account_id = any($1::bigint[]) and visibility <> 'public'",
    Community,
)
BELONGS = Query(
    """
    select target_id from follows where follower_id = $1 and target_id = any($2::bigint[])
        and accepted_at is not null
    union
    select community_id from community_invites
    where account_id = $1 and community_id = any($2::bigint[])
    """,
    int,
)
INVITE = Command(
    "insert into community_invites (community_id, account_id, invited_by, uri, created_at)"
    " values ($1, $2, $3, $4, $5) on conflict do nothing"
)
IS_INVITED = Query(
    "select exists (select from community_invites where community_id = $1 and account_id = $2)",
    bool,
)
END_INVITE = Command("delete from community_invites where community_id = $1 and account_id = $2")
# A person reads as a member; what acts for a whole server reads where it has a member, and where the community
# itself is of that server. A bot is a person here, unless it is the server's own (GoToSocial).
READS = Query(
    """
    with reader as (
        select r.id, r.host, r.kind in ('person', 'service') and r.username <> r.host as alone
        from accounts r where r.id = $2 and r.suspended_at is null)
    select exists (
        select from reader r join accounts g on g.host = r.host and not g.local
        where g.id = $1 and not r.alone) or exists (
        select from reader r join accounts a on a.id = r.id or (not r.alone and a.host = r.host)
        join follows f on f.follower_id = a.id and f.target_id = $1 and f.accepted_at is not null
        where a.suspended_at is null)
    """,
    bool,
)
# Who is invited sees where they are invited to; what is written there is for those who joined.
ASKED_IN = Query(
    """
    select exists (
        select from accounts r
        join accounts a on a.id = r.id or (r.kind not in ('person', 'service') and a.host = r.host)
        join community_invites i on i.account_id = a.id and i.community_id = $1
        where r.id = $2 and r.suspended_at is null and a.suspended_at is null)
    """,
    bool,
)


async def insert(
    conn: Connection,
    account_id: int,
    policy: str,
    visibility: str,
    rules: list[str],
    now: datetime,
) -> Community:
    return await INSERT.one(conn, account_id, policy, visibility, rules, now)


async def save(conn: Connection, row: Community) -> Community:
    """All settings as the row has them."""
    return await SET.one(
        conn, row.account_id, row.policy, row.visibility, row.rules, row.purpose, row.norms,
        row.norms_at, row.language, row.topics, row.questions, row.capacity, row.proposals,
        row.seconds, row.welcome_post_id,
    )  # fmt: skip


async def members(conn: Connection, community_id: int) -> int:
    """How many people are in it: what acts for a whole server takes no place."""
    return await MEMBERS.one(conn, community_id)


async def heir(conn: Connection, community_id: int) -> Account | None:
    """The member of ours who would steer it next, if nobody did."""
    return await HEIR.first(conn, community_id)


async def directory(
    conn: Connection, topic: str, language: str, limit: int, offset: int
) -> list[Account]:
    """Groups that want to be found: ours first, the largest first. ``""``: any."""
    return await DIRECTORY.all(conn, topic, language, limit, offset)


async def has_posts(conn: Connection, community_id: int) -> bool:
    return await HAS_POSTS.one(conn, community_id)


async def no_people(conn: Connection, community_id: int) -> list[Account]:
    """Groups, and what acts for a whole server, among those who follow it or ask to."""
    return await NO_PEOPLE.all(conn, community_id)


async def asking(conn: Connection, community_id: int, limit: int) -> list[Account]:
    """Who waits to be let in, the first first."""
    return await ASKING.all(conn, community_id, limit)


async def by_id(conn: Connection, account_id: int) -> Community | None:
    """None for a remote group, and for anything that is no group."""
    return await BY_ID.first(conn, account_id)


async def grant(
    conn: Connection, community_id: int, account_id: int, role: str, now: datetime
) -> None:
    await GRANT.run(conn, community_id, account_id, role, now)


async def hold(conn: Connection, community_id: int) -> None:
    """Until the transaction ends nobody else changes who has which role."""
    await HOLD.first(conn, community_id)


async def revoke(conn: Connection, community_id: int, account_id: int) -> bool:
    """False where there was no role."""
    return await REVOKE.run(conn, community_id, account_id) == 1


async def revoke_of_host(conn: Connection, host: str) -> None:
    """Nobody of a host steers a community any more that somebody else can steer."""
    await REVOKE_OF_HOST.run(conn, host)


async def role(conn: Connection, community_id: int, account_id: int) -> str | None:
    """``organiser``, ``moderator`` or None."""
    return await ROLE.first(conn, community_id, account_id)


async def steered_by(conn: Connection, account_id: int, communities: Sequence[int]) -> set[int]:
    """Those of these communities in which somebody is organiser or moderator."""
    return set(await STEERED.all(conn, account_id, communities))


async def roles(conn: Connection, community_id: int) -> dict[int, str]:
    """Who has a role, by account id."""
    return {row.account_id: row.role for row in await ROLES.all(conn, community_id)}


async def stewards(conn: Connection, community_id: int) -> list[Account]:
    """Organisers first, then moderators."""
    return await STEWARDS.all(conn, community_id)


async def run_by(conn: Connection, account_id: int) -> list[Account]:
    return await RUN_BY.all(conn, account_id)


async def is_private(conn: Connection, community_id: int) -> bool:
    """Whether it is one of ours that is for its members only."""
    return await PRIVATE.one(conn, community_id)


async def invite(
    conn: Connection, community_id: int, account_id: int, by: int, uri: str, now: datetime
) -> bool:
    """False where they were invited before."""
    return await INVITE.run(conn, community_id, account_id, by, uri, now) == 1


async def is_invited(conn: Connection, community_id: int, account_id: int) -> bool:
    return await IS_INVITED.one(conn, community_id, account_id)


async def end_invite(conn: Connection, community_id: int, account_id: int) -> None:
    await END_INVITE.run(conn, community_id, account_id)


async def reads(conn: Connection, community_id: int, reader_id: int) -> bool:
    """Whether what is for members may be told to an actor of another server, or to its server."""
    return await READS.one(conn, community_id, reader_id)


async def asked_in(conn: Connection, community_id: int, reader_id: int) -> bool:
    """Whether an actor of another server, or for its server somebody of it, is invited."""
    return await ASKED_IN.one(conn, community_id, reader_id)


async def closed(conn: Connection, ids: Sequence[int]) -> list[Community]:
    """Which of these are not public."""
    return await CLOSED.all(conn, ids)


async def belongs(conn: Connection, account_id: int, ids: Sequence[int]) -> set[int]:
    """Of which of these somebody is a member, or invited to be one."""
    return set(await BELONGS.all(conn, account_id, ids))
