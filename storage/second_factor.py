"""What is asked besides a password: one-time codes, recovery codes, and the steps of a sign-in that has begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class OneTime:
    """``sealed``: the secret. ``last_step``: of the last code that was taken."""

    user_id: int
    sealed: bytes
    last_step: int
    created_at: datetime
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """``user_id`` is None where it is the passkey that will tell who enters."""

    digest: bytes
    purpose: str
    user_id: int | None
    expires_at: datetime


ONE_TIME = Query("select * from one_time_codes where user_id = $1", OneTime)
PUT_ONE_TIME = Command(
    "insert into one_time_codes (user_id, sealed, created_at) values ($1, $2, $3)"
    " on conflict (user_id) do update set sealed = excluded.sealed, last_step = 0,"
    " created_at = excluded.created_at where one_time_codes.confirmed_at is null"
)
TAKE_CODE = Query(
    "update one_time_codes set last_step = $2, confirmed_at = coalesce(confirmed_at, $3)"
    " where user_id = $1 and last_step < $2 returning 1",
    int,
)
DROP_ONE_TIME = Command("delete from one_time_codes where user_id = $1")
COUNT_RECOVERY = Query("select count(*) from recovery_codes where user_id = $1", int)
PUT_RECOVERY = Command(
    "insert into recovery_codes (user_id, digest) select $1, unnest($2::bytea[])"
)
TAKE_RECOVERY = Query(
    "delete from recovery_codes where user_id = $1 and digest = $2 returning 1", int
)
DROP_RECOVERY = Command("delete from recovery_codes where user_id = $1")
PUT_STEP = Command(
    "insert into sign_in_steps (digest, purpose, user_id, expires_at) values ($1, $2, $3, $4)"
)
STEP = Query(
    "select * from sign_in_steps where digest = $1 and purpose = $2 and expires_at > $3", Step
)
TAKE_STEP = Query(
    "delete from sign_in_steps where digest = $1 and purpose = $2 and expires_at > $3 returning *",
    Step,
)
DROP_OLD_STEPS = Command("delete from sign_in_steps where expires_at <= $1")


async def one_time(conn: Connection, user_id: int) -> OneTime | None:
    return await ONE_TIME.first(conn, user_id)


async def put_one_time(conn: Connection, user_id: int, sealed: bytes, now: datetime) -> None:
    """A new secret, not in use yet; one that is in use stays."""
    await PUT_ONE_TIME.run(conn, user_id, sealed, now)


async def take_code(conn: Connection, user_id: int, step: int, now: datetime) -> bool:
    """Use the code of this step up, and so begin to use codes. False where it or a later one was used before."""
    return await TAKE_CODE.first(conn, user_id, step, now) is not None


async def drop(conn: Connection, user_id: int) -> None:
    """One-time codes and recovery codes."""
    await DROP_ONE_TIME.run(conn, user_id)
    await DROP_RECOVERY.run(conn, user_id)


async def recovery_left(conn: Connection, user_id: int) -> int:
    return await COUNT_RECOVERY.one(conn, user_id)


async def put_recovery(conn: Connection, user_id: int, digests: Sequence[bytes]) -> None:
    """They take the place of those before."""
    await DROP_RECOVERY.run(conn, user_id)
    await PUT_RECOVERY.run(conn, user_id, digests)


async def take_recovery(conn: Connection, user_id: int, digest: bytes) -> bool:
    """False where it is none, or was used before."""
    return await TAKE_RECOVERY.first(conn, user_id, digest) is not None


async def put_step(conn: Connection, step: Step) -> None:
    await PUT_STEP.run(conn, step.digest, step.purpose, step.user_id, step.expires_at)


async def step(conn: Connection, digest: bytes, purpose: str, now: datetime) -> Step | None:
    return await STEP.first(conn, digest, purpose, now)


async def take_step(conn: Connection, digest: bytes, purpose: str, now: datetime) -> Step | None:
    """Use it up. None where it was used before, is too old, or never was."""
    return await TAKE_STEP.first(conn, digest, purpose, now)


async def drop_expired(conn: Connection, now: datetime) -> None:
    await DROP_OLD_STEPS.run(conn, now)
