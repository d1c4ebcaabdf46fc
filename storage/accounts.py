"""Who acts: persons, groups, applications and services, ours and remote; and their keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Account:
    id: int
    user_id: int | None
    local: bool
    kind: str
    username: str
    host: str
    handle_host: str
    uri: str
    url: str
    inbox: str
    shared_inbox: str | None
    outbox: str | None
    followers_uri: str | None
    featured_uri: str | None
    moderators_uri: str | None
    display_name: str
    note: str
    note_source: str
    fields: list[dict[str, Any]]
    avatar_url: str | None
    header_url: str | None
    avatar_description: str
    header_description: str
    emojis: list[dict[str, Any]]
    locked: bool
    bot: bool
    discoverable: bool
    indexable: bool
    hide_collections: bool
    quote_policy: str
    followers_count: int
    following_count: int
    posts_count: int
    last_post_at: datetime | None
    created_at: datetime
    fetched_at: datetime | None
    suspended_at: datetime | None
    suspended_by_host: bool
    silenced_at: datetime | None
    silenced_by_host: bool
    sensitized_at: datetime | None
    media_refused: bool
    waiting: bool
    erased: bool
    handle_lost: bool
    also_known_as: list[str]
    moved_to: str | None
    copied_to: str | None
    moved_at: datetime | None
    featured_at: datetime | None
    affiliation: str | None

    @property
    def is_group(self) -> bool:
        return self.kind == "group"

    @property
    def is_hidden(self) -> bool:
        """Not to be seen: suspended, or signed up and not let in yet."""
        return self.suspended_at is not None or self.waiting

    @property
    def handle(self) -> str:
        """``name`` for ours, ``name@host`` for others: the client API's acct."""
        return self.username if self.local else f"{self.username}@{self.handle_host}"


@dataclass(frozen=True, slots=True)
class Profile:
    """What an actor says of itself: the columns that an Update may change."""

    username: str
    url: str
    inbox: str
    shared_inbox: str | None = None
    outbox: str | None = None
    followers_uri: str | None = None
    featured_uri: str | None = None
    moderators_uri: str | None = None
    display_name: str = ""
    note: str = ""
    note_source: str = ""
    fields: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    avatar_url: str | None = None
    header_url: str | None = None
    avatar_description: str = ""
    header_description: str = ""
    emojis: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    locked: bool = False
    bot: bool = False
    discoverable: bool = True
    indexable: bool = True
    also_known_as: list[str] = field(default_factory=list[str])
    moved_to: str | None = None
    copied_to: str | None = None
    handle_host: str = ""
    """What the handle ends in; empty: the host of its id."""
    handle_lost: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    id: str
    account_id: int
    kind: str
    public: str
    private: str | None
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class OwnedKey:
    """A public key, and the id of its owner."""

    id: str
    public: str
    owner: str
    suspended: bool


LOOKS = "accounts_looks"  # the constraint that no two of our handles look alike

