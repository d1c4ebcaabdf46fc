"""Who signs in. What acts is an account (accounts.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.accounts import Account
from storage.db import Command, Connection, Query, next_id


@dataclass(frozen=True, slots=True)
class User:
    """``confirmed_at`` and ``approved_at`` are both set once somebody may act."""

    id: int
    email: str
    password_hash: str | None
    role: str
    created_at: datetime
    disabled_at: datetime | None
    confirmed_at: datetime | None
    approved_at: datetime | None
    reason: str
    app_id: int | None
    language: str | None


INSERT = Query(
    """
    insert into users (id, email, password_hash, role, created_at, confirmed_at, approved_at, reason,
        app_id)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning *
    """,
    User,
)
HOLD = Query("select id from users where id = $1 for no key update", int)
BY_ID = Query("select * from users where id = $1", User)
BY_IDS = Query("select * from users where id = any($1::bigint[])", User)
BY_EMAIL = Query("select * from users where lower(email) = lower($1)", User)
BY_USERNAME = Query(
    "select u.* from users u join accounts a on a.user_id = u.id"
    " where lower(a.username) = lower($1) and a.local and a.kind = 'person'",
    User,
)
ANY_ADMIN = Query("select exists (select from users where role = 'admin')", bool)
STAFF = Query(
    "select a.* from accounts a join users u on u.id = a.user_id"
    " where u.role in ('moderator', 'admin') and u.disabled_at is null and a.kind = 'person'"
    " and a.suspended_at is null order by a.id",
    Account,
)
SET_LANGUAGE = Command("update users set language = $2 where id = $1")
SET_ROLE = Command("update users set role = $2 where id = $1")
SET_PASSWORD = Command("update users set password_hash = $2 where id = $1")
SET_EMAIL = Query(
    "update users set email = $2 where id = $1 and confirmed_at is null returning *", User
)
CHANGE_EMAIL = Command("update users set email = $2 where id = $1")
OTHER_ADMIN = Query(
    "select exists (select from users u where u.role = 'admin' and u.id <> $1 and u.disabled_at is null)",
    bool,
)
CONFIRM = Query(
    "update users set confirmed_at = $3 where id = $1 and email = $2 and confirmed_at is null"
    " returning *",
    User,
)
APPROVE = Query(
    "update users set approved_at = $2 where id = $1 and approved_at is null returning *", User
)
UNCONFIRMED = Query("select id from users where confirmed_at is null and created_at < $1", int)
SET_DISABLED = Query("update users set disabled_at = $2 where id = $1 returning *", User)
DELETE = Command("delete from users where id = $1")


async def create(
    conn: Connection, email: str, password_hash: str | None, role: str, now: datetime
) -> User:
    """One who may act at once. Raises ``UniqueViolation`` where the address is taken."""
    return await INSERT.one(
        conn, await next_id(conn, now), email, password_hash, role, now, now, now, "", None
    )


async def create_waiting(
    conn: Connection,
    email: str,
    password_hash: str,
    now: datetime,
    *,
    confirmed: bool,
    approved: bool,
    reason: str,
    app_id: int | None,
) -> User:
    """One who signed up. Raises ``UniqueViolation`` where the address is taken."""
    at = {False: None, True: now}
    return await INSERT.one(
        conn, await next_id(conn, now), email, password_hash, "member", now, at[confirmed],
        at[approved], reason, app_id,
    )  # fmt: skip


async def staff(conn: Connection) -> list[Account]:
    """The persons of those who run this instance."""
    return await STAFF.all(conn)


async def by_id(conn: Connection, user_id: int) -> User | None:
    return await BY_ID.first(conn, user_id)


async def hold(conn: Connection, user_id: int) -> None:
    """Until the transaction ends nobody else makes a person of this user."""
    await HOLD.first(conn, user_id)


async def by_ids(conn: Connection, ids: Sequence[int]) -> dict[int, User]:
    return {row.id: row for row in await BY_IDS.all(conn, ids)}


async def by_email(conn: Connection, email: str) -> User | None:
    """Case is ignored."""
    return await BY_EMAIL.first(conn, email)


async def by_login(conn: Connection, name: str) -> User | None:
    """By e-mail address, or by the handle of one of the user's persons."""
    if "@" in name:
        return await BY_EMAIL.first(conn, name)
    return await BY_USERNAME.first(conn, name)


async def set_language(conn: Connection, user_id: int, language: str) -> None:
    """In which language pages and mails speak to them: two letters (ISO 639-1)."""
    await SET_LANGUAGE.run(conn, user_id, language)


async def set_role(conn: Connection, user_id: int, role: str) -> None:
    await SET_ROLE.run(conn, user_id, role)


async def any_admin(conn: Connection) -> bool:
    return await ANY_ADMIN.one(conn)


async def set_password(conn: Connection, user_id: int, password_hash: str) -> None:
    await SET_PASSWORD.run(conn, user_id, password_hash)


async def set_email(conn: Connection, user_id: int, email: str) -> User | None:
    """Another address for one who has not confirmed theirs; None for anybody else.

    Raises ``UniqueViolation`` where it is taken.
    """
    return await SET_EMAIL.first(conn, user_id, email)


async def change_email(conn: Connection, user_id: int, email: str) -> None:
    """Raises ``UniqueViolation`` where it is taken."""
    await CHANGE_EMAIL.run(conn, user_id, email)


async def other_admin(conn: Connection, user_id: int) -> bool:
    """Whether somebody else may run this instance."""
    return await OTHER_ADMIN.one(conn, user_id)


async def confirm(conn: Connection, user_id: int, email: str, now: datetime) -> User | None:
    """None where it was done before, or where their address is another one now."""
    return await CONFIRM.first(conn, user_id, email, now)


async def approve(conn: Connection, user_id: int, now: datetime) -> User | None:
    """None where it was done before."""
    return await APPROVE.first(conn, user_id, now)


async def set_disabled(conn: Connection, user_id: int, at: datetime | None) -> User:
    """With None they may sign in again, and with the same tokens."""
    return await SET_DISABLED.one(conn, user_id, at)


async def unconfirmed(conn: Connection, before: datetime) -> list[int]:
    """Who signed up before that time and never confirmed their address."""
    return await UNCONFIRMED.all(conn, before)


async def delete(conn: Connection, user_id: int) -> None:
    """Their accounts go first: see ``accounts.delete``."""
    await DELETE.run(conn, user_id)
