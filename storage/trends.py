"""What is talked about: public posts that several people here were fond of. (Tags: tags.trending.)"""

from __future__ import annotations

from datetime import datetime

from storage.db import Connection, Query

# Favourites and boosts by people of ours: other servers cannot vote. The newest likes lead to the newest
# posts: a post is not liked before it is written.
POSTS = Query(
    """
    select p.id from (
        select f.post_id, f.account_id from favourites f
        join accounts who on who.id = f.account_id and who.user_id is not null
        where f.id > coalesce((
            select id from favourites where created_at < $1 order by id desc limit 1), 0)
        union
        select b.reblog_of_id, b.account_id from accounts who
        join posts b on b.account_id = who.id and b.reblog_of_id is not null
            and b.id > (extract(epoch from $1::timestamptz) * 1000)::bigint << 16
        where who.user_id is not null
    ) l
    join posts p on p.id = l.post_id
    join accounts author on author.id = p.account_id
    where p.visibility = 'public' and p.published_at > $1 and p.in_reply_to_id is null
      and not p.sensitive and l.account_id <> p.account_id
      and author.discoverable and author.suspended_at is null and author.silenced_at is null
    group by p.id having count(*) >= $2
    order by count(*) desc, p.id desc limit $3
    """,
    int,
)


async def posts(conn: Connection, after: datetime, people: int, limit: int) -> list[int]:
    """Posts since then that at least so many of our people liked or boosted, most of all first."""
    return await POSTS.all(conn, after, people, limit)
