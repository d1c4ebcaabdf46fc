"""Senders who wait before a member's door, those let in for good, and the policy that decides.

A request stands as long as something of its sender is filtered; how much, and their latest post, are
counted from the notifications themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query
from storage.timelines import Page


@dataclass(frozen=True, slots=True)
class Request:
    id: int
    from_account_id: int
    created_at: datetime
    updated_at: datetime
    count: int
    last_post_id: int | None  # of the sender, that they told the member of


@dataclass(frozen=True, slots=True)
class Policy:
    """For each kind of sender: accept, filter or drop."""

    for_not_following: str = "accept"
    for_not_followers: str = "accept"
    for_new_accounts: str = "accept"
    for_private_mentions: str = "filter"
    for_limited_accounts: str = "filter"
    for_bots: str = "accept"


@dataclass(frozen=True, slots=True)
class Pending:
    requests: int
    notifications: int


UPSERT = Command(
    """
    insert into notification_requests (account_id, from_account_id, created_at, updated_at)
    select unnest($1::bigint[]), $2, $3, $3
    on conflict (account_id, from_account_id) do update set updated_at = excluded.updated_at
    """
)
PAGE = Query(
    """
    select r.id, r.from_account_id, r.created_at, r.updated_at, n.count, n.last_post_id
    from notification_requests r cross join lateral (
        select count(*) as count, max(post_id) filter (
            where type in ('mention', 'status', 'quote')) as last_post_id
        from notifications n where n.account_id = r.account_id
            and n.from_account_id = r.from_account_id and n.filtered) n
    where r.account_id = $1 and r.id < $2 and r.id > $3 and n.count > 0
    order by r.id desc limit $4
    """,
    Request,
)
BY_ID = Query(
    """
    select r.id, r.from_account_id, r.created_at, r.updated_at, n.count, n.last_post_id
    from notification_requests r cross join lateral (
        select count(*) as count, max(post_id) filter (
            where type in ('mention', 'status', 'quote')) as last_post_id
        from notifications n where n.account_id = r.account_id
            and n.from_account_id = r.from_account_id and n.filtered) n
    where r.id = $1 and r.account_id = $2
    """,
    Request,
)
PAGE_UP = Query(
    """
    select * from (
    select r.id, r.from_account_id, r.created_at, r.updated_at, n.count, n.last_post_id
    from notification_requests r cross join lateral (
        select count(*) as count, max(post_id) filter (
            where type in ('mention', 'status', 'quote')) as last_post_id
        from notifications n where n.account_id = r.account_id
            and n.from_account_id = r.from_account_id and n.filtered) n
    where r.account_id = $1 and r.id < $2 and r.id > $3 and n.count > 0
    order by r.id limit $4) q order by id desc
    """,
    Request,
)
TAKE = Query(
    "delete from notification_requests where account_id = $1 and id = any($2::bigint[])"
    " returning from_account_id",
    int,
)
PERMIT = Command(
    "insert into notification_permissions (account_id, from_account_id, created_at)"
    " select $1, unnest($2::bigint[]), $3 on conflict do nothing"
)
MERGE = Command(
    "update notifications set filtered = false"
    " where account_id = $1 and from_account_id = any($2::bigint[]) and filtered"
)
DROP = Command(
    "delete from notifications"
    " where account_id = $1 and from_account_id = any($2::bigint[]) and filtered"
)
POLICY = Query(
    """
    select for_not_following, for_not_followers, for_new_accounts, for_private_mentions,
        for_limited_accounts, for_bots
    from notification_policies where account_id = $1
    """,
    Policy,
)
PUT_POLICY = Command(
    """
    insert into notification_policies (account_id, for_not_following, for_not_followers,
        for_new_accounts, for_private_mentions, for_limited_accounts, for_bots)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (account_id) do update set for_not_following = excluded.for_not_following,
        for_not_followers = excluded.for_not_followers,
        for_new_accounts = excluded.for_new_accounts,
        for_private_mentions = excluded.for_private_mentions,
        for_limited_accounts = excluded.for_limited_accounts, for_bots = excluded.for_bots
    """
)
PENDING = Query(
    "select count(distinct from_account_id) as requests, count(*) as notifications"
    " from notifications where account_id = $1 and filtered",
    Pending,
)


async def wait(
    conn: Connection, account_ids: Sequence[int], from_account_id: int, now: datetime
) -> None:
    """Something of this sender was filtered for each of these members."""
    await UPSERT.run(conn, account_ids, from_account_id, now)


async def page(conn: Connection, account_id: int, page: Page) -> list[Request]:
    query = PAGE_UP if page.upward else PAGE
    return await query.all(conn, account_id, *page.bounds, page.limit)


async def by_id(conn: Connection, request_id: int, account_id: int) -> Request | None:
    return await BY_ID.first(conn, request_id, account_id)


async def take(conn: Connection, account_id: int, ids: Sequence[int]) -> list[int]:
    """Remove requests of this member; gives their senders. Those of others are left out."""
    return await TAKE.all(conn, account_id, ids)


async def permit(conn: Connection, account_id: int, senders: Sequence[int], now: datetime) -> None:
    await PERMIT.run(conn, account_id, senders, now)


async def merge(conn: Connection, account_id: int, senders: Sequence[int]) -> int:
    """What was filtered of these senders is so no longer; gives how much."""
    return await MERGE.run(conn, account_id, senders)


async def drop(conn: Connection, account_id: int, senders: Sequence[int]) -> None:
    """What was filtered of these senders goes."""
    await DROP.run(conn, account_id, senders)


async def policy(conn: Connection, account_id: int) -> Policy:
    return await POLICY.first(conn, account_id) or Policy()


async def put_policy(conn: Connection, account_id: int, chosen: Policy) -> None:
    await PUT_POLICY.run(
        conn, account_id, chosen.for_not_following, chosen.for_not_followers,
        chosen.for_new_accounts, chosen.for_private_mentions, chosen.for_limited_accounts,
        chosen.for_bots,
    )  # fmt: skip


async def pending(conn: Connection, account_id: int) -> Pending:
    return await PENDING.one(conn, account_id)
