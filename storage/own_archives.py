"""The last archive of each member, until its time is over, and what goes into one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Connection, Query
from storage.posts import Post


@dataclass(frozen=True, slots=True)
class OwnArchive:
    """``made_at``: None while it is being made. ``size`` in bytes; ``left_out``: files that are not in it."""

    account_id: int
    asked_at: datetime
    key: str
    made_at: datetime | None
    size: int | None
    left_out: int


INSERT = Query(
    "insert into own_archives (account_id, asked_at, key, left_out) values ($1, $2, $3, 0) returning *",
    OwnArchive,
)
OF = Query("select * from own_archives where account_id = $1", OwnArchive)
BY_KEY = Query("select * from own_archives where key = $1", OwnArchive)
FINISH = Query(
    "update own_archives set made_at = $3, size = $4, left_out = $5 where account_id = $1 and key = $2 and made_at is null returning *",
    OwnArchive,
)
DELETE = Query("delete from own_archives where account_id = $1 returning key", str)
FORGET = Query("delete from own_archives where asked_at < $1 returning key", str)
POSTS = Query(
    "select * from posts where account_id = $1 and local and id > $2 order by id limit $3", Post
)
LIKED = Query(
    "select p.uri from favourites f join posts p on p.id = f.post_id where f.account_id = $1 order by f.id desc limit $2",
    str,
)
FILES = Query(
    "select keys[1] from media where account_id = $1 and state = 'ready' and use = 'post' order by id desc limit $2",
    str,
)
FACE = Query(
    "select keys[1] from media where account_id = $1 and state = 'ready' and use = $2 order by id desc limit 1",
    str,
)


async def insert(conn: Connection, account_id: int, key: str, now: datetime) -> OwnArchive:
    """Raises ``UniqueViolation`` where there is one."""
    return await INSERT.one(conn, account_id, now, key)


async def of(conn: Connection, account_id: int) -> OwnArchive | None:
    return await OF.first(conn, account_id)


async def by_key(conn: Connection, key: str) -> OwnArchive | None:
    return await BY_KEY.first(conn, key)


async def finish(
    conn: Connection, account_id: int, key: str, now: datetime, size: int, left_out: int
) -> bool:
    """False where nobody waits for it any more, or it was made already."""
    return await FINISH.first(conn, account_id, key, now, size, left_out) is not None


async def delete(conn: Connection, account_id: int) -> list[str]:
    """Gives the names of the files that are to go."""
    return await DELETE.all(conn, account_id)


async def forget(conn: Connection, before: datetime) -> list[str]:
    """The same, of all that were asked for before."""
    return await FORGET.all(conn, before)


async def posts(conn: Connection, account_id: int, after: int, limit: int) -> list[Post]:
    """What a member wrote and boosted, the oldest first."""
    return await POSTS.all(conn, account_id, after, limit)


async def liked(conn: Connection, account_id: int, limit: int) -> list[str]:
    return await LIKED.all(conn, account_id, limit)


async def files(conn: Connection, account_id: int, limit: int) -> list[str]:
    """Names of what was uploaded for posts, the newest first."""
    return await FILES.all(conn, account_id, limit)


async def face(conn: Connection, account_id: int, use: str) -> str | None:
    """The name of the picture; ``use``: avatar or header."""
    return await FACE.first(conn, account_id, use)
