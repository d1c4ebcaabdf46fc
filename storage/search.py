"""What is searched: the words of posts, the names of people, and tags by how they begin.

The words of a post are an index over an expression, so nothing has to be kept beside it. Each post is read
in its language, and so is what is asked for: once for each of the languages, among the posts that are in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.accounts import Account
from storage.db import Command, Connection, Query

LAST = "\U0010ffff"
"""Above every character: what begins with x lies from x up to x and this."""


@dataclass(frozen=True, slots=True)
class Filters:
    """None: not asked. ``since`` is included, ``until`` is not; ``language`` is a prefix of two or three
    letters. ``library``: what the viewer wrote, kept, or was named in; ``everywhere``: public posts of
    those who let them be found."""

    author_id: int | None = None
    not_author_id: int | None = None
    media: bool | None = None
    link: bool | None = None
    poll: bool | None = None
    reply: bool | None = None
    sensitive: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    language: str | None = None
    library: bool = True
    everywhere: bool = True


# $1 viewer, $2 limit, $3 offset, $4 … $15 the filters in their order.
_MATCHING = """
    p.reblog_of_id is null and a.suspended_at is null
    and ($4::bigint is null or p.account_id = $4)
    and ($5::bigint is null or p.account_id <> $5)
    and ($6::boolean is null or $6 = jsonb_path_exists(p.attachments, '$[*] ? (@.kind <> "link")'))
    and ($7::boolean is null or $7 = (
        p.content ~ '<a (?![^>]*class="[^"]*(mention|hashtag))[^>]*href='
        or jsonb_path_exists(p.attachments, '$[*] ? (@.kind == "link")')))
    and ($8::boolean is null or $8 = exists (select from polls l where l.post_id = p.id))
    and ($9::boolean is null or $9 = (p.in_reply_to_id is not null))
    and ($10::boolean is null or $10 = p.sensitive)
    and ($11::timestamptz is null or p.published_at >= $11)
    and ($12::timestamptz is null or p.published_at < $12)
    and ($13::text is null or split_part(lower(coalesce(p.language, '')), '-', 1) = $13)
    and (($15 and p.visibility = 'public' and a.indexable) or ($14 and (
        p.account_id = $1 or p.quoted_account_id = $1
        or exists (select from favourites f where f.account_id = $1 and f.post_id = p.id)
        or exists (select from bookmarks b where b.account_id = $1 and b.post_id = p.id)
        or exists (select from posts r where r.account_id = $1 and r.reblog_of_id = p.id)
        or exists (select from post_mentions m where m.account_id = $1 and m.post_id = p.id))))
    and not exists (select from blocks k where (k.account_id = $1 and k.target_id = p.account_id)
        or (k.account_id = p.account_id and k.target_id = $1))
