"""Who signs in. What acts is an account (accounts.py)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.accounts import Account
from storage.db import Command, Connection, Query, next_id


@dataclass(frozen=True, slots=True)
class User:
    id: int
    email: str
    password_hash: str | None
    role: str
    created_at: datetime
    disabled_at: datetime | None


INSERT = Query(
    "insert into users (id, email, password_hash, role, created_at)"
    " values ($1, $2, $3, $4, $5) returning *",
    User,
)
BY_ID = Query("select * from users where id = $1", User)
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
SET_PASSWORD = Command("update users set password_hash = $2 where id = $1")


async def create(
    conn: Connection, email: str, password_hash: str | None, role: str, now: datetime
) -> User:
    """Raises ``UniqueViolation`` where the address is taken."""
    return await INSERT.one(conn, await next_id(conn, now), email, password_hash, role, now)


async def staff(conn: Connection) -> list[Account]:
    """The persons of those who run this instance."""
    return await STAFF.all(conn)


async def by_id(conn: Connection, user_id: int) -> User | None:
    return await BY_ID.first(conn, user_id)


async def by_login(conn: Connection, name: str) -> User | None:
    """By e-mail address, or by the handle of one of the user's persons."""
    if "@" in name:
        return await BY_EMAIL.first(conn, name)
    return await BY_USERNAME.first(conn, name)


async def any_admin(conn: Connection) -> bool:
    return await ANY_ADMIN.one(conn)


async def set_password(conn: Connection, user_id: int, password_hash: str) -> None:
    await SET_PASSWORD.run(conn, user_id, password_hash)
