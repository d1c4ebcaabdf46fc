"""What members can do, what calls ask for, and whom that brings together.

Who is in reach of a call: everybody, of one that has no place on the map; else who said where they live and
how far they go. Whom a call of a closed community asks are its members.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class SkillSet:
    """``shown``: to others, by name. ``matched``: counted where a call asks, and never named."""

    skills: list[str]
    shown: bool = False
    matched: bool = False


OF = Query(
    """
    select array(select skill from skills where account_id = $1 order by skill) as skills,
        shown, matched
    from skill_sets where account_id = $1
    """,
    SkillSet,
)
PUT = Command(
    """
    insert into skill_sets (account_id, shown, matched) values ($1, $2, $3)
    on conflict (account_id) do update set shown = excluded.shown, matched = excluded.matched
    """
)
CLEAR = Command("delete from skills where account_id = $1")
ADD = Command("insert into skills (account_id, skill) select $1, unnest($2::text[])")
DROP = Command("delete from skill_sets where account_id = $1")
ASKED = Query("select skill from call_skills where post_id = $1 order by skill", str)
CLEAR_ASKED = Command("delete from call_skills where post_id = $1")
ASK = Command("insert into call_skills (post_id, skill) select $1, unnest($2::text[])")
MATCHING = Query(
    """
    select c.post_id from calls c join posts p on p.id = c.post_id
    left join home_areas h on h.account_id = $1
    where c.state in ('open', 'postponed') and coalesce(c.ends_at, c.starts_at, c.closes_at, 'infinity') >= $2
        and exists (select from call_skills k join skills s on s.skill = k.skill
            where k.post_id = c.post_id and s.account_id = $1)
        and (p.visibility = 'public' and not exists (select from communities m
                where m.account_id = c.community_id and m.visibility <> 'public')
            or p.visibility in ('public', 'unlisted', 'members') and exists (select from follows f
                where f.follower_id = $1 and f.target_id = c.community_id
                and f.accepted_at is not null))
        and (c.latitude is null or distance_km(h.latitude / 10.0::float8, h.longitude / 10.0::float8,
            c.latitude, c.longitude) <= h.reach_km)
    order by coalesce(c.starts_at, c.closes_at), c.post_id limit $3 offset $4
    """,
    int,
)
HOW_MANY = Query(
    """
    select count(*) from skill_sets t join accounts a on a.id = t.account_id
    join calls c on c.post_id = $1 join posts p on p.id = c.post_id
    left join home_areas h on h.account_id = t.account_id
    where t.matched and a.suspended_at is null and not a.waiting and a.id <> $2
        and exists (select from call_skills k join skills s on s.skill = k.skill
            where k.post_id = $1 and s.account_id = t.account_id)
        and (p.visibility = 'public' and not exists (select from communities m
                where m.account_id = c.community_id and m.visibility <> 'public')
            or exists (select from follows f
                where f.follower_id = a.id and f.target_id = c.community_id
                and f.accepted_at is not null))
        and (c.latitude is null or distance_km(h.latitude / 10.0::float8, h.longitude / 10.0::float8,
            c.latitude, c.longitude) <= h.reach_km)
    """,
    int,
)


async def of(conn: Connection, account_id: int) -> SkillSet | None:
    return await OF.first(conn, account_id)


async def put(conn: Connection, account_id: int, chosen: SkillSet) -> None:
    """In place of what was there."""
    await PUT.run(conn, account_id, chosen.shown, chosen.matched)
    await CLEAR.run(conn, account_id)
    await ADD.run(conn, account_id, chosen.skills)


async def drop(conn: Connection, account_id: int) -> None:
    await DROP.run(conn, account_id)


async def asked(conn: Connection, post_id: int) -> list[str]:
    return await ASKED.all(conn, post_id)


async def ask(conn: Connection, post_id: int, skills: Sequence[str]) -> None:
    """In place of what the call asked before."""
    await CLEAR_ASKED.run(conn, post_id)
    await ASK.run(conn, post_id, skills)


async def matching(
    conn: Connection, account_id: int, now: datetime, limit: int, offset: int
) -> list[int]:
    """Calls that are not over and ask for what somebody can do, within their reach; soonest first."""
    return await MATCHING.all(conn, account_id, now, limit, offset)


async def how_many(conn: Connection, post_id: int, but: int) -> int:
    """Members in reach of a call who can do what it asks and want to be counted, without ``but``."""
    return await HOW_MANY.one(conn, post_id, but)