"""
_PAGE = " order by p.id desc limit $2 offset $3"

# Without words there may be nothing to find: then the newest posts (of the author) are looked through.
POSTS = Query(
    "select p.id from (select * from posts c where c.reblog_of_id is null"  # noqa: S608 - constants
    " and ($4::bigint is null or c.account_id = $4) order by c.id desc limit 200000) p"
    " join accounts a on a.id = p.account_id where" + _MATCHING + _PAGE,
    int,
)
# "offset 0" keeps the parts apart: each language is one look into the index of words, where joined freely
# every post would be read and parsed. Words that say nothing in a language (stop words) find nothing.
POSTS_OF_WORDS = Query(
    "select p.id from unnest(post_codes()) c cross join lateral ("  # noqa: S608 - constants
    "select * from posts w where w.reblog_of_id is null"
    " and post_words(w.language, w.title, w.summary, w.content)"
    " @@ (websearch_to_tsquery(post_config(c), $16) && quote_literal('=' || c)::tsquery)"
    " offset 0) p"
    " join accounts a on a.id = p.account_id"
    " where numnode(websearch_to_tsquery(post_config(c), $16)) > 0 and" + _MATCHING + _PAGE,
    int,
)
# The range stands for "begins with" in a way that an index answers whatever the plan.
PEOPLE = Query(
    """
    select a.* from accounts a
    left join follows f on f.target_id = a.id and f.follower_id = $6 and f.accepted_at is not null
    where a.suspended_at is null and not a.waiting and a.kind <> 'application' and not a.handle_lost
      and (a.silenced_at is null or f.id is not null)
      and ((lower(a.username) ~>=~ $1 and lower(a.username) ~<~ ($1 || $3))
           or to_tsvector('simple', a.display_name) @@ to_tsquery('simple', $2))
      and (not $7 or f.id is not null)
    order by (lower(a.username) = $1) desc, (f.id is not null) desc,
        (lower(a.username) ~>=~ $1 and lower(a.username) ~<~ ($1 || $3)) desc,
        a.followers_count desc, a.id
    limit $4 offset $5
    """,
    Account,
)
BY_HANDLE = Query(
    """
    select a.* from accounts a
    left join follows f on f.target_id = a.id and f.follower_id = $5 and f.accepted_at is not null
    where lower(a.username) = $1 and a.handle_host ~>=~ $2 and a.handle_host ~<~ ($2 || $3)
      and a.suspended_at is null and not a.waiting and a.kind <> 'application' and not a.handle_lost
      and (not $6 or f.id is not null)
    order by (f.id is not null) desc, a.followers_count desc, a.id
    limit $4
    """,
    Account,
)
NAME_TAGS = Command("insert into tag_names (name) select unnest($1::text[]) on conflict do nothing")
# Sorted first, so that posts are looked for until the page is full and no longer. The index of tags has the
# database's collation, and not that of names; "materialized": where one post would do, PostgreSQL reads all of
# them in the hope to meet it soon, and a rare tag it never meets.
TAGS = Query(
    """
    select t.name from (
        select name, name = $1 as whole, length(name) as size from tag_names
        where name >= $1 and name < ($1 || $2)
        order by whole desc, size, name offset 0) t
    where exists (
        with tagged as materialized (
            select visibility from posts where tags @> array[t.name collate "default"])
        select from tagged where visibility = 'public')
    order by t.whole desc, t.size, t.name limit $3 offset $4
    """,
    str,
)


async def posts(
    conn: Connection, viewer_id: int, words: str, filters: Filters, limit: int, offset: int
) -> list[int]:
    """Newest first. ``words``: as in a web search, with "phrases" and -without; may be empty."""
    f = filters
    given = (
        viewer_id, limit, offset, f.author_id, f.not_author_id, f.media, f.link, f.poll, f.reply,
        f.sensitive, f.since, f.until, f.language, f.library, f.everywhere,
    )  # fmt: skip
    if words:
        return await POSTS_OF_WORDS.all(conn, *given, words)
    return await POSTS.all(conn, *given)


async def people(
    conn: Connection,
    begins: str,
    words: Sequence[str],
    limit: int,
    offset: int,
    viewer_id: int,
    *,
    following: bool,
) -> list[Account]:
    """Whose user name begins so, or whose name has words that begin so. ``words``: letters and digits."""
    query = " & ".join(f"{word}:*" for word in words)
    return await PEOPLE.all(conn, begins, query, LAST, limit, offset, viewer_id, following)


async def by_handle(
    conn: Connection, username: str, host: str, limit: int, viewer_id: int, *, following: bool
) -> list[Account]:
    """Of that user name, on hosts that begin so."""
    return await BY_HANDLE.all(conn, username, host, LAST, limit, viewer_id, following)


async def name_tags(conn: Connection, names: Sequence[str]) -> None:
    """Tags of a public post can be found from now on."""
    await NAME_TAGS.run(conn, sorted(names))


async def tags(conn: Connection, begins: str, limit: int, offset: int) -> list[str]:
    """Tags of public posts that begin so, the very name first, then the shortest."""
    return await TAGS.all(conn, begins, LAST, limit, offset)
