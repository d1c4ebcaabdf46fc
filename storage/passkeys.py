"""Passkeys: the public keys of devices with which users sign in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Passkey:
    """``credential``: its id, as the device says it; ``public_key``: COSE; ``sign_count``: 0 where it counts nothing."""

    id: int
    user_id: int
    credential: bytes
    public_key: bytes
    sign_count: int
    name: str
    added_at: datetime
    used_at: datetime | None


INSERT = Command(
    "insert into passkeys (user_id, credential, public_key, sign_count, name, added_at)"
    " values ($1, $2, $3, $4, $5, $6)"
)
OF_USER = Query("select * from passkeys where user_id = $1 order by id", Passkey)
BY_CREDENTIAL = Query("select * from passkeys where credential = $1 for update", Passkey)
USED = Command("update passkeys set sign_count = $2, used_at = $3 where id = $1")
DROP = Command("delete from passkeys where user_id = $1 and id = $2")
DROP_ALL = Command("delete from passkeys where user_id = $1")


async def insert(
    conn: Connection,
    user_id: int,
    credential: bytes,
    public_key: bytes,
    sign_count: int,
    name: str,
    now: datetime,
) -> None:
    """Raises ``UniqueViolation`` for a credential that is known."""
    await INSERT.run(conn, user_id, credential, public_key, sign_count, name, now)


async def of_user(conn: Connection, user_id: int) -> list[Passkey]:
    return await OF_USER.all(conn, user_id)


async def lock_by_credential(conn: Connection, credential: bytes) -> Passkey | None:
    return await BY_CREDENTIAL.first(conn, credential)


async def used(conn: Connection, passkey_id: int, sign_count: int, now: datetime) -> None:
    await USED.run(conn, passkey_id, sign_count, now)


async def drop(conn: Connection, user_id: int, passkey_id: int) -> bool:
    """False where this user has none of this id."""
    return await DROP.run(conn, user_id, passkey_id) > 0


async def drop_all(conn: Connection, user_id: int) -> None:
    await DROP_ALL.run(conn, user_id)
