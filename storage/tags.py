"""Tags: who follows them, whose profiles show them, and how much they are used.

What a tag is used is kept by day and person for the days that are shown, so that neither a tag's page nor the
trends read posts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Marks:
    """What the viewer did with a tag."""

    name: str
    following: bool
    featuring: bool


@dataclass(frozen=True, slots=True)
class Day:
    name: str
    day: date
    uses: int
    accounts: int


@dataclass(frozen=True, slots=True)
class Followed:
    row_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Featured:
    """On a profile; ``posts_count``: of those that anybody may see."""

    id: int
    name: str
    posts_count: int
    last_post_at: datetime | None


USE = Command(
    """
    insert into tag_uses (name, day, account_id, uses)
    select unnest($1::text[]), $3, $2, 1
    on conflict (name, day, account_id) do update set uses = tag_uses.uses + 1
    """
)
FORGET = Command("delete from tag_uses where day < $1")
DAYS = Query(
    "select name, day, sum(uses)::integer as uses, count(*)::integer as accounts from tag_uses"
    " where name = any($1::text[]) and day > $2 group by name, day",
    Day,
)
MARKS = Query(
    """
    select t.name,
        exists (select from followed_tags f where f.account_id = $1 and f.name = t.name) as following,
        exists (select from featured_tags f where f.account_id = $1 and f.name = t.name) as featuring
    from unnest($2::text[]) as t (name)
    """,
    Marks,
)
FOLLOW = Command(
    "insert into followed_tags (account_id, name, created_at) values ($1, $2, $3)"
    " on conflict do nothing"
)
UNFOLLOW = Command("delete from followed_tags where account_id = $1 and name = $2")
FOLLOWED = Query(
    "select id as row_id, name from followed_tags where account_id = $1 and id < $2 and id > $3"
    " order by id desc limit $4",
    Followed,
)
# Not where the author is blocked or blocks, or stands in an exclusive list, as in any home.
READERS = Query(
    """
    select distinct t.account_id from followed_tags t
    where t.name = any($1::text[]) and t.account_id <> $2
      and not exists (select from blocks b where b.account_id = t.account_id and b.target_id = $2)
      and not exists (select from blocks b where b.account_id = $2 and b.target_id = t.account_id)
      and not exists (select from list_accounts m join lists l on l.id = m.list_id
            where m.account_id = $2 and l.account_id = t.account_id and l.exclusive)
    """,
    int,
)
FEATURED = Query(
    """
    select f.id, f.name, count(p.id)::integer as posts_count, max(p.published_at) as last_post_at
    from featured_tags f
    left join posts p on p.account_id = f.account_id and p.tags @> array[f.name]
        and p.visibility in ('public', 'unlisted') and p.removed is distinct from 'held'
    where f.account_id = $1 group by f.id, f.name
    order by count(p.id) desc, f.id
    """,
    Featured,
)
FEATURE = Command(
    "insert into featured_tags (account_id, name, created_at) values ($1, $2, $3)"
    " on conflict do nothing"
)
UNFEATURE = Command("delete from featured_tags where account_id = $1 and name = $2")
FEATURED_NAME = Query("select name from featured_tags where account_id = $1 and id = $2", str)
COUNT_FEATURED = Query("select count(*) from featured_tags where account_id = $1", int)
OFTEN_USED = Query(
    """
    select name from (
        select unnest(tags) as name from (
            select tags from posts where account_id = $1 and visibility in ('public', 'unlisted')
            order by id desc limit 400) p) t
    where not exists (select from featured_tags f where f.account_id = $1 and f.name = t.name)
    group by name order by count(*) desc, name limit $2
    """,
    str,
)
# A trend: used by several people, one of ours among them, so that no single server can make it.
TRENDING = Query(
    """
    select u.name from tag_uses u join accounts a on a.id = u.account_id
    where u.day > $1 and a.suspended_at is null and a.silenced_at is null
    group by u.name
    having count(distinct u.account_id) >= $2 and bool_or(a.local)
    order by count(distinct u.account_id) desc, sum(u.uses) desc, u.name limit $3
    """,
    str,
)


async def use(conn: Connection, names: Sequence[str], account_id: int, day: date) -> None:
    """One more post with these tags."""
    await USE.run(conn, sorted(set(names)), account_id, day)


async def forget(conn: Connection, before: date) -> None:
    """Drop what nobody is shown any more."""
    await FORGET.run(conn, before)


async def days(conn: Connection, names: Sequence[str], after: date) -> list[Day]:
    """How much each tag was used, on the days when it was."""
    return await DAYS.all(conn, names, after)


async def marks(conn: Connection, viewer_id: int, names: Sequence[str]) -> dict[str, Marks]:
    return {row.name: row for row in await MARKS.all(conn, viewer_id, names)}


async def follow(conn: Connection, account_id: int, name: str, now: datetime) -> None:
    await FOLLOW.run(conn, account_id, name, now)


async def unfollow(conn: Connection, account_id: int, name: str) -> None:
    await UNFOLLOW.run(conn, account_id, name)


async def followed(
    conn: Connection, account_id: int, before: int, after: int, limit: int
) -> list[Followed]:
    """Newest first; ``before`` and ``after`` are row ids, both excluded."""
    return await FOLLOWED.all(conn, account_id, before, after, limit)


async def readers(conn: Connection, names: Sequence[str], author_id: int) -> list[int]:
    """In whose homes a public post belongs because of its tags."""
    return await READERS.all(conn, names, author_id)


async def featured(conn: Connection, account_id: int) -> list[Featured]:
    """The most used first."""
    return await FEATURED.all(conn, account_id)


async def feature(conn: Connection, account_id: int, name: str, now: datetime) -> bool:
    """False for a repeat."""
    return await FEATURE.run(conn, account_id, name, now) == 1


async def unfeature(conn: Connection, account_id: int, name: str) -> bool:
    """False where it was not featured."""
    return await UNFEATURE.run(conn, account_id, name) == 1


async def featured_name(conn: Connection, account_id: int, featured_id: int) -> str | None:
    """None where the account has none of that id."""
    return await FEATURED_NAME.first(conn, account_id, featured_id)


async def count_featured(conn: Connection, account_id: int) -> int:
    return await COUNT_FEATURED.one(conn, account_id)


async def often_used(conn: Connection, account_id: int, limit: int) -> list[str]:
    """What somebody's last posts were about, but for what their profile shows already."""
    return await OFTEN_USED.all(conn, account_id, limit)


async def trending(conn: Connection, after: date, people: int, limit: int) -> list[str]:
    """Tags used after that day by at least so many people."""
    return await TRENDING.all(conn, after, people, limit)
