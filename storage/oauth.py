"""Apps, authorization codes, tokens and browser sessions. Secrets are kept as digests only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.accounts import Account
from storage.db import Command, Connection, Joined, Query
from storage.users import User


@dataclass(frozen=True, slots=True)
class App:
    id: int
    client_id: str
    secret_digest: bytes
    name: str
    website: str | None
    redirect_uris: list[str]
    scopes: list[str]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Code:
    digest: bytes
    app_id: int
    user_id: int
    account_id: int
    redirect_uri: str
    scopes: list[str]
    challenge: str | None
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Token:
    id: int
    digest: bytes
    app_id: int
    user_id: int | None
    account_id: int | None
    code_digest: bytes | None
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token, and who acts by it: nobody, for an app alone; a user without an account who was not let in yet."""

    token: Token
    account: Account | None
    user: User | None


@dataclass(frozen=True, slots=True)
class Session:
    digest: bytes
    user_id: int
    account_id: int
    created_at: datetime
    expires_at: datetime
    browser: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose browser a session is. ``role`` and ``language`` are the user's."""

    user_id: int
    account_id: int
    role: str
    language: str | None
    used_at: datetime


@dataclass(frozen=True, slots=True)
class Browser:
    """A session as its owner sees it. ``used_at``: to the hour."""

    id: int
    digest: bytes
    browser: str
    created_at: datetime
    used_at: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """What an app may do for somebody: all its tokens of one account. ``last_used_at``: of any."""

    app_id: int
    account_id: int
    username: str
    name: str
    website: str | None
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None


