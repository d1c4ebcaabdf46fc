"""Web push: where the browsers and telephones of members are reached, and what waits to be sent there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from storage import lanes
from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Subscription:
    """Of one token. ``sealed_token``: what server/domain/members/push.py makes of its secret."""

    id: int
    token_id: int
    endpoint: str
    public_key: bytes
    auth: bytes
    standard: bool
    alerts: list[str]
    policy: str
    sealed_token: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """A subscription before it is written."""

    endpoint: str
    public_key: bytes
    auth: bytes
    standard: bool
    alerts: Sequence[str]
    policy: str


@dataclass(frozen=True, slots=True)
class Push:
    id: int
    subscription_id: int
    notification_id: int
    attempts: int
    last_error: str | None
    created_at: datetime


PUT = Query(
    """
    insert into push_subscriptions
        (token_id, endpoint, public_key, auth, standard, alerts, policy, sealed_token, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict (token_id) do update set endpoint = excluded.endpoint,
        public_key = excluded.public_key, auth = excluded.auth, standard = excluded.standard,
        alerts = excluded.alerts, policy = excluded.policy, sealed_token = excluded.sealed_token,
        created_at = excluded.created_at
    returning *
    """,
    Subscription,
)
OF_TOKEN = Query("select * from push_subscriptions where token_id = $1", Subscription)
CHANGE = Query(
    "update push_subscriptions set alerts = $2, policy = $3 where token_id = $1 returning *",
    Subscription,
)
DROP = Command("delete from push_subscriptions where token_id = $1")
DROP_OLDER = Command(
    """
    delete from push_subscriptions where id in (
        select s.id from push_subscriptions s join tokens t on t.id = s.token_id
        where t.account_id = $1 order by s.created_at desc, s.id desc offset $2)
    """
)
GONE = Command("delete from push_subscriptions where id = $1 and endpoint = $2")
# Nothing rings for who may not sign in.
LIVING = Query(
    """
    select s.* from push_subscriptions s
    join tokens t on t.id = s.token_id
    join users u on u.id = t.user_id
    join accounts a on a.id = t.account_id
    where s.id = any($1::integer[]) and u.disabled_at is null and a.suspended_at is null
    """,
    Subscription,
)
ADD = Query(
    """
    insert into pushes (subscription_id, notification_id, created_at)
    select s.id, n.id, $2 from notifications n
    join tokens t on t.account_id = n.account_id
    join push_subscriptions s on s.token_id = t.id
    where n.id = any($1::bigint[]) and n.type = any(s.alerts) and case s.policy
        when 'all' then true
        when 'followed' then exists (
            select from follows f where f.follower_id = n.account_id
            and f.target_id = n.from_account_id and f.accepted_at is not null)
        when 'follower' then exists (
            select from follows f where f.follower_id = n.from_account_id
            and f.target_id = n.account_id and f.accepted_at is not null)
        else false end
    on conflict do nothing
    returning subscription_id
    """,
    int,
)
WAITING = Query(
    """
    select p.* from unnest($1::integer[]) as s (id)
    cross join lateral (
        select * from pushes where subscription_id = s.id order by notification_id limit $2) p
    """,
    Push,
)
DONE = Command("delete from pushes where id = any($1::bigint[])")
FAILED = Command("update pushes set attempts = attempts + 1, last_error = $2 where id = $1")
EMPTY = Query(
    "select s.id from unnest($1::integer[]) as s (id)"
    " where not exists (select from pushes p where p.subscription_id = s.id)",
    int,
)


async def put(
    conn: Connection, token_id: int, wanted: Wanted, sealed_token: bytes, now: datetime
) -> Subscription:
    """In place of the one that the token had."""
    w = wanted
    return await PUT.one(
        conn, token_id, w.endpoint, w.public_key, w.auth, w.standard, w.alerts, w.policy,
        sealed_token, now,
    )  # fmt: skip


async def of_token(conn: Connection, token_id: int) -> Subscription | None:
    return await OF_TOKEN.first(conn, token_id)


async def change(
    conn: Connection, token_id: int, alerts: Sequence[str], policy: str
) -> Subscription | None:
    """None where the token has none."""
    return await CHANGE.first(conn, token_id, alerts, policy)


async def drop(conn: Connection, token_id: int) -> None:
    await DROP.run(conn, token_id)


async def drop_older(conn: Connection, account_id: int, kept: int) -> None:
    """Of all subscriptions of an account keep the newest."""
    await DROP_OLDER.run(conn, account_id, kept)


async def gone(conn: Connection, subscription_id: int, endpoint: str) -> None:
    """Its push service knows it no more. One that was put in its place meanwhile stays."""
    await GONE.run(conn, subscription_id, endpoint)


async def living(conn: Connection, ids: Sequence[int]) -> dict[int, Subscription]:
    """Those of these subscriptions whose owners may act."""
    return {row.id: row for row in await LIVING.all(conn, ids)}


async def add(conn: Connection, notification_ids: Sequence[int], now: datetime) -> list[int]:
    """Let each notification wait for the subscriptions that want it; gives those subscriptions.

    The caller wakes their lanes.
    """
    return await ADD.all(conn, notification_ids, now) if notification_ids else []


async def waiting(conn: Connection, ids: Sequence[int], each: int) -> list[Push]:
    """The oldest of each of these subscriptions."""
    return await WAITING.all(conn, ids, each)


async def done(conn: Connection, ids: Sequence[int]) -> None:
    await DONE.run(conn, ids)


async def failed(conn: Connection, push_id: int, error: str) -> None:
    await FAILED.run(conn, push_id, error)


async def settle(
    conn: Connection, keys: Sequence[str], later: Mapping[str, datetime], now: datetime
) -> None:
    """Give lanes back: those in ``later`` at their time, the others at once or not at all."""
    await lanes.lock(conn, lanes.PUSH, keys)
    empty = {str(number) for number in await EMPTY.all(conn, [int(key) for key in keys])}
    await lanes.remove(conn, lanes.PUSH, sorted(empty))
    for key in keys:
        if key not in empty:
            await lanes.release(conn, lanes.PUSH, key, later.get(key, now))
