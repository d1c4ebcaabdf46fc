"""Files: those that our members uploaded, and those of other servers that somebody here looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Media:
    id: int
    account_id: int | None
    post_id: int | None
    scheduled_id: int | None
    use: str
    state: str
    kind: str
    keys: list[str]
    meta: dict[str, Any]
    description: str
    focus: list[float] | None
    blurhash: str | None
    created_at: datetime
    touched_at: datetime


@dataclass(frozen=True, slots=True)
class Remote:
    """``key``: None where what was there is not shown."""

    digest: bytes
    key: str | None
    expires_at: datetime


INSERT = Query(
    "insert into media (id, account_id, kind, description, focus, created_at, touched_at)"
    " values ($1, $2, $3, $4, $5, $6, $6) returning *",
    Media,
)
EXPECT = Command("update media set keys = $2 where id = $1")
READY = Query(
    "update media set state = 'ready', kind = $2, meta = $3, blurhash = $4"
    " where id = $1 returning *",
    Media,
)
EXPECT_MORE = Command("update media set keys = array_append(keys, $2) where id = $1")
EXPECT_NO_MORE = Command("update media set keys = array_remove(keys, $2) where id = $1")
COVER = Query(
    "update media set keys = $2, meta = meta || jsonb_build_object('small', $3::jsonb), blurhash = $4"
    " where id = $1 returning *",
    Media,
)
FAIL = Command("update media set state = 'failed' where id = $1")
OF_ACCOUNT = Query(
    "select * from media where account_id = $1 and id = any($2::bigint[]) for no key update", Media
)
DESCRIBE = Query("update media set description = $2, focus = $3 where id = $1 returning *", Media)
ATTACH = Command(
    "update media set post_id = $3 where account_id = $1 and id = any($2::bigint[])"
    " and state = 'ready' and use = 'post' and scheduled_id is null"
    " and (post_id is null or post_id = $3)"
)
RESERVE = Command(
    "update media set scheduled_id = $3 where account_id = $1 and id = any($2::bigint[])"
    " and state = 'ready' and use = 'post' and post_id is null and scheduled_id is null"
)
UNRESERVE = Command("update media set scheduled_id = null, touched_at = $2 where scheduled_id = $1")
OF_SCHEDULED = Query("select * from media where scheduled_id = any($1::bigint[])", Media)
HAND_OVER = Command(
    "update media set account_id = $2 where account_id = $1 and id = any($3::bigint[])"
    " and use = 'post' and post_id is null and scheduled_id is null"
)
RELEASE = Command("update media set post_id = null, touched_at = $2 where post_id = $1")
USE = Command("update media set use = $2 where id = $1")
DELETE = Query("delete from media where id = any($1::bigint[]) returning keys", list[str])
IDS_OF_POST = Query("select id from media where post_id = $1", int)
IDS_OF_USE = Query("select id from media where account_id = $1 and use = $2", int)
KEYS = Query("select unnest(keys) from media where state = 'ready' order by 1", str)
# What a post that is to be published later will show is not idle.
IDLE = Query(
    "select id from media where post_id is null and scheduled_id is null and (account_id is null"
    " or (use = 'post' and touched_at < $1)) order by touched_at limit $2 for update skip locked",
    int,
)
REMOTE = Query("select * from remote_media where digest = $1", Remote)
KEEP_REMOTE = Query(
    "with before as (select key from remote_media where digest = $1)"
    " insert into remote_media (digest, key, expires_at) values ($1, $2, $3)"
    " on conflict (digest) do update set key = excluded.key, expires_at = excluded.expires_at"
    " returning (select key from before)",
    str,
)
FORGET_REMOTE = Query(
    "delete from remote_media where digest in (select digest from remote_media"
    " where expires_at < $1 order by expires_at limit $2 for update skip locked) returning key",
    str,
)


async def insert(
    conn: Connection,
    media_id: int,
    account_id: int,
    kind: str,
    description: str,
    focus: Sequence[float] | None,
    now: datetime,
) -> Media:
    return await INSERT.one(conn, media_id, account_id, kind, description, focus, now)


async def expect(conn: Connection, media_id: int, keys: Sequence[str]) -> None:
    """These files are about to be written: whatever happens, they are known."""
    await EXPECT.run(conn, media_id, keys)


async def ready(
    conn: Connection, media_id: int, kind: str, meta: dict[str, Any], blurhash: str | None
) -> Media | None:
    """None where it was deleted meanwhile."""
    return await READY.first(conn, media_id, kind, meta, blurhash)


async def expect_more(conn: Connection, media_id: int, key: str) -> None:
    """One more file is about to be written."""
    await EXPECT_MORE.run(conn, media_id, key)


async def expect_no_more(conn: Connection, media_id: int, key: str) -> None:
    await EXPECT_NO_MORE.run(conn, media_id, key)


async def cover(
    conn: Connection,
    media_id: int,
    keys: Sequence[str],
    small: dict[str, Any],
    blurhash: str | None,
) -> Media:
    """``keys``: the original's and the preview's."""
    return await COVER.one(conn, media_id, keys, small, blurhash)


async def fail(conn: Connection, media_id: int) -> None:
    await FAIL.run(conn, media_id)


async def of_account(conn: Connection, account_id: int, ids: Sequence[int]) -> dict[int, Media]:
    """Those of an account among these, held until the transaction ends."""
    return {row.id: row for row in await OF_ACCOUNT.all(conn, account_id, ids)}


async def describe(
    conn: Connection, media_id: int, description: str, focus: Sequence[float] | None
) -> Media:
    return await DESCRIBE.one(conn, media_id, description, focus)


async def attach(conn: Connection, account_id: int, ids: Sequence[int], post_id: int) -> int:
    """How many of them belong to the post now."""
    return await ATTACH.run(conn, account_id, ids, post_id)


async def hand_over(conn: Connection, from_id: int, to_id: int, ids: Sequence[int]) -> None:
    """What nothing shows is another's from now on."""
    await HAND_OVER.run(conn, from_id, to_id, ids)


