"""What the moderators are asked to look at, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Connection, Query
from storage.timelines import Page


@dataclass(frozen=True, slots=True)
class Report:
    """``post_ids`` may name posts that are gone; ``rule_ids`` count the instance's rules from 1."""

    id: int
    uri: str | None
    account_id: int
    target_id: int
    post_ids: list[int]
    category: str
    comment: str
    rule_ids: list[int]
    forwarded: bool
    assigned_id: int | None
    resolved_at: datetime | None
    resolved_by_id: int | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class NewReport:
    account_id: int
    target_id: int
    post_ids: Sequence[int] = ()
    category: str = "other"
    comment: str = ""
    rule_ids: Sequence[int] = ()
    forwarded: bool = False
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which reports are listed; None asks for all."""

    resolved: bool | None = False
    account_id: int | None = None
    target_id: int | None = None


INSERT = Query(
    """
    insert into reports (uri, account_id, target_id, post_ids, category, comment, rule_ids,
        forwarded, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
    on conflict (uri) do nothing returning *
    """,
    Report,
)
# An account that was suspended can still be reported, and one that blocks the reporter.
KNOWN_AT = Query(
    """
    select p.id from posts p where p.id = any($1::bigint[]) and (
        p.visibility in ('public', 'unlisted')
        or exists (select from post_mentions m join accounts a on a.id = m.account_id
            where m.post_id = p.id and a.host = $2 and ($3::bigint is null or a.id = $3))
        or (p.visibility in ('private', 'members') and exists (
            select from follows f join accounts a on a.id = f.follower_id
            where f.target_id = case p.visibility when 'members' then p.community_id else p.account_id end
              and f.accepted_at is not null
              and a.host = $2 and ($3::bigint is null or a.id = $3))))
    order by p.id
    """,
    int,
)
SHOW = Query("select * from reports where id = $1", Report)
LISTED = Query(
    """
    select * from reports where id < $1 and id > $2
      and ($4::boolean is null or (resolved_at is not null) = $4)
      and ($5::bigint is null or account_id = $5) and ($6::bigint is null or target_id = $6)
    order by id desc limit $3
    """,
    Report,
)
LISTED_UP = Query(
    """
    select * from (select * from reports where id < $1 and id > $2
      and ($4::boolean is null or (resolved_at is not null) = $4)
      and ($5::bigint is null or account_id = $5) and ($6::bigint is null or target_id = $6)
    order by id limit $3) r order by id desc
    """,
    Report,
)
# Open ones are few; a post that was removed, deleted or held is seen by nobody else, and needs no look.
IN_COMMUNITY = Query(
    """
    select r.* from reports r where r.resolved_at is null and r.id < $2 and exists (
        select from posts p where p.id = any(r.post_ids) and p.community_id = $1 and p.removed is null)
    order by r.id desc limit $3
    """,
    Report,
)
ASSIGN = Query(
    "update reports set assigned_id = $2, updated_at = $3 where id = $1 returning *", Report
)
SORT = Query(
    "update reports set category = $2, rule_ids = $3, updated_at = $4 where id = $1 returning *",
    Report,
)
RESOLVE = Query(
    "update reports set resolved_at = $3, resolved_by_id = $2, updated_at = $3"
    " where id = $1 returning *",
    Report,
)
REOPEN = Query(
    "update reports set resolved_at = null, resolved_by_id = null, updated_at = $2"
    " where id = $1 returning *",
    Report,
)


async def insert(conn: Connection, new: NewReport, now: datetime) -> Report | None:
    """None for a Flag that came before."""
    return await INSERT.first(
        conn, new.uri, new.account_id, new.target_id, list(new.post_ids), new.category,
        new.comment, list(new.rule_ids), new.forwarded, now,
    )  # fmt: skip


async def known_at(
    conn: Connection, ids: Sequence[int], host: str, account_id: int | None = None
) -> list[int]:
    """Those of these posts that people of a host ("": ours) were sent, or that one of them was."""
    return await KNOWN_AT.all(conn, ids, host, account_id)


async def show(conn: Connection, report_id: int) -> Report | None:
    return await SHOW.first(conn, report_id)


async def listed(conn: Connection, page: Page, asked: Asked) -> list[Report]:
    """Newest first."""
    query = LISTED_UP if page.upward else LISTED
    return await query.all(
        conn, *page.bounds, page.limit, asked.resolved, asked.account_id, asked.target_id
    )


async def in_community(
    conn: Connection, community_id: int, before: int, limit: int
) -> list[Report]:
    """Open ones of posts that stand in this community, newest first."""
    return await IN_COMMUNITY.all(conn, community_id, before, limit)


async def assign(
    conn: Connection, report_id: int, moderator_id: int | None, now: datetime
) -> Report | None:
    """To a moderator, or (None) to nobody. None where there is no such report, here and below."""
    return await ASSIGN.first(conn, report_id, moderator_id, now)


async def sort(
    conn: Connection, report_id: int, category: str, rule_ids: Sequence[int], now: datetime
) -> Report | None:
    """Under another category."""
    return await SORT.first(conn, report_id, category, list(rule_ids), now)


async def resolve(
    conn: Connection, report_id: int, moderator_id: int, now: datetime
) -> Report | None:
    return await RESOLVE.first(conn, report_id, moderator_id, now)


async def reopen(conn: Connection, report_id: int, now: datetime) -> Report | None:
    return await REOPEN.first(conn, report_id, now)
