"""Letters to targets that this server sends for who takes part, and the addresses that want none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Mailing:
    """How many letters an hour and a day go to one target. ``hidden``: addresses are for stewards alone, whether letters
    are sent (``active``) or not."""

    per_hour: int
    per_day: int
    hidden: bool
    active: bool = True


@dataclass(frozen=True, slots=True)
class New:
    """``counts``: whether who wrote it takes part since then, and did not before."""

    subject: str
    body: str
    reply_to: str
    counts: bool


@dataclass(frozen=True, slots=True)
class TargetMail:
    """``account_id``: who wrote it; ``reply_to``: where an answer goes, or empty."""

    id: int
    post_id: int
    target_id: int
    account_id: int | None
    subject: str
    body: str
    reply_to: str
    state: str


PUT_MAILING = Command(
    """
    insert into call_mailing (post_id, per_hour, per_day, hidden, active) values ($1, $2, $3, $4, $5)
    on conflict (post_id) do update set per_hour = excluded.per_hour, per_day = excluded.per_day,
        hidden = excluded.hidden, active = excluded.active
    """
)
PAUSE_MAILING = Command("update call_mailing set active = false where post_id = $1")
MAILING = Query(
    "select per_hour, per_day, hidden, active from call_mailing where post_id = $1", Mailing
)
INSERT = Command(
    """
    insert into target_mails (participation_id, target_id, subject, body, reply_to, counts, state, asked_at)
    values ($1, $2, $3, $4, $5, $6, 'queued', $7)
    on conflict (participation_id, target_id) do update set subject = excluded.subject, body = excluded.body,
        reply_to = excluded.reply_to, counts = excluded.counts, state = 'queued', asked_at = excluded.asked_at,
        over_at = null
    where target_mails.state = 'stopped'
    """
)
BY_ID = Query(
    """
    select m.id, p.post_id, m.target_id, p.account_id, m.subject, m.body, m.reply_to, m.state
    from target_mails m join participations p on p.id = m.participation_id where m.id = $1
    """,
    TargetMail,
)
OF_PERSON = Query(
    """
    select m.id, p.post_id, m.target_id, p.account_id, m.subject, m.body, m.reply_to, m.state
    from target_mails m join participations p on p.id = m.participation_id
    where m.target_id = $1 and p.account_id = $2
    """,
    TargetMail,
)
NEXT = Query(
    "select id from target_mails where target_id = $1 and state = 'queued' order by id limit 1", int
)
SENT = Command(
    "update target_mails set state = 'sent', sent_at = $2 where id = $1 and state = 'queued'"
)
# What does not go was not written: its letter counts no more, unless somebody reports an answer to it.
STOP_ONE = Query(
    """
    with stopped as (
        update target_mails set state = 'stopped', sent_at = null where id = $1
        returning participation_id, target_id)
    update call_letters l set status = 'unsent' from stopped s
    where (l.participation_id, l.target_id) = (s.participation_id, s.target_id) and l.status = 'did'
    returning l.participation_id
    """,
    int,
)
STOP = Query(
    """
    with stopped as (
        update target_mails set state = 'stopped' where target_id = $1 and state = 'queued'
        returning participation_id, target_id)
    update call_letters l set status = 'unsent' from stopped s
    where (l.participation_id, l.target_id) = (s.participation_id, s.target_id) and l.status = 'did'
    returning l.participation_id
    """,
    int,
)
TAKE_BACK = Command(
    """
    update participations p set answer = $2, choice = $3, counts = false
    where p.id = any($1::bigint[]) and p.answer = 'did'
        and exists (select from target_mails m where m.participation_id = p.id and m.counts)
        and not exists (select from call_letters l where l.participation_id = p.id and l.status <> 'unsent')
    """
)
REFUSE = Command(
    "insert into mail_refusals (fingerprint, refused_at) values ($1, $2) on conflict do nothing"
)
IS_REFUSED = Query("select true from mail_refusals where fingerprint = $1", bool)
# As for contact data (storage/contacts.py): what is opened again counts anew.
NOTICE_OVER = Command(
    """
    with over as (
        select m.id, least(coalesce(c.closes_at, c.ends_at, c.starts_at, $1), $1) as at
        from target_mails m join call_targets t on t.id = m.target_id join calls c on c.post_id = t.post_id
        where m.over_at is null
            and (c.state in ('closed', 'cancelled') or coalesce(c.closes_at, c.ends_at, c.starts_at) < $1)
        limit $2)
    update target_mails m set over_at = over.at from over where m.id = over.id
    """
)
NOTICE_OPEN = Command(
    """
    update target_mails m set over_at = null from call_targets t, calls c
    where t.id = m.target_id and c.post_id = t.post_id and m.over_at is not null
        and c.state in ('open', 'postponed')
        and coalesce(c.closes_at, c.ends_at, c.starts_at, 'infinity') >= $1
    """
)
FORGET = Command(
    "delete from target_mails where id in (select id from target_mails"
    " where over_at < $1 order by over_at limit $2)"
)


async def put_mailing(conn: Connection, post_id: int, wanted: Mailing) -> None:
    await PUT_MAILING.run(
        conn, post_id, wanted.per_hour, wanted.per_day, wanted.hidden, wanted.active
    )


async def pause_mailing(conn: Connection, post_id: int) -> None:
    """No more letters; whether addresses are hidden stays as it is."""
    await PAUSE_MAILING.run(conn, post_id)


async def mailing(conn: Connection, post_id: int) -> Mailing | None:
    """None where nobody chose anything: people send their letters themselves."""
    return await MAILING.first(conn, post_id)


async def insert(
    conn: Connection, participation_id: int, target_id: int, new: New, now: datetime
) -> None:
    """In place of one that was stopped."""
    await INSERT.run(
        conn, participation_id, target_id, new.subject, new.body, new.reply_to, new.counts, now
    )


async def by_id(conn: Connection, mail_id: int) -> TargetMail | None:
    return await BY_ID.first(conn, mail_id)


async def of_person(conn: Connection, target_id: int, account_id: int) -> TargetMail | None:
    return await OF_PERSON.first(conn, target_id, account_id)


async def next_of(conn: Connection, target_id: int) -> int | None:
    """The one that waits longest."""
    return await NEXT.first(conn, target_id)


async def sent(conn: Connection, mail_id: int, now: datetime) -> None:
    await SENT.run(conn, mail_id, now)


async def stop_one(conn: Connection, mail_id: int) -> list[int]:
    """It does not go. Gives the participation whose letter counts no more, if one does not."""
    return await STOP_ONE.all(conn, mail_id)


async def stop(conn: Connection, target_id: int) -> list[int]:
    """What waits is not sent. Gives the participations of which a letter counts no more."""
    return await STOP.all(conn, target_id)


async def take_back(conn: Connection, ids: Sequence[int], answer: str, choice: int) -> None:
    """Of those who took part by their letters alone, and of whom none counts now, the answer becomes another."""
    await TAKE_BACK.run(conn, ids, answer, choice)


async def refuse(conn: Connection, fingerprint: bytes, now: datetime) -> None:
    await REFUSE.run(conn, fingerprint, now)


async def is_refused(conn: Connection, fingerprint: bytes) -> bool:
    return await IS_REFUSED.first(conn, fingerprint) is not None


async def notice_over(conn: Connection, now: datetime, limit: int) -> int:
    """Write down since when the calls of letters are over."""
    await NOTICE_OPEN.run(conn, now)
    return await NOTICE_OVER.run(conn, now, limit)


async def forget(conn: Connection, before: datetime, limit: int) -> int:
    """Copies of letters whose call was over before."""
    return await FORGET.run(conn, before, limit)