async def release(conn: Connection, post_id: int, now: datetime) -> None:
    """They may be used by another post."""
    await RELEASE.run(conn, post_id, now)


async def reserve(conn: Connection, account_id: int, ids: Sequence[int], scheduled_id: int) -> int:
    """How many of them wait for a scheduled post now."""
    return await RESERVE.run(conn, account_id, ids, scheduled_id)


async def unreserve(conn: Connection, scheduled_id: int, now: datetime) -> None:
    """They may be used by another post."""
    await UNRESERVE.run(conn, scheduled_id, now)


async def of_scheduled(conn: Connection, ids: Sequence[int]) -> list[Media]:
    """The files that wait for any of these."""
    return await OF_SCHEDULED.all(conn, ids)


async def use(conn: Connection, media_id: int, name: str) -> None:
    await USE.run(conn, media_id, name)


async def delete(conn: Connection, ids: Sequence[int]) -> list[str]:
    """The names of their files, which are to be removed after the commit."""
    return [key for keys in await DELETE.all(conn, ids) for key in keys]


async def ids_of_post(conn: Connection, post_id: int) -> list[int]:
    return await IDS_OF_POST.all(conn, post_id)


async def ids_of_use(conn: Connection, account_id: int, name: str) -> list[int]:
    """``name``: avatar or header."""
    return await IDS_OF_USE.all(conn, account_id, name)


async def keys(conn: Connection) -> list[str]:
    """The names of all files that are shown or may be."""
    return await KEYS.all(conn)


async def idle(conn: Connection, before: datetime, limit: int) -> list[int]:
    """Those that nobody used since then, and those whose owner is gone; held."""
    return await IDLE.all(conn, before, limit)


async def remote(conn: Connection, digest: bytes) -> Remote | None:
    return await REMOTE.first(conn, digest)


async def keep_remote(
    conn: Connection, digest: bytes, key: str | None, until: datetime
) -> str | None:
    """Gives the name that stood there before."""
    return await KEEP_REMOTE.first(conn, digest, key, until)


async def forget_remote(conn: Connection, before: datetime, limit: int) -> list[str]:
    """The names of the files of what was to be kept until then."""
    return [key for key in await FORGET_REMOTE.all(conn, before, limit) if key]
