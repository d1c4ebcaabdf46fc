"""Who answered a call by e-mail: a fingerprint, what they wrote (sealed), and the links in their mails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Contact:
    """``fingerprint`` and ``sealed`` are gone once the time is over for which contact data is kept."""

    id: int
    post_id: int
    fingerprint: bytes | None = field(repr=False)
    sealed: bytes | None = field(repr=False)
    answer: str
    guests: int
    state: str
    created_at: datetime
    confirmed_at: datetime | None
    over_at: datetime | None


@dataclass(frozen=True, slots=True)
class Link:
    digest: bytes
    contact_id: int
    purpose: str
    expires_at: datetime


# Somebody who waits to be confirmed may have written something else meanwhile; who is confirmed stays as they are.
PUT = Query(
    """
    insert into contacts (post_id, fingerprint, sealed, answer, guests, state, created_at)
    values ($1, $2, $3, $4, $5, 'new', $6)
    on conflict (post_id, fingerprint) do update set sealed = excluded.sealed,
        answer = excluded.answer, guests = excluded.guests, created_at = excluded.created_at
        where contacts.state = 'new'
    returning *
    """,
    Contact,
)
BY_ID = Query("select * from contacts where id = $1", Contact)
BY_IDS = Query("select * from contacts where id = any($1::bigint[])", Contact)
BY_FINGERPRINT = Query("select * from contacts where post_id = $1 and fingerprint = $2", Contact)
OF_CALL = Query(
    "select * from contacts where post_id = $1 and state = 'confirmed' and sealed is not null"
    " and id > $2 order by id limit $3",
    Contact,
)
CONFIRM = Query(
    "update contacts set state = 'confirmed', confirmed_at = $2 where id = $1 and state = 'new'"
    " returning *",
    Contact,
)
DROP = Command("delete from contacts where id = $1")
DROP_KEYS = Command("delete from community_keys")
DROP_UNREADABLE = Command("delete from contacts where sealed is not null and state = 'new'")
BLANK_ALL = Command("update contacts set sealed = null, fingerprint = null")

INSERT_LINK = Command(
    "insert into contact_links (digest, contact_id, purpose, expires_at) values ($1, $2, $3, $4)"
)
LINK = Query("select * from contact_links where digest = $1 and expires_at > $2", Link)
DROP_LINKS = Command("delete from contact_links where contact_id = $1 and purpose = $2")

# What is kept for a time; each removes no more than asked, and tells how many.
FORGET_NEW = Command(
    "delete from contacts where id in (select id from contacts"
    " where state = 'new' and created_at < $1 order by created_at limit $2)"
)
NOTICE_OVER = Command(
    """
    with over as (
        select n.id, least(coalesce(c.closes_at, c.ends_at, c.starts_at, $1), $1) as at
        from contacts n join calls c on c.post_id = n.post_id
        where n.over_at is null
            and (c.state in ('closed', 'cancelled') or coalesce(c.closes_at, c.ends_at, c.starts_at) < $1)
        limit $2)
    update contacts n set over_at = over.at from over where n.id = over.id
    """
)
NOTICE_OPEN = Command(
    """
    update contacts n set over_at = null from calls c
    where c.post_id = n.post_id and n.over_at is not null and c.state in ('open', 'postponed')
        and coalesce(c.closes_at, c.ends_at, c.starts_at, 'infinity') >= $1
    """
)
BLANK = Command(
    """
    update contacts set sealed = null, fingerprint = null
    where id in (select id from contacts where over_at < $1 and sealed is not null
        and state = 'confirmed' order by over_at limit $2)
    """
)
FORGET = Command(
    "delete from contacts where id in (select id from contacts"
    " where over_at < $1 order by over_at limit $2)"
)
FORGET_LINKS = Command(
    "delete from contact_links where digest in (select digest from contact_links"
    " where expires_at < $1 order by expires_at limit $2)"
)


async def put(
    conn: Connection,
    post_id: int,
    fingerprint: bytes,
    sealed: bytes,
    answer: str,
    guests: int,
    now: datetime,
) -> Contact | None:
    """Somebody who is to confirm; one row for each address. None where they are confirmed already."""
    return await PUT.first(conn, post_id, fingerprint, sealed, answer, guests, now)


async def by_id(conn: Connection, contact_id: int) -> Contact | None:
    return await BY_ID.first(conn, contact_id)


async def by_ids(conn: Connection, ids: Sequence[int]) -> dict[int, Contact]:
    return {row.id: row for row in await BY_IDS.all(conn, ids)}


async def by_fingerprint(conn: Connection, post_id: int, fingerprint: bytes) -> Contact | None:
    return await BY_FINGERPRINT.first(conn, post_id, fingerprint)


async def of_call(conn: Connection, post_id: int, after: int, limit: int) -> list[Contact]:
    """Who confirmed, as far as their data is kept, in order."""
    return await OF_CALL.all(conn, post_id, after, limit)


async def confirm(conn: Connection, contact_id: int, now: datetime) -> Contact | None:
    """None where it was done before."""
    return await CONFIRM.first(conn, contact_id, now)


async def drop(conn: Connection, contact_id: int) -> None:
    """With what they agreed to, and their links."""
    await DROP.run(conn, contact_id)


async def give_up(conn: Connection) -> None:
    """What nobody can open any more goes, with the keys; that somebody answered stays."""
    await DROP_UNREADABLE.run(conn)
    await BLANK_ALL.run(conn)
    await DROP_KEYS.run(conn)


async def insert_link(conn: Connection, link: Link) -> None:
    await INSERT_LINK.run(conn, link.digest, link.contact_id, link.purpose, link.expires_at)


async def link(conn: Connection, digest: bytes, now: datetime) -> Link | None:
    """None where it is too old, or never was."""
    return await LINK.first(conn, digest, now)


async def drop_links(conn: Connection, contact_id: int, purpose: str) -> None:
    await DROP_LINKS.run(conn, contact_id, purpose)


async def forget_new(conn: Connection, before: datetime, limit: int) -> int:
    """Who never confirmed."""
    return await FORGET_NEW.run(conn, before, limit)


async def notice_over(conn: Connection, now: datetime, limit: int) -> int:
    """Write down since when calls take no answers; one that was opened again counts anew."""
    await NOTICE_OPEN.run(conn, now)
    return await NOTICE_OVER.run(conn, now, limit)


async def blank(conn: Connection, before: datetime, limit: int) -> int:
    """Forget the data of calls that were over before; that somebody answered stays."""
    return await BLANK.run(conn, before, limit)


async def forget(conn: Connection, before: datetime, limit: int) -> int:
    """Forget who answered calls that were over before."""
    return await FORGET.run(conn, before, limit)


async def forget_links(conn: Connection, before: datetime, limit: int) -> int:
    return await FORGET_LINKS.run(conn, before, limit)
