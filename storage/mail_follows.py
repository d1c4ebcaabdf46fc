"""Who follows a community by e-mail: a fingerprint, the address (sealed), and what they were told up to when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class MailFollow:
    """``agreed``: the sentence they agreed to. ``source``: the form, the answer to a call, or a list that
    organisers had. ``failures``: refusals of their mail server in a row. ``week``: of the last digest."""

    id: int
    community_id: int
    fingerprint: bytes = field(repr=False)
    sealed: bytes = field(repr=False)
    state: str
    source: str
    agreed: str
    language: str
    created_at: datetime
    confirmed_at: datetime | None
    failures: int
    week: str | None
    told_at: datetime | None


@dataclass(frozen=True, slots=True)
class Due:
    """A follower to be written to, and since when they were told nothing."""

    id: int
    since: datetime


# Who is confirmed stays as they are; who waits to be confirmed begins anew.
PUT = Query(
    """
    insert into mail_follows (community_id, fingerprint, sealed, state, source, agreed, language,
        created_at)
    values ($1, $2, $3, 'new', $4, $5, $6, $7)
    on conflict (community_id, fingerprint) do update set sealed = excluded.sealed,
        source = excluded.source, agreed = excluded.agreed, language = excluded.language,
        created_at = excluded.created_at
        where mail_follows.state = 'new'
    returning *
    """,
    MailFollow,
)
BY_ID = Query("select * from mail_follows where id = $1", MailFollow)
BY_FINGERPRINT = Query(
    "select * from mail_follows where community_id = $1 and fingerprint = $2", MailFollow
)
CONFIRM = Query(
    "update mail_follows set state = 'confirmed', confirmed_at = $2 where id = $1 and state = 'new'"
    " returning *",
    MailFollow,
)
COUNT = Query(
    "select count(*) from mail_follows where community_id = $1"
    " and ($2::text is null or state = $2)",
    int,
)
# Anybody can type addresses: who is not confirmed makes room, the oldest first.
DROP_OLDEST_NEW = Command(
    "delete from mail_follows where id in (select id from mail_follows"
    " where community_id = $1 and state = 'new' order by created_at desc, id desc offset $2)"
)
DROP = Command("delete from mail_follows where id = $1")
DROP_BY_FINGERPRINT = Command(
    "delete from mail_follows where community_id = $1 and fingerprint = $2 and source = $3"
)
DROP_OF_COMMUNITY = Command("delete from mail_follows where community_id = $1")
DROP_ALL = Command("delete from mail_follows")
CLAIM = Query(
    """
    with due as (
        select id, coalesce(told_at, confirmed_at - interval '7 days') as since from mail_follows
        where community_id = $1 and state = 'confirmed' and week is distinct from $2
        order by id limit $4 for update)
    update mail_follows f set week = $2, told_at = $3 from due where f.id = due.id
    returning f.id, due.since
    """,
    Due,
)
FAILED = Query(
    "update mail_follows set failures = failures + 1 where id = $1 and failures < $2 - 1 returning 1",
    int,
)
ARRIVED = Command("update mail_follows set failures = 0 where id = $1 and failures > 0")
FORGET_NEW = Command(
    "delete from mail_follows where id in (select id from mail_follows"
    " where state = 'new' and created_at < $1 order by created_at limit $2)"
)


async def put(
    conn: Connection,
    community_id: int,
    fingerprint: bytes,
    sealed: bytes,
    source: str,
    agreed: str,
    language: str,
    now: datetime,
) -> MailFollow | None:
    """Somebody who is to confirm; one row for each address. None where they are confirmed already."""
    return await PUT.first(conn, community_id, fingerprint, sealed, source, agreed, language, now)


async def by_id(conn: Connection, follow_id: int) -> MailFollow | None:
    return await BY_ID.first(conn, follow_id)


async def by_fingerprint(
    conn: Connection, community_id: int, fingerprint: bytes
) -> MailFollow | None:
    return await BY_FINGERPRINT.first(conn, community_id, fingerprint)


async def confirm(conn: Connection, follow_id: int, now: datetime) -> MailFollow | None:
    """None where it was done before."""
    return await CONFIRM.first(conn, follow_id, now)


async def count(conn: Connection, community_id: int, state: str | None = None) -> int:
    return await COUNT.one(conn, community_id, state)


async def drop_oldest_new(conn: Connection, community_id: int, keep: int) -> None:
    """Of those who are to confirm, only the newest stay."""
    await DROP_OLDEST_NEW.run(conn, community_id, keep)


async def drop(conn: Connection, follow_id: int) -> None:
    await DROP.run(conn, follow_id)


async def drop_by_fingerprint(
    conn: Connection, community_id: int, fingerprint: bytes, source: str
) -> None:
    await DROP_BY_FINGERPRINT.run(conn, community_id, fingerprint, source)


async def drop_of_community(conn: Connection, community_id: int) -> None:
    await DROP_OF_COMMUNITY.run(conn, community_id)


async def drop_all(conn: Connection) -> None:
    """Where nobody can open what is sealed any more."""
    await DROP_ALL.run(conn)


async def claim(
    conn: Connection, community_id: int, week: str, now: datetime, limit: int
) -> list[Due]:
    """Who has had nothing this week. They count as told from here on."""
    return await CLAIM.all(conn, community_id, week, now, limit)


async def failed(conn: Connection, follow_id: int, most: int) -> bool:
    """Count a refusal. False where it was the last of ``most`` in a row, or they are gone."""
    return await FAILED.first(conn, follow_id, most) is not None


async def arrived(conn: Connection, follow_id: int) -> None:
    await ARRIVED.run(conn, follow_id)


async def forget_new(conn: Connection, before: datetime, limit: int) -> int:
    """Who never confirmed."""
    return await FORGET_NEW.run(conn, before, limit)