BY_ID = Query("select * from accounts where id = $1", Account)
BY_IDS = Query("select * from accounts where id = any($1::bigint[])", Account)
BY_URI = Query("select * from accounts where uri = $1", Account)
BY_URL = Query("select * from accounts where url = $1 order by id limit 1", Account)
BY_INBOX = Query(
    "select * from accounts where host = $1 and host <> '' and (inbox = $2 or shared_inbox = $2)"
    " order by fetched_at desc nulls last limit $3",
    Account,
)
SHARE_INBOX = Command(
    "update accounts set shared_inbox = $3 where host = $1 and host <> '' and shared_inbox = $2"
)
BY_URIS = Query("select * from accounts where uri = any($1::text[])", Account)
BY_HANDLE = Query(
    "select * from accounts where lower(username) = lower($1) and handle_host = $2"
    " and not handle_lost",
    Account,
)
OF_USER = Query(
    "select * from accounts where user_id = $1 and kind = 'person' order by id", Account
)
STAFF = Query(
    "select a.* from accounts a join users u on u.id = a.user_id"
    " where u.role in ('moderator', 'admin') and u.disabled_at is null"
    " and a.kind = 'person' and a.suspended_at is null",
    Account,
)
# What a moderator decides about one account outlives the block of its host.
SUSPEND = Query(
    "update accounts set suspended_at = coalesce(suspended_at, $2), suspended_by_host = false"
    " where id = $1 returning *",
    Account,
)
UNSUSPEND = Query(
    "update accounts set suspended_at = null, suspended_by_host = false where id = $1 returning *",
    Account,
)
SILENCE = Query(
    "update accounts set silenced_at = coalesce(silenced_at, $2), silenced_by_host = false"
    " where id = $1 returning *",
    Account,
)
UNSILENCE = Query(
    "update accounts set silenced_at = null, silenced_by_host = false where id = $1 returning *",
    Account,
)
SENSITIZE = Query(
    "update accounts set sensitized_at = coalesce(sensitized_at, $2) where id = $1 returning *",
    Account,
)
UNSENSITIZE = Query("update accounts set sensitized_at = null where id = $1 returning *", Account)
SET_WAITING = Command("update accounts set waiting = $2 where user_id = $1")
LOOKS_TAKEN = Query(
    "select exists (select from accounts where local and"
    " replace(replace(translate(lower(username), '01i', 'oll'), 'rn', 'm'), 'vv', 'w') = $1)",
    bool,
)
INSERT = Query(
    """
    insert into accounts (id, user_id, local, kind, username, host, uri, url, inbox, shared_inbox,
        outbox, followers_uri, featured_uri, moderators_uri, display_name, note, note_source, fields,
        avatar_url, header_url, locked, bot, discoverable, indexable, created_at, fetched_at,
        avatar_description, header_description, emojis, also_known_as, moved_to, handle_host,
        handle_lost, copied_to)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
        $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34)
    returning *
    """,
    Account,
)
UPDATE_PROFILE = Query(
    """
    update accounts set username = $2, url = $3, inbox = $4, shared_inbox = $5, outbox = $6,
        followers_uri = $7, featured_uri = $8, moderators_uri = $9, display_name = $10, note = $11,
        note_source = $12, fields = $13, avatar_url = $14, header_url = $15, locked = $16,
        bot = $17, discoverable = $18, indexable = $19, fetched_at = $20, avatar_description = $21,
        header_description = $22, emojis = $23, also_known_as = $24, moved_to = $25,
        handle_host = case when $26 = '' then host else $26 end, handle_lost = $27, copied_to = $28
    where id = $1 returning *
    """,
    Account,
)
HIDE_COLLECTIONS = Command("update accounts set hide_collections = $2 where id = $1")
SET_PICTURES = Query(
    "update accounts set avatar_url = $2, header_url = $3, avatar_description = $4,"
    " header_description = $5 where id = $1 returning *",
    Account,
)
SET_QUOTE_POLICY = Query("update accounts set quote_policy = $2 where id = $1 returning *", Account)
BEGIN_FEATURED = Command(
    "update accounts set featured_at = $2"
    " where id = $1 and (featured_at is null or featured_at < $3)"
)
LOSE_HANDLE = Command(
    "update accounts set handle_lost = true"
    " where lower(username) = lower($1) and handle_host = $2 and not handle_lost and uri <> $3"
)
ERASED = Command("update accounts set erased = true where id = $1")
SET_AFFILIATION = Query("update accounts set affiliation = $2 where id = $1 returning *", Account)
DELETE = Command("delete from accounts where id = $1")
# What others have counted of an account, taken back before it goes.
UNCOUNT = tuple(
    map(
        Command,
        (
            "update accounts set followers_count = followers_count - 1 where id in ("
            "select target_id from follows where follower_id = $1 and accepted_at is not null)",
            "update accounts set following_count = following_count - 1 where id in ("
            "select follower_id from follows where target_id = $1 and accepted_at is not null)",
            "update posts set favourites_count = favourites_count - 1 where id in ("
            "select post_id from favourites where account_id = $1)",
            "update posts set reblogs_count = reblogs_count - 1 where id in ("
            "select reblog_of_id from posts where account_id = $1 and reblog_of_id is not null)"
            " and exists (select from accounts where id = $1 and kind <> 'group')",
            "update posts p set replies_count = p.replies_count - r.n from ("
            "select in_reply_to_id as id, count(*) as n from posts where account_id = $1"
            " and in_reply_to_id is not null and removed is distinct from 'held' group by in_reply_to_id) r where p.id = r.id",
            "update posts p set quotes_count = p.quotes_count - q.n from ("
            "select quote_id as id, count(*) as n from posts where account_id = $1"
            " and quote_state = 'accepted' and quote_id is not null"
            " and removed is distinct from 'held' group by quote_id) q"
            " where p.id = q.id",
            "update poll_options o set votes_count = greatest(o.votes_count - 1, 0)"
            " from poll_votes v where v.post_id = o.post_id and v.position = o.position"
            " and v.account_id = $1",
            "update polls set voters_count = greatest(voters_count - 1, 0) where post_id in ("
            "select post_id from poll_votes where account_id = $1)",
        ),
    )
)
LOCAL_GROUPS = Query(
    "select * from accounts where local and kind = 'group' and suspended_at is null and not exists"
    " (select from communities c where c.account_id = id and c.visibility <> 'public')"
    " and ($1 = '' or position(lower($1) in lower(display_name || ' ' || username)) > 0"
    " or position(lower($1) in lower(note)) > 0)"
    " order by followers_count desc, id limit $2 offset $3",
    Account,
)
INSERT_KEY = Command(
    "insert into keys (id, account_id, kind, public, private, fetched_at)"
    " values ($1, $2, $3, $4, $5, $6)"
)
KEYS_OF = Query("select * from keys where account_id = $1 order by kind desc", Key)
OWNED_KEY = Query(
    "select k.id, k.public, a.uri as owner, a.suspended_at is not null as suspended"
    " from keys k join accounts a on a.id = k.account_id where k.id = $1",
    OwnedKey,
)
KEY_BY_ID = Query("select * from keys where id = $1", Key)
DROP_KEYS = Command("delete from keys where account_id = $1")
COUNT_POST = Command(
    "update accounts set posts_count = greatest(posts_count + $2, 0),"
    " last_post_at = greatest(last_post_at, $3) where id = $1"
)


