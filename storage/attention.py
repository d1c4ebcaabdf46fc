"""How much members want to be told: of each community, at which hours, and how often by mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.db import Command, Connection, Query
from storage.posts import Post

LEVELS = ("everything", "calls", "mentions", "nothing")
DIGESTS = ("mail", "message", "none")


@dataclass(frozen=True, slots=True)
class Attention:
    """Of one user. Quiet hours are minutes of the day in ``timezone``, both None where there are none;
    ``digest_day``: Monday is 0."""

    timezone: str = "UTC"
    quiet_from: int | None = None
    quiet_until: int | None = None
    digest: str = "mail"
    digest_day: int = 0
    digest_hour: int = 8


@dataclass(frozen=True, slots=True)
class OfToken:
    """The quiet hours of whoever a token is of."""

    token_id: int
    timezone: str
    quiet_from: int
    quiet_until: int


@dataclass(frozen=True, slots=True)
class OfCommunity:
    """How much somebody is told of a community that they joined."""

    id: int
    name: str
    handle: str
    level: str


OF = Query(
    "select timezone, quiet_from, quiet_until, digest, digest_day, digest_hour"
    " from attention where user_id = $1",
    Attention,
)
OF_TOKENS = Query(
    "select t.id as token_id, a.timezone, a.quiet_from, a.quiet_until from tokens t"
    " join attention a on a.user_id = t.user_id"
    " where t.id = any($1::bigint[]) and a.quiet_from is not null",
    OfToken,
)
PUT = Command(
    """
    insert into attention
        (user_id, timezone, quiet_from, quiet_until, digest, digest_day, digest_hour)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (user_id) do update set timezone = excluded.timezone,
        quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until,
        digest = excluded.digest, digest_day = excluded.digest_day,
        digest_hour = excluded.digest_hour
    """
)
LEVEL = Query("select level from attention_levels where account_id = $1 and community_id = $2", str)
LEVELS_OF = Query(
    """
    select g.id, coalesce(nullif(g.display_name, ''), g.username) as name,
        concat_ws('@', g.username, nullif(g.handle_host, '')) as handle,
        coalesce(l.level, 'calls') as level
    from follows f join accounts g on g.id = f.target_id and g.kind = 'group'
    left join attention_levels l on l.account_id = f.follower_id and l.community_id = f.target_id
    where f.follower_id = $1 and f.accepted_at is not null and g.suspended_at is null
    order by f.id limit $2
    """,
    OfCommunity,
)
PUT_LEVEL = Command(
    "insert into attention_levels (account_id, community_id, level) values ($1, $2, $3)"
    " on conflict (account_id, community_id) do update set level = excluded.level"
)
ANNOUNCES = Query(
    "select exists (select from community_roles where community_id = $1 and account_id = $2"
    " and role = 'organiser')",
    bool,
)
# Who is named in the post hears of it as a mention. $4: a call or an announcement.
LISTENERS = Query(
    """
    select f.follower_id from follows f join accounts a on a.id = f.follower_id
    left join attention_levels l on l.account_id = f.follower_id and l.community_id = f.target_id
    where f.target_id = $1 and f.accepted_at is not null and a.local and a.kind = 'person'
      and f.follower_id <> $2
      and (coalesce(l.level, 'calls') = 'everything' or ($4 and coalesce(l.level, 'calls') = 'calls'))
      and not exists (select from post_mentions m
            where m.post_id = $3 and m.account_id = f.follower_id)
      and not exists (select from blocks b
            where b.account_id = $2 and b.target_id = f.follower_id)
    order by f.follower_id
    """,
    int,
)


async def of(conn: Connection, user_id: int) -> Attention:
    """The defaults where nothing was chosen."""
    return await OF.first(conn, user_id) or Attention()


async def of_tokens(conn: Connection, ids: Sequence[int]) -> list[OfToken]:
    """Of those whose users have quiet hours."""
    return await OF_TOKENS.all(conn, ids) if ids else []


async def put(conn: Connection, user_id: int, a: Attention) -> None:
    await PUT.run(
        conn, user_id, a.timezone, a.quiet_from, a.quiet_until, a.digest, a.digest_day, a.digest_hour
    )  # fmt: skip


async def level(conn: Connection, account_id: int, community_id: int) -> str | None:
    """None where none was chosen."""
    return await LEVEL.first(conn, account_id, community_id)


async def levels_of(conn: Connection, account_id: int, limit: int) -> list[OfCommunity]:
    """In the order of joining."""
    return await LEVELS_OF.all(conn, account_id, limit)


async def put_level(conn: Connection, account_id: int, community_id: int, chosen: str) -> None:
    await PUT_LEVEL.run(conn, account_id, community_id, chosen)


async def announces(conn: Connection, head: Post) -> bool:
    """Whether a thread is an announcement: titled, and begun by an organiser."""
    return bool(head.title) and await ANNOUNCES.one(conn, head.community_id, head.account_id)


async def listeners(conn: Connection, head: Post, *, loud: bool) -> list[int]:
    """Members of ours who are told of a new thread. ``loud``: it is a call or an announcement."""
    return await LISTENERS.all(conn, head.community_id, head.account_id, head.id, loud)
