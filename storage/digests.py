"""What a user is written once a week: of which weeks they were, what stands in it, and whom it is planned for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Item:
    """A call that belongs into a part of a digest, and when it happened, or will."""

    post_id: int
    community_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Quiet:
    """A community in which nothing was said since."""

    account_id: int
    since: datetime


LAST = Query(
    "select made_at from digests where user_id = $1 order by made_at desc limit 1", datetime
)
INSERT = Query(
    "insert into digests (user_id, week, made_at) values ($1, $2, $3) on conflict do nothing returning 1",
    int,
)
FORGET = Command("delete from digests where made_at < $1")
FOLLOWED = Query(
    """
    select f.target_id from follows f join accounts g on g.id = f.target_id and g.kind = 'group'
    left join attention_levels l on l.account_id = f.follower_id and l.community_id = f.target_id
    where f.follower_id = $1 and f.accepted_at is not null and l.level is distinct from 'nothing'
    order by f.target_id limit $2
    """,
    int,
)
MADE = Query(
    """
    select i.* from unnest($1::bigint[]) as g (id) cross join lateral (
        select c.post_id, c.community_id, p.published_at as at
        from calls c join posts p on p.id = c.post_id
        where c.community_id = g.id and c.parent_id is null
          and p.published_at > $2 and p.published_at <= $3
        order by p.published_at, p.id limit $4) i
    """,
    Item,
)
CAME_OUT = Query(
    """
    select i.* from unnest($1::bigint[]) as g (id) cross join lateral (
        select c.post_id, c.community_id, c.outcome_at as at from calls c
        where c.community_id = g.id and c.outcome_at > $2 and c.outcome_at <= $3
        order by c.outcome_at, c.post_id limit $4) i
    """,
    Item,
)
# Shifts are to come by their call, until the first of them begins.
TO_COME = Query(
    """
    select i.* from unnest($1::bigint[]) as g (id) cross join lateral (
        select c.post_id, c.community_id, coalesce(c.starts_at, c.closes_at) as at from calls c
        where c.community_id = g.id and c.state = 'open' and (c.parent_id is null or exists (
            select from calls v where v.post_id = c.parent_id and v.starts_at <= $2))
          and coalesce(c.starts_at, c.closes_at) > $2 and coalesce(c.starts_at, c.closes_at) <= $3
        order by coalesce(c.starts_at, c.closes_at), c.post_id limit $4) i
    """,
    Item,
)
SAID = Query(
    """
    select p.id as post_id, p.community_id, p.published_at as at from posts p
    where p.community_id = $1 and p.thread_id = p.id and p.visibility in ('public', 'unlisted')
      and p.published_at > $2 and p.published_at <= $3 and p.removed is null
      and not exists (select from calls c where c.post_id = p.id)
    order by p.id limit $4
    """,
    Item,
)
# Once for each silence: who was told before somebody spoke is told of the next one too.
QUIET = Query(
    """
    select s.account_id, s.since from (
        select c.account_id, greatest(c.created_at,
            (select max(p.created_at) from posts p where p.community_id = c.account_id)) as since
        from communities c join community_roles r on r.community_id = c.account_id
        where r.account_id = $1 and r.role = 'organiser') s
    left join quiet_nudges n on n.community_id = s.account_id and n.account_id = $1
    where s.since < $2 and (n.told_at is null or n.told_at < s.since)
    order by s.since, s.account_id
    """,
    Quiet,
)
NUDGED = Command(
    "insert into quiet_nudges (community_id, account_id, told_at)"
    " select unnest($1::bigint[]), $2, $3"
    " on conflict (community_id, account_id) do update set told_at = excluded.told_at"
)
UNPLANNED = Query(
    """
    select u.id from users u left join attention a on a.user_id = u.id
    where u.disabled_at is null and u.confirmed_at is not null and u.approved_at is not null
      and (a.digest = 'message' or ($2 and coalesce(a.digest, 'mail') = 'mail'))
      and not exists (select from jobs j where j.lane = 'digest/' || u.id and j.kind = 'digest')
    order by u.id limit $1
    """,
    int,
)


async def last(conn: Connection, user_id: int) -> datetime | None:
    """When the last one was made."""
    return await LAST.first(conn, user_id)


async def begin(conn: Connection, user_id: int, week: str, now: datetime) -> bool:
    """False where this week had its own."""
    return await INSERT.first(conn, user_id, week, now) is not None


async def forget(conn: Connection, before: datetime) -> None:
    await FORGET.run(conn, before)


async def followed(conn: Connection, account_id: int, limit: int) -> list[int]:
    """Groups of which somebody wants to hear at all."""
    return await FOLLOWED.all(conn, account_id, limit)


async def made(
    conn: Connection, groups: Sequence[int], since: datetime, until: datetime, each: int
) -> list[Item]:
    return await MADE.all(conn, groups, since, until, each)


async def came_out(
    conn: Connection, groups: Sequence[int], since: datetime, until: datetime, each: int
) -> list[Item]:
    return await CAME_OUT.all(conn, groups, since, until, each)


async def to_come(
    conn: Connection, groups: Sequence[int], since: datetime, until: datetime, each: int
) -> list[Item]:
    return await TO_COME.all(conn, groups, since, until, each)


async def said(
    conn: Connection, group: int, since: datetime, until: datetime, limit: int
) -> list[Item]:
    """Threads in a group that are no calls."""
    return await SAID.all(conn, group, since, until, limit)


async def quiet(conn: Connection, organiser_id: int, before: datetime) -> list[Quiet]:
    """Communities that somebody organises, silent since then, of which they were not told yet."""
    return await QUIET.all(conn, organiser_id, before)


async def nudged(conn: Connection, groups: Sequence[int], account_id: int, now: datetime) -> None:
    await NUDGED.run(conn, groups, account_id, now)


async def unplanned(conn: Connection, limit: int, *, mail: bool) -> list[int]:
    """Users who want digests and have no job that will make one. ``mail``: whether any can be sent."""
    return await UNPLANNED.all(conn, limit, mail)