async def by_id(conn: Connection, account_id: int) -> Account | None:
    return await BY_ID.first(conn, account_id)


async def by_ids(conn: Connection, ids: Sequence[int]) -> dict[int, Account]:
    return {row.id: row for row in await BY_IDS.all(conn, ids)} if ids else {}


async def by_uri(conn: Connection, uri: str) -> Account | None:
    return await BY_URI.first(conn, uri)


async def by_inbox(conn: Connection, host: str, inbox: str, limit: int) -> list[Account]:
    """Some of those of a host who read there, themselves or together."""
    return await BY_INBOX.all(conn, host, inbox, limit)


async def share_inbox(conn: Connection, host: str, before: str, now: str | None) -> None:
    """The server of a host has moved its shared inbox."""
    await SHARE_INBOX.run(conn, host, before, now)


async def by_url(conn: Connection, url: str) -> Account | None:
    """By the address of its page."""
    return await BY_URL.first(conn, url)


async def by_uris(conn: Connection, uris: Sequence[str]) -> dict[str, Account]:
    return {row.uri: row for row in await BY_URIS.all(conn, uris)}


async def by_handle(conn: Connection, username: str, host: str = "") -> Account | None:
    """``host``: what the handle ends in, empty for ours. Case is ignored."""
    return await BY_HANDLE.first(conn, username, host)


async def of_user(conn: Connection, user_id: int) -> list[Account]:
    """The persons of a user, oldest first."""
    return await OF_USER.all(conn, user_id)


async def staff(conn: Connection) -> list[Account]:
    """The persons of moderators and administrators."""
    return await STAFF.all(conn)


async def suspend(conn: Connection, account_id: int, now: datetime) -> Account:
    return await SUSPEND.one(conn, account_id, now)


async def unsuspend(conn: Connection, account_id: int) -> Account:
    return await UNSUSPEND.one(conn, account_id)


async def silence(conn: Connection, account_id: int, now: datetime) -> Account:
    return await SILENCE.one(conn, account_id, now)


async def unsilence(conn: Connection, account_id: int) -> Account:
    return await UNSILENCE.one(conn, account_id)


async def sensitize(conn: Connection, account_id: int, now: datetime) -> Account:
    return await SENSITIZE.one(conn, account_id, now)


async def unsensitize(conn: Connection, account_id: int) -> Account:
    return await UNSENSITIZE.one(conn, account_id)


async def set_waiting(conn: Connection, user_id: int, *, waiting: bool) -> None:
    """Hide the persons of a user until they are let in, or show them."""
    await SET_WAITING.run(conn, user_id, waiting)


async def looks_taken(conn: Connection, looks: str) -> bool:
    """Whether a handle of ours has these looks, as server/domain/members/names.py makes them."""
    return await LOOKS_TAKEN.one(conn, looks)