INSERT_APP = Query(
    "insert into apps (client_id, secret_digest, name, website, redirect_uris, scopes, created_at)"
    " values ($1, $2, $3, $4, $5, $6, $7) returning *",
    App,
)
APP_BY_CLIENT = Query("select * from apps where client_id = $1", App)
APPS = Query("select * from apps where id = any($1::bigint[])", App)
INSERT_CODE = Command(
    "insert into authorization_codes"
    " (digest, app_id, user_id, account_id, redirect_uri, scopes, challenge, expires_at)"
    " values ($1, $2, $3, $4, $5, $6, $7, $8)"
)
CODE = Query("select * from authorization_codes where digest = $1 for update", Code)
USE_CODE = Command("update authorization_codes set used_at = $2 where digest = $1")
DROP_OLD_CODES = Command("delete from authorization_codes where expires_at < $1")
INSERT_TOKEN = Query(
    "insert into tokens (digest, app_id, user_id, account_id, code_digest, scopes, created_at)"
    " values ($1, $2, $3, $4, $5, $6, $7) returning *",
    Token,
)
TOKEN = Query(
    """
    select t.* from tokens t
    left join users u on u.id = t.user_id
    left join accounts a on a.id = t.account_id
    where t.digest = $1 and u.disabled_at is null and a.suspended_at is null
    """,
    Token,
)
BEARER = Joined(
    """
    select t.*, a.*, u.* from tokens t
    left join accounts a on a.id = t.account_id and not a.waiting
    left join users u on u.id = t.user_id
    where t.digest = $1 and u.disabled_at is null and a.suspended_at is null
    """,
    Token,
    Account,
    User,
)
STILL_GOOD = Query(
    """
    select t.id from tokens t
    left join users u on u.id = t.user_id
    left join accounts a on a.id = t.account_id
    where t.id = any($1::bigint[]) and u.disabled_at is null and a.suspended_at is null
    """,
    int,
)
DROP_TOKEN = Command("delete from tokens where id = $1")
DROP_TOKENS_OF_USER = Command("delete from tokens where user_id = $1")
DROP_TOKENS_OF_CODE = Command("delete from tokens where code_digest = $1")
TOUCH_TOKEN = Command("update tokens set last_used_at = $2 where id = $1")
INSERT_SESSION = Command(
    "insert into sessions (digest, user_id, account_id, created_at, used_at, expires_at, browser)"
    " values ($1, $2, $3, $4, $4, $5, $6)"
)
SESSION = Query(
    "select s.user_id, s.account_id, u.role, u.language, s.used_at from sessions s join users u on u.id = s.user_id"
    " where s.digest = $1 and s.expires_at > $2 and u.disabled_at is null"
    " and u.confirmed_at is not null and u.approved_at is not null",
    SignedIn,
)
TOUCH_SESSION = Command("update sessions set used_at = $2 where digest = $1")
ACT_AS = Command("update sessions set account_id = $2 where digest = $1")
BROWSERS = Query(
    "select id, digest, browser, created_at, used_at from sessions"
    " where user_id = $1 and expires_at > $2 order by used_at desc, id desc limit $3",
    Browser,
)
DROP_BROWSER = Command("delete from sessions where user_id = $1 and id = $2")
GRANTS = Query(
    """
    select t.app_id, t.account_id, a.username, p.name, p.website,
        array(select distinct unnest(x.scopes) from tokens x
            where x.user_id = $1 and x.app_id = t.app_id and x.account_id = t.account_id
            order by 1) as scopes,
        min(t.created_at) as created_at, max(t.last_used_at) as last_used_at
    from tokens t join apps p on p.id = t.app_id join accounts a on a.id = t.account_id
    where t.user_id = $1
    group by t.app_id, t.account_id, a.username, p.name, p.website
    order by coalesce(max(t.last_used_at), min(t.created_at)) desc limit $2
    """,
    Grant,
)
DROP_GRANT = Command("delete from tokens where user_id = $1 and app_id = $2 and account_id = $3")
DROP_SESSION = Command("delete from sessions where digest = $1")
DROP_SESSIONS_OF_USER = Command("delete from sessions where user_id = $1 and digest <> $2")
DROP_OLD_SESSIONS = Command("delete from sessions where expires_at <= $1")
DROP_OLD_KEYS = Command(
    "delete from idempotency_keys where created_at < $1::timestamptz - interval '1 day'"
)
KEEP_KEY = Command(
    "insert into idempotency_keys (account_id, key, post_id, created_at) values ($1, $2, $3, $4)"
    " on conflict (account_id, key) do update set post_id = excluded.post_id,"
    " created_at = excluded.created_at where idempotency_keys.created_at <= excluded.created_at"
)
BY_KEY = Query(
    "select post_id from idempotency_keys where account_id = $1 and key = $2 and created_at > $3",
    int,
)
LOCK_KEY = Command("select pg_advisory_xact_lock(hashtextextended($1::text, $2::bigint))")


async def insert_app(
    conn: Connection,
    client_id: str,
    secret_digest: bytes,
    name: str,
    website: str | None,
    redirect_uris: Sequence[str],
    scopes: Sequence[str],
    now: datetime,
) -> App:
    return await INSERT_APP.one(
        conn, client_id, secret_digest, name, website, redirect_uris, scopes, now
    )


async def app_by_client(conn: Connection, client_id: str) -> App | None:
    return await APP_BY_CLIENT.first(conn, client_id)


async def apps(conn: Connection, ids: Sequence[int]) -> dict[int, App]:
    return {row.id: row for row in await APPS.all(conn, ids)}


async def insert_code(conn: Connection, code: Code) -> None:
    c = code
    await INSERT_CODE.run(
        conn, c.digest, c.app_id, c.user_id, c.account_id, c.redirect_uri, c.scopes, c.challenge,
        c.expires_at,
    )  # fmt: skip


async def lock_code(conn: Connection, digest: bytes) -> Code | None:
    return await CODE.first(conn, digest)


async def use_code(conn: Connection, digest: bytes, now: datetime) -> None:
    await USE_CODE.run(conn, digest, now)


async def insert_token(
    conn: Connection,
    digest: bytes,
    app_id: int,
    user_id: int | None,
    account_id: int | None,
    code_digest: bytes | None,
    scopes: Sequence[str],
    now: datetime,
) -> Token:
    return await INSERT_TOKEN.one(
        conn, digest, app_id, user_id, account_id, code_digest, scopes, now
    )


