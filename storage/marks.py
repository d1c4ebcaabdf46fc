"""What people do with posts: likes, what they keep, what they pin, and who boosted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storage.db import Command, Connection, Query
from storage.posts import COUNT_FAVOURITE, Listed, Mention, Post
from storage.timelines import Page


@dataclass(frozen=True, slots=True)
class Marks:
    """What the viewer did with a post."""

    post_id: int
    favourited: bool
    bookmarked: bool
    reblogged: bool
    pinned: bool
    muted: bool  # its conversation
    filters: UUID | None  # the version of the viewer's filters (filters.py), the same in every row


FAVOURITE = Command(
    "insert into favourites (uri, account_id, post_id, created_at) values ($1, $2, $3, $4)"
    " on conflict do nothing"
)
UNFAVOURITE = Command("delete from favourites where account_id = $1 and post_id = $2")
FAVOURITE_URI = Query("select uri from favourites where account_id = $1 and post_id = $2", str)
FAVOURITE_BY_URI = Query("select post_id, account_id from favourites where uri = $1", Mention)
FAVOURITES_OF_UP = Query(
    "select * from (select id as row_id, post_id as id from favourites"
    " where account_id = $1 and id < $2 and id > $3 order by favourites.id limit $4) f order by row_id desc",
    Listed,
)
FAVOURITES_OF = Query(
    "select id as row_id, post_id as id from favourites"
    " where account_id = $1 and id < $2 and id > $3 order by favourites.id desc limit $4",
    Listed,
)
REBLOGGED_BY = Query(
    "select id as row_id, account_id as id from posts"
    " where reblog_of_id = $1 and id < $2 and id > $3 and visibility in ('public', 'unlisted')"
    " order by posts.id desc limit $4",
    Listed,
)
BOOKMARK = Command(
    "insert into bookmarks (account_id, post_id, created_at) values ($1, $2, $3)"
    " on conflict do nothing"
)
UNBOOKMARK = Command("delete from bookmarks where account_id = $1 and post_id = $2")
BOOKMARKS_OF_UP = Query(
    "select * from (select id as row_id, post_id as id from bookmarks"
    " where account_id = $1 and id < $2 and id > $3 order by bookmarks.id limit $4) f order by row_id desc",
    Listed,
)
BOOKMARKS_OF = Query(
    "select id as row_id, post_id as id from bookmarks"
    " where account_id = $1 and id < $2 and id > $3 order by bookmarks.id desc limit $4",
    Listed,
)
MARKS = Query(
    """
    select p.id as post_id,
        exists (select from favourites f where f.post_id = p.id and f.account_id = $1) as favourited,
        exists (select from bookmarks b where b.post_id = p.id and b.account_id = $1) as bookmarked,
        exists (select from posts r where r.reblog_of_id = p.id and r.account_id = $1) as reblogged,
        exists (select from pins n where n.post_id = p.id and n.account_id = $1) as pinned,
        exists (select from thread_mutes t join posts q on q.thread_id = t.thread_id
            where q.id = p.id and t.account_id = $1) as muted,
        (select v.version from filter_versions v where v.account_id = $1) as filters
    from unnest($2::bigint[]) as p (id)
    """,
    Marks,
)
PIN = Command(
    "insert into pins (account_id, post_id, pinned_at) values ($1, $2, $3) on conflict do nothing"
)
UNPIN = Command("delete from pins where account_id = $1 and post_id = $2")
PINNED = Query(
    "select p.* from pins n join posts p on p.id = n.post_id where n.account_id = $1"
    " order by n.pinned_at desc limit 50",
    Post,
)


# A bare "order by id" would mean the column that is called so in what they give.
FAVOURITED_BY = Query(
    "select id as row_id, account_id as id from favourites"
    " where post_id = $1 and id < $2 and id > $3 order by favourites.id desc limit $4",
    Listed,
)


async def favourite(
    conn: Connection, uri: str | None, account_id: int, post_id: int, now: datetime
) -> bool:
    """False for a repeat."""
    made = await FAVOURITE.run(conn, uri, account_id, post_id, now) == 1
    if made:
        await COUNT_FAVOURITE.run(conn, post_id, 1)
    return made


async def unfavourite(conn: Connection, account_id: int, post_id: int) -> bool:
    gone = await UNFAVOURITE.run(conn, account_id, post_id) == 1
    if gone:
        await COUNT_FAVOURITE.run(conn, post_id, -1)
    return gone


async def favourite_uri(conn: Connection, account_id: int, post_id: int) -> str | None:
    return await FAVOURITE_URI.first(conn, account_id, post_id)


async def favourite_by_uri(conn: Connection, uri: str) -> Mention | None:
    """Which post, by whom."""
    return await FAVOURITE_BY_URI.first(conn, uri)


async def favourited_by(
    conn: Connection, post_id: int, before: int, after: int, limit: int
) -> list[Listed]:
    return await FAVOURITED_BY.all(conn, post_id, before, after, limit)


async def favourites_of(conn: Connection, account_id: int, page: Page) -> list[Listed]:
    query = FAVOURITES_OF_UP if page.upward else FAVOURITES_OF
    return await query.all(conn, account_id, *page.bounds, page.limit)


async def reblogged_by(
    conn: Connection, post_id: int, before: int, after: int, limit: int
) -> list[Listed]:
    return await REBLOGGED_BY.all(conn, post_id, before, after, limit)


async def bookmark(conn: Connection, account_id: int, post_id: int, now: datetime) -> None:
    await BOOKMARK.run(conn, account_id, post_id, now)


async def unbookmark(conn: Connection, account_id: int, post_id: int) -> None:
    await UNBOOKMARK.run(conn, account_id, post_id)


async def bookmarks_of(conn: Connection, account_id: int, page: Page) -> list[Listed]:
    query = BOOKMARKS_OF_UP if page.upward else BOOKMARKS_OF
    return await query.all(conn, account_id, *page.bounds, page.limit)


async def marks(conn: Connection, viewer_id: int, ids: Sequence[int]) -> dict[int, Marks]:
    return {row.post_id: row for row in await MARKS.all(conn, viewer_id, ids)}


async def pin(conn: Connection, account_id: int, post_id: int, now: datetime) -> bool:
    return await PIN.run(conn, account_id, post_id, now) == 1


async def unpin(conn: Connection, account_id: int, post_id: int) -> bool:
    return await UNPIN.run(conn, account_id, post_id) == 1


async def pinned(conn: Connection, account_id: int) -> list[Post]:
    return await PINNED.all(conn, account_id)