async def insert(
    conn: Connection,
    account_id: int,
    uri: str,
    kind: str,
    profile: Profile,
    *,
    host: str = "",
    user_id: int | None = None,
    created_at: datetime,
    fetched_at: datetime | None = None,
) -> Account:
    """Raises ``UniqueViolation`` where the handle or the URI is taken."""
    p = profile
    return await INSERT.one(
        conn, account_id, user_id, not host, kind, p.username, host, uri, p.url, p.inbox,
        p.shared_inbox, p.outbox, p.followers_uri, p.featured_uri, p.moderators_uri, p.display_name,
        p.note, p.note_source, p.fields, p.avatar_url, p.header_url, p.locked, p.bot,
        p.discoverable, p.indexable, created_at, fetched_at, p.avatar_description,
        p.header_description, p.emojis, p.also_known_as, p.moved_to, p.handle_host or host,
        p.handle_lost, p.copied_to,
    )  # fmt: skip


async def update_profile(
    conn: Connection, account_id: int, profile: Profile, fetched_at: datetime | None
) -> Account:
    p = profile
    return await UPDATE_PROFILE.one(
        conn, account_id, p.username, p.url, p.inbox, p.shared_inbox, p.outbox, p.followers_uri,
        p.featured_uri, p.moderators_uri, p.display_name, p.note, p.note_source, p.fields,
        p.avatar_url, p.header_url, p.locked, p.bot, p.discoverable, p.indexable, fetched_at,
        p.avatar_description, p.header_description, p.emojis, p.also_known_as, p.moved_to,
        p.handle_host, p.handle_lost, p.copied_to,
    )  # fmt: skip


async def hide_collections(conn: Connection, account_id: int, *, hidden: bool) -> None:
    """Whether others see whom the account follows, and who follows it."""
    await HIDE_COLLECTIONS.run(conn, account_id, hidden)


async def set_pictures(
    conn: Connection,
    account_id: int,
    avatar_url: str | None,
    header_url: str | None,
    avatar_description: str,
    header_description: str,
) -> Account:
    return await SET_PICTURES.one(
        conn, account_id, avatar_url, header_url, avatar_description, header_description
    )


async def set_quote_policy(conn: Connection, account_id: int, word: str) -> Account:
    """Who may quote what they post from now on."""
    return await SET_QUOTE_POLICY.one(conn, account_id, word)


async def begin_featured(conn: Connection, account_id: int, now: datetime, since: datetime) -> bool:
    """False where what it pinned was read after ``since``."""
    return await BEGIN_FEATURED.run(conn, account_id, now, since) == 1


async def lose_handle(conn: Connection, username: str, host: str, keeper_uri: str) -> None:
    """Another actor has the handle now: the old one keeps its id and loses its handle."""
    await LOSE_HANDLE.run(conn, username, host, keeper_uri)


async def erased(conn: Connection, account_id: int) -> None:
    """It will not come back."""
    await ERASED.run(conn, account_id)


async def set_affiliation(conn: Connection, account_id: int, affiliation: str | None) -> Account:
    """``affiliation``: official, commercial, or None for a private person."""
    return await SET_AFFILIATION.one(conn, account_id, affiliation)


async def delete(conn: Connection, account_id: int) -> None:
    """With all that it wrote and did; the counts of others are put right first."""
    for command in UNCOUNT:
        await command.run(conn, account_id)
    await DELETE.run(conn, account_id)


async def local_groups(
    conn: Connection, limit: int, offset: int = 0, words: str = ""
) -> list[Account]:
    """Public communities of ours, the largest first. ``words``: that stand in their name or in what they are about."""
    return await LOCAL_GROUPS.all(conn, words, limit, offset)


async def add_key(conn: Connection, key: Key) -> None:
    await INSERT_KEY.run(
        conn, key.id, key.account_id, key.kind, key.public, key.private, key.fetched_at
    )


async def replace_keys(conn: Connection, account_id: int, found: Sequence[Key]) -> None:
    await DROP_KEYS.run(conn, account_id)
    for key in found:
        await add_key(conn, key)


async def keys_of(conn: Connection, account_id: int) -> list[Key]:
    """RSA first."""
    return await KEYS_OF.all(conn, account_id)


async def owned_key(conn: Connection, key_id: str) -> OwnedKey | None:
    """A key, and whose it is."""
    return await OWNED_KEY.first(conn, key_id)


async def key_by_id(conn: Connection, key_id: str) -> Key | None:
    return await KEY_BY_ID.first(conn, key_id)


async def count_post(conn: Connection, account_id: int, by: int, at: datetime | None) -> None:
    await COUNT_POST.run(conn, account_id, by, at)
