"""Quotes: which post quotes which, how that stands, and who may. They are columns of the quoting post."""

from __future__ import annotations

from collections.abc import Sequence

from storage.db import Command, Connection, Query
from storage.posts import Listed, Post
from storage.timelines import Page

ATTACH = Command(
    "update posts set quote_id = $2, quoted_account_id = $3, quote_state = $4, quote_stamp = $5"
    " where id = $1"
)
SET_STATE = Command("update posts set quote_state = $2, quote_stamp = $3 where id = $1")
COUNT = Command("update posts set quotes_count = greatest(quotes_count + $2, 0) where id = $1")
SET_POLICY = Command(
    "update posts set quote_automatic = $2, quote_manual = $3 where id = $1"
    " and (quote_automatic, quote_manual) is distinct from ($2::text[], $3::text[])"
)
BY_STAMP = Query("select * from posts where quote_stamp = $1", Post)
OF_POST = Query(
    "select id as row_id, id from posts where quote_id = $1 and quote_state = 'accepted'"
    " and id < $2 and id > $3 order by id desc limit $4",
    Listed,
)
OF_POST_UP = Query(
    "select * from (select id as row_id, id from posts"
    " where quote_id = $1 and quote_state = 'accepted' and id < $2 and id > $3"
    " order by id limit $4) q order by id desc",
    Listed,
)
LOCAL_OF_POST = Query(
    "select * from posts where quote_id = $1 and quote_state = 'accepted' and local"
    " order by id limit $2",
    Post,
)
QUOTED = Query(
    """
    with first as (select * from posts where id = any($1::bigint[]))
    select * from first
    union all select p.* from first f join posts p on p.id = f.quote_id
    """,
    Post,
)


async def attach(
    conn: Connection,
    post_id: int,
    quoted: Post | None,
    state: str | None,
    stamp: str | None,
) -> None:
    """What the post quotes from now on; with None it quotes nothing."""
    quoted_id, author_id = (quoted.id, quoted.account_id) if quoted else (None, None)
    await ATTACH.run(conn, post_id, quoted_id, author_id, state, stamp)


async def set_state(conn: Connection, post_id: int, state: str, stamp: str | None = None) -> None:
    await SET_STATE.run(conn, post_id, state, stamp)


async def count(conn: Connection, post_id: int, by: int) -> None:
    await COUNT.run(conn, post_id, by)


async def set_policy(
    conn: Connection, post_id: int, automatic: Sequence[str], manual: Sequence[str]
) -> bool:
    """False where it was so already."""
    return await SET_POLICY.run(conn, post_id, automatic, manual) == 1


async def by_stamp(conn: Connection, stamp: str) -> Post | None:
    """The quoting post that an approval is for."""
    return await BY_STAMP.first(conn, stamp)


async def of_post(conn: Connection, post_id: int, page: Page) -> list[Listed]:
    """Who quotes a post and may, newest first."""
    query = OF_POST_UP if page.upward else OF_POST
    return await query.all(conn, post_id, *page.bounds, page.limit)


async def local_of_post(conn: Connection, post_id: int, limit: int) -> list[Post]:
    """Posts of ours that quote a post and may, oldest first."""
    return await LOCAL_OF_POST.all(conn, post_id, limit)


async def quoted(conn: Connection, ids: Sequence[int]) -> dict[int, Post]:
    """These posts, and what they quote in turn."""
    return {row.id: row for row in await QUOTED.all(conn, ids)}