async def token(conn: Connection, digest: bytes) -> Token | None:
    """None also where its user is disabled or its account suspended."""
    return await TOKEN.first(conn, digest)


async def bearer(conn: Connection, digest: bytes) -> Bearer | None:
    """As ``token``, with who acts by it."""
    found = await BEARER.first(conn, digest)
    return Bearer(*found) if found else None


async def still_good(conn: Connection, ids: Sequence[int]) -> set[int]:
    """Those of these tokens with which somebody may still act."""
    return set(await STILL_GOOD.all(conn, ids))


async def drop_token(conn: Connection, token_id: int) -> None:
    await DROP_TOKEN.run(conn, token_id)


async def drop_tokens_of_code(conn: Connection, digest: bytes) -> None:
    await DROP_TOKENS_OF_CODE.run(conn, digest)


async def touch_token(conn: Connection, token_id: int, now: datetime) -> None:
    await TOUCH_TOKEN.run(conn, token_id, now)


async def insert_session(conn: Connection, session: Session) -> None:
    s = session
    await INSERT_SESSION.run(
        conn, s.digest, s.user_id, s.account_id, s.created_at, s.expires_at, s.browser
    )


async def session(conn: Connection, digest: bytes, now: datetime) -> SignedIn | None:
    return await SESSION.first(conn, digest, now)


async def touch_session(conn: Connection, digest: bytes, now: datetime) -> None:
    await TOUCH_SESSION.run(conn, digest, now)


async def act_as(conn: Connection, digest: bytes, account_id: int) -> None:
    """The browser of this session acts for another person of its user from now on."""
    await ACT_AS.run(conn, digest, account_id)


async def browsers(conn: Connection, user_id: int, now: datetime, limit: int) -> list[Browser]:
    """The last used first."""
    return await BROWSERS.all(conn, user_id, now, limit)


async def drop_browser(conn: Connection, user_id: int, session_id: int) -> bool:
    """False where this user has none of this id."""
    return await DROP_BROWSER.run(conn, user_id, session_id) > 0


async def grants(conn: Connection, user_id: int, limit: int) -> list[Grant]:
    """The last used first."""
    return await GRANTS.all(conn, user_id, limit)


async def drop_grant(conn: Connection, user_id: int, app_id: int, account_id: int) -> bool:
    """All tokens of an app for one account of the user. False where there are none."""
    return await DROP_GRANT.run(conn, user_id, app_id, account_id) > 0


async def drop_session(conn: Connection, digest: bytes) -> None:
    await DROP_SESSION.run(conn, digest)


async def drop_of_user(
    conn: Connection, user_id: int, *, but: bytes = b"", tokens: bool = True
) -> None:
    """Sign a user out everywhere, ``but`` in the browser of this session. ``tokens``: of apps too."""
    await DROP_SESSIONS_OF_USER.run(conn, user_id, but)
    if tokens:
        await DROP_TOKENS_OF_USER.run(conn, user_id)


async def drop_expired(conn: Connection, now: datetime) -> None:
    await DROP_OLD_CODES.run(conn, now)
    await DROP_OLD_SESSIONS.run(conn, now)
    await DROP_OLD_KEYS.run(conn, now)


async def lock_idempotency_key(conn: Connection, account_id: int, key: str) -> None:
    """Two requests with one key take turns until the transaction ends."""
    await LOCK_KEY.run(conn, key, account_id)


async def post_of_key(conn: Connection, account_id: int, key: str, since: datetime) -> int | None:
    return await BY_KEY.first(conn, account_id, key, since)


async def keep_key(
    conn: Connection, account_id: int, key: str, post_id: int, now: datetime
) -> None:
    """``now``: when it was asked for; what was asked for later stays."""
    await KEEP_KEY.run(conn, account_id, key, post_id, now)
